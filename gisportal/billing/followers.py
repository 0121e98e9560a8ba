"""Accounts go with the parcel that they are for."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.formats import date_format
from django.utils.translation import get_language, gettext, ngettext
from django.utils.translation import gettext_lazy as _

from gisportal.billing.models import Account, Bill
from gisportal.billing.money import Money, format_money
from layers.editing.followers import Change, Following, Move


def _unpaid(change: Change) -> Iterator[str]:
    """How many bills are open on the parcels that become others, by currency, and since
    when; also on the one that keeps its code.
    """
    if not change.replaced:
        return
    accounts = Account.objects.of(change.municipality)
    found = accounts.filter(parcel__in=list(change.successors))
    parcels = {
        pk: change.codes[place] for pk, place in found.values_list("pk", "parcel")
    }
    bills = (
        Bill.objects.of(change.municipality).filter(account__in=list(parcels)).open()
    )
    by_currency: dict[str, list[Bill]] = {}
    for bill in bills:
        by_currency.setdefault(bill.currency, []).append(bill)
    for currency, owed in by_currency.items():
        due = Money(sum(each.balance_minor for each in owed), currency)
        codes = sorted({parcels[each.account_id] for each in owed})
        yield ngettext(
            "%(n)s bill is unpaid on %(parcels)s: %(sum)s, due on %(day)s.",
            "%(n)s bills are unpaid on %(parcels)s: %(sum)s in all, the first due on %(day)s.",
            len(owed),
        ) % {
            "n": len(owed),
            "parcels": gettext(", ").join(f"\u2068{code}\u2069" for code in codes),
            "sum": f"\u2068{format_money(due, get_language() or 'ar')}\u2069",
            "day": date_format(owed[0].due_on, "DATE_FORMAT"),
        }


class Accounts:
    """An account, and so its bills, stays with the piece that keeps the parcel's code; of
    merged parcels it goes to the merged one. Where no piece keeps the code it goes to the
    largest, and of a parcel that was split a person is asked who owes what from now on.
    """

    name = "accounts"
    title = _("Accounts and their bills")
    permission = "billing.view_all"

    def count(self, number: int) -> str:
        return ngettext("%(n)s account", "%(n)s accounts", number) % {"n": number}

    def follow(self, change: Change) -> Following:
        if not change.parcels:
            return Following()
        # Before the accounts move on.
        cautions = tuple(_unpaid(change))
        moves, memory = [], {}
        remembered = change.memory or {}
        accounts = Account.objects.of(change.municipality)
        for account in accounts.filter(parcel__in=list(change.replaced)).order_by(
            "number"
        ):
            pk = account.parcel_id or 0
            origin, after = change.codes[pk], change.successors[pk]
            own = remembered.get(str(account.pk))
            mine = next((each for each in after if each.pk == own), None)
            place = mine or change.keeping(pk) or (after[0] if after else None)
            is_open = mine is None and len(after) != 1
            if place is not None and place.pk != pk:
                memory[str(account.pk)] = pk
                accounts.filter(pk=account.pk).update(parcel=place.pk)
            if is_open or str(account.pk) in memory:
                target = place.code if place else origin
                moves.append(Move(account.number, origin, target, is_open))
        return Following(moves, memory, cautions)

    go_back = follow


FOLLOWERS = (Accounts(),)
