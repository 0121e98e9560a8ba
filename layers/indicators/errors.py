"""Why observations cannot be taken or a release not be made, and the way out."""

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy


class UnknownZone(ValidationError):
    def __init__(self, codes: list[str]) -> None:
        super().__init__(
            _(
                "The municipality has no zone %(codes)s. Import the zones first, or "
                "correct the zone of these households."
            ),
            code="unknown_zone",
            params={"codes": ", ".join(sorted(codes))},
        )


class RepeatedKey(ValidationError):
    def __init__(self, key: str) -> None:
        super().__init__(
            _("The key %(key)s occurs twice. Keep one of the two records."),
            code="repeated_key",
            params={"key": key},
        )


class BadWeight(ValidationError):
    def __init__(self, key: str) -> None:
        super().__init__(
            _("Household %(key)s needs a weight above zero. Correct its weight."),
            code="bad_weight",
            params={"key": key},
        )


class FrameDiffers(ValidationError):
    def __init__(self, stratum: str) -> None:
        super().__init__(
            _(
                "Stratum %(stratum)s has households with different frame sizes. Give "
                "all its households the same number, or leave it empty."
            ),
            code="frame_differs",
            params={"stratum": stratum},
        )


class FrameTooSmall(ValidationError):
    def __init__(self, stratum: str, sampled: int, frame: int) -> None:
        super().__init__(
            _(
                "Stratum %(stratum)s has %(sampled)s sampling units but a frame of "
                "only %(frame)s. Correct the frame size."
            ),
            code="frame_too_small",
            params={"stratum": stratum, "sampled": sampled, "frame": frame},
        )


class UnlikeTotals(ValidationError):
    """Known totals and the children who were asked are not of the same categories."""


class CannotCalibrate(ValidationError):
    def __init__(
        self, name: str, total: float, away: float, bounds: tuple[float, float]
    ) -> None:
        super().__init__(
            _(
                "The known totals cannot be reached: that of %(name)s, %(total)s, stays "
                "%(away)s %% away, because no child may count for less than %(low)s or "
                "more than %(high)s times its weight. Check the number, or leave one of "
                "the two tables out."
            ),
            code="cannot_calibrate",
            params={
                "name": name,
                "total": round(total),
                "away": round(100 * away, 1),
                "low": bounds[0],
                "high": round(bounds[1]),
            },
        )


class BadValue(ValidationError):
    def __init__(self, key: str, name: str, value: object) -> None:
        super().__init__(
            _(
                "Child %(key)s: %(name)s cannot be %(value)s. Correct the value, or "
                "leave it out."
            ),
            code="bad_value",
            params={"key": key, "name": name, "value": value},
        )


class BadValueOfHome(ValidationError):
    def __init__(self, key: str, name: str, value: object) -> None:
        super().__init__(
            _(
                "Household %(key)s: %(name)s cannot be %(value)s. Correct the value, "
                "or leave it out."
            ),
            code="bad_value",
            params={"key": key, "name": name, "value": value},
        )


class UnknownOfHome(ValidationError):
    def __init__(self, key: str, name: str) -> None:
        super().__init__(
            _(
                "Household %(key)s: %(name)s is no canonical variable of a home. Leave "
                "it out."
            ),
            code="unknown_variable",
            params={"key": key, "name": name},
        )


class SameInterviews(ValidationError):
    def __init__(self, code: str, other: str) -> None:
        super().__init__(
            _(
                "The round %(code)s holds the interviews of the round %(other)s, which is "
                "published. Their figures could be subtracted from each other; correct "
                "that round in place of publishing them twice."
            ),
            code="same_interviews",
            params={"code": code, "other": other},
        )


class TriedEnough(ValidationError):
    def __init__(self, trials: int) -> None:
        super().__init__(
            _(
                "You have tried %(trials)s different rules today, which is the most: many "
                "figures side by side could tell of single children. Save the draft and "
                "go on tomorrow."
            ),
            code="tried_enough",
            params={"trials": trials},
        )


class VariableTaken(ValidationError):
    def __init__(self, name: str) -> None:
        super().__init__(
            _("The name %(name)s means something else already. Choose another name."),
            code="variable_taken",
            params={"name": name},
        )


class UnknownVariable(ValidationError):
    def __init__(self, key: str, name: str) -> None:
        super().__init__(
            _("Child %(key)s: %(name)s is no canonical variable. Leave it out."),
            code="unknown_variable",
            params={"key": key, "name": name},
        )


class MissingTitle(ValidationError):
    def __init__(self) -> None:
        super().__init__(
            _("Give the round a title in Arabic, English and French."),
            code="missing_title",
        )


class NothingObserved(ValidationError):
    def __init__(self, code: str) -> None:
        super().__init__(
            _("The round %(code)s holds no household. Publish its records first."),
            code="nothing_observed",
            params={"code": code},
        )


class RasterUnreadable(ValidationError):
    def __init__(self, raster: str) -> None:
        super().__init__(
            _("The raster %(raster)s can't be read as GeoTIFF. Import it again."),
            code="raster_unreadable",
            params={"raster": raster},
        )


class RasterWithoutCrs(ValidationError):
    def __init__(self, raster: str) -> None:
        super().__init__(
            _(
                "The raster %(raster)s doesn't say in which coordinate reference "
                "system it is. Export it again with one."
            ),
            code="raster_without_crs",
            params={"raster": raster},
        )


class RasterRotated(ValidationError):
    def __init__(self, raster: str) -> None:
        super().__init__(
            _(
                "The grid of %(raster)s is rotated or upside down. Warp it so that "
                "north is up."
            ),
            code="raster_rotated",
            params={"raster": raster},
        )


