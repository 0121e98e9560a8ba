import hashlib
import json
import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from layers.geography.models import Municipality, Zone
from layers.geography.tenancy import tenant
from layers.indicators import errors
from layers.indicators.changes import changes_of
from layers.indicators.definitions import catalogue_of
from layers.indicators.figures import Figure
from layers.indicators.grouped import families_with_groups
from layers.indicators.models import (
    Change,
    Estimate,
    FamilyCounts,
    Observation,
    ObservationSet,
    Release,
    SampleUnit,
)
from layers.indicators.observations import (
    MODULES,
    SEXES,
    VARIABLES,
    ChildRow,
    UnitRow,
)
from layers.indicators.sample import has_units, read_sample
from layers.indicators.succession import Past, Succeeding
from layers.indicators.suppression import shown_count

OLDEST_MONTHS = 18 * 12 - 1
BATCH = 2000


def replace_observations(
    *,
    municipality: Municipality,
    code: str,
    titles: dict[str, str],
    reference_date: date,
    source: str,
    units: list[UnitRow],
    response_factors: dict[str, float] | None = None,
) -> ObservationSet:
    """Make `units` the whole content of the set `code`; the same content changes nothing.

    `response_factors` are by response class; a class without one has 1.

    Raises a ValidationError of `errors` and then changes nothing either.
    """
    if not all(titles.get(language) for language in ("ar", "en", "fr")):
        raise errors.MissingTitle
    zones = zones_by_code(municipality, units)
    check_units(units)
    digests = {unit.key: unit_digest(unit, zones[unit.zone_code]) for unit in units}
    factors = response_factors or {}
    digest = set_digest(digests.values(), factors)
    head = {
        "response_factors": factors,
        **{f"title_{language}": titles[language] for language in ("ar", "en", "fr")},
        "reference_date": reference_date,
        "source": source,
    }
    with tenant(municipality):
        found, created = ObservationSet.objects.select_for_update().get_or_create(
            municipality=municipality, code=code, defaults=head | {"digest": digest}
        )
        if created or found.digest != digest:
            Observation.objects.filter(observation_set=found).delete()
            SampleUnit.objects.filter(observation_set=found).delete()
            write_units(found, units, zones, digests)
            found.running = {}
        changed = {
            name for name, value in head.items() if getattr(found, name) != value
        }
        if changed or found.digest != digest:
            for name, value in (head | {"digest": digest}).items():
                setattr(found, name, value)
            found.save()
    return found


def compute_release(
    *, municipality: Municipality, observation_set: ObservationSet
) -> Release:
    """A new numbered release of all figures, or the last one if nothing has changed.

    Raises NothingObserved where the set holds no household, and FigureGivenAway where the
    audit finds a withheld figure; then nothing is stored.
    """
    with tenant(municipality):
        Municipality.objects.select_for_update(no_key=True).get(pk=municipality.pk)
        observation_set.refresh_from_db()
        _renew_digest(observation_set)
        releases = Release.objects.of(municipality)
        catalogue = catalogue_of(municipality)
        definitions = {code: each.version for code, each in catalogue.items()}
        last = releases.filter(observation_set=observation_set).latest_first().first()
        if last and (last.digest, last.definitions) == (
            observation_set.digest,
            definitions,
        ):
            return last
        families = _families(observation_set)
        for family in families:
            family.audit()
        newest = releases.latest_first().first()
        release = Release.objects.create(
            municipality=municipality,
            observation_set=observation_set,
            number=newest.number + 1 if newest else 1,
            digest=observation_set.digest,
            definitions=definitions,
            **_sample_size(observation_set),
        )
        Estimate.objects.bulk_create(
            [
                _estimate(release, each)
                for family in families
                for each in family.figures()
            ],
            batch_size=BATCH,
        )
        FamilyCounts.objects.bulk_create(
            FamilyCounts(
                municipality=municipality,
                release=release,
                family=each.family.name,
                content=each.counts(),
            )
            for each in families
        )
        Change.objects.bulk_create(changes_of(release), batch_size=BATCH)
    return release


def _renew_digest(observation_set: ObservationSet) -> None:
    """Households that came one by one leave it empty."""
    if observation_set.digest:
        return
    units = SampleUnit.objects.filter(observation_set=observation_set)
    observation_set.digest = set_digest(
        units.values_list("digest", flat=True), observation_set.response_factors
    )
    observation_set.save(update_fields=["digest"])


def compute_figures(
    *, municipality: Municipality, observation_set: ObservationSet
) -> list[Figure]:
    """What a release would say now; nothing is written."""
    with tenant(municipality):
        return [
            figure
            for family in _families(observation_set)
            for figure in family.figures()
        ]


def _families(observation_set: ObservationSet) -> list[Succeeding]:
    if not has_units(observation_set):
        raise errors.NothingObserved(observation_set.code)
    sample, past = read_sample(observation_set), Past.of(observation_set)
    catalogue = catalogue_of(observation_set.municipality)
    found = families_with_groups(sample, catalogue.values())
    return [Succeeding.of(family, groups, past) for family, groups in found]


