"""One spelling for what people write in many ways: names and positions. No Django."""

from __future__ import annotations

import re
import unicodedata

# Vowel signs, small alef and the stretching line are for the eye only.
SIGNS = re.compile("[\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06ed\u0640\u200c-\u200f]")
LETTERS = str.maketrans("أإآٱىئؤةکی", "ااااييوهكي")
DIGITS = str.maketrans("٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹", "01234567890123456789")
# What may stand within a word unseen, and between two.
UNSEEN = f"[\u0300-\u036f{SIGNS.pattern[1:]}*"
PARTED = UNSEEN + r"\W+(?:وال|بال|ال)?"
ARTICLE = re.compile(r"\b(?:وال|بال|ال)(?=\w{2})")

NORTH_SOUTH = {"n": 1, "s": -1, "ش": 1, "ج": -1}
EAST_WEST = {"e": 1, "w": -1, "o": -1, "ق": 1, "غ": -1}
WORDS = {
    "شمالا": "n", "شمال": "n", "جنوبا": "s", "جنوب": "s",
    "شرقا": "e", "شرق": "e", "غربا": "w", "غرب": "w",
    "north": "n", "nord": "n", "south": "s", "sud": "s",
    "east": "e", "est": "e", "west": "w", "ouest": "w",
}  # fmt: skip
NUMBER = r"[-+]?\d{1,3}(?:\.\d+)?"
ANGLE = re.compile(
    rf"""(?P<before>[nsewoشجقغ])?\s*
    (?P<degrees>{NUMBER})\s*°?\s*
    (?:(?P<minutes>\d{{1,2}}(?:\.\d+)?)\s*['′’]\s*)?
    (?:(?P<seconds>\d{{1,2}}(?:\.\d+)?)\s*(?:["″”]|'')\s*)?
    (?P<after>[nsewoشجقغ])?""",
    re.VERBOSE,
)


def normal(text: str) -> str:
    """The letters that matter: without accents, vowel signs, article or case; Arabic
    forms of one letter and the two kinds of Arabic digits become one.
    """
    plain = SIGNS.sub("", text.translate(DIGITS)).translate(LETTERS)
    parts = unicodedata.normalize("NFKD", plain).casefold()
    bare = "".join(x for x in parts if not unicodedata.combining(x))
    return " ".join(ARTICLE.sub("", re.sub(r"[^\w]+", " ", bare)).split())


def _alike() -> dict[str, str]:
    """By each letter or digit of `normal` all that are written for it, small ones first."""
    found: dict[str, set[str]] = {}
    for code in (*range(0xC0, 0x180), *range(0x620, 0x6FF), *range(0x30, 0x7B)):
        letter = chr(code)
        if len(plain := normal(letter)) == 1:
            found.setdefault(plain, {plain}).add(letter)
    return {plain: "".join(sorted(letters)) for plain, letters in found.items()}


ALIKE = _alike()


def pattern(text: str) -> str:
    """A regular expression of PostgreSQL's, for texts in which `text` stands in any of
    its spellings; empty where nothing is asked.
    """
    words = normal(text).split()
    return PARTED.join(
        UNSEEN.join(f"[{ALIKE.get(letter, letter)}]" for letter in word)
        for word in words
    )


def position(text: str) -> tuple[float, float] | None:
    """Longitude and latitude in degrees (EPSG:4326), or None where it is no position.

    Understood: "33.85, 35.90" (latitude first), "٣٣٫٨٥، ٣٥٫٩", "35.9 E 33.85 N",
    "33°51'0\\"N 35°54'0\\"E", and the same with شمال, شرق, Nord, Est.
    """
    said = SIGNS.sub("", text.translate(DIGITS)).casefold().replace("٫", ".")
    said = re.sub(
        r"\w+", lambda word: WORDS.get(word[0].translate(LETTERS), word[0]), said
    )
    # A comma between digits without a blank is a decimal one where there are two.
    if said.count(",") > 1 or re.fullmatch(r"\s*\d+,\d+\s+\d+,\d+\s*", said):
        said = re.sub(r"(?<=\d),(?=\d)", ".", said)
    said = re.sub(r"[,;،؛/|]", " ", said).strip()
    first = ANGLE.match(said)
    if first is None:
        return None
    second = ANGLE.fullmatch(said, first.end()) or ANGLE.fullmatch(
        said[first.end() :].strip()
    )
    if second is None:
        return None
    return _placed(_angle(first), _angle(second))


def _angle(found: re.Match[str]) -> tuple[float, str]:
    """Degrees and the axis that its letter names: "x", "y" or unsaid."""
    degrees = float(found["degrees"])
    size = abs(degrees) + float(found["minutes"] or 0) / 60
    size += float(found["seconds"] or 0) / 3600
    letter = found["before"] or found["after"] or ""
    sign = -1 if found["degrees"].startswith("-") else 1
    if letter in NORTH_SOUTH:
        return size * sign * NORTH_SOUTH[letter], "y"
    if letter in EAST_WEST:
        return size * sign * EAST_WEST[letter], "x"
    return size * sign, ""


def _placed(
    first: tuple[float, str], second: tuple[float, str]
) -> tuple[float, float] | None:
    if first[1] and first[1] == second[1]:
        return None
    swapped = first[1] == "x" or second[1] == "y"
    longitude, latitude = (first[0], second[0]) if swapped else (second[0], first[0])
    if abs(latitude) > 90 or abs(longitude) > 180:
        return None
    return longitude, latitude
