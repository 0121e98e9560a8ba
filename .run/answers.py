"""Exit code 0 when the address given answers with anything but a server error."""

import sys
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

try:
    urlopen(sys.argv[1], timeout=60).close()  # noqa: S310
except HTTPError as error:
    sys.exit(error.code >= 500)
except (URLError, OSError):
    sys.exit(1)
