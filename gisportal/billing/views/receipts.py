from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse

from gisportal.billing.models import Receipt
from gisportal.billing.receipts import qr, receipt_pdf, shares


def _verify_url(request: HttpRequest, receipt: Receipt) -> str:
    path = reverse("billing:verify", args=[request.municipality.slug, receipt.code])
    return request.build_absolute_uri(path)


def _own_receipt(request: HttpRequest, number: str) -> Receipt:
    return get_object_or_404(
        Receipt.objects.of(request.municipality)
        .visible_to(request.user)
        .select_related("payment", "account", "municipality"),
        number=number,
    )


@login_required
def receipts(request: HttpRequest, municipality: str) -> HttpResponse:
    own = (
        Receipt.objects.of(request.municipality)
        .held_by(request.user)
        .select_related("payment", "account")
    )
    page = Paginator(own, 25).get_page(request.GET.get("page"))
    return render(request, "billing/receipt_list.html", {"page": page})


@login_required
def receipt(request: HttpRequest, municipality: str, number: str) -> HttpResponse:
    found = _own_receipt(request, number)
    address = _verify_url(request, found)
    return render(
        request,
        "billing/receipt_detail.html",
        {
            "receipt": found,
            "shares": shares(found),
            "qr": qr(address),
            "verify_url": address,
            "own": found.account.holder_id == request.user.pk,
        },
    )


@login_required
def pdf(request: HttpRequest, municipality: str, number: str) -> HttpResponse:
    found = _own_receipt(request, number)
    content = receipt_pdf(receipt=found, verify_url=_verify_url(request, found))
    return HttpResponse(
        content,
        content_type="application/pdf",
        headers={
            "Content-Disposition": f'inline; filename="{found.number}.pdf"',
            "Cache-Control": "private, no-store",
        },
    )


def verify(request: HttpRequest, municipality: str, code: str) -> HttpResponse:
    """For whoever is shown a receipt: number, day and amount, and no person."""
    found = (
        Receipt.objects.of(request.municipality)
        .select_related("payment")
        .filter(code=code.upper())
        .first()
    )
    return render(
        request,
        "billing/receipt_verify.html",
        {"receipt": found},
        status=200 if found else 404,
    )
