from typing import Any

from django import template

register = template.Library()


@register.filter
def per_hundred(share: float) -> str:
    """A share from 0 to 1 as children of every hundred."""
    return str(round(share * 100))


@register.inclusion_tag("portal/strip.html")
def strip(estimate: float, low: float, high: float) -> dict[str, Any]:
    """An interval and its estimate on a line from 0 to 100, drawn from the start."""
    return {
        "low": round(low * 100, 1),
        "width": max(round((high - low) * 100, 1), 0.8),
        "estimate": round(estimate * 100, 1),
    }
