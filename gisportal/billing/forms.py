from __future__ import annotations

from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from gisportal.billing.models import BillLine
from gisportal.billing.money import AmountError, Money, format_number, parse_amount

REASONS = {
    "not_a_number": _("This is no amount. Write it like %(example)s."),
    "too_precise": _("This has too many decimals. Write it like %(example)s."),
    "too_large": _("This amount is too large."),
}


class MoneyField(forms.CharField):
    """What a person types as an amount of `currency`, cleaned to Money."""

    currency = ""

    def clean(self, value: Any) -> Money | None:
        text = super().clean(value)
        if not text:
            return None
        language = get_language() or "ar"
        try:
            return parse_amount(text, currency=self.currency, language=language)
        except AmountError as error:
            example = format_number(Money(1_250_500, self.currency), language)
            raise forms.ValidationError(
                REASONS[error.reason] % {"example": example}
            ) from error

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        return {
            **super().widget_attrs(widget),
            "inputmode": "decimal",
            "autocomplete": "off",
            "dir": "ltr",
        }


class CurrencyForm(forms.Form):
    def __init__(self, *args: Any, currency: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            if isinstance(field, MoneyField):
                field.currency = currency


class PayForm(CurrencyForm):
    amount = MoneyField(label=_("Amount to pay"), max_length=30)


class CashForm(CurrencyForm):
    amount = MoneyField(label=_("Cash received"), max_length=30)
    reference = forms.RegexField(
        r"\A[0-9A-Z]{20}\Z", widget=forms.HiddenInput, required=True
    )


class ClaimForm(forms.Form):
    number = forms.CharField(label=_("Account number"), max_length=30)
    code = forms.CharField(label=_("Code on the bill"), max_length=20)


class BillForm(forms.Form):
    period = forms.CharField(
        label=_("Period"), max_length=30, help_text=_("For example 2026.")
    )
    due_on = forms.DateField(
        label=_("To be paid by"), widget=forms.DateInput(attrs={"type": "date"})
    )

    def clean_due_on(self) -> Any:
        day = self.cleaned_data["due_on"]
        if day < timezone.localdate():
            raise forms.ValidationError(_("This day is past. Choose a later one."))
        return day


class BillLineForm(CurrencyForm):
    # An initial value, so that an untouched line counts as empty.
    kind = forms.ChoiceField(
        label=_("Kind"),
        choices=BillLine.Kind.choices,
        initial=BillLine.Kind.RENTAL_VALUE,
    )
    description = forms.CharField(
        label=_("Text on the bill"), max_length=200, required=False
    )
    amount = MoneyField(label=_("Amount"), max_length=30)

    def clean_amount(self) -> Money:
        amount = self.cleaned_data["amount"]
        if not amount:
            raise forms.ValidationError(_("Enter an amount above zero."))
        return amount


BillLineFormSet = forms.formset_factory(BillLineForm, extra=3, max_num=20)
