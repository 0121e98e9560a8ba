-- What the newest release of each round says of each zone; the town's own figure has no
-- shape. Shares out of 100 children, rounded as everywhere.
SELECT figure.id, zone.code, zone.name_ar, zone.name_en, zone.name_fr,
       figure.indicator, figure.breakdown,
       round_.code AS round, round_.reference_date, release.number AS release,
       figure.definition_version,
       round(100 * figure.estimate) AS of_100,
       round(100 * figure.low) AS low,
       round(100 * figure.high) AS high,
       figure.n, figure.flag, figure.reason,
       zone.geometry, zone.geometry_3857
  FROM indicators_estimate AS figure
  JOIN indicators_release AS release ON release.id = figure.release_id
  JOIN indicators_observationset AS round_ ON round_.id = release.observation_set_id
  JOIN geography_zone AS zone ON zone.id = figure.zone_id
 WHERE figure.municipality_id = %(municipality)s
   AND release.id IN (
       SELECT DISTINCT ON (observation_set_id) id
         FROM indicators_release
        WHERE municipality_id = %(municipality)s
        ORDER BY observation_set_id, number DESC
   )
