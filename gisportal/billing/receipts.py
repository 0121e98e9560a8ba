"""A receipt as everyone may check it: its picture in PDF and its QR code."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

import segno
from django.contrib.staticfiles import finders
from django.core.exceptions import ImproperlyConfigured
from django.template.loader import render_to_string
from django.utils.translation import get_language, get_language_info
from PIL import ImageFile
from weasyprint import CSS, HTML
from weasyprint.text.fonts import FontConfiguration
from weasyprint.urls import URLFetcher, URLFetcherResponse

from gisportal.billing.models import LedgerAccount, LedgerEntry, Receipt
from gisportal.billing.money import Money

# WeasyPrint lets Pillow accept cut-off pictures, for the whole process; residents'
# photos must not be.
ImageFile.LOAD_TRUNCATED_IMAGES = False


@dataclass(frozen=True)
class Share:
    """What of a receipt went to a bill; `bill` None is credit for later."""

    bill: object
    amount: Money


def shares(receipt: Receipt) -> list[Share]:
    entries = (
        LedgerEntry.objects.filter(
            transaction__payment=receipt.payment,
            ledger_account__kind__in=[
                LedgerAccount.Kind.RECEIVABLE,
                LedgerAccount.Kind.CREDIT,
            ],
        )
        .select_related("bill")
        .order_by("pk")
    )
    currency = receipt.payment.currency
    return [
        Share(entry.bill, Money(-entry.amount_minor, currency)) for entry in entries
    ]


def qr(address: str) -> str:
    """A data: address of a drawing, which the Content-Security-Policy allows."""
    return segno.make(address, error="m").svg_data_uri(scale=4, border=2, nl=False)


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
                raise ValueError(f"a receipt loads nothing from {url}")
        return super().fetch(url, headers)


def receipt_pdf(*, receipt: Receipt, verify_url: str) -> bytes:
    """The receipt in the active language; no network is used."""
    style = finders.find("built/receipt.css")
    if style is None:
        raise ImproperlyConfigured("built/receipt.css is missing: run `npm run build`.")
    language = get_language() or "ar"
    page = render_to_string(
        "billing/receipt_pdf.html",
        {
            "receipt": receipt,
            "municipality": receipt.municipality,
            "shares": shares(receipt),
            "qr": qr(verify_url),
            "verify_url": verify_url,
            "direction": "rtl" if get_language_info(language)["bidi"] else "ltr",
        },
    )
    fonts = FontConfiguration()
    fetcher = OwnFiles(Path(style).resolve().parent)
    sheet = CSS(filename=style, font_config=fonts, url_fetcher=fetcher)
    return HTML(string=page, url_fetcher=fetcher).write_pdf(
        stylesheets=[sheet], font_config=fonts
    )
