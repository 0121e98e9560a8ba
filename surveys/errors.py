"""What a survey file or round can't do, said to the person who tried."""

from collections.abc import Mapping, Sequence
from typing import Any, Self

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


class QuestionRefused(ValidationError):
    """A question can't be declared for indicators, or not take this step."""


class FormRefused(ValidationError):
    """The XLSForm can't be made into a form, or not be published or retired now.

    `problems` tells where in the file.
    """

    problems: Sequence[Any] = ()

    @classmethod
    def of(cls, problems: Sequence[Any]) -> Self:
        error = cls([problem.message for problem in problems])
        error.problems = tuple(problems)
        return error


class RoundRefused(ValidationError):
    """The round can't be opened as it is."""


class SampleRefused(ValidationError):
    """The sample can't be drawn, or can't be replaced any more."""


class BackCheckRefused(ValidationError):
    """The form can't serve for back-checks, or nobody may hold these interviews again."""


class AssignmentRefused(ValidationError):
    """These parcels can't be given to this person."""


class StepRefused(ValidationError):
    """The review has no such step now, or it lacks its words."""


class CorrectionRefused(ValidationError):
    """The answers don't fit the form; `wrong` tells why, by their addresses."""

    wrong: Mapping[str, str] = {}

    @classmethod
    def of(cls, wrong: Mapping[str, str]) -> Self:
        error = cls(list(wrong.values()))
        error.wrong = wrong
        return error


class ExportRefused(ValidationError):
    """The round has no questionnaire, or the format is unknown."""


class WebhookRefused(ValidationError):
    """The address is not one that records are announced to, or no event was chosen."""


class PlacingRefused(ValidationError):
    """A record can't be put on this parcel."""


class ChunkRefused(ValidationError):
    """A part of a file that is being sent doesn't fit what came before."""


class EntityRefused(ValidationError):
    """An entity, its list or a property is not one that a program may write."""


class EntityConflict(ValidationError):
    """The UUID is taken, or somebody else changed the entity meanwhile."""
