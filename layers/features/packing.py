from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.cache import patch_vary_headers
from isal import igzip

# Below it, the head of the answer is what the wire carries anyway.
LEAST = 1000


def gzipped(view: Callable[..., HttpResponseBase]) -> Callable:
    """Long answers leave gzipped where the client takes that: zlib would need longer for
    a page of features than the database for making it.

    Pages stay as they are: they hold a form's token beside words that others may choose.
    """

    @wraps(view)
    def packed(request: HttpRequest, **more: Any) -> HttpResponseBase:
        response = view(request, **more)
        patch_vary_headers(response, ["Accept-Encoding"])
        if (
            isinstance(response, HttpResponse)
            and not response.get("Content-Type", "").startswith("text/html")
            and len(response.content) > LEAST
            and "gzip" in request.headers.get("Accept-Encoding", "")
        ):
            response.content = igzip.compress(response.content, 1, mtime=0)
            response["Content-Encoding"] = "gzip"
        return response

    return packed
