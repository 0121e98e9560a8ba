"""Bills from a CSV file: one row per line of a bill."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from django.contrib.auth import get_user_model
from django.db import transaction
from django.utils.translation import gettext as _

from gisportal.billing.errors import InvalidBillFile
from gisportal.billing.models import Account, Bill, BillLine
from gisportal.billing.money import AmountError, from_plain
from gisportal.billing.services import BillDraft, LineDraft, issue_bills, random_code
from layers.geography.models import Municipality, Parcel

LANGUAGES = ("ar", "en", "fr")
COLUMNS = {
    "account_number", "holder_name", "holder_email", "parcel_code", "bill_number",
    "period", "issued_on", "due_on", "kind", "amount",
    *(f"description_{language}" for language in LANGUAGES),
}  # fmt: skip


@dataclass(frozen=True)
class Loaded:
    added: int
    unchanged: int


@transaction.atomic
def load_bills(*, municipality: Municipality, file: Path) -> Loaded:
    """Issue the bills of `file` that are not there yet; all or none.

    A person with the holder's e-mail address who already signs in gets the account.
    Raises InvalidBillFile with the row and column at fault.
    """
    rows = _read(file)
    there = set(
        Bill.objects.of(municipality)
        .filter(number__in={row["bill_number"] for row in rows})
        .values_list("number", flat=True)
    )
    new: dict[str, list[tuple[int, dict[str, str]]]] = {}
    for position, row in enumerate(rows, start=2):
        if row["bill_number"] not in there:
            new.setdefault(row["bill_number"], []).append((position, row))
    accounts = _accounts(municipality, rows)
    drafts = [
        _draft(municipality, accounts, number, lines) for number, lines in new.items()
    ]
    issue_bills(municipality=municipality, drafts=drafts)
    return Loaded(added=len(drafts), unchanged=len(there))


def _read(file: Path) -> list[dict[str, str]]:
    try:
        with file.open(encoding="utf-8-sig", newline="") as source:
            reader = csv.DictReader(source)
            missing = COLUMNS - set(reader.fieldnames or ())
            if missing:
                raise InvalidBillFile(
                    _("The file lacks the columns %(names)s. Add them and retry.")
                    % {"names": ", ".join(sorted(missing))}
                )
            return list(reader)
    except UnicodeDecodeError as error:
        raise InvalidBillFile(
            _("The file is not in UTF-8. Save it as “CSV UTF-8” and retry.")
        ) from error


def _accounts(
    municipality: Municipality, rows: list[dict[str, str]]
) -> dict[str, Account]:
    wanted = {row["account_number"]: row for row in rows}
    found = {account.number: account for account in Account.objects.of(municipality)}
    emails = {row["holder_email"] for row in wanted.values() if row["holder_email"]}
    users = {
        user.email: user for user in get_user_model().objects.filter(email__in=emails)
    }
    parcels = {
        parcel.code: parcel
        for parcel in Parcel.objects.of(municipality)
        .current()
        .filter(code__in={row["parcel_code"] for row in wanted.values()})
        .only("code")
    }
    Account.objects.bulk_create(
        Account(
            municipality=municipality,
            number=number,
            holder_name=row["holder_name"],
            holder=users.get(row["holder_email"]),
            parcel=parcels.get(row["parcel_code"]),
            claim_code=random_code(8),
        )
        for number, row in wanted.items()
        if number not in found
    )
    return {account.number: account for account in Account.objects.of(municipality)}


def _draft(
    municipality: Municipality,
    accounts: dict[str, Account],
    number: str,
    rows: list[tuple[int, dict[str, str]]],
) -> BillDraft:
    position, first = rows[0]
    return BillDraft(
        account=accounts[first["account_number"]],
        number=number,
        period=first["period"],
        issued_on=_day(first, "issued_on", position),
        due_on=_day(first, "due_on", position),
        lines=tuple(_line(municipality, row, place) for place, row in rows),
    )


def _line(municipality: Municipality, row: dict[str, str], position: int) -> LineDraft:
    if row["kind"] not in BillLine.Kind.values:
        raise _at(position, "kind", _("one of %s") % ", ".join(BillLine.Kind.values))
    try:
        amount = from_plain(row["amount"], municipality.currency)
    except AmountError as error:
        raise _at(
            position, "amount", _("an amount in %s, without group marks")
            % municipality.currency,
        ) from error  # fmt: skip
    return LineDraft(
        kind=row["kind"],
        amount_minor=amount.minor,
        description={key: row[f"description_{key}"] for key in LANGUAGES},
        basis={key: row.get(f"basis_{key}") or "" for key in LANGUAGES},
    )


def _day(row: dict[str, str], column: str, position: int) -> date:
    try:
        return date.fromisoformat(row[column])
    except ValueError as error:
        raise _at(position, column, _("a day such as 2026-03-31")) from error


def _at(position: int, column: str, wanted: str) -> InvalidBillFile:
    return InvalidBillFile(
        _(
            "Row %(row)s, column %(column)s: this must be %(wanted)s. Nothing was loaded."
        )
        % {"row": position, "column": column, "wanted": wanted}
    )
