from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import template

from layers.maps.drawing import Drawing
from layers.maps.paper_layers import PICTOGRAMS, Laid

register = template.Library()


@register.inclusion_tag("maps/drawing.html")
def drawn(
    drawing: Drawing,
    label: str,
    width: str = "",
    height: str = "",
    *,
    titles: bool = True,
    stack: Sequence[Laid | None] = (),
    figures_clear: str = "1",
) -> dict[str, Any]:
    """The drawing as an SVG element; `width` and `height` with their unit, for paper.

    `stack` are layers from below, None for the zones, which are as opaque as
    `figures_clear` says.
    """
    return {
        "drawing": drawing,
        "label": label,
        "width": width,
        "height": height,
        "titles": titles,
        "stack": stack,
        "figures_clear": figures_clear,
        "inks": (("dark", "#1d2b2a"), ("light", "#ffffff")),
    }


@register.inclusion_tag("maps/layer_key.html")
def layer_key(shape: str, colour: str) -> dict[str, str]:
    """The sign of a layer in a legend; an icon's shape is `icon:` and the kind of place."""
    name, _colon, kind = shape.partition(":")
    path = PICTOGRAMS.get(kind, PICTOGRAMS["other"])
    return {"shape": name, "colour": colour, "path": path}
