"""A layer's style in the words of QGIS: one symbol, categories, or rules of numbers.

Numbers are told as rules and not as QGIS's graduated classes, which leave out what has
no number.
"""

from __future__ import annotations

from collections.abc import Iterator

from lxml import etree

from layers.geography.declaration import GROWTH, LARGEST, Layer, Shade, Style

# Millimetres of a CSS pixel, QGIS's own unit of paper.
PIXEL = 25.4 / 96
WHITE = "255,255,255,255"
# A property that an expression says.
BY_EXPRESSION = "3"
# Of a layer that says nothing the lines are seen, and what lies below its areas.
PLAIN: dict[str, tuple[str, str, dict[str, str]]] = {
    "point": (
        "marker",
        "SimpleMarker",
        {"name": "circle", "color": "31,111,92,255", "outline_color": WHITE, "size": "2.6"},
    ),
    "line": ("line", "SimpleLine", {"line_color": "31,111,92,255", "line_width": "0.4"}),
    "polygon": (
        "fill",
        "SimpleFill",
        {
            "color": "31,111,92,26",
            "outline_color": "31,111,92,255",
            "outline_width": "0.3",
            "style": "solid",
        },
    ),
}  # fmt: skip


def renderer(layer: Layer) -> etree._Element:
    """The element `renderer-v2` of a map layer."""
    style = layer.style
    kind = "singleSymbol"
    if style and style.classed:
        kind = "RuleRenderer" if style.numbers else "categorizedSymbol"
    found = etree.Element(
        "renderer-v2", type=kind, symbollevels="0", enableorderby="0", forceraster="0"
    )
    if style and style.classed:
        (_rules if style.numbers else _categories)(found, style)
    symbols = etree.SubElement(found, "symbols")
    for place, shade in enumerate(style.legend if style else (None,)):
        _symbol(symbols, str(place), layer, shade)
    return found


def _categories(parent: etree._Element, style: Style) -> None:
    parent.set("attr", style.field)
    found = etree.SubElement(parent, "categories")
    for place, shade in enumerate(style.legend):
        # QGIS takes the category without a value for all others.
        value = "" if shade is style.others else str(shade.value)
        etree.SubElement(
            found,
            "category",
            symbol=str(place),
            value=value,
            type="string",
            label=str(shade.label),
            render="true",
        )


def _rules(parent: etree._Element, style: Style) -> None:
    found = etree.SubElement(parent, "rules", key="classes")
    for place, (shade, asked) in enumerate(_asked(style)):
        etree.SubElement(
            found,
            "rule",
            key=f"class-{place}",
            symbol=str(place),
            filter=asked,
            label=str(shade.label),
        )


def _asked(style: Style) -> Iterator[tuple[Shade, str]]:
    """Each shade with the expression that is true of its features."""
    column = '"{}"'.format(style.field.replace('"', '""'))
    start = f"{column} >= {style.least!r}" if style.least is not None else ""
    for shade in style.shades:
        end = f"{column} <= {float(shade.value)!r}" if shade.value is not None else ""
        yield shade, " AND ".join(filter(None, (start, end))) or f"{column} IS NOT NULL"
        if shade.value is not None:
            start = f"{column} > {float(shade.value)!r}"
    if style.others is not None:
        yield style.others, "ELSE"


def _symbol(
    parent: etree._Element, name: str, layer: Layer, shade: Shade | None
) -> None:
    kind, drawing, options = PLAIN[layer.geometry]
    symbol = etree.SubElement(parent, "symbol", name=name, type=kind, alpha="1")
    # `class` is a word of Python's.
    drawn = etree.SubElement(symbol, "layer", {"class": drawing, "enabled": "1"})
    style = layer.style
    if style is not None and shade is not None:
        symbol.set("alpha", f"{style.opacity:g}")
        options = {**options, **_options(layer.geometry, style, shade)}
    for key, value in options.items():
        etree.SubElement(drawn, "prop", k=key, v=value)
    if style is not None and style.grows_with:
        _grow(drawn, style)


def _options(geometry: str, style: Style, shade: Shade) -> dict[str, str]:
    red, green, blue = (int(shade.light[at : at + 2], 16) for at in (1, 3, 5))
    colour, width = f"{red},{green},{blue},255", f"{style.width * PIXEL:.3f}"
    if geometry == "line":
        return {"line_color": colour, "line_width": width}
    edge = WHITE if geometry == "point" or style.parted else colour
    found = {"color": colour, "outline_color": edge, "outline_width": width}
    if geometry == "point":
        found["size"] = f"{2 * style.size * PIXEL:.3f}"
    return found


def _grow(drawn: etree._Element, style: Style) -> None:
    """The size as an expression: the diameter of what `Style.radius` says."""
    root = f'sqrt(coalesce("{style.grows_with}", 1))'
    radius = f"min({style.size} + {GROWTH} * ({root} - 1), {LARGEST})"
    said = etree.SubElement(drawn, "data_defined_properties")
    options = _map(said)
    _option(options, "name", "QString", "")
    size = _map(_map(options, "properties"), "size")
    _option(size, "active", "bool", "true")
    _option(size, "expression", "QString", f"{2 * PIXEL:.5f} * {radius}")
    _option(size, "type", "int", BY_EXPRESSION)
    _option(options, "type", "QString", "collection")


def _map(parent: etree._Element, name: str = "") -> etree._Element:
    found = etree.SubElement(parent, "Option", type="Map")
    if name:
        found.set("name", name)
    return found


def _option(parent: etree._Element, name: str, type: str, value: str) -> None:
    etree.SubElement(parent, "Option", name=name, type=type, value=value)
