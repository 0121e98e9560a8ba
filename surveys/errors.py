"""What a survey file or round can't do, said to the person who tried."""

from django.core.exceptions import ValidationError


class FileRefused(ValidationError):
    """The file can't be read at all; `code` and `params` name the problem."""


class RoundExists(ValidationError):
    """Another round of this municipality has the code."""


class UploadNotReady(ValidationError):
    """The file has problems that must be corrected before it is loaded."""


class NothingToPublish(ValidationError):
    """The round has no valid submission."""


class AlreadyWithdrawn(ValidationError):
    """The submission no longer counts."""


class FormRefused(ValidationError):
    """The XLSForm can't be made into a form."""
