INSERT INTO indicators_sampleunit (
    municipality_id,
    observation_set_id,
    key,
    zone_id,
    stratum,
    psu,
    weight,
    response_class,
    digest,
    stratum_psus,
    "values"
)
SELECT
    %(municipality)s,
    %(set)s,
    unit.key,
    unit.zone_id,
    unit.stratum,
    unit.psu,
    unit.weight,
    unit.response_class,
    unit.digest,
    unit.stratum_psus,
    unit.answers::float8 []
FROM unnest(
    %(keys)s::text [],
    %(zones)s::bigint [],
    %(strata)s::text [],
    %(psus)s::text [],
    %(weights)s::float8 [],
    %(classes)s::text [],
    %(digests)s::text [],
    %(frames)s::integer [],
    %(answers)s::text []
) AS unit (
    key,
    zone_id,
    stratum,
    psu,
    weight,
    response_class,
    digest,
    stratum_psus,
    answers
)
RETURNING key, id
