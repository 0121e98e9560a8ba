"""Turns one cell into a value of its column's kind, or says what is wrong with it."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Callable
from datetime import date, datetime

from surveys.columns import Column, Kind

MAX_TEXT = 200
MAX_CODE = 60
# Control signs, halves of surrogate pairs and non-characters: PostgreSQL or JSON
# would refuse them later.
UNSTORABLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]"
)
INVISIBLE = re.compile("[\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
FORMULA_ERROR = re.compile(r"#(N/A|REF!|VALUE!|DIV/0!|NAME\?|NULL!|NUM!)")
SAME_ANSWER = {
    "نعم": "yes",
    "oui": "yes",
    "1": "yes",
    "true": "yes",
    "y": "yes",
    "لا": "no",
    "non": "no",
    "0": "no",
    "false": "no",
    "n": "no",
    "dk": "dont_know",
    "don't know": "dont_know",
    "لا أعرف": "dont_know",
    "ne sait pas": "dont_know",
    "f": "female",
    "girl": "female",
    "أنثى": "female",
    "fille": "female",
    "m": "male",
    "boy": "male",
    "ذكر": "male",
    "garçon": "male",
}
DAY_FIRST = re.compile(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})")
YEAR_FIRST = re.compile(r"(\d{4})[/.-](\d{1,2})[/.-](\d{1,2})")
WITH_MIDNIGHT = re.compile(r"[T ]00:00(:00(\.0+)?)?$")

Value = str | int | float | date


class CellError(Exception):
    """`code` is a key of surveys.problems.ERRORS, `params` its particulars."""

    def __init__(self, code: str, **params: object) -> None:
        super().__init__(code)
        self.code, self.params = code, params


def convert(column: Column, raw: object) -> Value | None:
    """None for an empty cell; raises CellError for what the column can't hold."""
    if isinstance(raw, float) and not math.isfinite(raw):
        raise CellError("not_a_number", value=str(raw))
    if isinstance(raw, str):
        raw = clean(raw)
        if FORMULA_ERROR.fullmatch(raw):
            raise CellError("cell_error", value=raw)
    if raw is None or raw == "":
        if column.required:
            raise CellError("required")
        return None
    return CONVERTERS[column.kind](column, raw)


def clean(text: str) -> str:
    """Without what can't be seen; composed, so that equal words are equal."""
    if UNSTORABLE.search(text):
        raise CellError("bad_characters")
    return unicodedata.normalize("NFC", INVISIBLE.sub("", text)).strip()


def _shown(raw: object) -> str:
    return str(raw)[:40]


def western_digits(text: str) -> str:
    """Arabic and Persian digits as Western ones."""
    return "".join(
        str(unicodedata.digit(sign)) if sign.isdigit() and not sign.isascii() else sign
        for sign in text
    )


def _text(column: Column, raw: object) -> str:
    if isinstance(raw, float) and raw.is_integer():
        raw = int(raw)
    if isinstance(raw, datetime):
        raw = raw.date()
    text = str(raw)
    limit = MAX_CODE if column.kind is Kind.CODE else MAX_TEXT
    if len(text) > limit:
        raise CellError("too_long", limit=limit)
    return " ".join(text.split())


def _code(column: Column, raw: object) -> str:
    return western_digits(_text(column, raw))


def _number(column: Column, raw: object) -> float:
    if isinstance(raw, bool) or not isinstance(raw, int | float | str):
        raise CellError("not_a_number", value=_shown(raw))
    if isinstance(raw, str):
        text = western_digits(raw).replace("٫", ".").replace(" ", "")
        if re.fullmatch(r"-?\d{1,15},\d{1,15}", text):
            text = text.replace(",", ".")
        if not re.fullmatch(r"[+-]?\d{1,18}(\.\d{0,18})?([eE][+-]?\d{1,2})?", text):
            raise CellError("not_a_number", value=_shown(raw))
        raw = float(text)
    low = -math.inf if column.low is None else column.low
    high = math.inf if column.high is None else column.high
    if not low <= raw <= high:
        raise CellError(
            "out_of_range", value=_shown(raw), low=f"{low:g}", high=f"{high:,.0f}"
        )
    return float(raw)


def _integer(column: Column, raw: object) -> int:
    number = _number(column, raw)
    if not number.is_integer():
        raise CellError("not_whole", value=_shown(raw))
    return int(number)


def _choice(column: Column, raw: object) -> str:
    if isinstance(raw, float) and raw.is_integer():
        raw = int(raw)
    answer = str(raw).casefold()
    answer = SAME_ANSWER.get(answer, answer).replace(" ", "_")
    if answer not in column.choices:
        raise CellError(
            "not_a_choice", value=_shown(raw), choices=", ".join(column.choices)
        )
    return answer


def _date(column: Column, raw: object) -> date:
    found = None
    if isinstance(raw, datetime):
        found = raw.date()
    elif isinstance(raw, date):
        found = raw
    elif isinstance(raw, str):
        found = _date_in(WITH_MIDNIGHT.sub("", western_digits(raw)))
    if found is None or not 1900 <= found.year <= 2200:
        raise CellError("not_a_date", value=_shown(raw))
    return found


def _date_in(text: str) -> date | None:
    """Year first, or day first as it is written from Tunis to Beirut."""
    if match := YEAR_FIRST.fullmatch(text):
        year, month, day = match.groups()
    elif match := DAY_FIRST.fullmatch(text):
        day, month, year = match.groups()
    else:
        return None
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        return None


CONVERTERS: dict[Kind, Callable[[Column, object], Value]] = {
    Kind.CODE: _code,
    Kind.TEXT: _text,
    Kind.DATE: _date,
    Kind.INTEGER: _integer,
    Kind.NUMBER: _number,
    Kind.CHOICE: _choice,
}
