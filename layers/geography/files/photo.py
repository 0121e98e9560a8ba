"""Photos are never kept as they come: they are decoded and written anew.

What comes out is a JPEG without metadata, so a camera's position, a hidden
script or a second file behind the picture doesn't get through.
"""

from __future__ import annotations

import io
import struct
import zlib
from dataclasses import dataclass
from typing import BinaryIO

import puremagic
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from PIL import Image, ImageOps, UnidentifiedImageError

MAX_BYTES = 20 * 1024 * 1024
MAX_SIDE = 2048
SNIFFED_BYTES = 4096
FORMATS = {"image/jpeg": "JPEG", "image/png": "PNG", "image/webp": "WEBP"}
# A JPEG is decoded at a fraction of its size; the others need all their pixels in
# memory at once.
MAX_PIXELS = {"JPEG": 64_000_000, "PNG": 25_000_000, "WEBP": 25_000_000}
UNREADABLE = (
    UnidentifiedImageError,
    OSError,
    SyntaxError,
    ValueError,
    EOFError,
    struct.error,
    zlib.error,
)


class PhotoRefused(ValidationError):
    """The file is no photo that can be kept."""


@dataclass(frozen=True)
class Photo:
    """JPEG bytes and their size in pixels."""

    content: bytes
    width: int
    height: int


def clean_photo(file: BinaryIO) -> Photo:
    """The picture in `file`, turned upright, at most 2048 pixels, no metadata.

    Raises PhotoRefused with the way out for anything that is no photo.
    """
    content = file.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise PhotoRefused(_("The photo is larger than 20 MB. Choose a smaller one."))
    image = _decode(content, _sniffed_format(content))
    out = io.BytesIO()
    image.save(out, "JPEG", quality=85, optimize=True)
    return Photo(out.getvalue(), *image.size)


def _sniffed_format(content: bytes) -> str:
    try:
        found = puremagic.magic_string(content[:SNIFFED_BYTES])
    except (puremagic.PureError, ValueError):
        found = []
    for match in found:
        if match.mime_type in FORMATS:
            return FORMATS[match.mime_type]
    raise PhotoRefused(
        _("This file is not a photo. Choose a JPEG, PNG or WebP picture.")
    )


def _decode(content: bytes, kind: str) -> Image.Image:
    try:
        image: Image.Image = Image.open(io.BytesIO(content), formats=[kind])
        if image.width * image.height > MAX_PIXELS[kind]:
            raise Image.DecompressionBombError
        image.draft("RGB", (MAX_SIDE, MAX_SIDE))
        ImageOps.exif_transpose(image, in_place=True)
        if image.mode not in {"RGB", "RGBA"}:
            image = image.convert("RGBA" if image.has_transparency_data else "RGB")
        image.thumbnail((MAX_SIDE, MAX_SIDE))
    except Image.DecompressionBombError as error:
        raise PhotoRefused(
            _("The photo has too many pixels. Choose a smaller one.")
        ) from error
    except UNREADABLE as error:
        raise PhotoRefused(
            _("The photo is damaged and can't be opened. Choose another one.")
        ) from error
    # A fresh picture takes the pixels and nothing else along.
    bare = Image.new("RGB", image.size, "white")
    bare.paste(image, mask=image.getchannel("A") if image.mode == "RGBA" else None)
    return bare
