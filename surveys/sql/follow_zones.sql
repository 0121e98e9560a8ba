-- Records with a position and without a parcel go to the zone that holds it, by the rule
-- of place_households.sql, with a line each in their history. Parcels are not looked for:
-- they are what they were when the record was placed.
WITH doubtful AS MATERIALIZED (
    SELECT record.id, record.geometry AS point, record.accuracy, former.id AS zone_id,
           COALESCE(former.code, '') AS former
      FROM surveys_submission AS record
      LEFT JOIN geography_zone AS former ON former.id = record.zone_id
     WHERE record.municipality_id = %(municipality)s
       AND record.erased_at IS NULL
       AND record.parcel_id IS NULL
       AND record.geometry IS NOT NULL
       AND (record.placed_by = ANY (%(doubtful)s)
            OR former.id IS NULL
            OR former.valid_until IS NOT NULL)
), wanted AS (
    SELECT DISTINCT ON (doubtful.id) doubtful.id, doubtful.zone_id AS former_id,
           doubtful.former, zone.id AS zone_id, COALESCE(zone.code, '') AS code
      FROM doubtful
      LEFT JOIN geography_zone AS zone
        ON zone.municipality_id = %(municipality)s
       AND zone.valid_until IS NULL
       AND zone.kind <> 'block'
       AND ST_Covers(zone.geometry, doubtful.point)
       -- A vague position counts where the zone reaches as far around it.
       AND (COALESCE(doubtful.accuracy, 0) <= %(vague)s
            OR ST_Distance(ST_Boundary(zone.geometry)::geography,
                           doubtful.point::geography) >= doubtful.accuracy)
     ORDER BY doubtful.id, zone.kind = 'quarter' DESC, zone.code
), moved AS (
    UPDATE surveys_submission AS record
       SET zone_id = wanted.zone_id,
           placed_by = CASE WHEN wanted.zone_id IS NULL THEN %(nothing)s ELSE %(zone)s END,
           changed_at = now(),
           checked_at = NULL
      FROM wanted
     WHERE record.id = wanted.id
       AND record.municipality_id = %(municipality)s
       AND wanted.zone_id IS DISTINCT FROM wanted.former_id
 RETURNING record.id, wanted.former, wanted.code
)
INSERT INTO surveys_submissionevent
       (municipality_id, submission_id, at, by_id, kind, from_state, to_state, question,
        note, before, after)
SELECT %(municipality)s, moved.id, now(), %(by)s, 'placed', '', '', '', '',
       jsonb_build_object('parcel', '', 'zone', moved.former),
       jsonb_build_object('parcel', '', 'zone', moved.code)
  FROM moved
 ORDER BY moved.id
