"""What an uploaded file is, by its own bytes, and what may be taken out of a zip."""

from __future__ import annotations

import stat
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from layers.geography.files.refusal import Unreadable

LARGEST = 2 * 1024**3 - 1
# A table of short texts in a Shapefile packs about 50 : 1; a bomb 1,000 : 1.
RATIO, RATIO_FROM = 200, 20 * 1024**2
ENTRIES = 200
SHAPEFILE = (".shp", ".shx", ".dbf", ".prj", ".cpg")
INSIDE = {*SHAPEFILE, ".gpkg", ".geojson", ".json", ".fgb", ".csv", ".kml"}
MAGIC = {
    b"PK\x03\x04": "zip",
    b"PK\x05\x06": "zip",
    b"SQLite format 3\x00": "gpkg",
    b"fgb\x03fgb": "fgb",
    b"\x00\x00\x27\x0a": "shp",
}
FOREIGN = {
    b"<OGRVRTDataSource": "VRT",
    b"<VRTDataset": "VRT",
    b"<kml": "KML",
    b"<gml": "GML",
    b"<svg": "SVG",
    b"<html": "HTML",
    b"%PDF": "PDF",
    b"\x89PNG": "PNG",
    b"\xff\xd8\xff": "JPEG",
    b"AC10": "DWG",
    b"Rar!": "RAR",
    b"7z\xbc\xaf": "7z",
    b"\x1f\x8b": "gzip",
    b"II*\x00": "TIFF",
    b"MM\x00*": "TIFF",
    b"\xd0\xcf\x11\xe0": "XLS",
}


@dataclass(frozen=True)
class Source:
    path: Path
    format: str


def identify(path: Path, *, kml: bool = False) -> str:
    """One of zip, gpkg, fgb, shp, geojson, csv, and kml where that may come.

    Raises Unreadable for all else.
    """
    check_size(path)
    with path.open("rb") as file:
        head = file.read(4096)
    for magic, name in MAGIC.items():
        if head.startswith(magic):
            return name
    if kml and b"<kml" in head.lower():
        return "kml"
    _refuse_foreign(head)
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    if text.startswith((b"{", b"[")):
        return "geojson"
    if b"\x00" in head and not head.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise Unreadable("format_unknown")
    return "csv"


def check_size(path: Path) -> None:
    size = path.stat().st_size
    if size == 0:
        raise Unreadable("file_empty")
    if size > LARGEST:
        raise Unreadable("file_too_large", megabytes=size // 1024**2)


def _refuse_foreign(head: bytes) -> None:
    for mark, name in FOREIGN.items():
        if head.startswith(mark) or (mark[:1] == b"<" and mark.lower() in head.lower()):
            raise Unreadable("format_foreign", format=name)
    if head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        raise Unreadable("format_foreign", format="XML")


def _check(entries: list[zipfile.ZipInfo], packed: int) -> None:
    if len(entries) > ENTRIES:
        raise Unreadable("zip_entries", count=len(entries), most=ENTRIES)
    total = sum(entry.file_size for entry in entries)
    if total > LARGEST or (total > RATIO_FROM and total > RATIO * max(packed, 1)):
        raise Unreadable("zip_bomb", megabytes=total // 1024**2)
    for entry in entries:
        name = entry.filename.replace("\\", "/")
        if name.startswith("/") or ".." in PurePosixPath(name).parts or ":" in name:
            raise Unreadable("zip_path", name=name[:80])
        if stat.S_ISLNK(entry.external_attr >> 16):
            raise Unreadable("zip_path", name=name[:80])
        if entry.flag_bits & 1:
            raise Unreadable("zip_encrypted")
        if PurePosixPath(name).suffix.lower() in {".zip", ".gz", ".7z", ".rar"}:
            raise Unreadable("zip_nested", name=name[:80])


def _copy(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, target: Path) -> None:
    """Unpack no more than the entry announced: the announcement may lie."""
    left = entry.file_size
    with archive.open(entry) as packed, target.open("wb") as plain:
        while piece := packed.read(1 << 20):
            left -= len(piece)
            if left < 0:
                raise Unreadable("zip_bomb", megabytes=entry.file_size // 1024**2)
            plain.write(piece)


def unpack(path: Path, folder: Path, layer: str = "", *, kml: bool = False) -> Source:
    """The one data file inside a zip, written to `folder` under a name of ours.

    `layer` chooses where the zip holds several. Raises Unreadable.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            entries = [e for e in archive.infolist() if not e.is_dir()]
            _check(entries, path.stat().st_size)
            return _take(archive, _known(entries), folder, layer, kml=kml)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
        raise Unreadable("zip_broken") from error
    except UnicodeDecodeError as error:
        raise Unreadable("zip_broken") from error


def _known(entries: list[zipfile.ZipInfo]) -> dict[PurePosixPath, zipfile.ZipInfo]:
    found = {}
    for entry in entries:
        name = PurePosixPath(entry.filename.replace("\\", "/"))
        hidden = name.name.startswith(".") or "__MACOSX" in name.parts
        if not hidden and name.suffix.lower() in INSIDE:
            found[name] = entry
    return found


def _take(
    archive: zipfile.ZipFile,
    known: dict[PurePosixPath, zipfile.ZipInfo],
    folder: Path,
    layer: str,
    *,
    kml: bool,
) -> Source:
    side = set(SHAPEFILE) - {".shp"}
    mains = [name for name in known if name.suffix.lower() not in side]
    if layer and len(mains) > 1:
        mains = [name for name in mains if name.stem == layer]
    if not mains:
        raise Unreadable("zip_without_data")
    if len(mains) > 1:
        raise Unreadable("several_layers", layers=", ".join(n.stem for n in mains))
    main = mains[0]
    for name, entry in known.items():
        if name.with_suffix("") == main.with_suffix(""):
            _copy(archive, entry, folder / f"upload{name.suffix.lower()}")
    target = folder / f"upload{main.suffix.lower()}"
    kind = identify(target, kml=kml)
    if kind == "shp" and not (folder / "upload.dbf").exists():
        raise Unreadable("shapefile_parts", parts=".dbf")
    return Source(target, kind)


def open_upload(
    path: Path, folder: Path, layer: str = "", *, kml: bool = False
) -> Source:
    """What to read, under a name of ours, so that no name can steer the reader."""
    kind = identify(path, kml=kml)
    if kind == "zip":
        return unpack(path, folder, layer, kml=kml)
    if kind == "shp":
        raise Unreadable("shapefile_bare")
    target = folder / f"upload.{kind}"
    target.symlink_to(path.resolve())
    return Source(target, kind)
