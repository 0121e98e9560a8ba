"""The level at which each indicator is planned, and where that figure was published.

`share` is the deprived share of the children (or households) named, in percent.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Level:
    share: float
    of: str
    source: str


CFRA_2025 = "UNICEF Child-focused Rapid Assessment, January 2025"
CFRA_2023 = "UNICEF Child-focused Rapid Assessment, November 2023"
ASSUMED = "no figure in the sources at hand: assumed"

LEVELS: dict[str, Level] = {
    "out_of_school": Level(38, "children of 6–17 at the start of the school year", f"{CFRA_2025}: Bekaa, 38 %"),
    "labour": Level(16, "selected children of 5–17", f"{CFRA_2023}: households that sent a child to work, 16 %"),
    "water": Level(31, "children in households without an improved water source within 30 minutes", f"{CFRA_2025}: households with insufficient drinking water, 31 %"),
    "unregistered": Level(10, "children under 5 whose birth is not registered", ASSUMED),
    "understimulated": Level(36, "children of 24–59 months with fewer than 4 of 6 activities", ASSUMED),
    "sanitation": Level(17, "children in households without improved, unshared sanitation", ASSUMED),
    "crowded": Level(27, "children in households with more than 3 persons per sleeping room", ASSUMED),
    "offline": Level(24, "children in households without internet", ASSUMED),
}  # fmt: skip
