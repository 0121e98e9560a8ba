from django.core.exceptions import ValidationError
from django.http import Http404
from django.utils.translation import gettext as _


class NoSuchTile(Http404):
    """The zoom or the column or row lies outside what the layer has."""


class LostFile(Http404):
    """The database knows the raster, and its file is not on the disk."""

    def __init__(self, code: str) -> None:
        super().__init__(
            _(
                "The file of the raster “%(code)s” is missing on the server. It comes back from the backup, or by importing the raster again."
            )
            % {"code": code}
        )


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
