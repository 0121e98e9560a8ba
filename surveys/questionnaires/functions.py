"""The functions of XPath, XForms and ODK, and how JavaRosa turns values into others.

Pure. Values are texts, floats, booleans, dates, or a list of them where a path gives
several. An empty text is what is not answered.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from itertools import pairwise
from random import SystemRandom
from typing import Any
from uuid import uuid4

EPOCH = date(1970, 1, 1)
NUMBER = re.compile(r"\s*-?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?\s*")
DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
EARTH_METRES = 6_378_100
Value = Any


class ExpressionError(ValueError):
    """The expression can't be evaluated: it says why."""


@dataclass(frozen=True)
class Lookups:
    """What functions know beside their arguments."""

    today: datetime
    lists: Mapping[str, Sequence[Mapping[str, str]]]
    labels: Mapping[str, Mapping[str, str]]


def _first(value: Value) -> Value:
    if isinstance(value, list):
        return value[0] if value else ""
    return value


def as_text(value: Value) -> str:
    value = _first(value)
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        if math.isfinite(value):
            return str(int(value)) if value.is_integer() else repr(value)
        return "NaN" if math.isnan(value) else f"{'-' * (value < 0)}Infinity"
    return str(value.isoformat())


def as_number(value: Value) -> float:
    """Of a date the days since 1970."""
    value = _first(value)
    if isinstance(value, bool | float):
        return float(value)
    if isinstance(value, datetime):
        midnight = value.hour * 3600 + value.minute * 60 + value.second
        return (value.date() - EPOCH).days + midnight / 86400
    if isinstance(value, date):
        return float((value - EPOCH).days)
    if isinstance(value, str) and NUMBER.fullmatch(value):
        return float(value)
    return math.nan


def as_boolean(value: Value) -> bool:
    if isinstance(value, list):
        return bool(value)
    if isinstance(value, float):
        return bool(value) and not math.isnan(value)
    return bool(value)


def as_date(value: Value) -> Value:
    """A date, or the empty text; raises ExpressionError for another text."""
    value = _first(value)
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date) or value == "":
        return value
    if isinstance(value, str) and DATE.match(value):
        try:
            return date.fromisoformat(value[:10])
        except ValueError as error:
            raise ExpressionError(str(error)) from error
    days = as_number(value)
    if math.isnan(days):
        return ""
    return date.fromordinal(EPOCH.toordinal() + math.floor(days))


def compare(sign: str, left: Value, right: Value) -> bool:
    """Of a list any member may do, as XPath has it."""
    if isinstance(left, list) and len(left) != 1:
        return any(compare(sign, each, right) for each in left)
    if isinstance(right, list) and len(right) != 1:
        return any(compare(sign, left, each) for each in right)
    left, right = _first(left), _first(right)
    if sign in {"=", "!="}:
        return _equal(left, right) == (sign == "=")
    one, other = as_number(left), as_number(right)
    return {
        "<": one < other,
        "<=": one <= other,
        ">": one > other,
        ">=": one >= other,
    }[sign]


def _equal(left: Value, right: Value) -> bool:
    if isinstance(left, bool) or isinstance(right, bool):
        return as_boolean(left) == as_boolean(right)
    if isinstance(left, float) or isinstance(right, float):
        return as_number(left) == as_number(right)
    return as_text(left) == as_text(right)


def _flat(values: Sequence[Value]) -> list[Value]:
    found = []
    for value in values:
        found += value if isinstance(value, list) else [value]
    return found


def _numbers(values: Sequence[Value]) -> list[float]:
    return [as_number(each) for each in _flat(values) if each != ""]


def _if(look: Lookups, test: Any, then: Any, other: Any) -> Value:
    return then() if as_boolean(test()) else other()


def _coalesce(look: Lookups, *options: Any) -> Value:
    value: Value = ""
    for option in options:
        value = option()
        if as_text(value) != "":
            break
    return value


