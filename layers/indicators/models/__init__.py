"""What is measured: samples without persons, their frozen releases, and definitions."""

from layers.indicators.models.areas import Area, AreaEstimate, AreaEstimateQuerySet
from layers.indicators.models.definitions import (
    Definition,
    DefinitionQuerySet,
    OwnVariable,
    Trial,
)
from layers.indicators.models.deprivation_figures import (
    AgeBand,
    DeprivationCounts,
    DeprivationFigure,
    DeprivationQuerySet,
    DeprivationScheme,
)
from layers.indicators.models.means import MeanEstimate, MeanEstimateQuerySet
from layers.indicators.models.modelled import ModelledEstimate
from layers.indicators.models.releases import (
    Change,
    ChangeQuerySet,
    Estimate,
    EstimateQuerySet,
    FamilyCounts,
    Release,
    ReleaseQuerySet,
)
from layers.indicators.models.samples import (
    Observation,
    ObservationSet,
    RunningSum,
    SampleUnit,
    Woman,
)
from layers.indicators.models.zone_statistics import (
    ZoneStatistic,
    ZoneStatisticQuerySet,
)

__all__ = [
    "AgeBand",
    "Area",
    "AreaEstimate",
    "AreaEstimateQuerySet",
    "Change",
    "ChangeQuerySet",
    "Definition",
    "DefinitionQuerySet",
    "DeprivationCounts",
    "DeprivationFigure",
    "DeprivationQuerySet",
    "DeprivationScheme",
    "Estimate",
    "EstimateQuerySet",
    "FamilyCounts",
    "MeanEstimate",
    "MeanEstimateQuerySet",
    "ModelledEstimate",
    "Observation",
    "ObservationSet",
    "OwnVariable",
    "Release",
    "ReleaseQuerySet",
    "RunningSum",
    "SampleUnit",
    "Trial",
    "Woman",
    "ZoneStatistic",
    "ZoneStatisticQuerySet",
]
