"""A program of its own that makes one PDF: HTML comes in, the PDF goes out, and it ends.

WeasyPrint keeps fonts and layouts in memory that a web process would never give back, and
every server thread its own. `python -m gisportal.press STYLE.css` knows no Django, no
database and no settings.
"""

from __future__ import annotations

import sys
from pathlib import Path
from urllib.parse import unquote, urlsplit

from PIL import ImageFile
from weasyprint import CSS, HTML
from weasyprint.text.fonts import FontConfiguration
from weasyprint.urls import URLFetcher, URLFetcherResponse

# WeasyPrint lets Pillow accept cut-off pictures.
ImageFile.LOAD_TRUNCATED_IMAGES = False


class OwnFiles(URLFetcher):
    """Fonts of the built front end and pictures in data: addresses, nothing else."""

    def __init__(self, folder: Path) -> None:
        super().__init__(allowed_protocols=["file", "data"])
        self.folder = folder

    def fetch(
        self, url: str, headers: dict[str, str] | None = None
    ) -> URLFetcherResponse:
        parts = urlsplit(url)
        if parts.scheme != "data":
            path = Path(unquote(parts.path)).resolve()
            if parts.scheme != "file" or not path.is_relative_to(self.folder):
                raise ValueError(f"a printed page loads nothing from {url}")
        return super().fetch(url, headers)


def pressed(page: str, style: Path) -> bytes:
    """The HTML `page` as PDF; fonts are loaded from the folder of `style` alone."""
    fonts = FontConfiguration()
    fetcher = OwnFiles(style.parent)
    sheet = CSS(filename=str(style), font_config=fonts, url_fetcher=fetcher)
    found = HTML(string=page, url_fetcher=fetcher).write_pdf(
        stylesheets=[sheet], font_config=fonts
    )
    return bytes(found)


if __name__ == "__main__":
    html = sys.stdin.buffer.read().decode("utf-8")
    sys.stdout.buffer.write(pressed(html, Path(sys.argv[1]).resolve()))