def _selected_at(look: Lookups, value: Value, place: Value) -> str:
    chosen, at = as_text(value).split(), int(as_number(place))
    return chosen[at] if 0 <= at < len(chosen) else ""


def _round(look: Lookups, value: Value, places: Value = 0.0) -> float:
    number, digits = as_number(value), int(as_number(places))
    if not math.isfinite(number):
        return number
    scale = 10.0**digits
    return math.floor(number * scale + 0.5) / scale


def _int(look: Lookups, value: Value) -> float:
    number = as_number(value)
    return float(math.trunc(number)) if math.isfinite(number) else number


def _regex(look: Lookups, value: Value, pattern: Value) -> bool:
    try:
        return bool(re.fullmatch(as_text(pattern), as_text(value)))
    except re.error as error:
        raise ExpressionError(str(error)) from error


def _format_date(look: Lookups, value: Value, pattern: Value) -> str:
    moment = _first(value)
    if not isinstance(moment, datetime):
        day = as_date(moment)
        if day == "":
            return ""
        moment = datetime.combine(day, time())
    words = as_text(pattern).replace("%n", f"{moment.month}")
    words = words.replace("%e", f"{moment.day}").replace("%h", f"{moment.hour}")
    words = words.replace("%3", f"{moment.microsecond // 1000:03}")
    return moment.strftime(words)


def _decimal_time(look: Lookups, value: Value) -> float:
    try:
        found = time.fromisoformat(as_text(value))
    except ValueError:
        return math.nan
    return (found.hour * 3600 + found.minute * 60 + found.second) / 86400


def _substr(look: Lookups, value: Value, start: Value, end: Value = "") -> str:
    text = as_text(value)
    return text[int(as_number(start)) : len(text) if end == "" else int(as_number(end))]


def _substring(look: Lookups, value: Value, start: Value, count: Value = "") -> str:
    text, first = as_text(value), int(as_number(start)) - 1
    last = len(text) if count == "" else first + int(as_number(count))
    return text[max(first, 0) : max(last, 0)]


def _extreme(pick: Callable[[list[float]], float]) -> Callable[..., float]:
    def run(look: Lookups, *values: Value) -> float:
        numbers = _numbers(values)
        return pick(numbers) if numbers else math.nan

    return run


def _pulldata(
    look: Lookups, name: Value, wanted: Value, key: Value, value: Value
) -> str:
    rows = look.lists.get(as_text(name).removesuffix(".csv"), ())
    column, known, sought = as_text(wanted), as_text(key), as_text(value)
    return next((row.get(column, "") for row in rows if row.get(known) == sought), "")


def _points(values: Sequence[Value]) -> list[tuple[float, float]]:
    texts = [part for each in _flat(values) for part in as_text(each).split(";")]
    return [
        (math.radians(float(latitude)), math.radians(float(longitude)))
        for latitude, longitude, *_ in (text.split() for text in texts if text.strip())
    ]


def _distance(look: Lookups, *values: Value) -> float:
    points = _points(values)
    total = 0.0
    for (lat, lon), (lat2, lon2) in pairwise(points):
        angle = math.sin(lat) * math.sin(lat2)
        angle += math.cos(lat) * math.cos(lat2) * math.cos(lon2 - lon)
        total += math.acos(max(-1.0, min(1.0, angle))) * EARTH_METRES
    return round(total * 100) / 100


def _area(look: Lookups, *values: Value) -> float:
    points = _points(values)
    total = 0.0
    for (lat, lon), (lat2, lon2) in pairwise(points):
        total += (lon2 - lon) * (2 + math.sin(lat) + math.sin(lat2))
    return round(abs(total) * EARTH_METRES**2 / 2 * 100) / 100


def _checklist(look: Lookups, low: Value, high: Value, *tests: Value) -> bool:
    count = sum(as_boolean(each) for each in tests)
    least, most = as_number(low), as_number(high)
    return (least < 0 or count >= least) and (most < 0 or count <= most)


