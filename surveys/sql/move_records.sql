-- Records, and the households that they are of, go to other parcels and zones.
WITH wanted AS (
    SELECT *
      FROM unnest(%(records)s::bigint[], %(parcels)s::bigint[], %(zones)s::bigint[],
                  %(placed_by)s::text[], %(households)s::boolean[])
           AS given (record, parcel_id, zone_id, placed_by, with_household)
), moved AS (
    UPDATE surveys_submission AS record
       SET parcel_id = wanted.parcel_id,
           zone_id = wanted.zone_id,
           placed_by = wanted.placed_by,
           changed_at = %(now)s,
           checked_at = NULL
      FROM wanted
     WHERE record.id = wanted.record
       AND record.municipality_id = %(municipality)s
 RETURNING record.id, record.household_id, record.parcel_id
)
UPDATE surveys_household AS household
   SET parcel_id = settled.parcel_id
  FROM (SELECT DISTINCT ON (moved.household_id) moved.household_id, moved.parcel_id
          FROM moved
          JOIN wanted ON wanted.record = moved.id AND wanted.with_household
         ORDER BY moved.household_id, moved.id DESC) AS settled
 WHERE household.id = settled.household_id
   AND household.parcel_id IS DISTINCT FROM settled.parcel_id
