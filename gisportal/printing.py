"""PDF from the project's own templates, fonts and styles; no network is used."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote, urlsplit

from django.contrib.staticfiles import finders
from django.core.exceptions import ImproperlyConfigured
from PIL import ImageFile
from weasyprint import CSS, HTML
from weasyprint.text.fonts import FontConfiguration
from weasyprint.urls import URLFetcher, URLFetcherResponse

# WeasyPrint lets Pillow accept cut-off pictures, for the whole process; residents'
# photos must not be.
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


def print_pdf(page: str, *, style: str) -> bytes:
    """The HTML `page` as PDF, dressed by the built style sheet of that name."""
    found = finders.find(f"built/{style}.css")
    if found is None:
        raise ImproperlyConfigured(
            f"built/{style}.css is missing: run `npm run build`."
        )
    fonts = FontConfiguration()
    fetcher = OwnFiles(Path(found).resolve().parent)
    sheet = CSS(filename=found, font_config=fonts, url_fetcher=fetcher)
    return HTML(string=page, url_fetcher=fetcher).write_pdf(
        stylesheets=[sheet], font_config=fonts
    )
