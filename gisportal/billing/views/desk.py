from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from gisportal.billing.errors import InvalidBill, InvalidPayment
from gisportal.billing.forms import BillForm, BillLineFormSet, CashForm
from gisportal.billing.models import Account, Bill, Payment
from gisportal.billing.money import Money
from gisportal.billing.payments import take_cash
from gisportal.billing.services import BillDraft, LineDraft, issue_bill, random_code
from gisportal.billing.workflow import Status
from layers.geography.access import requires


def _accounts(request: HttpRequest) -> Any:
    return (
        Account.objects.of(request.municipality)
        .visible_to(request.user)
        .select_related("municipality", "parcel__zone")
    )


@requires("billing.view_all")
def accounts(request: HttpRequest, municipality: str) -> HttpResponse:
    words = request.GET.get("q", "").replace("\0", "").strip()[:100]
    found = _accounts(request).order_by("number")
    for word in words.split():
        found = found.filter(
            Q(number__icontains=word)
            | Q(holder_name__icontains=word)
            | Q(parcel__code__icontains=word)
            | Q(bills__number__iexact=word)
        )
    page = Paginator(found.distinct(), 25).get_page(request.GET.get("page"))
    totals = {
        row.pk: row
        for row in Account.objects.filter(
            pk__in=[row.pk for row in page.object_list]
        ).with_totals()
    }
    currency = request.municipality.currency
    rows = [
        {"account": row, "due": Money(totals[row.pk].due_minor, currency)}
        for row in page.object_list
    ]
    return render(
        request,
        "billing/account_list.html",
        {
            "page": page,
            "rows": rows,
            "q": words,
            "to_check": Payment.objects.of(request.municipality)
            .filter(status=Status.MISMATCHED)
            .select_related("account")[:20],
        },
    )


def _account_page(
    request: HttpRequest, account: Account, form: CashForm | None = None
) -> HttpResponse:
    currency = request.municipality.currency
    totals = Account.objects.with_totals().get(pk=account.pk)
    allowed = request.user.has_perm("billing.take_payment", request.municipality)
    return render(
        request,
        "billing/account_detail.html",
        {
            "account": account,
            "due": Money(totals.due_minor, currency),
            "credit": Money(totals.credit_minor, currency),
            "bills": Bill.objects.filter(account=account).with_balance(),
            "payments": Payment.objects.filter(account=account).select_related(
                "receipt"
            )[:50],
            "may_issue": request.user.has_perm(
                "billing.issue_bill", request.municipality
            ),
            "form": (
                form
                or CashForm(initial={"reference": random_code(20)}, currency=currency)
            )
            if allowed
            else None,
        },
        status=422 if form else 200,
    )


@requires("billing.view_all")
def account(request: HttpRequest, municipality: str, account: str) -> HttpResponse:
    return _account_page(request, get_object_or_404(_accounts(request), number=account))


@requires("billing.take_payment")
@require_POST
def cash(request: HttpRequest, municipality: str, account: str) -> HttpResponse:
    found = get_object_or_404(_accounts(request), number=account)
    form = CashForm(request.POST, currency=request.municipality.currency)
    if form.is_valid():
        try:
            receipt = take_cash(account=found, by=request.user, **form.cleaned_data)
        except InvalidPayment as refused:
            form.add_error("amount", refused)
        else:
            return redirect("billing:receipt", municipality, receipt.number)
    return _account_page(request, found, form)


@requires("billing.issue_bill")
def issue(request: HttpRequest, municipality: str, account: str) -> HttpResponse:
    """Write a bill in two steps: look at the total, then issue exactly that."""
    found = get_object_or_404(_accounts(request), number=account)
    form = BillForm(request.POST or None, initial={"period": timezone.localdate().year})
    lines = BillLineFormSet(
        request.POST or None,
        form_kwargs={"currency": request.municipality.currency},
        prefix="lines",
    )
    total = None
    if request.method == "POST" and form.is_valid() and lines.is_valid():
        draft = _draft(found, form, lines)
        total = Money(draft.total, request.municipality.currency)
        if request.POST.get("confirmed") == str(draft.total):
            try:
                bill = issue_bill(draft=draft, by=request.user)
            except InvalidBill as refused:
                form.add_error(None, refused)
                total = None
            else:
                messages.success(
                    request, _("Bill %(number)s is issued.") % {"number": bill.number}
                )
                return redirect("billing:account", municipality, account)
    return render(
        request,
        "billing/bill_form.html",
        {"account": found, "form": form, "lines": lines, "total": total},
    )


def _draft(account: Account, form: BillForm, lines: Any) -> BillDraft:
    drafts = []
    for line in lines:
        if not line.has_changed():
            continue
        text = line.cleaned_data["description"]
        drafts.append(
            LineDraft(
                kind=line.cleaned_data["kind"],
                amount_minor=line.cleaned_data["amount"].minor,
                # Written once, in the clerk's words, whoever reads it.
                description={"ar": text} if text else {},
            )
        )
    return BillDraft(
        account=account,
        issued_on=timezone.localdate(),
        lines=tuple(drafts),
        **form.cleaned_data,
    )
