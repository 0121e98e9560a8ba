"""Which alphabet a file without a label is written in.

Windows-1256 keeps the French letters of Windows-1252 in their places, so Arabic,
French and mixed files of the region read well by it.
"""

from __future__ import annotations

import codecs

MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
SAMPLE = 1_000_000


def _arabic_share(text: str) -> float:
    """Arabic letters among the characters beyond ASCII."""
    beyond = [c for c in text if ord(c) > 127]
    if not beyond:
        return 0.0
    return sum("\u0620" <= c <= "\u0652" for c in beyond) / len(beyond)


def _decodes(sample: bytes, encoding: str) -> str | None:
    try:
        # The sample may end inside a letter, so the end is left open.
        return codecs.getincrementaldecoder(encoding)().decode(sample)
    except UnicodeDecodeError:
        return None


def detect(raw: bytes) -> str:
    """A Python codec name for the text in `raw`."""
    sample = raw[:SAMPLE]
    for mark, encoding in MARKS.items():
        if sample.startswith(mark):
            return encoding
    if _decodes(sample, "utf-8") is not None:
        return "utf-8"
    shares = {}
    for encoding in ("cp1256", "iso8859_6"):
        text = _decodes(sample, encoding)
        if text is not None:
            shares[encoding] = _arabic_share(text)
    best = max(shares, key=lambda name: shares[name], default="")
    return best if best and shares[best] > 0.3 else "cp1252"
