"""The numbers that files of a view hold beside names and words."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True)
class Column:
    """`key` is where a row has the number, `name` what programs call it."""

    key: str
    name: str
    label: str | Promise


LIMITS = (Column("low", "low", _("from")), Column("high", "high", _("to")))
