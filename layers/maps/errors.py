from django.core.exceptions import ValidationError
from django.http import Http404


class NoSuchTile(Http404):
    """The zoom or the column or row lies outside what the layer has."""


class UnfitView(ValidationError):
    """The address asks for a map that cannot be drawn; the message says the way out."""
