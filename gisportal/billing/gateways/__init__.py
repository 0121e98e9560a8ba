"""Payment services behind one interface, chosen by name in settings.

A municipality's choice is `MUNICIPAL_GATEWAYS[slug]`, else that of "*", else none:
then bills are paid at the desk only.
"""

from django.conf import settings
from django.utils.module_loading import import_string

from gisportal.billing.gateways.base import Gateway
from layers.geography.models import Municipality


def gateway_name(municipality: Municipality) -> str:
    """Name of the municipality's gateway, "" where it has none."""
    chosen: dict[str, str] = settings.MUNICIPAL_GATEWAYS
    return chosen.get(municipality.slug, chosen.get("*", ""))


def gateway_named(name: str) -> Gateway | None:
    known: dict[str, dict[str, str]] = settings.GATEWAYS
    options = known.get(name)
    if options is None:
        return None
    options = dict(options)
    return import_string(options.pop("class"))(**options)
