"""Which role may do what: the one table of rights.

A resident's own requests and bills need no entry here: they follow from being
the person, and `visible_to` says so.
"""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Role(TextChoices):
    RESIDENT = "resident", _("resident")
    SURVEYOR = "surveyor", _("surveyor")
    DATA_MANAGER = "data_manager", _("data manager")
    PLANNER = "planner", _("planner")
    CLERK = "clerk", _("front-desk clerk")
    OFFICER = "officer", _("case officer")
    CASHIER = "cashier", _("cashier")
    MUNICIPAL_ADMIN = "municipal_admin", _("municipal administrator")


PERMISSIONS: dict[str, frozenset[str]] = {
    Role.RESIDENT: frozenset(),
    Role.SURVEYOR: frozenset({"surveys.upload_round"}),
    Role.DATA_MANAGER: frozenset(
        {
            "geography.import_data",
            "own.keep_layers",
            "service_requests.decide_public",
            "surveys.upload_round",
            "surveys.view_submission",
            "surveys.design_form",
            "surveys.manage_round",
            "surveys.review_submission",
            "surveys.export_submission",
            "surveys.publish_round",
            "indicators.view_estimates",
            "indicators.compute",
            "indicators.define",
            "maps.view_staff_layers",
        }
    ),
    Role.PLANNER: frozenset(
        {"indicators.view_estimates", "indicators.define", "maps.view_staff_layers"}
    ),
    Role.CLERK: frozenset({"service_requests.view_all"}),
    Role.OFFICER: frozenset({"service_requests.view_all", "service_requests.answer"}),
    Role.CASHIER: frozenset(
        {"billing.view_all", "billing.issue_bill", "billing.take_payment"}
    ),
    # Runs the office; children's records stay with the data managers.
    Role.MUNICIPAL_ADMIN: frozenset(
        {
            "accounts.manage",
            "geography.import_data",
            "own.keep_layers",
            "service_requests.decide_public",
            "indicators.view_estimates",
            "maps.view_staff_layers",
            "service_requests.view_all",
            "service_requests.answer",
            "billing.view_all",
            "billing.issue_bill",
        }
    ),
}

STAFF_ROLES = frozenset(PERMISSIONS) - {Role.RESIDENT}
