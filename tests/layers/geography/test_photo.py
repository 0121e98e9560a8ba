import io
import struct
import zlib

import pytest
from django.utils import translation
from PIL import Image

from layers.geography.files.photo import MAX_SIDE, PhotoRefused, clean_photo

GPS_TAG, ORIENTATION, MAKE = 0x8825, 0x0112, 0x010F


@pytest.fixture(autouse=True)
def in_english():
    """Messages are compared in the language of the source."""
    with translation.override("en"):
        yield


def picture(size=(40, 20), kind="JPEG", mode="RGB", **options) -> bytes:
    out = io.BytesIO()
    Image.new(mode, size, "red" if mode != "RGBA" else (255, 0, 0, 0)).save(
        out, kind, **options
    )
    return out.getvalue()


def with_position(orientation: int = 1) -> bytes:
    exif = Image.Exif()
    exif[MAKE] = "CanaryPhone"
    exif[ORIENTATION] = orientation
    exif[GPS_TAG] = {1: "N", 2: (33.0, 48.0, 1.0), 3: "E", 4: (35.0, 49.0, 2.0)}
    return picture(exif=exif, comment=b"canary comment")


def clean(content: bytes):
    return clean_photo(io.BytesIO(content))


def png_header(width: int, height: int) -> bytes:
    body = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + struct.pack(">I", 13)
        + body
        + struct.pack(">I", zlib.crc32(body))
        + struct.pack(">I", 0)
        + b"IEND"
        + struct.pack(">I", zlib.crc32(b"IEND"))
    )


def test_position_camera_and_comment_are_gone():
    before = with_position()
    assert Image.open(io.BytesIO(before)).getexif().get_ifd(GPS_TAG)
    after = clean(before).content
    kept = Image.open(io.BytesIO(after))
    assert not kept.getexif()
    assert "comment" not in kept.info
    assert b"anary" not in after
    assert b"Exif" not in after


def test_a_sideways_photo_is_turned_upright():
    photo = clean(with_position(orientation=6))
    assert (photo.width, photo.height) == (20, 40)


def test_a_large_photo_is_made_smaller():
    photo = clean(picture((5000, 2500)))
    assert (photo.width, photo.height) == (MAX_SIDE, MAX_SIDE // 2)


@pytest.mark.parametrize(
    ("kind", "mode"),
    [("PNG", "RGBA"), ("PNG", "P"), ("PNG", "L"), ("WEBP", "RGB"), ("JPEG", "CMYK")],
)
def test_every_usual_kind_becomes_a_jpeg(kind, mode):
    content = (
        picture(kind=kind, mode=mode)
        if mode not in {"P", "L", "CMYK"}
        else _converted(kind, mode)
    )
    assert Image.open(io.BytesIO(clean(content).content)).format == "JPEG"


def _converted(kind: str, mode: str) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (30, 30), "blue").convert(mode).save(out, kind)
    return out.getvalue()


def test_what_hangs_behind_the_picture_is_dropped():
    script = b"<script>alert('canary')</script>PK\x03\x04canary"
    assert b"canary" not in clean(picture() + script).content


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"hello",
        b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
        b"<?xml version='1.0'?><svg><script>alert(1)</script></svg>",
        b"GIF89a/*<script>alert(1)</script>*/",
        b"%PDF-1.7 <script>",
        b"PK\x03\x04" + bytes(60),
        b"<html><body>\xff\xd8\xff\xe0</body></html>",
        picture(kind="GIF", mode="P"),
        picture(kind="TIFF"),
        bytes(range(256)),
    ],
)
def test_what_is_no_photo_is_refused_with_the_way_out(content):
    with pytest.raises(PhotoRefused, match="Choose"):
        clean(content)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_truncated_photo_is_refused(kind):
    noisy = Image.effect_noise((200, 200), 80)
    out = io.BytesIO()
    noisy.save(out, kind)
    content = out.getvalue()
    with pytest.raises(PhotoRefused, match="damaged"):
        clean(content[: len(content) // 2])


@pytest.mark.parametrize("size", [(50_000, 50_000), (30_000, 1_000), (2**31 - 1, 9)])
def test_a_gigapixel_header_is_refused_before_it_is_decoded(size):
    with pytest.raises(PhotoRefused, match="too many pixels"):
        clean(png_header(*size))


def test_a_file_over_the_limit_is_refused(monkeypatch):
    monkeypatch.setattr("layers.geography.files.photo.MAX_BYTES", 100)
    with pytest.raises(PhotoRefused, match="larger than 20 MB"):
        clean(picture((300, 300)))
