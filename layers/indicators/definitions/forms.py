"""A planner's own indicator, from choices instead of code."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.utils.translation import gettext_lazy as _

from layers.indicators.definitions.indicator import (
    Dimension,
    Indicator,
    Unknown,
    build_indicator,
    spoken_language,
)
from layers.indicators.definitions.means import (
    MEAN,
    MeanIndicator,
    Worse,
    build_mean,
    numbers_among,
)
from layers.indicators.definitions.wording import variable_labels
from layers.indicators.models import ObservationSet
from layers.indicators.samples.observations import (
    DESCRIBED,
    LANGUAGES,
    OF_WOMEN,
    Variable,
)

ROWS = (1, 2, 3)
BOUNDS = (
    ("is", _("exactly")),
    ("at_least", _("or more")),
    ("above", _("more than")),
    ("at_most", _("or less")),
    ("below", _("less than")),
)
UNITS = (("years", _("years")), ("months", _("months")))
MOMENTS = (
    ("interview", _("on the day of the interview")),
    ("school_year", _("at the beginning of the school year")),
)
WHO = (
    ("", _("all children of this age")),
    ("module_5_17", _("the one child of 5 to 17 drawn in each household")),
)
TEXTS = tuple(
    f"{part}_{each}" for part in ("title", "description") for each in LANGUAGES
)
SHARE = "share"
STATISTICS = (
    (SHARE, _("how many of 100 children are in need")),
    (MEAN, _("the mean of a number, such as minutes or rooms")),
)
WORSE = (
    (Worse.HIGHER, _("a high mean is the need, as of minutes to school")),
    (Worse.LOWER, _("a low mean is the need, as of rooms")),
)
UNIT_TEXTS = tuple(f"unit_{each}" for each in LANGUAGES)
OF_SHARE = ("join", "unknown", "variable_1", "bound_1", "value_1")
OF_MEAN = ("number", "least", "most", "worse")
JOINS = (("all", _("all of these are true")), ("any", _("one of these is true")))


def _words(label: Any, *, long: bool = False) -> forms.CharField:
    widget = forms.Textarea(attrs={"rows": 2}) if long else None
    return forms.CharField(label=label, max_length=400 if long else 120, widget=widget)


class RoundChoice(forms.ModelChoiceField):
    def label_from_instance(self, obj: ObservationSet) -> str:
        return obj.titles[spoken_language()] or obj.code


class DefinitionForm(forms.Form):
    # A browser would insist on fields of the figure that was not chosen.
    use_required_attribute = False

    name = forms.CharField(
        label=_("Short name"),
        max_length=40,
        validators=[RegexValidator(r"^[a-z][a-z0-9_]*$")],
        help_text=_("Small Latin letters, digits and _, such as no_books."),
    )
    title_ar = _words(_("Arabic title"))
    title_en = _words(_("English title"))
    title_fr = _words(_("French title"))
    description_ar = _words(_("What it counts, in Arabic"), long=True)
    description_en = _words(_("What it counts, in English"), long=True)
    description_fr = _words(_("What it counts, in French"), long=True)
    dimension = forms.ChoiceField(label=_("Dimension"), choices=Dimension.choices)
    sensitive = forms.BooleanField(
        label=_("Sensitive: withhold more, as for violence or work"), required=False
    )
    first = forms.IntegerField(label=_("Youngest age"), min_value=0, max_value=215)
    last = forms.IntegerField(label=_("Oldest age"), min_value=0, max_value=215)
    unit = forms.ChoiceField(label=_("Ages in"), choices=UNITS)
    moment = forms.ChoiceField(label=_("Age"), choices=MOMENTS)
    module = forms.ChoiceField(label=_("Asked of"), choices=WHO, required=False)
    statistic = forms.ChoiceField(label=_("The figure is"), choices=STATISTICS)
    number = forms.ChoiceField(
        label=_("The number"),
        help_text=_("Questions with numbers alone are offered."),
    )
    least = forms.FloatField(
        label=_("Least believable value"),
        help_text=_("An answer below it counts as not known."),
    )
    most = forms.FloatField(
        label=_("Greatest believable value"),
        help_text=_(
            "An answer above it counts as not known. Means are rounded to about a "
            "hundredth of the distance between the two."
        ),
    )
    unit_ar = forms.CharField(label=_("Unit, in Arabic"), max_length=40)
    unit_en = forms.CharField(label=_("Unit, in English"), max_length=40)
    unit_fr = forms.CharField(label=_("Unit, in French"), max_length=40)
    worse = forms.ChoiceField(label=_("What is worse"), choices=WORSE)
    join = forms.ChoiceField(label=_("A child is in need if"), choices=JOINS)
    unknown = forms.ChoiceField(
        label=_("A child of whom this is not known is"), choices=Unknown.choices
    )
    round = RoundChoice(
        label=_("Try it on the round"), queryset=ObservationSet.objects.none()
    )

    def __init__(
        self,
        *args: Any,
        rounds: Any,
        own: Mapping[str, Variable],
        trial: bool = False,
        **kwargs: Any,
    ) -> None:
        """`own` are the town's variables. For a trial on a round no texts are needed."""
        super().__init__(*args, **kwargs)
        self.own = frozenset(own)
        self.known = {**DESCRIBED, **own}
        self.fields["round"].queryset = rounds
        self.fields["round"].empty_label = None
        labels = variable_labels(own)
        of_children = [each for each in labels.items() if each[0] not in OF_WOMEN]
        choices = [("", "—"), *sorted(of_children, key=lambda each: each[1])]
        for row in ROWS:
            first = row == ROWS[0]
            self.fields[f"variable_{row}"] = forms.ChoiceField(
                label=_("Answer"), choices=choices, required=first
            )
            self.fields[f"bound_{row}"] = forms.ChoiceField(
                label=_("Compared"), choices=BOUNDS, required=first
            )
            self.fields[f"value_{row}"] = forms.FloatField(
                label=_("Number"), required=first, help_text=_("Yes is 1, no is 0.")
            )
        numbers = {name: labels[name] for name in numbers_among(self.known)}
        ordered = sorted(numbers.items(), key=lambda each: each[1])
        self.fields["number"].choices = [("", "—"), *ordered]
        unasked = OF_SHARE if self.is_mean else (*OF_MEAN, *UNIT_TEXTS)
        for name in (*unasked, *(("name", *TEXTS, *UNIT_TEXTS) if trial else ())):
            # Before anything is sent either figure may still be chosen.
            self.fields[name].required = not self.is_bound

    @property
    def is_mean(self) -> bool:
        """Whether what was sent, or the draft that is shown, asks for a mean."""
        said = self.data if self.is_bound else self.initial
        return bool(said.get("statistic") == MEAN)

    @property
    def mean_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in (*OF_MEAN, *UNIT_TEXTS)]

    @property
    def text_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in ("name", *TEXTS, "dimension", "sensitive")]

    @property
    def age_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in ("first", "last", "unit", "moment", "module")]

    @property
    def condition_fields(self) -> list[list[forms.BoundField]]:
        parts = ("variable", "bound", "value")
        return [[self[f"{part}_{row}"] for part in parts] for row in ROWS]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if self.is_mean:
            self._check_limits(cleaned)
        for row in ROWS if not self.is_mean else ():
            if cleaned.get(f"variable_{row}") and cleaned.get(f"value_{row}") is None:
                self.add_error(f"value_{row}", _("Give a number."))
        if not self.errors:
            try:
                self.indicator()
            except (KeyError, ValueError, TypeError) as error:
                raise ValidationError(str(error)) from error
        return cleaned

    def _check_limits(self, cleaned: Mapping[str, Any]) -> None:
        least, most = cleaned.get("least"), cleaned.get("most")
        number = self.known.get(cleaned.get("number") or "")
        if least is None or most is None:
            return
        if least >= most:
            self.add_error("most", _("Give a number above the least believable value."))
        elif number and (most <= number.smallest or least >= number.largest):
            words = _(
                "This question has answers from %(smallest)g to %(largest)g. Choose "
                "limits among them."
            )
            self.add_error(
                "least",
                words % {"smallest": number.smallest, "largest": number.largest},
            )

    def indicator(self) -> Indicator | MeanIndicator:
        """What the form says. Raises as `build_indicator` and `build_mean` do."""
        content = self.content | {"code": "own", "version": 1}
        if self.is_mean:
            return build_mean(content, extra=self.own)
        return build_indicator(content, extra=self.own, own=True)

    @property
    def content(self) -> dict[str, Any]:
        """The definition in the grammar of the catalogue, and the answers it came from."""
        said = self.cleaned_data
        return {
            "dimension": said["dimension"],
            "sensitive": said["sensitive"],
            **{
                part: {each: said[f"{part}_{each}"] or "–" for each in LANGUAGES}
                for part in ("title", "description")
            },
            "standard": {
                **dict.fromkeys(("name", "code", "other", "link"), ""),
                "own": True,
            },
            "population": {
                "unit": said["unit"],
                "from": said["first"],
                "to": said["last"],
                "moment": said["moment"],
                "module": said["module"],
            },
            **(self._mean() if self.is_mean else self._rule()),
            "form": {name: value for name, value in said.items() if name != "round"},
        }

    def _rule(self) -> dict[str, Any]:
        said = self.cleaned_data
        in_need = {said["join"]: self._conditions()}
        return {"rule": {"unknown": said["unknown"], "in_need": in_need}}

    def _mean(self) -> dict[str, Any]:
        said = self.cleaned_data
        return {
            "statistic": MEAN,
            "mean": {
                "of": said["number"],
                "least": said["least"],
                "most": said["most"],
                "unit": {each: said[f"unit_{each}"] or "–" for each in LANGUAGES},
                "worse": said["worse"],
            },
        }

    def _conditions(self) -> list[dict[str, Any]]:
        said = self.cleaned_data
        return [
            {
                "variable": said[f"variable_{row}"],
                said[f"bound_{row}"] or "is": said[f"value_{row}"],
            }
            for row in ROWS
            if said.get(f"variable_{row}")
        ]
