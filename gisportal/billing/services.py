from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.core.cache import cache
from django.db import transaction
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext as _

from gisportal.billing.errors import ClaimRefused, InvalidBill
from gisportal.billing.ledger import (
    ledger_account,
    next_numbers,
    pass_numbers,
    use_credit,
)
from gisportal.billing.models import (
    Account,
    Bill,
    BillLine,
    LedgerAccount,
    LedgerEntry,
    LedgerTransaction,
)
from gisportal.billing.money import LARGEST
from layers.geography.models import Municipality, Parcel

# Without 0, 1, I, L, O and U: read over the phone and typed from paper.
ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
CLAIM_TRIES_PER_HOUR = 8
HOUR = 3600


def random_code(length: int) -> str:
    return "".join(secrets.choice(ALPHABET) for _position in range(length))


@dataclass(frozen=True)
class LineDraft:
    """`amount_minor` may be negative for a rebate; texts are keyed "ar", "en", "fr"."""

    kind: str
    amount_minor: int
    description: dict[str, str] = field(default_factory=dict)
    basis: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class BillDraft:
    """A bill to issue; without a number it gets the next of its year."""

    account: Account
    period: str
    issued_on: date
    due_on: date
    lines: tuple[LineDraft, ...]
    number: str = ""

    @property
    def total(self) -> int:
        return sum(line.amount_minor for line in self.lines)


@transaction.atomic
def open_account(
    *,
    municipality: Municipality,
    number: str,
    holder_name: str,
    holder: Any = None,
    parcel: Parcel | None = None,
) -> Account:
    return Account.objects.create(
        municipality=municipality,
        number=number,
        holder_name=holder_name,
        holder=holder,
        parcel=parcel,
        claim_code=random_code(8),
    )


@transaction.atomic
def issue_bill(*, draft: BillDraft, by: Any = None) -> Bill:
    municipality = draft.account.municipality
    return issue_bills(municipality=municipality, drafts=[draft], by=by)[0]


@transaction.atomic
def issue_bills(
    *, municipality: Municipality, drafts: Sequence[BillDraft], by: Any = None
) -> list[Bill]:
    """Write bills, their lines and their ledger entries, all or none.

    Raises InvalidBill. Credit that the accounts hold pays the new bills at once.
    """
    for draft in drafts:
        _check(draft)
    pass_numbers(
        municipality=municipality, numbers=[d.number for d in drafts if d.number]
    )
    bills = _write_bills(municipality, drafts, by)
    _post_bills(municipality, bills, by)
    use_credit(accounts={draft.account for draft in drafts}, by=by)
    return bills


def _check(draft: BillDraft) -> None:
    if not draft.lines:
        raise InvalidBill(_("A bill needs at least one line with an amount."))
    if draft.total <= 0:
        raise InvalidBill(
            _("The lines add up to zero or less. Enter at least one amount to pay.")
        )
    if draft.total > LARGEST:
        raise InvalidBill(_("The bill's total is too large. Check the amounts."))
    if draft.due_on < draft.issued_on:
        raise InvalidBill(
            _("The due date is before the issue date. Choose a later due date.")
        )


def _write_bills(
    municipality: Municipality, drafts: Sequence[BillDraft], by: Any
) -> list[Bill]:
    numbers: dict[str, list[str]] = {}
    for year in sorted({f"{d.issued_on.year}" for d in drafts if not d.number}):
        count = sum(not d.number and f"{d.issued_on.year}" == year for d in drafts)
        numbers[year] = next_numbers(
            municipality=municipality, series=year, count=count
        )[::-1]
    bills = Bill.objects.bulk_create(
        [
            Bill(
                municipality=municipality,
                account=draft.account,
                number=draft.number or numbers[f"{draft.issued_on.year}"].pop(),
                period=draft.period,
                issued_on=draft.issued_on,
                due_on=draft.due_on,
                currency=municipality.currency,
                total_minor=draft.total,
                issued_by=by,
            )
            for draft in drafts
        ],
        batch_size=2000,
    )
    BillLine.objects.bulk_create(
        [
            BillLine(
                municipality=municipality,
                bill=bill,
                position=position,
                kind=line.kind,
                amount_minor=line.amount_minor,
                **{
                    f"description_{key}": text for key, text in line.description.items()
                },
                **{f"basis_{key}": text for key, text in line.basis.items()},
            )
            for bill, draft in zip(bills, drafts, strict=True)
            for position, line in enumerate(draft.lines, start=1)
        ],
        batch_size=2000,
    )
    return bills


def _post_bills(municipality: Municipality, bills: Sequence[Bill], by: Any) -> None:
    receivable = ledger_account(municipality, LedgerAccount.Kind.RECEIVABLE)
    revenue = ledger_account(municipality, LedgerAccount.Kind.REVENUE)
    posted = LedgerTransaction.objects.bulk_create(
        [
            LedgerTransaction(
                municipality=municipality,
                kind=LedgerTransaction.Kind.BILL,
                currency=bill.currency,
                bill=bill,
                by=by,
            )
            for bill in bills
        ],
        batch_size=2000,
    )
    entries = []
    for bill, row in zip(bills, posted, strict=True):
        shared = {"municipality": municipality, "transaction": row}
        entries += [
            LedgerEntry(
                **shared,
                ledger_account=receivable,
                account_id=bill.account_id,
                bill=bill,
                amount_minor=bill.total_minor,
            ),
            LedgerEntry(
                **shared, ledger_account=revenue, amount_minor=-bill.total_minor
            ),
        ]
    LedgerEntry.objects.bulk_create(entries, batch_size=2000)


@transaction.atomic
def claim_account(
    *, municipality: Municipality, user: Any, number: str, code: str
) -> Account:
    """Link an account to who holds the paper bill; raises ClaimRefused.

    The answer is the same for an unknown number and a wrong code, and tries are
    counted, so that neither can be found out by guessing.
    """
    tries = f"billing.claim.{municipality.pk}.{user.pk}"
    # Not `incr`, which would leave the count only the cache's usual few minutes.
    count = cache.get(tries, 0) + 1
    cache.set(tries, count, timeout=HOUR)
    if count > CLAIM_TRIES_PER_HOUR:
        raise ClaimRefused(
            _("Too many tries. Wait an hour, or ask at the municipality's desk.")
        )
    account = (
        Account.objects.of(municipality)
        .select_for_update()
        .filter(number=number.strip())
        .first()
    )
    wanted = account.claim_code if account else ""
    given = code.strip().upper().replace("-", "").replace(" ", "")
    if account is None or not constant_time_compare(wanted, given):
        raise ClaimRefused(
            _("Number and code don't match. Both are printed on your paper bill.")
        )
    if account.holder_id not in {None, user.pk}:
        raise ClaimRefused(
            _("Another person has linked this account. Please ask at the desk.")
        )
    account.holder = user
    account.save(update_fields=["holder"])
    cache.delete(tries)
    return account