class RasterOutside(ValidationError):
    def __init__(self, raster: str, crs: str) -> None:
        super().__init__(
            _(
                "The raster %(raster)s doesn't touch the zones. Check its coordinate "
                "reference system (%(crs)s)."
            ),
            code="raster_outside",
            params={"raster": raster, "crs": crs},
        )


class RasterTooLarge(ValidationError):
    def __init__(self, raster: str, cells: int, most: int) -> None:
        super().__init__(
            _(
                "The zones cover %(cells)s million cells of %(raster)s; up to %(most)s "
                "million can be taken. Use a coarser raster, or cut it to the town."
            ),
            code="raster_too_large",
            params={"raster": raster, "cells": cells, "most": most},
        )


class NegativePeople(ValidationError):
    def __init__(self, raster: str, value: float, row: int, column: int) -> None:
        super().__init__(
            _(
                "%(raster)s counts people but holds %(value)s in row %(row)s, column "
                "%(column)s. Mark cells without people as 0 and unknown ones as nodata."
            ),
            code="negative_people",
            params={
                "raster": raster,
                "value": f"{value:g}",
                "row": row,
                "column": column,
            },
        )


class NoGeometry(ValidationError):
    def __init__(self, zone: str) -> None:
        super().__init__(
            _("Zone %(zone)s has no area. Draw it, or import the zones again."),
            code="no_geometry",
            params={"zone": zone},
        )


class NoZones(ValidationError):
    def __init__(self) -> None:
        super().__init__(
            _("The municipality has no such zones in force. Import them first."),
            code="no_zones",
        )


class NoPeopleRaster(ValidationError):
    def __init__(self) -> None:
        super().__init__(
            _(
                "There is no raster of children or population. Import one with "
                "import_raster --kind children."
            ),
            code="no_people_raster",
        )


class UnknownHazard(ValidationError):
    def __init__(self, code: str, known: str) -> None:
        super().__init__(
            _(
                "There is no hazard raster %(code)s in force. There are: %(known)s. Import "
                "one with import_raster --kind hazard --code."
            ),
            code="unknown_hazard",
            params={"code": code, "known": known},
        )


class NoPlaces(ValidationError):
    def __init__(self, kind: str) -> None:
        super().__init__(
            _(
                "The municipality has no facility of the kind %(kind)s. Import the "
                "facilities, or leave this kind out."
            ),
            code="no_places",
            params={"kind": kind},
        )


class GroundTooFine(ValidationError):
    def __init__(self, cells: int, most: int) -> None:
        super().__init__(
            _(
                "A walking grid of %(cells)s cells is too fine; up to %(most)s can be "
                "taken. Choose larger cells."
            ),
            code="ground_too_fine",
            params={"cells": cells, "most": most},
        )


class NoPattern(ValidationError):
    def __init__(self) -> None:
        super().__init__(
            _(
                "Whether neighbours resemble each other can't be told: four zones with "
                "a published figure and a neighbour are needed, and figures that differ."
            ),
            code="no_pattern",
        )


class PlaceOffTerrain(ValidationError):
    def __init__(self, kind: str) -> None:
        super().__init__(
            _(
                "The raster of terrain does not cover a facility of the kind %(kind)s. "
                "Import one that covers the town and what lies around it."
            ),
            code="place_off_terrain",
            params={"kind": kind},
        )


class FigureGivenAway(ValidationError):
    """`where` says which figure, without words: indicator, breakdown and zone's key."""

    def __init__(
        self, where: dict[str, str | int | None], *, title: str, group: str, zone: str
    ) -> None:
        super().__init__(
            _(
                "Nothing was published: readers could work out a withheld figure, "
                "“%(indicator)s”, %(group)s, %(zone)s. Move the households of this zone "
                "to the zone they are to be shown with, then publish again."
            ),
            code="figure_given_away",
            params={"indicator": title, "group": group, "zone": zone},
        )
        self.where = where


IN_REVIEW = gettext_lazy(
    "Version %(version)s of %(code)s is being reviewed. Wait for the decision, or have "
    "it sent back."
)
NO_STEP = gettext_lazy(
    "A definition that is “%(state)s” can't take this step. Reload the page."
)
BY_AUTHOR = gettext_lazy("You wrote this version. Somebody else has to put it in use.")


MEANS_OVERLAP = gettext_lazy(
    "“%(title)s” is in use: a mean of the same number, of ages in common. Whoever subtracts "
    "the two would know the few children between them. Retire it first, or choose ages "
    "that have none in common."
)


class DefinitionRefused(ValidationError):
    """A definition that cannot be used, or a step that cannot be taken."""


NO_BAND = gettext_lazy("Choose at least one thing for at least one age band.")
NOTHING_CHOSEN = gettext_lazy(
    "%(band)s: nothing is chosen. Give at least one thing a weight."
)
TOO_MANY_CHOSEN = gettext_lazy(
    "%(band)s: more than %(most)s things are chosen. Take some out: so many can't be "
    "read together."
)
UNSUITABLE = gettext_lazy(
    "%(band)s: “%(code)s” can't be used. It is not in the catalogue, is about other "
    "ages, or was asked about one child of each household only. Take it out."
)
BAD_SCHEME_WEIGHT = gettext_lazy(
    "%(band)s, “%(title)s”: the weight is a whole number from 1 to %(most)s, or empty."
)
BAD_CUTOFF = gettext_lazy(
    "%(band)s: the limit is a whole number of points from 1 to %(total)s, the sum of "
    "the weights."
)
NO_DRAFT = gettext_lazy("Only a draft can be put in use. Reload the page.")


class SchemeRefused(ValidationError):
    """A scheme of deprivation that cannot be kept or used."""
