from layers.geography.tenancy import tenant
from layers.indicators.definitions.means import build_mean
from layers.indicators.models import Definition


def mean_content(**changes):
    """A town's own mean: minutes to fetch water and come back, of up to two hours."""
    words = {"ar": "دقائق جلب الماء", "en": "Minutes for water", "fr": "Minutes d'eau"}
    said = {"of": "water_minutes", "least": 0, "most": 120, "worse": "higher"}
    said["unit"] = {"ar": "دقيقة", "en": "minutes", "fr": "minutes"}
    return {
        "statistic": "mean",
        "dimension": "water_sanitation",
        "sensitive": changes.pop("sensitive", False),
        "title": words,
        "description": words,
        "population": {
            "unit": "years", "from": 0, "to": 17, "moment": "interview",
            **changes.pop("population", {}),
        },
        "mean": said | changes,
    }  # fmt: skip


def mean_indicator(**changes):
    return build_mean(mean_content(**changes) | {"code": "own_minutes", "version": 1})


def mean_definition(town, *, code="own_minutes", version=1, state="published", **said):
    with tenant(town):
        if state == "published":
            Definition.objects.of(town).filter(code=code).update(state="retired")
        return Definition.objects.create(
            municipality=town,
            code=code,
            version=version,
            state=state,
            content=mean_content(**said),
        )
