"""Weekdays and holidays on which a town doesn't work."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

THURSDAY, FRIDAY, SATURDAY, SUNDAY = 4, 5, 6, 7
AS_IN_THE_COUNTRY = 0
# What a setting of the check may choose, by ISO's numbers of weekdays.
WEEKENDS: Mapping[int, tuple[int, ...]] = {
    1: (FRIDAY, SATURDAY),
    2: (SATURDAY, SUNDAY),
    3: (FRIDAY,),
    4: (SUNDAY,),
    5: (THURSDAY, FRIDAY),
    6: (),
}
WEEKEND_NAMES: Mapping[int, str | Promise] = {
    AS_IN_THE_COUNTRY: _("as is usual in the country"),
    1: _("Friday and Saturday"),
    2: _("Saturday and Sunday"),
    3: _("Friday only"),
    4: _("Sunday only"),
    5: _("Thursday and Friday"),
    6: _("none"),
}
# Public offices' weekend; elsewhere Saturday and Sunday.
FRIDAY_AND_SATURDAY = frozenset(
    {"BH", "DZ", "EG", "IQ", "JO", "KW", "LY", "OM", "PS", "QA", "SA", "SD", "SY", "YE"}
)


def weekend_of(country: str) -> tuple[int, ...]:
    return WEEKENDS[1 if country.upper() in FRIDAY_AND_SATURDAY else 2]


def is_day_off(day: date, country: str, thresholds: Mapping[str, float]) -> bool:
    """Holidays stand among the thresholds by their dates, as `2026-05-01`."""
    chosen = int(thresholds.get("weekend", AS_IN_THE_COUNTRY))
    weekend = WEEKENDS.get(chosen, weekend_of(country))
    return day.isoweekday() in weekend or day.isoformat() in thresholds


def holidays_in(thresholds: Mapping[str, float]) -> list[str]:
    return sorted(name for name in thresholds if name[:1].isdecimal())


def as_thresholds(holidays: Iterable[date]) -> dict[str, float]:
    return {day.isoformat(): 1 for day in holidays}