def _unanswered(value: Value) -> bool:
    return as_text(value) == ""


def _mathematical(work: Callable[..., float]) -> Callable[..., float]:
    def run(look: Lookups, *values: Value) -> float:
        try:
            return float(work(*map(as_number, values)))
        except (ValueError, OverflowError, ZeroDivisionError):
            return math.nan

    return run


VOLATILE = frozenset({"uuid", "random", "once"})
FUNCTIONS: dict[str, Callable[..., Value]] = {
    "if": _if,
    "coalesce": _coalesce,
    "true": lambda look: True,
    "false": lambda look: False,
    "not": lambda look, value: not as_boolean(value),
    "boolean": lambda look, value: as_boolean(value),
    "boolean-from-string": lambda look, value: (
        as_text(value).casefold() in {"true", "1"}
    ),
    "number": lambda look, value: as_number(value),
    "int": _int,
    "string": lambda look, value: as_text(value),
    "round": _round,
    "floor": _mathematical(math.floor),
    "ceiling": _mathematical(math.ceil),
    "abs": _mathematical(abs),
    "pow": _mathematical(math.pow),
    "sqrt": _mathematical(math.sqrt),
    "exp": _mathematical(math.exp),
    "log": _mathematical(math.log),
    "log10": _mathematical(math.log10),
    "sin": _mathematical(math.sin),
    "cos": _mathematical(math.cos),
    "tan": _mathematical(math.tan),
    "asin": _mathematical(math.asin),
    "acos": _mathematical(math.acos),
    "atan": _mathematical(math.atan),
    "atan2": _mathematical(math.atan2),
    "pi": lambda look: math.pi,
    "selected": lambda look, value, one: as_text(one).strip() in as_text(value).split(),
    "is-selected": lambda look, value, one: (
        as_text(one).strip() in as_text(value).split()
    ),
    "selected-at": _selected_at,
    "count-selected": lambda look, value: float(len(as_text(value).split())),
    "count": lambda look, *values: float(len(_flat(values))),
    "count-non-empty": lambda look, *values: float(
        sum(not _unanswered(each) for each in _flat(values))
    ),
    "sum": lambda look, *values: float(sum(_numbers(values))),
    "max": _extreme(max),
    "min": _extreme(min),
    "checklist": _checklist,
    "concat": lambda look, *values: "".join(map(as_text, _flat(values))),
    "join": lambda look, by, *values: as_text(by).join(map(as_text, _flat(values))),
    "string-length": lambda look, value="": float(len(as_text(value))),
    "normalize-space": lambda look, value: " ".join(as_text(value).split()),
    "substr": _substr,
    "substring": _substring,
    "substring-before": lambda look, value, by: (
        as_text(value).partition(as_text(by))[0]
        if as_text(by) in as_text(value)
        else ""
    ),
    "substring-after": lambda look, value, by: as_text(value).partition(as_text(by))[2],
    "contains": lambda look, value, part: as_text(part) in as_text(value),
    "starts-with": lambda look, value, part: as_text(value).startswith(as_text(part)),
    "ends-with": lambda look, value, part: as_text(value).endswith(as_text(part)),
    "translate": lambda look, value, old, new: as_text(value).translate(
        {
            ord(sign): (as_text(new)[place] if place < len(as_text(new)) else None)
            for place, sign in reversed(list(enumerate(as_text(old))))
        }
    ),
    "regex": _regex,
    "date": lambda look, value: as_date(value),
    "date-time": lambda look, value: _first(value),
    "format-date": _format_date,
    "format-date-time": _format_date,
    "decimal-date-time": lambda look, value: as_number(
        as_date(value) if isinstance(_first(value), str) else value
    ),
    "decimal-time": _decimal_time,
    "uuid": lambda look, *length: str(uuid4()),
    "random": lambda look: SystemRandom().random(),
    "once": lambda look, value: value,
    "pulldata": _pulldata,
    "distance": _distance,
    "area": _area,
}
