"""Dates and names as people write them where a municipality lies."""

from __future__ import annotations

from datetime import date, datetime
from functools import cache
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_time
from django import template
from django.utils.translation import get_language

from layers.geography.models import Municipality

register = template.Library()


@cache
def _locale(language: str, country: str) -> Locale:
    """Arabic month names differ by country: November is تشرين الثاني in Lebanon."""
    if language != "ar":
        return Locale(language)
    try:
        return Locale(language, country)
    except UnknownLocaleError:
        return Locale(language)


def _language() -> str:
    return (get_language() or "ar")[:2]


@register.filter
def day(value: date | None, municipality: Municipality) -> str:
    """A date with its month in words; of a moment, its date on the town's clock."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        value = value.astimezone(ZoneInfo(municipality.time_zone)).date()
    locale = _locale(_language(), municipality.country)
    return format_date(value, "d MMMM y", locale=locale)


@register.filter
def clock(value: datetime | None, municipality: Municipality) -> str:
    """Hours and minutes on the town's clock."""
    if value is None:
        return ""
    here = value.astimezone(ZoneInfo(municipality.time_zone))
    return format_time(here, "HH:mm", locale=_locale(_language(), municipality.country))


@register.filter
def country_name(code: str) -> str:
    """The country of an ISO code in the reader's language."""
    return Locale(_language()).territories.get(code, code)
