from django.core.exceptions import ValidationError
from django.http import Http404
from django.utils.translation import gettext as _


class NoSuchTile(Http404):
    """The zoom or the column or row lies outside what the layer has."""


class UnfitView(ValidationError):
    """The address asks for a map that cannot be drawn; the message says the way out."""


class TooManyFeatures(ValidationError):
    """The layer is too large for a page that a telephone opens."""

    def __init__(self, count: int, most: int) -> None:
        super().__init__(
            _(
                "Features of this layer: %(count)s. A page holds %(most)s: download the layer as a file."
            ),
            params={"count": count, "most": most},
        )


class UnknownArchive(ValidationError):
    def __init__(self, name: str) -> None:
        super().__init__(
            _("“%(name)s” must end in .pmtiles or .mbtiles."), params={"name": name}
        )


class NothingToExport(ValidationError):
    def __init__(self) -> None:
        super().__init__(
            _("These layers have nothing there. Import parcels or zones first.")
        )
