"""Why observations cannot be taken or a release not be made, and the way out."""

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy


class UnknownZone(ValidationError):
    def __init__(self, codes: list[str]) -> None:
        super().__init__(
            _(
                "The municipality has no zone %(codes)s. Import the zones first, or "
                "correct the zone of these households."
            ),
            code="unknown_zone",
            params={"codes": ", ".join(sorted(codes))},
        )


class RepeatedKey(ValidationError):
    def __init__(self, key: str) -> None:
        super().__init__(
            _("The key %(key)s occurs twice. Keep one of the two records."),
            code="repeated_key",
            params={"key": key},
        )


class BadWeight(ValidationError):
    def __init__(self, key: str) -> None:
        super().__init__(
            _("Household %(key)s needs a weight above zero. Correct its weight."),
            code="bad_weight",
            params={"key": key},
        )


class FrameDiffers(ValidationError):
    def __init__(self, stratum: str) -> None:
        super().__init__(
            _(
                "Stratum %(stratum)s has households with different frame sizes. Give "
                "all its households the same number, or leave it empty."
            ),
            code="frame_differs",
            params={"stratum": stratum},
        )


class FrameTooSmall(ValidationError):
    def __init__(self, stratum: str, sampled: int, frame: int) -> None:
        super().__init__(
            _(
                "Stratum %(stratum)s has %(sampled)s sampling units but a frame of "
                "only %(frame)s. Correct the frame size."
            ),
            code="frame_too_small",
            params={"stratum": stratum, "sampled": sampled, "frame": frame},
        )


class BadValue(ValidationError):
    def __init__(self, key: str, name: str, value: object) -> None:
        super().__init__(
            _(
                "Child %(key)s: %(name)s cannot be %(value)s. Correct the value, or "
                "leave it out."
            ),
            code="bad_value",
            params={"key": key, "name": name, "value": value},
        )


class UnknownVariable(ValidationError):
    def __init__(self, key: str, name: str) -> None:
        super().__init__(
            _("Child %(key)s: %(name)s is no canonical variable. Leave it out."),
            code="unknown_variable",
            params={"key": key, "name": name},
        )


class MissingTitle(ValidationError):
    def __init__(self) -> None:
        super().__init__(
            _("Give the round a title in Arabic, English and French."),
            code="missing_title",
        )


class NothingObserved(ValidationError):
    def __init__(self, code: str) -> None:
        super().__init__(
            _("The round %(code)s holds no household. Publish its records first."),
            code="nothing_observed",
            params={"code": code},
        )


IN_REVIEW = gettext_lazy(
    "Version %(version)s of %(code)s is being reviewed. Wait for the decision, or have "
    "it sent back."
)
NO_STEP = gettext_lazy(
    "A definition that is “%(state)s” can't take this step. Reload the page."
)
BY_AUTHOR = gettext_lazy("You wrote this version. Somebody else has to put it in use.")


class DefinitionRefused(ValidationError):
    """A definition that cannot be used, or a step that cannot be taken."""
