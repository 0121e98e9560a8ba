from django.core.exceptions import ValidationError


class RowsRefused(ValidationError):
    """Rows of a file that can't be loaded; each message names its row and column."""


class DecidedMeanwhile(ValidationError):
    """Somebody else has changed what is public since the page was opened."""


class NotConfirmed(ValidationError):
    """Something would become public and nobody has said yes to it."""
