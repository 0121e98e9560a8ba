"""The account pages' forms in plain words: a label says it once, no placeholders."""

from __future__ import annotations

from typing import Any, cast

from allauth.account import forms
from django.forms import CharField, Field, Form, TypedChoiceField
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

LABELS = {
    "login": _("E-mail address"),
    "email": _("E-mail address"),
    "password": _("Password"),
    "remember": _("Stay signed in on this device"),
    "oldpassword": _("Present password"),
    "password1": _("New password"),
    "password2": _("The same password again"),
}
RULES = _("At least 8 characters, no common word, and not like your e-mail address.")


class PlainWords:
    labels: dict[str, str | Promise] = {}
    fields: dict[str, Field]

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        for name, field in self.fields.items():
            field.widget.attrs.pop("placeholder", None)
            words = {**LABELS, **self.labels}
            if name in words:
                field.label = cast("Any", words[name])
            field.help_text = RULES if name == "password1" else ""


class LoginForm(PlainWords, forms.LoginForm):
    pass


class SignupForm(PlainWords, forms.SignupForm):
    labels = {"password1": _("Password")}


class ResetPasswordForm(PlainWords, forms.ResetPasswordForm):
    pass


class ResetPasswordKeyForm(PlainWords, forms.ResetPasswordKeyForm):
    pass


class ChangePasswordForm(PlainWords, forms.ChangePasswordForm):
    pass


class KeyForm(Form):
    """A key for a program: for what, and for how long."""

    DAYS = ((30, _("a month")), (90, _("three months")), (365, _("a year")))

    name = CharField(
        label=_("What is it for?"),
        max_length=100,
        help_text=_("For example: QGIS in the planning office"),
    )
    days = TypedChoiceField(
        label=_("How long is it valid?"), choices=DAYS, coerce=int, initial=90
    )
