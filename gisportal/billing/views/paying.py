from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.views.decorators.http import require_POST

from gisportal.billing.errors import InvalidPayment
from gisportal.billing.forms import PayForm
from gisportal.billing.models import Account, Payment
from gisportal.billing.payments import (
    after_commit,
    cancel_payment,
    check_payment,
    notify_url,
    open_order,
    start_payment,
)
from gisportal.billing.views.own import render_bills
from gisportal.billing.workflow import Status


def _own_payment(request: HttpRequest, reference: str) -> Payment:
    return get_object_or_404(
        Payment.objects.of(request.municipality)
        .visible_to(request.user)
        .select_related("account"),
        reference=reference,
    )


def _announce(request: HttpRequest, payment: Payment) -> None:
    back = reverse(
        "billing:return", args=[request.municipality.slug, payment.reference]
    )
    after_commit(
        open_order,
        municipality=request.municipality,
        reference=payment.reference,
        return_url=request.build_absolute_uri(back),
        notify_url=notify_url(request.municipality, payment.gateway),
    )


@login_required
@require_POST
def pay(request: HttpRequest, municipality: str, account: str) -> HttpResponse:
    """Only the holder pays online; the office takes cash at its desk."""
    found = get_object_or_404(
        Account.objects.of(request.municipality)
        .held_by(request.user)
        .select_related("municipality"),
        number=account,
    )
    form = PayForm(request.POST, currency=request.municipality.currency)
    if form.is_valid():
        try:
            payment = start_payment(
                account=found,
                amount=form.cleaned_data["amount"],
                by=request.user,
                language=get_language() or "ar",
            )
        except InvalidPayment as refused:
            form.add_error("amount", refused)
        else:
            _announce(request, payment)
            return redirect("billing:checkout", municipality, payment.reference)
    return render_bills(request, refused=form, account=account)


@login_required
def checkout(request: HttpRequest, municipality: str, reference: str) -> HttpResponse:
    """On to the payment service's page, or a word that it doesn't answer."""
    payment = _own_payment(request, reference)
    if payment.status == Status.PENDING and payment.page_url:
        return redirect(payment.page_url)
    return redirect("billing:payment", municipality, reference)


@login_required
@require_POST
def resume(request: HttpRequest, municipality: str, reference: str) -> HttpResponse:
    payment = _own_payment(request, reference)
    if payment.status == Status.PENDING:
        _announce(request, payment)
    return redirect("billing:checkout", municipality, reference)


@login_required
def come_back(request: HttpRequest, municipality: str, reference: str) -> HttpResponse:
    """Whatever the address says, the payment service itself is asked."""
    payment = _own_payment(request, reference)
    after_commit(
        check_payment,
        municipality=request.municipality,
        reference=payment.reference,
        source="return",
    )
    target = reverse("billing:payment", args=[municipality, reference])
    return redirect(f"{target}?back=1")


@login_required
def payment(request: HttpRequest, municipality: str, reference: str) -> HttpResponse:
    """Where a payment stands; while the page waits, each look asks again."""
    found = _own_payment(request, reference)
    settled = found.status == Status.SETTLED
    if settled:
        target = reverse("billing:receipt", args=[municipality, found.receipt.number])
        if request.htmx:
            return HttpResponse(headers={"HX-Redirect": f"{target}?new=1"})
        return redirect(f"{target}?new=1")
    if request.htmx and found.status == Status.PENDING:
        after_commit(
            check_payment,
            municipality=request.municipality,
            reference=found.reference,
            source="waiting page",
        )
    page = "billing/payment_detail.html"
    return render(
        request,
        f"{page}#state" if request.htmx else page,
        {"payment": found, "back": "back" in request.GET},
    )


@login_required
@require_POST
def cancel(request: HttpRequest, municipality: str, reference: str) -> HttpResponse:
    found = _own_payment(request, reference)
    if found.status == Status.PENDING:
        after_commit(
            cancel_payment,
            municipality=request.municipality,
            reference=found.reference,
            source="resident",
        )
    return redirect("billing:payment", municipality, reference)