def check_units(units: Iterable[UnitRow]) -> None:
    """Raises the first error found in keys, weights, frames or answers."""
    frames: dict[str, set[int | None]] = defaultdict(set)
    sampled: dict[str, set[str]] = defaultdict(set)
    keys: Counter[str] = Counter()
    for unit in units:
        keys[unit.key] += 1
        frames[unit.stratum].add(unit.stratum_psus)
        sampled[unit.stratum].add(unit.psu)
        if not (math.isfinite(unit.weight) and unit.weight > 0):
            raise errors.BadWeight(unit.key)
        for child in unit.children:
            keys[child.key] += 1
            _check_child(child)
    if repeated := [key for key, times in keys.items() if times > 1]:
        raise errors.RepeatedKey(repeated[0])
    for stratum, sizes in frames.items():
        if len(sizes) > 1:
            raise errors.FrameDiffers(stratum)
        (size,) = sizes
        if size is not None and size < len(sampled[stratum]):
            raise errors.FrameTooSmall(stratum, len(sampled[stratum]), size)


def _check_child(child: ChildRow) -> None:
    if child.sex not in SEXES:
        raise errors.BadValue(child.key, "sex", child.sex)
    if not 0 <= child.age_months <= OLDEST_MONTHS:
        raise errors.BadValue(child.key, "age_months", child.age_months)
    for name, value in child.values.items():
        if name not in VARIABLES:
            raise errors.UnknownVariable(child.key, name)
        smallest, largest = VARIABLES[name]
        # Not a number compares as false, so it is refused as well.
        if value is not None and not smallest <= value <= largest:
            raise errors.BadValue(child.key, name, value)
    for name, factor in child.weight_factors.items():
        if name not in MODULES or not (math.isfinite(factor) and factor >= 1):
            raise errors.BadValue(child.key, name, factor)


def zones_by_code(
    municipality: Municipality, units: Iterable[UnitRow]
) -> dict[str, Zone]:
    """The zones in force by code; where kinds share a code, quarters come first."""
    kinds = list(Zone.Kind)
    current = sorted(
        Zone.objects.of(municipality).current().only("code", "kind"),
        key=lambda zone: kinds.index(Zone.Kind(zone.kind)),
        reverse=True,
    )
    zones = {zone.code: zone for zone in current}
    if unknown := {unit.zone_code for unit in units} - set(zones):
        raise errors.UnknownZone(list(unknown))
    return zones


def unit_digest(unit: UnitRow, zone: Zone) -> str:
    row = [
        unit.key,
        zone.pk,
        unit.stratum,
        unit.psu,
        float(unit.weight),
        unit.response_class,
        unit.stratum_psus,
        sorted(
            [
                child.key,
                child.sex,
                child.age_months,
                sorted(_known(child.values).items()),
                sorted(child.weight_factors.items()),
            ]
            for child in unit.children
        ),
    ]
    return hashlib.sha256(json.dumps(row).encode()).hexdigest()


def set_digest(units: Iterable[str], factors: Mapping[str, float]) -> str:
    """Of the digests of units in any order, and of the factors of their classes."""
    content = [sorted(units), sorted(factors.items())]
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()


def write_units(
    observation_set: ObservationSet,
    units: Sequence[UnitRow],
    zones: Mapping[str, Zone],
    digests: Mapping[str, str],
) -> list[SampleUnit]:
    """Adds households and their children to the set; both mappings are by code or key."""
    municipality = observation_set.municipality
    stored = SampleUnit.objects.bulk_create(
        (
            SampleUnit(
                municipality=municipality,
                observation_set=observation_set,
                key=unit.key,
                zone=zones[unit.zone_code],
                stratum=unit.stratum,
                psu=unit.psu,
                weight=unit.weight,
                response_class=unit.response_class,
                digest=digests[unit.key],
                stratum_psus=unit.stratum_psus,
            )
            for unit in units
        ),
        batch_size=BATCH,
    )
    Observation.objects.bulk_create(
        (
            Observation(
                municipality=municipality,
                observation_set=observation_set,
                unit=row,
                key=child.key,
                sex=child.sex,
                age_months=child.age_months,
                values=_known(child.values),
                weight_factors=child.weight_factors,
            )
            for row, unit in zip(stored, units, strict=True)
            for child in unit.children
        ),
        batch_size=BATCH,
    )
    return stored


def _known(values: dict[str, float | None]) -> dict[str, float]:
    return {name: value for name, value in values.items() if value is not None}


def _sample_size(observation_set: ObservationSet) -> dict[str, int]:
    units = SampleUnit.objects.filter(observation_set=observation_set)
    children = Observation.objects.filter(observation_set=observation_set)
    counts = {"households": units.count(), "children": children.count()}
    return {name: int(shown_count(count)) for name, count in counts.items()}


def _estimate(release: Release, figure: Figure) -> Estimate:
    return Estimate(
        municipality=release.municipality,
        release=release,
        indicator=figure.indicator,
        definition_version=figure.version,
        zone=figure.zone,
        breakdown=figure.breakdown,
        estimate=figure.estimate,
        se=figure.se,
        low=figure.low,
        high=figure.high,
        df=figure.df,
        deff=figure.deff,
        population=figure.population,
        total=figure.total,
        n=figure.n,
        households=figure.households,
        flag=figure.flag,
        reason=figure.reason,
    )
