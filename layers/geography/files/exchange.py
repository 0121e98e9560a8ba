"""How the reading process hands over: plain arrays and JSON, nothing that runs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np


@dataclass
class Reading:
    """The rows of a file that can be stored, and what became of the others.

    `row` counts the file's rows from 1. `wkb` is EPSG:4326, `point` a place inside
    each geometry, in degrees, `area` in m². `about` says what the file is.
    """

    row: np.ndarray
    columns: dict[str, list[str]]
    wkb: list[bytes]
    point: np.ndarray
    area: np.ndarray
    about: dict[str, Any]
    refused: list[tuple[int, str, str]] = field(default_factory=list)
    repaired: list[tuple[int, str, float]] = field(default_factory=list)


def _packed(pieces: Sequence[bytes]) -> tuple[np.ndarray, np.ndarray]:
    ends = np.cumsum([len(piece) for piece in pieces], dtype=np.int64)
    return np.frombuffer(b"".join(pieces), dtype=np.uint8), ends


def _unpacked(content: np.ndarray, ends: np.ndarray) -> Iterable[bytes]:
    raw, start = content.tobytes(), 0
    for end in ends.tolist():
        yield raw[start:end]
        start = end


def save(reading: Reading, path: Path) -> None:
    arrays: dict[str, np.ndarray] = {
        "row": reading.row,
        "point": reading.point,
        "area": reading.area,
    }
    arrays["wkb"], arrays["wkb_ends"] = _packed(reading.wkb)
    for name, texts in reading.columns.items():
        packed = _packed([text.encode("utf-8", "replace") for text in texts])
        arrays[f"text_{name}"], arrays[f"text_{name}_ends"] = packed
    np.savez(path, allow_pickle=False, **arrays)
    told = {
        "columns": list(reading.columns),
        "about": reading.about,
        "refused": reading.refused,
        "repaired": reading.repaired,
    }
    path.with_suffix(".json").write_text(json.dumps(told))


def load(path: Path) -> Reading:
    told = json.loads(path.with_suffix(".json").read_text())
    with np.load(path, allow_pickle=False) as arrays:
        return Reading(
            row=arrays["row"],
            columns={
                name: [
                    piece.decode()
                    for piece in _unpacked(
                        arrays[f"text_{name}"], arrays[f"text_{name}_ends"]
                    )
                ]
                for name in told["columns"]
            },
            wkb=list(_unpacked(arrays["wkb"], arrays["wkb_ends"])),
            point=arrays["point"],
            area=arrays["area"],
            about=told["about"],
            refused=[tuple(one) for one in told["refused"]],
            repaired=[tuple(one) for one in told["repaired"]],
        )
