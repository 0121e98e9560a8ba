"""The words and numbers of a row, judged one by one."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict

LONGEST = {"code": 60, "parent": 60, "kind": 40}
NAME_LENGTH = 200
Refused = list[tuple[int, str, str]]
DIGITS = str.maketrans("٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹٫", "01234567890123456789.")


def _word(text: str, role: str) -> str:
    """What is wrong with the text as a code of errors.py, or ""."""
    if "\ufffd" in text:
        return "text_unreadable"
    if any(unicodedata.category(c) in {"Cc", "Cs"} for c in text):
        return "text_control"
    if len(text) > LONGEST.get(role, NAME_LENGTH):
        return "text_too_long"
    return ""


def number(text: str) -> str | None:
    """A number as PostgreSQL reads it: "١٬٢٣٤٫٥ م²" → "1234.50"; None if it is none."""
    text = text.translate(DIGITS)
    text = re.sub(r"(m2|m²|م²|م2|\s|\u00a0|\u202f|٬|')", "", text)
    if "," in text:
        text = text.replace(",", "" if "." in text else ".")
    try:
        value = float(text)
    except ValueError:
        return None
    return f"{value:.2f}" if 0 <= value < 1e11 else None


def judge(columns: dict[str, list[str]], skip: set[int]) -> Refused:
    """Refuse rows whose words can't be stored; numbers are rewritten in place."""
    refused: Refused = []
    for role, texts in columns.items():
        check = _number if role == "official_area" else _text
        for row, text in enumerate(texts):
            if row in skip:
                continue
            if text:
                wrong = check(texts, row, role)
            else:
                wrong = "code_missing" if role == "code" else ""
            if wrong:
                refused.append((row, wrong, text[:60].replace("\x00", "")))
    return refused


def _text(texts: list[str], row: int, role: str) -> str:
    text = unicodedata.normalize("NFC", texts[row])
    texts[row] = text
    return (
        ""
        if text.isascii() and text.isprintable() and len(text) <= 40
        else _word(text, role)
    )


def _number(texts: list[str], row: int, role: str) -> str:
    value = number(texts[row])
    if value is None:
        return "area_not_number"
    texts[row] = value
    return ""


def duplicates(codes: list[str], skip: set[int]) -> Refused:
    """Every row of a code that stands in the file more than once."""
    rows: dict[str, list[int]] = defaultdict(list)
    for row, code in enumerate(codes):
        if row not in skip:
            rows[code].append(row)
    return [
        (row, "code_twice", f"{code} ({', '.join(str(r + 1) for r in same[:8])})")
        for code, same in rows.items()
        if len(same) > 1
        for row in same
    ]
