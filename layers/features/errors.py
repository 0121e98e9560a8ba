"""What is refused: the message says what is wrong and the way out."""

from django.core.exceptions import ValidationError


class BadParameter(ValidationError):
    """A parameter of the address that can't be answered; `code` names it."""


class DownloadRefused(ValidationError):
    """A file that is not written."""
