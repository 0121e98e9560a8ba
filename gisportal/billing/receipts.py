"""A receipt as everyone may check it: its picture in PDF and its QR code."""

from __future__ import annotations

from dataclasses import dataclass

import segno
from django.template.loader import render_to_string
from django.utils.translation import get_language, get_language_info

from gisportal.billing.models import LedgerAccount, LedgerEntry, Receipt
from gisportal.billing.money import Money
from gisportal.printing import print_pdf


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


def receipt_pdf(*, receipt: Receipt, verify_url: str) -> bytes:
    """The receipt in the active language; no network is used."""
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
    return print_pdf(page, style="receipt")
