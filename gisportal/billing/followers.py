"""Accounts go with the parcel that they are for."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from gisportal.billing.models import Account
from layers.editing.followers import Change, Following, Move


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
        return Following(moves, memory)

    go_back = follow


FOLLOWERS = (Accounts(),)
