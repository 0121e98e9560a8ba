from typing import Any

from django import template

from gisportal.portal.demo import PASSWORD, PEOPLE, email_of
from layers.geography.models import Municipality

register = template.Library()


@register.inclusion_tag("portal/demo_logins.html")
def demo_logins() -> dict[str, Any]:
    """Who may sign in to the first town of the demonstration."""
    town = Municipality.objects.filter(slug="wadi-zaytoun").first()
    people = [
        {"role": role.label, "email": email_of(name, town)}
        for name, _full_name, role in PEOPLE
        if town is not None
    ]
    return {"people": people, "password": PASSWORD}
