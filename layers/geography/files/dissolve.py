from __future__ import annotations

import numpy as np
import shapely

from layers.geography.files.repair import GRID, moved

# Metres; half the width of the streets that a zone made of parcels swallows.
STREET = 12.0


def dissolve(
    codes: list[str], geometry: np.ndarray, crs: object, metres: object
) -> tuple[list[str], np.ndarray]:
    """One area per code: its rows merged, the streets inside it filled.

    Areas never overlap: a filled street belongs to the first code that claims it,
    and no area takes what is in another's rows. Takes and gives the degrees of
    `crs`; works in `metres`.
    """
    flat = moved(geometry, crs, metres)
    names = sorted(set(codes))
    belongs = np.array(codes, dtype=object)
    raw = np.array([shapely.union_all(flat[belongs == name]) for name in names])
    grown = shapely.buffer(
        shapely.buffer(raw, STREET, join_style="mitre"), -STREET, join_style="mitre"
    )
    taken = shapely.GeometryCollection()
    result = []
    for number, area in enumerate(grown):
        others = shapely.union_all(np.delete(raw, number))
        area = shapely.difference(shapely.difference(area, others), taken)
        area = shapely.union(area, shapely.difference(raw[number], taken))
        taken = shapely.union(taken, area)
        result.append(area)
    back = moved(np.array(result, dtype=object), metres, crs)
    return names, shapely.transform(back, lambda xy: np.round(xy, GRID))
