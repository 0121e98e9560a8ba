INSERT INTO indicators_estimate (
    municipality_id, release_id, indicator, definition_version, zone_id, breakdown,
    estimate, se, low, high, df, deff, population, total, n, households, flag, reason
)
SELECT
    %(municipality)s,
    %(release)s,
    told.*
FROM unnest(
    %(indicator)s::text [],
    %(version)s::smallint [],
    %(zone)s::bigint [],
    %(breakdown)s::text [],
    %(estimate)s::float8 [],
    %(se)s::float8 [],
    %(low)s::float8 [],
    %(high)s::float8 [],
    %(df)s::integer [],
    %(deff)s::float8 [],
    %(population)s::integer [],
    %(total)s::integer [],
    %(n)s::integer [],
    %(households)s::integer [],
    %(flag)s::text [],
    %(reason)s::text []
) AS told
