from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True)
class Entry:
    """A room on the town's bar; `permission` None means that everyone may enter."""

    title: str | Promise
    route: str
    permission: str | None = None
    signed_in: bool = False


ENTRIES: tuple[Entry, ...] = (
    Entry(_("Town data"), "geography:list", "geography.import_data"),
)
