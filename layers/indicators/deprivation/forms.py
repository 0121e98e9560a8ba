"""A scheme of deprivation as a form: a weight and a dimension for each thing of a band."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from layers.indicators.definitions.indicator import Indicator, spoken_language
from layers.indicators.deprivation.age_bands import BANDS
from layers.indicators.deprivation.schemes import (
    MOST_WEIGHT,
    BandScheme,
    Scheme,
    SchemeDimension,
    check_scheme,
    suitable,
    usual_dimension,
)
from layers.indicators.models import AgeBand, ObservationSet


@dataclass(frozen=True)
class Thing:
    """One line of the form."""

    indicator: Indicator
    weight: forms.BoundField
    home: forms.BoundField


class RoundChoice(forms.ModelChoiceField):
    def label_from_instance(self, obj: ObservationSet) -> str:
        return obj.titles[spoken_language()] or obj.code


class SchemeForm(forms.Form):
    """`known` is the municipality's catalogue; `scheme` fills an unbound form."""

    def __init__(
        self,
        *arguments: Any,
        known: Mapping[str, Indicator],
        scheme: Scheme,
        rounds: Any,
        **options: Any,
    ) -> None:
        super().__init__(*arguments, **options)
        self.known = known
        self.fields["round"] = RoundChoice(
            rounds, label=_("Try it on the round"), empty_label=None, required=False
        )
        for band in BANDS:
            self._add_band(band, scheme.bands.get(band))

    def _add_band(self, band: str, chosen: BandScheme | None) -> None:
        homes = {
            code: home
            for home, codes in (chosen.dimensions if chosen else {}).items()
            for code in codes
        }
        self.fields[f"cutoff:{band}"] = forms.IntegerField(
            label=_("Deprived from how many points on"),
            required=False,
            min_value=1,
            initial=chosen.cutoff if chosen else None,
        )
        for each in self._suitable(band):
            weight = chosen.weights.get(each.code) if chosen else None
            self.fields[f"weight:{band}:{each.code}"] = forms.IntegerField(
                label=_("Points"),
                required=False,
                min_value=0,
                max_value=MOST_WEIGHT,
                initial=weight,
            )
            self.fields[f"home:{band}:{each.code}"] = forms.ChoiceField(
                label=_("Dimension"),
                choices=SchemeDimension.choices,
                required=False,
                initial=homes.get(each.code, usual_dimension(each)),
            )

    def _suitable(self, band: str) -> list[Indicator]:
        return [each for each in self.known.values() if suitable(each, band)]

    def bands(self) -> Iterator[dict[str, Any]]:
        for band in BANDS:
            things = [
                Thing(
                    each,
                    self[f"weight:{band}:{each.code}"],
                    self[f"home:{band}:{each.code}"],
                )
                for each in self._suitable(band)
            ]
            # What is chosen stands first, so that the list can be read.
            things.sort(key=lambda thing: not thing.weight.value())
            yield {
                "name": band,
                "label": AgeBand(band).label,
                "cutoff": self[f"cutoff:{band}"],
                "things": things,
                "chosen": sum(bool(thing.weight.value()) for thing in things),
            }

    def clean(self) -> dict[str, Any]:
        """Raises what `check_scheme` refuses, as an error of the whole form."""
        if not self.errors:
            self.scheme = Scheme(0, dict(self._chosen()))
            try:
                check_scheme(self.scheme, self.known)
            except ValidationError as error:
                self.add_error(None, error)
        return self.cleaned_data

    def _chosen(self) -> Iterator[tuple[str, BandScheme]]:
        for band in BANDS:
            weights = {
                each.code: weight
                for each in self._suitable(band)
                if (weight := self.cleaned_data[f"weight:{band}:{each.code}"])
            }
            if not weights:
                continue
            homes: dict[str, list[str]] = {}
            for code in weights:
                home = self.cleaned_data[f"home:{band}:{code}"]
                homes.setdefault(home or usual_dimension(self.known[code]), []).append(
                    code
                )
            order = [name for name in SchemeDimension.values if name in homes]
            dimensions = {name: tuple(homes[name]) for name in order}
            cutoff = self.cleaned_data[f"cutoff:{band}"] or 0
            yield band, BandScheme(dimensions, weights, cutoff)
