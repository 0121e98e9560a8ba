"""Into which classes a map sorts its zones, as its address says."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from layers.maps import classes
from layers.maps.errors import UnfitView

METHODS = {
    "jenks": gettext_lazy("natural breaks (Jenks)"),
    "quantile": gettext_lazy("as many zones in each class"),
    "equal": gettext_lazy("equal steps"),
    "deviation": gettext_lazy("standard deviations"),
    "manual": gettext_lazy("my own limits"),
}
PALETTES = {
    "need": gettext_lazy("earth"),
    "water": gettext_lazy("blue"),
    "violet": gettext_lazy("violet"),
    "grey": gettext_lazy("grey, for printing"),
}


@dataclass(frozen=True)
class Scheme:
    """A method, how many classes, and the upper limits that a reader set by hand."""

    method: str = "jenks"
    count: int = classes.CLASSES
    limits: tuple[int, ...] = ()
    palette: str = "need"

    @classmethod
    def asked(cls, query: Mapping[str, str]) -> Scheme:
        """Raises UnfitView with what to write instead."""
        method = query.get("method") or "jenks"
        palette = query.get("palette") or "need"
        if method not in METHODS:
            raise UnfitView(
                _(
                    "There is no method “%(name)s” of making classes. Choose one of: %(all)s."
                )
                % {"name": method, "all": ", ".join(METHODS)}
            )
        if palette not in PALETTES:
            raise UnfitView(
                _("There are no colours “%(name)s”. Choose one of: %(all)s.")
                % {"name": palette, "all": ", ".join(PALETTES)}
            )
        limits = _limits(query.get("breaks") or "") if method == "manual" else ()
        return cls(method, _count(query.get("classes") or ""), limits, palette)

    @property
    def query(self) -> dict[str, str]:
        """Only what differs from the usual, so that addresses stay short."""
        said = {}
        if self.method != USUAL.method:
            said["method"] = self.method
        if self.limits:
            said["breaks"] = ",".join(map(str, self.limits))
        elif self.count != USUAL.count:
            said["classes"] = str(self.count)
        if self.palette != USUAL.palette:
            said["palette"] = self.palette
        return said

    def ends(self, values: Iterable[int]) -> list[int]:
        if not self.limits:
            return classes.breaks(values, self.count, self.method)
        highest = max(values, default=0)
        if highest > self.limits[-1] or self.limits[-1] < classes.HIGHEST:
            return [*self.limits, max(classes.HIGHEST, highest)]
        return list(self.limits)


USUAL = Scheme()


def _count(text: str) -> int:
    if not text:
        return classes.CLASSES
    counts = range(classes.FEWEST, classes.MOST + 1)
    if len(text) > 2 or not text.isdecimal() or int(text) not in counts:
        raise UnfitView(
            _(
                "“%(text)s” is no number of classes. Give one from %(least)d to %(most)d."
            )
            % {"text": text[:20], "least": classes.FEWEST, "most": classes.MOST}
        )
    return int(text)


def _limits(text: str) -> tuple[int, ...]:
    """Whole numbers from 1 to 100, rising; Arabic digits and commas are understood."""
    parts = [
        part.strip() for part in text.replace("،", ",").replace(";", ",").split(",")
    ]
    if not all(part.isdecimal() and len(part) <= 3 for part in parts):
        raise UnfitView(
            _(
                "“%s” are no limits of classes. Write whole numbers with commas between them, such as 10, 20, 40."
            )
            % text[:60]
        )
    found = tuple(map(int, parts))
    if any(after <= before for before, after in zip((0, *found), found, strict=False)):
        raise UnfitView(
            _("The limits must rise and begin above 0: %s.")
            % ", ".join(map(str, sorted({each for each in found if each > 0})))
        )
    if found[-1] > classes.HIGHEST or len(found) >= classes.MOST:
        raise UnfitView(
            _("Give at most %(most)d limits, none above %(highest)d.")
            % {"most": classes.MOST - 1, "highest": classes.HIGHEST}
        )
    return found
