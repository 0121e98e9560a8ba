"""Spellings of one word: what people write in many ways and mean the same. No Django."""

from __future__ import annotations

import re
import unicodedata

# Vowel signs, small alef and the stretching line are for the eye only.
SIGNS = re.compile("[\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06ed\u0640\u200c-\u200f]")
LETTERS = str.maketrans("أإآٱىئؤةکی", "ااااييوهكي")
DIGITS = str.maketrans("٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹", "01234567890123456789")


def folded(text: str) -> str:
    """Without accents, vowel signs, case and superfluous blanks; Arabic forms of one
    letter and the two kinds of Arabic digits become one.
    """
    plain = SIGNS.sub("", text.translate(DIGITS)).translate(LETTERS)
    parts = unicodedata.normalize("NFKD", plain).casefold()
    return " ".join("".join(x for x in parts if not unicodedata.combining(x)).split())
