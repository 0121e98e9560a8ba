from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from layers.geography.errors import FILE

OWN = {
    "layer_columns": _(
        "The file lacks columns that the layer has: %(columns)s. Add them to the file,"
        " or take them out of the layer first."
    ),
    "layer_type": _(
        "The column “%(column)s” holds %(wanted)s in this layer; row %(row)s of the file"
        " says “%(value)s”. Correct the file."
    ),
    "layer_kind": _(
        "The layer shows %(wanted)s, the file holds %(found)s. Make a new layer of it."
    ),
    "layer_personal": _(
        "Everyone may see this layer, and these columns of the file look as if they told"
        " who a person is: %(columns)s. Take them out of the file, or withdraw the layer"
        " first."
    ),
    "layer_refused_rows": _(
        "Refused rows: %(count)s. Correct them in the file, or agree to leave them out."
    ),
    "layer_empty": _("No row of the file can be taken. The list says why."),
}


class LayerRefused(ValidationError):
    """A file can't become this layer's content; nothing was written."""

    def __init__(self, code: str, **params: Any) -> None:
        super().__init__(OWN[code], code=code, params=params)


class SharingRefused(ValidationError):
    """The layer can't be shown to those."""


def told(refusal: dict[str, Any]) -> str:
    """The words for a refusal as it is kept."""
    known = {**FILE, **OWN}
    said: str = str(known[refusal["code"]]) % refusal["params"]
    return said
