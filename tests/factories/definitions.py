from layers.geography.tenancy import tenant
from layers.indicators.models import Definition


def content(**changes):
    """A town's own indicator: children who walk for water."""
    words = {"ar": "أطفال يمشون لجلب الماء", "en": "Walk for water", "fr": "Eau à pied"}
    return {
        "dimension": "water_sanitation",
        "sensitive": False,
        "title": words,
        "description": words,
        "standard": {
            **dict.fromkeys(("name", "code", "other", "link"), ""),
            "definition": "Walk for water",
            "own": True,
        },
        "population": {"unit": "years", "from": 0, "to": 17, "moment": "interview"},
        "rule": {
            "unknown": "left_out",
            "in_need": {"all": [{"variable": "water_minutes", "above": 10}]},
        },
    } | changes


def definition(town, *, by=None, code="own_wet", state="published", version=1):
    with tenant(town):
        return Definition.objects.create(
            municipality=town,
            code=code,
            version=version,
            state=state,
            content=content(),
            author=by,
        )
