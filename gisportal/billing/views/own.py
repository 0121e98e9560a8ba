from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from gisportal.billing.errors import ClaimRefused
from gisportal.billing.forms import ClaimForm, PayForm
from gisportal.billing.gateways import gateway_name
from gisportal.billing.models import Account, Bill, Payment
from gisportal.billing.money import Money
from gisportal.billing.services import claim_account
from gisportal.billing.workflow import Status


@login_required
def bills(request: HttpRequest, municipality: str) -> HttpResponse:
    """A resident's own; the office starts at its desk."""
    held = Account.objects.of(request.municipality).held_by(request.user)
    if not held.exists() and request.user.has_perm(
        "billing.view_all", request.municipality
    ):
        return redirect("billing:desk", municipality=municipality)
    return render_bills(request)


def render_bills(
    request: HttpRequest, *, refused: PayForm | None = None, account: str = ""
) -> HttpResponse:
    """My bills; `refused` is the amount typed for the account that was refused."""
    town = request.municipality
    chosen = "other" if refused else request.GET.get("pay", "all")
    held = (
        Account.objects.of(town)
        .held_by(request.user)
        .with_totals()
        .select_related("parcel__zone")
    )
    cards = [
        _card(found, chosen, refused if found.number == account else None)
        for found in held
    ]
    return render(
        request,
        "billing/bill_list.html",
        {
            "cards": cards,
            "choice": chosen,
            "online": bool(gateway_name(town)),
            "claim": ClaimForm(),
        },
        status=422 if refused else 200,
    )


def _card(account: Account, chosen: str, refused: PayForm | None) -> dict[str, Any]:
    currency = account.municipality.currency
    owed = list(Bill.objects.filter(account=account).open().prefetch_related("lines"))
    due = Money(account.due_minor, currency)
    return {
        "account": account,
        "bills": owed,
        "due": due,
        "credit": Money(account.credit_minor, currency),
        "first_due": owed[0].due_on if owed else None,
        "overdue": bool(owed) and owed[0].state == "overdue",
        "to_pay": owed[0].balance if owed and chosen == "oldest" else due,
        "waiting": Payment.objects.filter(
            account=account, status=Status.PENDING
        ).first(),
        "paid": Bill.objects.filter(account=account)
        .with_balance()
        .filter(balance_minor__lte=0)[:6],
        "form": refused or PayForm(currency=currency),
    }


@login_required
def detail(request: HttpRequest, municipality: str, number: str) -> HttpResponse:
    bill = get_object_or_404(
        Bill.objects.of(request.municipality)
        .visible_to(request.user)
        .with_balance()
        .select_related("account__parcel__zone")
        .prefetch_related("lines"),
        number=number,
    )
    return render(request, "billing/bill_detail.html", {"bill": bill})


@login_required
def claim(request: HttpRequest, municipality: str) -> HttpResponse:
    form = ClaimForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            account = claim_account(
                municipality=request.municipality,
                user=request.user,
                **form.cleaned_data,
            )
        except ClaimRefused as refused:
            form.add_error(None, refused)
        else:
            messages.success(
                request,
                _("Account %(number)s is now yours to see and pay.")
                % {"number": account.number},
            )
            return redirect("billing:list", municipality=municipality)
    return render(request, "billing/account_claim.html", {"form": form})
