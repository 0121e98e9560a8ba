"""What the field learned, with names and birth dates: no other app may read it.

What the rest of the product knows of a survey goes through `surveys.publish`.
"""

from surveys.models.households import Entity, Household
from surveys.models.intake import (
    Arrival,
    Attachment,
    ColumnMapping,
    DeviceAccess,
    Upload,
    content_address,
)
from surveys.models.out import ApiSession, Export, Webhook, WebhookDelivery, WebhookTown
from surveys.models.quality import CheckSetting, Finding
from surveys.models.questionnaires import Form, FormMedia, FormVersion
from surveys.models.review import BulkStep
from surveys.models.rounds import (
    BackCheck,
    ChangedHousehold,
    Publication,
    Round,
    Target,
)
from surveys.models.submissions import (
    RecordRead,
    RepeatRow,
    Submission,
    SubmissionEvent,
)
from surveys.models.variables import TownVariable

__all__ = [
    "ApiSession",
    "Arrival",
    "Attachment",
    "BackCheck",
    "BulkStep",
    "ChangedHousehold",
    "CheckSetting",
    "ColumnMapping",
    "DeviceAccess",
    "Entity",
    "Export",
    "Finding",
    "Form",
    "FormMedia",
    "FormVersion",
    "Household",
    "Publication",
    "RecordRead",
    "RepeatRow",
    "Round",
    "Submission",
    "SubmissionEvent",
    "Target",
    "TownVariable",
    "Upload",
    "Webhook",
    "WebhookDelivery",
    "WebhookTown",
    "content_address",
]
