from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True)
class Entry:
    """A room on the town's bar; `permission` None means that everyone may enter."""

    title: str | Promise
    route: str
    permission: str | None = None
    signed_in: bool = False


@dataclass(frozen=True)
class Card:
    """A door on the home page: a title, what one can do behind it, a drawing."""

    title: str | Promise
    text: str | Promise
    route: str
    icon: str
    permission: str | None = None


ENTRIES: tuple[Entry, ...] = (
    Entry(_("Children's map"), "maps:desk", "indicators.view_estimates"),
    Entry(_("Figures"), "explorer:list", "indicators.view_estimates"),
    Entry(_("Surveys"), "surveys:list", "surveys.upload_round"),
    Entry(_("Data"), "geography:list", "geography.import_data"),
    Entry(_("Requests"), "service_requests:list"),
    Entry(_("Bills"), "billing:list", signed_in=True),
)

CARDS: tuple[Card, ...] = (
    Card(
        _("Children's map"),
        _("What children need in each quarter, and how sure we are of it."),
        "maps:desk",
        "map",
        "indicators.view_estimates",
    ),
    Card(
        _("Indicators"),
        _("What is counted, of which children, and by which standard."),
        "indicators:list",
        "ledger",
        "indicators.view_estimates",
    ),
    Card(
        _("Surveys"),
        _("Upload a round of interviews, check it, publish its figures."),
        "surveys:list",
        "survey",
        "surveys.upload_round",
    ),
    Card(
        _("Fill forms"),
        _("Visit parcels and ask, on the phone, with or without network."),
        "surveys:collect:desk",
        "pin",
        "surveys.upload_round",
    ),
    Card(
        _("Data"),
        _("Bring in parcels, zones and facilities from files."),
        "geography:list",
        "layers",
        "geography.import_data",
    ),
    Card(
        _("Layers"),
        _("Take the town's map away as a file, or open it in QGIS."),
        "features:collections",
        "layers",
    ),
    Card(
        _("Requests to answer"),
        _("What residents have asked for, the most urgent first."),
        "service_requests:queue",
        "inbox",
        "service_requests.view_all",
    ),
    Card(
        _("Requests in public"),
        _("Decide what everyone may see of the residents' requests."),
        "service_requests:public",
        "layers",
        "service_requests.decide_public",
    ),
    Card(
        _("Accounts and bills"),
        _("Issue bills, take payments, hand out receipts."),
        "billing:desk",
        "ledger",
        "billing.view_all",
    ),
    Card(
        _("Report a problem"),
        _(
            "A dark street, a burst pipe, a broken swing: three steps, and you get a number."
        ),
        "service_requests:create",
        "pin",
    ),
    Card(
        _("My bills"),
        _("See what is due and how it was computed, pay, keep the receipt."),
        "billing:list",
        "bill",
    ),
)
