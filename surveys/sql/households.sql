-- Makes the households that are not there yet and gives all that were named. Two
-- statements: another transaction's household, for which the first waited, is seen by
-- the second only.
INSERT INTO surveys_household (municipality_id, uuid, code)
SELECT %(municipality)s, COALESCE(given.uuid, gen_random_uuid()), given.code
  FROM unnest(%(uuids)s::uuid[], %(codes)s::text[]) AS given (uuid, code)
    ON CONFLICT DO NOTHING;
SELECT household.id, household.municipality_id, household.code, household.uuid,
       household.parcel_id
  FROM surveys_household AS household
 WHERE household.municipality_id = %(municipality)s
   AND (household.uuid = ANY(%(uuids)s::uuid[]) OR household.code = ANY(%(codes)s::text[]))
