from django.http import Http404


class NoSuchTile(Http404):
    """The zoom or the column or row lies outside what the layer has."""
