-- Records on parcels in force go to the zones that these belong to now, with a line each
-- in their history.
WITH stale AS (
    SELECT record.id, parcel.code AS parcel, former.code AS former, zone.id AS zone_id,
           zone.code AS zone
      FROM surveys_submission AS record
      JOIN geography_parcel AS parcel
        ON parcel.id = record.parcel_id AND parcel.valid_until IS NULL
      JOIN geography_zone AS zone
        ON zone.id = parcel.zone_id AND zone.valid_until IS NULL
      LEFT JOIN geography_zone AS former ON former.id = record.zone_id
     WHERE record.municipality_id = %(municipality)s
       AND record.erased_at IS NULL
       AND record.zone_id IS DISTINCT FROM parcel.zone_id
), moved AS (
    UPDATE surveys_submission AS record
       SET zone_id = stale.zone_id, changed_at = now(), checked_at = NULL
      FROM stale
     WHERE record.id = stale.id
       AND record.municipality_id = %(municipality)s
 RETURNING record.id
)
INSERT INTO surveys_submissionevent
       (municipality_id, submission_id, at, kind, from_state, to_state, question, note,
        before, after)
SELECT %(municipality)s, stale.id, now(), 'placed', '', '', '', '',
       jsonb_build_object('parcel', stale.parcel, 'zone', COALESCE(stale.former, '')),
       jsonb_build_object('parcel', stale.parcel, 'zone', stale.zone)
  FROM stale
  JOIN moved USING (id)
 ORDER BY stale.id
