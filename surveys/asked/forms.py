from __future__ import annotations

from typing import Any

from django import forms
from django.core.validators import RegexValidator
from django.utils.translation import gettext_lazy as _

from layers.indicators.samples.observations import LANGUAGES
from surveys.asked.values import LARGEST
from surveys.models import TownVariable
from surveys.questionnaires.structure import NUMBERS, Question, Structure

COUNTS, COUNTS_NOT = "1", "0"
MEANINGS = (
    ("", _("not known")),
    (COUNTS, _("it counts")),
    (COUNTS_NOT, _("it doesn't count")),
)


class QuestionForm(forms.Form):
    """What a question's answers become; made for one question of a form."""

    code = forms.CharField(
        label=_("Short name"),
        max_length=40,
        validators=[RegexValidator(r"^[a-z][a-z0-9_]*$")],
        help_text=_("Small Latin letters, digits and _, such as no_books."),
    )
    name_ar = forms.CharField(label=_("What it says, in Arabic"), max_length=120)
    name_en = forms.CharField(label=_("What it says, in English"), max_length=120)
    name_fr = forms.CharField(label=_("What it says, in French"), max_length=120)

    def __init__(
        self,
        *args: Any,
        structure: Structure,
        table: str,
        question: Question,
        language: str,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.table, self.question = table, question
        self.number = question.type in NUMBERS
        self.choices = () if self.number else structure.choices[question.choices]
        if self.number:
            for name, label in (("smallest", _("Smallest")), ("largest", _("Largest"))):
                self.fields[name] = forms.FloatField(
                    label=label, min_value=-LARGEST, max_value=LARGEST
                )
            self.fields["largest"].help_text = _(
                "What lies outside these counts as not known."
            )
        for place, choice in enumerate(self.choices):
            self.fields[f"choice_{place}"] = forms.ChoiceField(
                label=structure.in_language(choice.labels, language) or choice.value,
                choices=MEANINGS,
                required=False,
            )

    @property
    def text_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in ("code", *(f"name_{x}" for x in LANGUAGES))]

    @property
    def answer_fields(self) -> list[forms.BoundField]:
        texts = {"code", *(f"name_{each}" for each in LANGUAGES)}
        return [self[name] for name in self.fields if name not in texts]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        low, high = cleaned.get("smallest"), cleaned.get("largest")
        if low is not None and high is not None and low >= high:
            self.add_error("largest", _("It must be more than the smallest."))
        if self.choices and not (self._meant(COUNTS) and self._meant(COUNTS_NOT)):
            self.add_error(
                None, _("Say of one choice at least that it counts, of one that not.")
            )
        return cleaned

    def _meant(self, meaning: str) -> list[str]:
        return [
            choice.value
            for place, choice in enumerate(self.choices)
            if self.cleaned_data.get(f"choice_{place}") == meaning
        ]

    @property
    def said(self) -> dict[str, Any]:
        """The fields of a TownVariable."""
        kinds = TownVariable.Kind
        texts = ("code", *(f"name_{each}" for each in LANGUAGES))
        return {
            **{name: self.cleaned_data[name] for name in texts},
            "table": self.table,
            "question": self.question.key,
            "kind": kinds.NUMBER if self.number else kinds.CHOICE,
            "counted": self._meant(COUNTS),
            "uncounted": self._meant(COUNTS_NOT),
            "smallest": self.cleaned_data.get("smallest", 0.0),
            "largest": self.cleaned_data.get("largest", 1.0),
        }
