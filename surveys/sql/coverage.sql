-- How far each round is in each zone: parcels to visit by what became of them, and
-- interviews by what the reviewers said. A round without a list of parcels has no share.
WITH visits AS (
    SELECT target.round_id, parcel.zone_id,
           count(*) AS targets,
           count(*) FILTER (WHERE outcome <> 'pending') AS visited,
           count(*) FILTER (WHERE outcome = 'complete') AS interviewed,
           count(*) FILTER (WHERE outcome IN ('refused', 'unable')) AS refused,
           count(*) FILTER (WHERE outcome IN ('nobody_home', 'not_found')) AS absent,
           count(*) FILTER (WHERE outcome IN ('vacant', 'not_residential')) AS empty
      FROM surveys_target AS target
      JOIN geography_parcel AS parcel ON parcel.id = target.parcel_id
     WHERE target.municipality_id = %(municipality)s
       AND parcel.zone_id IS NOT NULL
     GROUP BY target.round_id, parcel.zone_id
), records AS (
    SELECT round_id, zone_id,
           count(*) AS received,
           count(*) FILTER (WHERE state = 'approved') AS approved
      FROM surveys_submission
     WHERE municipality_id = %(municipality)s
       AND outcome = 'complete'
       AND withdrawn_at IS NULL
       AND back_check_of_id IS NULL
       AND zone_id IS NOT NULL
     GROUP BY round_id, zone_id
)
-- One number for both keys, that a map's 53 bits can hold.
SELECT (round_.id << 31) + zone.id AS id,
       round_.code AS round, zone.code, zone.name_ar, zone.name_en, zone.name_fr,
       coalesce(visits.targets, 0)::float8 AS targets,
       coalesce(visits.visited, 0)::float8 AS visited,
       round(100.0 * visits.visited / visits.targets)::float8 AS done,
       coalesce(visits.interviewed, 0)::float8 AS interviewed,
       coalesce(visits.refused, 0)::float8 AS refused,
       coalesce(visits.absent, 0)::float8 AS absent,
       coalesce(visits.empty, 0)::float8 AS empty,
       coalesce(records.received, 0)::float8 AS received,
       coalesce(records.approved, 0)::float8 AS approved,
       zone.geometry, zone.geometry_3857
  FROM visits
  FULL JOIN records USING (round_id, zone_id)
  JOIN surveys_round AS round_ ON round_.id = round_id
  JOIN geography_zone AS zone ON zone.id = zone_id
 WHERE round_.municipality_id = %(municipality)s
   AND round_.status <> 'draft'
