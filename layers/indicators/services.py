from datetime import date

from layers.geography.models import Municipality
from layers.geography.tenancy import tenant
from layers.indicators import errors
from layers.indicators.areas.levels import Areas
from layers.indicators.areas.storage import store_areas
from layers.indicators.definitions.municipal import catalogue_of, means_of_town
from layers.indicators.definitions.own_variables import known_variables
from layers.indicators.deprivation.release import (
    Deprivation,
    identity,
    store_deprivation,
)
from layers.indicators.deprivation.schemes import scheme_of
from layers.indicators.disclosure.suppression import shown_count
from layers.indicators.figures import Figure
from layers.indicators.groups.near_groups import families_with_groups
from layers.indicators.means import figures as town_means
from layers.indicators.modelled.modelling import store_modelled
from layers.indicators.models import (
    Change,
    FamilyCounts,
    Observation,
    ObservationSet,
    Release,
    SampleUnit,
    Woman,
)
from layers.indicators.rounds.changes import changes_of, likeness_of
from layers.indicators.rounds.twins import published_twin
from layers.indicators.samples.known_totals import KnownTotals, told_of
from layers.indicators.samples.observations import UnitRow
from layers.indicators.samples.sample import has_units, read_sample
from layers.indicators.samples.storage import write_figures, write_units
from layers.indicators.samples.units import (
    check_units,
    set_digest,
    unit_digest,
    zones_by_code,
)
from layers.indicators.succession import Past, Succeeding, succeeding

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
    known_totals: KnownTotals | None = None,
) -> ObservationSet:
    """Make `units` the whole content of the set `code`; the same content changes nothing.

    `response_factors` are by response class; a class without one has 1. Weights are drawn
    to `known_totals` when figures are computed.

    Raises a ValidationError of `errors` and then changes nothing either.
    """
    if not all(titles.get(language) for language in ("ar", "en", "fr")):
        raise errors.MissingTitle
    zones = zones_by_code(municipality, units)
    check_units(units, known_variables(municipality))
    digests = {unit.key: unit_digest(unit, zones[unit.zone_code]) for unit in units}
    factors = response_factors or {}
    totals = known_totals or {}
    digest = set_digest(digests.values(), factors, totals)
    head = {
        "response_factors": factors,
        "known_totals": totals,
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
            Woman.objects.filter(observation_set=found).delete()
            SampleUnit.objects.filter(observation_set=found).delete()
            found.running, found.unit_columns, found.child_columns = {}, [], []
            write_units(found, units, zones, digests)
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

    Raises NothingObserved where the set holds no household, SameInterviews where another
    round published them, CannotCalibrate where its known totals cannot be reached, and
    FigureGivenAway where the audit finds a withheld figure; then nothing is stored.
    """
    with tenant(municipality):
        Municipality.objects.select_for_update(no_key=True).get(pk=municipality.pk)
        observation_set.refresh_from_db()
        _renew_digest(observation_set)
        releases = Release.objects.of(municipality)
        catalogue, own_means = catalogue_of(municipality), means_of_town(municipality)
        definitions = {code: each.version for code, each in catalogue.items()}
        definitions |= {code: each.version for code, each in own_means.items()}
        last = releases.filter(observation_set=observation_set).latest_first().first()
        scheme = identity(scheme_of(municipality))
        if (
            last
            and (last.digest, last.definitions) == (observation_set.digest, definitions)
            and last.deprivation.get("identity") == scheme["identity"]
        ):
            return last
        if twin := published_twin(observation_set):
            raise errors.SameInterviews(observation_set.code, twin.code)
        deprivation = _deprivation(observation_set)
        families = _families(observation_set, deprivation)
        for family in families:
            family.audit()
        if deprivation:
            deprivation.audit()
        figures = [figure for family in families for figure in family.figures()]
        means = _means(observation_set)
        newest = releases.latest_first().first()
        release = Release.objects.create(
            municipality=municipality,
            observation_set=observation_set,
            number=newest.number + 1 if newest else 1,
            digest=observation_set.digest,
            definitions=definitions,
            deprivation=deprivation.as_data() if deprivation else scheme,
            calibration=told_of(observation_set.known_totals),
            likeness=likeness_of(observation_set, figures, catalogue),
            **_sample_size(observation_set),
        )
        write_figures(release, figures)
        store_areas(release, families)
        town_means.store_means(release, means)
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
        store_modelled(release)
        if deprivation:
            store_deprivation(release, deprivation)
    return release


def _renew_digest(observation_set: ObservationSet) -> None:
    """Households that came one by one leave it empty."""
    if observation_set.digest:
        return
    units = SampleUnit.objects.filter(observation_set=observation_set)
    observation_set.digest = set_digest(
        units.values_list("digest", flat=True),
        observation_set.response_factors,
        observation_set.known_totals,
    )
    observation_set.save(update_fields=["digest"])


def compute_figures(
    *, municipality: Municipality, observation_set: ObservationSet
) -> list[Figure]:
    """What a release would say now; nothing is written."""
    with tenant(municipality):
        return [
            figure
            for family in _families(observation_set, _deprivation(observation_set))
            for figure in family.figures()
        ]


def compute_means(
    *, municipality: Municipality, observation_set: ObservationSet
) -> list[town_means.MeanFigure]:
    """What a release would say of the town's own means; nothing is written."""
    with tenant(municipality):
        return [each for mean in _means(observation_set) for each in mean.figures()]


def _means(observation_set: ObservationSet) -> list[town_means.Mean]:
    wanted = list(means_of_town(observation_set.municipality).values())
    if not wanted:
        return []
    past = town_means.Past.of(observation_set)
    return town_means.means_of(read_sample(observation_set), wanted, past)


def _deprivation(observation_set: ObservationSet) -> Deprivation | None:
    if not has_units(observation_set):
        raise errors.NothingObserved(observation_set.code)
    return Deprivation.of(observation_set)


def _families(
    observation_set: ObservationSet, deprivation: Deprivation | None
) -> list[Succeeding]:
    sample, past = read_sample(observation_set), Past.of(observation_set)
    catalogue = catalogue_of(observation_set.municipality)
    beside = list(deprivation.beside()) if deprivation else []
    areas = Areas(sample, past.regions)
    found = families_with_groups(sample, catalogue.values(), beside, areas)
    return succeeding(found, past)


def _sample_size(observation_set: ObservationSet) -> dict[str, int]:
    units = SampleUnit.objects.filter(observation_set=observation_set)
    children = Observation.objects.filter(observation_set=observation_set)
    counts = {"households": units.count(), "children": children.count()}
    return {name: int(shown_count(count)) for name, count in counts.items()}
