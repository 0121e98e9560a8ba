from django.core.exceptions import PermissionDenied, ValidationError


class StepRefused(ValidationError):
    """The workflow has no such step for this person, or it lacks its words."""


class PlaceRefused(ValidationError):
    """The place lies outside the municipality or its parcel is unknown."""


class NotYours(PermissionDenied):
    """The person is neither the case's reporter nor its officer."""
