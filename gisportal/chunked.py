"""Requests in chunks, whose length nobody knows beforehand.

Django reads as many bytes as the request says it has, and takes a request that does not
say as empty. Phones with a proxy on the way send chunks: what they send is read to its
end first, on disk once it is large.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable
from typing import Any

MAX_BYTES = 100_000_000
IN_MEMORY = 2 * 1024 * 1024
STEP = 64 * 1024

Application = Callable[[dict[str, Any], Callable], Iterable[bytes]]


class KnownLength:
    """A WSGI application that gets every body with its length; 413 beyond MAX_BYTES."""

    def __init__(self, application: Application) -> None:
        self.application = application

    def __call__(
        self, environ: dict[str, Any], start_response: Callable
    ) -> Iterable[bytes]:
        # The server says so where it marks the end of the body itself.
        if environ.get("CONTENT_LENGTH") or not environ.get("wsgi.input_terminated"):
            return self.application(environ, start_response)
        if "chunked" not in environ.get("HTTP_TRANSFER_ENCODING", "").lower():
            return self.application(environ, start_response)
        body = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115
        while step := environ["wsgi.input"].read(STEP):
            body.write(step)
            if body.tell() > MAX_BYTES:
                body.close()
                start_response(
                    "413 Content Too Large", [("Content-Type", "text/plain")]
                )
                return [b"This is more than the server takes at once."]
        environ["CONTENT_LENGTH"] = str(body.tell())
        body.seek(0)
        environ["wsgi.input"] = body
        return self.application(environ, start_response)
