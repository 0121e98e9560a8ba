"""What the planner looks at: one release, one indicator, one breakdown."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from django.db.models import QuerySet
from django.http import Http404
from django.utils.functional import cached_property
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from layers.geography.models import Municipality, Zone
from layers.indicators import releases
from layers.indicators.areas.told import Told, levels_of, told
from layers.indicators.catalogue import Dimension, Indicator
from layers.indicators.definitions.municipal import indicators_in
from layers.indicators.groups.breakdowns import ALL
from layers.indicators.models import Area, Estimate, Release
from layers.indicators.samples.people import People, people_of
from layers.maps import classes
from layers.maps.area_shapes import shapes_of
from layers.maps.columns import LIMITS, Column
from layers.maps.errors import UnfitView
from layers.maps.groups import Group, groups_in
from layers.maps.scheme import USUAL, Scheme
from layers.maps.wording import Flag, households_asked, keys, out_of_100, steps

# Changes when the words or the classes of a view are made differently.
EDITION = "4"
# Over what the limits of the classes are drawn, beside the view itself.
SCALES = ("", "rounds", "groups")

# The layer whose zones a release speaks of.
LAYER_OF_KIND = {
    Zone.Kind.QUARTER: "zones",
    Zone.Kind.SECTION: "sections",
    Zone.Kind.BLOCK: "blocks",
}


def rounds(municipality: Municipality) -> list[Release]:
    """The newest release of each round, the newest round first."""
    found = (
        Release.objects.of(municipality)
        .select_related("observation_set")
        .order_by("-observation_set__reference_date", "observation_set_id", "-number")
    )
    newest: dict[int, Release] = {}
    for release in found:
        newest.setdefault(release.observation_set_id, release)
    return list(newest.values())


def level_asked(query: Mapping[str, str]) -> str:
    """Raises UnfitView for what is no level."""
    level = query.get("level") or ""
    if level and level not in Area.Level.values:
        raise UnfitView(
            _("There are no larger areas “%(name)s”. Choose one of: %(all)s.")
            % {"name": level[:20], "all": ", ".join(Area.Level.values)}
        )
    return level


@dataclass(frozen=True)
class View:
    """What the address asks for, completed with what is there."""

    municipality: Municipality
    rounds: list[Release]
    release: Release
    indicator: Indicator
    breakdown: str
    scheme: Scheme = USUAL
    scale: str = ""
    level: str = ""
    """Of larger areas that are coloured in place of zones; empty for zones."""

    @classmethod
    def asked(cls, municipality: Municipality, query: Mapping[str, str]) -> View:
        """Raises Http404 for a round, an indicator or a group that does not exist, and
        UnfitView for classes that cannot be made.
        """
        available = rounds(municipality)
        if not available:
            raise Http404(_("This municipality has not published any survey round."))
        by_code = {each.observation_set.code: each for each in available}
        code = query.get("round") or available[0].observation_set.code
        release = by_code.get(code)
        indicator = (
            indicators_in(release).get(query.get("indicator") or "edu_oos")
            if release
            else None
        )
        breakdown = query.get("breakdown") or ALL
        # Two rounds beside each other are told by the same classes.
        beside = query.get("compare") and not query.get("mode")
        scale = "rounds" if beside else query.get("scale") or ""
        if release is None:
            raise Http404(_("There is no published round “%s”.") % code)
        if indicator is None:
            raise Http404(_("This round has no such indicator."))
        if breakdown != ALL and breakdown not in releases.keys_in(release):
            raise Http404(_("There are no figures for this group of children."))
        if people_of(indicator.code).apart:
            breakdown = ALL
        scheme = Scheme.asked(query)
        return cls(
            municipality, available, release, indicator, breakdown, scheme,
            scale if scale in SCALES else "", level_asked(query),
        )  # fmt: skip

    @property
    def subject(self) -> dict[str, str]:
        """Whose figures: what every page of figures understands."""
        return {
            "indicator": self.indicator.code,
            "round": self.release.observation_set.code,
            "breakdown": self.breakdown,
        }

    @property
    def query(self) -> dict[str, str]:
        """The subject and how it is drawn."""
        scale = {"scale": self.scale} if self.scale else {}
        level = {"level": self.level} if self.level else {}
        return {**self.subject, **self.scheme.query, **scale, **level}

    @cached_property
    def groups(self) -> list[Group]:
        return groups_in(self.release)

    @cached_property
    def group(self) -> str:
        return self.people.group(self.breakdown)

    @property
    def people(self) -> People:
        return people_of(self.indicator.code)

    def beside(self, **other: Any) -> View:
        """The same question with another release, indicator or group."""
        return replace(self, **other)

    @property
    def columns(self) -> tuple[Column, ...]:
        return (
            Column("value", "of_100", self.people.of_100),
            *LIMITS,
            Column("n", "n", self.people.asked_rounded),
        )

    @property
    def titled_rounds(self) -> list[dict[str, Any]]:
        """The rounds in the order of time."""
        return [
            {
                "code": each.observation_set.code,
                "title": releases.round_title(each.observation_set),
                "current": each == self.release,
            }
            for each in reversed(self.rounds)
        ]

    @property
    def identity(self) -> tuple:
        """What the figures depend on beside the address."""
        return tuple(each.pk for each in self.rounds) if self.scale == "rounds" else ()

    def etag_of(self, picture: Any) -> str:
        """A release is frozen, so its number stands for all its figures."""
        said = (
            EDITION,
            self.release.pk,
            self.identity,
            picture.identity,
            self.query,
            get_language(),
        )
        return f'"{hashlib.sha256(repr(said).encode()).hexdigest()[:24]}"'

    @cached_property
    def data(self) -> dict[str, Any]:
        """`zones` has a figure for each place that is coloured, by its code."""
        found = releases.view(
            self.release, indicator=self.indicator.code, breakdown=self.breakdown
        )
        if self.level:
            found["zones"] = {each.code: each.figure for each in self.places}
        return found

    @cached_property
    def places(self) -> list[Told]:
        """What is coloured: larger areas with the zones that are in none, else zones."""
        return told(
            self.release,
            level=self.level,
            indicator=self.indicator.code,
            breakdown=self.breakdown,
        )

    @cached_property
    def levels(self) -> list[str]:
        """Those that may be chosen; none where there are no areas."""
        return levels_of(self.release)

    @cached_property
    def zones(self) -> QuerySet[Zone]:
        """The zones of the figures; their geometry is not read."""
        rows = Estimate.objects.of_release(self.release).of_indicator(
            self.indicator.code
        )
        return Zone.objects.filter(pk__in=rows.of_breakdown(ALL).values("zone")).defer(
            "geometry", "geometry_3857"
        )

    @property
    def label_layers(self) -> list[str]:
        return [f"{name}_labels" for name in LAYER_OF_KIND.values()]

    @property
    def layer(self) -> str:
        zone = self.zones.first()
        return LAYER_OF_KIND[Zone.Kind(zone.kind)] if zone else "zones"

    @cached_property
    def ends(self) -> list[int]:
        if self.level:
            return self._ends_of_areas()
        rows = Estimate.objects.of_indicator(self.indicator.code).exclude(zone=None)
        if self.scale == "rounds":
            rows = rows.filter(release__in=self.rounds, breakdown=self.breakdown)
        elif self.scale == "groups":
            rows = rows.of_release(self.release)
        else:
            rows = rows.of_release(self.release).of_breakdown(self.breakdown)
        known = rows.exclude(estimate=None).values_list("estimate", flat=True)
        return self.scheme.ends(
            [round(100 * share) for share in known if share is not None]
        )

    def _ends_of_areas(self) -> list[int]:
        views = [self]
        if self.scale == "rounds":
            views = [self.beside(release=each) for each in self.rounds]
        elif self.scale == "groups":
            views = [self.beside(breakdown=each.key) for each in self.groups]
        shares = [x.figure["estimate"] for view in views for x in view.places]
        return self.scheme.ends([round(100 * x) for x in shares if x is not None])

    @cached_property
    def rows(self) -> list[dict[str, Any]]:
        """A row a zone, the greatest need first, then those without a figure."""
        if self.level:
            names = {each.code: each.name for each in self.places}
        else:
            names = {zone.code: zone.name for zone in self.zones}
        rows = [
            {"code": code, "name": names.get(code, code), **self.spoken(each)}
            for code, each in self.data["zones"].items()
        ]
        return sorted(
            rows,
            key=lambda row: (-1 if row["value"] is None else row["value"], row["name"]),
            reverse=True,
        )

    @cached_property
    def town(self) -> dict[str, Any]:
        return self.spoken(self.data["town"])

    def spoken(
        self, figure: dict[str, Any], people: People | None = None
    ) -> dict[str, Any]:
        """A figure out of 100, with its class and the words for it.

        `people` are those of the view unless it is a figure of another indicator.
        """
        people = people or self.people
        value = out_of_100(figure["estimate"])
        low, high = out_of_100(figure["low"]), out_of_100(figure["high"])
        if value is None:
            return {
                "value": None, "low": None, "high": None, "n": None, "class": None,
                "certainty": None,
                "flag": figure["flag"], "says": str(Flag(figure["flag"]).label),
                "range": people.reason(figure["reason"]), "asked": "",
            }  # fmt: skip
        return {
            "value": value,
            "low": low,
            "high": high,
            "n": figure["n"],
            "class": classes.class_of(value, self.ends) if self.ends else 0,
            "certainty": classes.certainty(figure["estimate"], figure["se"] or 0),
            "flag": figure["flag"],
            "says": people.share(value),
            "range": _("between %(low)d and %(high)d") % {"low": low, "high": high},
            "asked": people.asked(figure["n"]),
        }

    @cached_property
    def doubtful(self) -> int:
        shown = [
            (100 * each["estimate"], 100 * (each["se"] or 0))
            for each in self.data["zones"].values()
            if each["estimate"] is not None
        ]
        return classes.doubtful(shown, self.ends)

    def values(self) -> dict[str, Any]:
        """The figures as the map joins them to its tiles, by zone code."""
        areas = {"shapes": shapes_of(self.places)} if self.level else {}
        return {
            **self.subject,
            **areas,
            "mode": "",
            "title": self.indicator.title,
            "description": self.indicator.description,
            "group": self.group,
            # Nobody is told apart among them.
            "everybody": self.people.apart,
            "zones": {row["code"]: row for row in self.rows},
            "town": self.town,
            "legend": self.legend(),
        }

    def legend(self) -> dict[str, Any]:
        said = self.data["legend"]
        return {
            "kind": "steps",
            "heading": self.people.heading,
            "palette": self.scheme.palette,
            "steps": steps(self.ends),
            "keys": keys(self.data["zones"].values(), self.people),
            "town": (
                _("Whole town: %(says)s, %(range)s.")
                % {"says": self.town["says"], "range": self.town["range"]}
            ),
            "sample": " · ".join(
                part
                for part in (
                    self.people.asked(said["children"]) if said["children"] else "",
                    households_asked(said["households"]) if said["households"] else "",
                    _("release %d") % said["release"],
                )
                if part
            ),
            "round": said["round"],
            "definition": _("Definition %(version)d, %(standard)s")
            % {
                "version": said["definition_version"],
                "standard": self.indicator.standard.title,
            },
            "versions": [said["definition_version"]],
            "doubtful": " ".join(filter(None, (self.of_areas, self._doubt()))),
        }

    @property
    def of_areas(self) -> str:
        """What is coloured, where it is not simply the zones."""
        if not self.level:
            return ""
        areas = sum(each.area is not None for each in self.places)
        if not areas:
            return _("No such area has this figure: the map shows the zones alone.")
        if areas == len(self.places):
            return ""
        return _("Zones in no larger area that has a figure are told alone.")

    def _doubt(self) -> str:
        shown = sum(x["estimate"] is not None for x in self.data["zones"].values())
        if not self.doubtful:
            return ""
        if self.level:
            return ngettext(
                "%(count)d of %(zones)d areas may belong to another class.",
                "%(count)d of %(zones)d areas may belong to another class.",
                self.doubtful,
            ) % {"count": self.doubtful, "zones": shown}
        return ngettext(
            "%(count)d of %(zones)d zones may belong to another class.",
            "%(count)d of %(zones)d zones may belong to another class.",
            self.doubtful,
        ) % {"count": self.doubtful, "zones": shown}


def themes(view: View) -> list[dict[str, Any]]:
    """The dimensions with their indicators, as the panel offers them."""
    known = list(indicators_in(view.release).values())
    return [
        {
            "name": str(dimension.label),
            "dimension": dimension,
            "current": view.indicator.dimension == dimension,
            "indicators": offered,
        }
        for dimension in Dimension
        if (offered := [each for each in known if each.dimension == dimension])
    ]
