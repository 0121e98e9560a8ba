from __future__ import annotations

from typing import Any

from django import template

from layers.maps.drawing import Drawing

register = template.Library()


@register.inclusion_tag("maps/drawing.html")
def drawn(
    drawing: Drawing,
    label: str,
    width: str = "",
    height: str = "",
    *,
    titles: bool = True,
) -> dict[str, Any]:
    """The drawing as an SVG element; `width` and `height` with their unit, for paper."""
    return {
        "drawing": drawing,
        "label": label,
        "width": width,
        "height": height,
        "titles": titles,
        "inks": (("dark", "#1d2b2a"), ("light", "#ffffff")),
    }
