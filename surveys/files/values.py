"""A plain value out of what people write in a cell. Pure."""

from __future__ import annotations

import math
import re
import unicodedata
from datetime import date, datetime

MAX_CODE = 60
# Control signs, halves of surrogate pairs and non-characters: PostgreSQL or JSON
# would refuse them later.
UNSTORABLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]"
)
INVISIBLE = re.compile("[\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
FORMULA_ERROR = re.compile(r"#(N/A|REF!|VALUE!|DIV/0!|NAME\?|NULL!|NUM!)")
DAY_FIRST = re.compile(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})")
YEAR_FIRST = re.compile(r"(\d{4})[/.-](\d{1,2})[/.-](\d{1,2})")
WITH_MIDNIGHT = re.compile(r"[T ]00:00(:00(\.0+)?)?$")
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


class CellError(Exception):
    """`code` is a key of surveys.problems.ERRORS, `params` its particulars."""

    def __init__(self, code: str, **params: object) -> None:
        super().__init__(code)
        self.code, self.params = code, params


def given(raw: object) -> object:
    """The cell without what can't be seen; None where nothing is written."""
    if isinstance(raw, float) and not math.isfinite(raw):
        raise CellError("not_a_number", value=str(raw))
    if isinstance(raw, str):
        raw = clean(raw)
        if FORMULA_ERROR.fullmatch(raw):
            raise CellError("cell_error", value=raw)
    return None if raw == "" else raw


def clean(text: str) -> str:
    """Without what can't be seen; composed, so that equal words are equal."""
    if UNSTORABLE.search(text):
        raise CellError("bad_characters")
    if text.isascii():
        return text.strip()
    return unicodedata.normalize("NFC", INVISIBLE.sub("", text)).strip()


def western_digits(text: str) -> str:
    """Arabic and Persian digits as Western ones."""
    if text.isascii():
        return text
    return "".join(
        str(unicodedata.digit(sign)) if sign.isdigit() and not sign.isascii() else sign
        for sign in text
    )


def words_of(raw: object) -> str:
    """As it would be read aloud: 12.0 is twelve, a moment at midnight is a day."""
    if isinstance(raw, bool):
        return "yes" if raw else "no"
    if isinstance(raw, float) and raw.is_integer():
        raw = int(raw)
    if isinstance(raw, datetime) and not (raw.hour or raw.minute or raw.second):
        raw = raw.date()
    return " ".join(str(raw).split())


def code_of(raw: object) -> str:
    """A number that names something: of a household, a stratum, a row."""
    text = western_digits(words_of(raw))
    if len(text) > MAX_CODE:
        raise CellError("too_long", limit=MAX_CODE)
    return text


def number_of(raw: object, low: float = -math.inf, high: float = math.inf) -> float:
    if isinstance(raw, bool) or not isinstance(raw, int | float | str):
        raise CellError("not_a_number", value=_shown(raw))
    if isinstance(raw, str):
        text = western_digits(raw).replace("٫", ".").replace(" ", "")
        if re.fullmatch(r"-?\d{1,15},\d{1,15}", text):
            text = text.replace(",", ".")
        if not re.fullmatch(r"[+-]?\d{1,18}(\.\d{0,18})?([eE][+-]?\d{1,2})?", text):
            raise CellError("not_a_number", value=_shown(raw))
        raw = float(text)
    if not low <= raw <= high:
        raise CellError(
            "out_of_range", value=_shown(raw), low=f"{low:g}", high=f"{high:,.0f}"
        )
    return float(raw)


def whole_of(raw: object, low: float = -1e15, high: float = 1e15) -> int:
    number = number_of(raw, low, high)
    if not number.is_integer():
        raise CellError("not_whole", value=_shown(raw))
    return int(number)


def day_of(raw: object) -> date:
    found = None
    if isinstance(raw, datetime):
        found = raw.date()
    elif isinstance(raw, date):
        found = raw
    elif isinstance(raw, str):
        found = _day_in(WITH_MIDNIGHT.sub("", western_digits(raw)))
    if found is None or not 1900 <= found.year <= 2200:
        raise CellError("not_a_date", value=_shown(raw))
    return found


def _day_in(text: str) -> date | None:
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


def _shown(raw: object) -> str:
    return str(raw)[:40]
