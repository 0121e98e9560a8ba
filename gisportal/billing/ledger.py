"""Writing double entries, giving out numbers, and using a resident's credit."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import F, Q

from gisportal.billing.models import (
    Account,
    Bill,
    LedgerAccount,
    LedgerEntry,
    LedgerTransaction,
    NumberSeries,
    Payment,
)
from gisportal.billing.settlement import OpenBill, allocate
from layers.geography.models import Municipality

Kind = LedgerAccount.Kind


@dataclass(frozen=True)
class Posting:
    """Debit positive, credit negative, in minor units."""

    ledger_account: LedgerAccount
    amount: int
    account: Account | None = None
    bill_id: int | None = None


def ledger_account(
    municipality: Municipality, kind: str, detail: str = ""
) -> LedgerAccount:
    found, _made = LedgerAccount.objects.get_or_create(
        municipality=municipality, kind=kind, detail=detail
    )
    return found


@transaction.atomic
def post(
    *,
    municipality: Municipality,
    kind: str,
    currency: str,
    postings: Sequence[Posting],
    bill: Bill | None = None,
    payment: Payment | None = None,
    by: Any = None,
) -> LedgerTransaction:
    """Append one transaction; the database refuses it at commit if unbalanced."""
    posted = LedgerTransaction.objects.create(
        municipality=municipality,
        kind=kind,
        currency=currency,
        bill=bill,
        payment=payment,
        by=by,
    )
    LedgerEntry.objects.bulk_create(
        LedgerEntry(
            municipality=municipality,
            transaction=posted,
            ledger_account=posting.ledger_account,
            account=posting.account,
            bill_id=posting.bill_id,
            amount_minor=posting.amount,
        )
        for posting in postings
        if posting.amount
    )
    return posted


@transaction.atomic
def next_numbers(
    *, municipality: Municipality, series: str, count: int = 1
) -> list[str]:
    """`count` numbers of a yearly series without gaps: "2026-00017"."""
    NumberSeries.objects.get_or_create(municipality=municipality, name=series)
    row = NumberSeries.objects.select_for_update().get(
        municipality=municipality, name=series
    )
    NumberSeries.objects.filter(pk=row.pk).update(last=F("last") + count)
    return [f"{series}-{row.last + step:05}" for step in range(1, count + 1)]


def pass_numbers(*, municipality: Municipality, numbers: Iterable[str]) -> None:
    """Let each series go on after the numbers that came from elsewhere."""
    highest: dict[str, int] = {}
    for number in numbers:
        series, _dash, position = number.rpartition("-")
        if series and position.isascii() and position.isdigit() and len(position) < 18:
            highest[series] = max(highest.get(series, 0), int(position))
    for series, last in sorted(highest.items()):
        NumberSeries.objects.get_or_create(municipality=municipality, name=series[:30])
        NumberSeries.objects.filter(
            municipality=municipality, name=series[:30], last__lt=last
        ).update(last=last)


def lock_account(account_id: int) -> Account:
    """All that changes what an account owes waits here for its turn."""
    return Account.objects.select_for_update(of=("self",)).get(pk=account_id)


def open_bills(account: Account) -> list[OpenBill]:
    return [
        OpenBill(bill.pk, bill.due_on, bill.balance_minor)
        for bill in Bill.objects.filter(account=account).open()
    ]


def shares_of(
    *, account: Account, amount: int
) -> tuple[list[Posting], tuple[tuple[int, int], ...]]:
    """Credits that pay `amount` into the account's bills, the rest as credit.

    The account must be locked. Returns the postings and (bill, share) pairs.
    """
    allocation = allocate(amount, open_bills(account))
    receivable = ledger_account(account.municipality, Kind.RECEIVABLE)
    postings = [
        Posting(receivable, -share, account, bill_id)
        for bill_id, share in allocation.shares
    ]
    if allocation.credit:
        credit = ledger_account(account.municipality, Kind.CREDIT)
        postings.append(Posting(credit, -allocation.credit, account))
    return postings, allocation.shares


@transaction.atomic
def use_credit(*, accounts: Iterable[Account], by: Any = None) -> None:
    """Pay open bills from what residents have paid in advance."""
    keys = [account.pk for account in accounts]
    in_credit = Account.objects.filter(pk__in=keys).with_totals()
    for pk in (
        in_credit.filter(Q(credit_minor__gt=0), Q(due_minor__gt=0))
        .order_by("pk")
        .values_list("pk", flat=True)
    ):
        account = lock_account(pk)
        held = Account.objects.with_totals().get(pk=pk).credit_minor
        shares = allocate(held, open_bills(account)).shares
        used = sum(share for _bill, share in shares)
        if not used:
            continue
        municipality = account.municipality
        receivable = ledger_account(municipality, Kind.RECEIVABLE)
        post(
            municipality=municipality,
            kind=LedgerTransaction.Kind.CREDIT_USED,
            currency=municipality.currency,
            postings=[
                Posting(ledger_account(municipality, Kind.CREDIT), used, account),
                *(Posting(receivable, -share, account, bill) for bill, share in shares),
            ],
            by=by,
        )
