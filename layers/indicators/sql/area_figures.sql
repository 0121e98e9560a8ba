-- What the newest release of each round says of each larger area, whose shape is that of
-- its zones together. Shares out of 100 children, rounded as everywhere.
WITH newest AS (
    SELECT DISTINCT ON (observation_set_id) id
      FROM indicators_release
     WHERE municipality_id = %(municipality)s
     ORDER BY observation_set_id, number DESC
), shapes AS MATERIALIZED (
    SELECT area.id, ST_Multi(ST_Union(zone.geometry)) AS geometry,
           string_agg(zone.name_ar, ' + ' ORDER BY zone.code) AS name_ar,
           string_agg(coalesce(nullif(zone.name_en, ''), zone.name_ar), ' + '
                      ORDER BY zone.code) AS name_en,
           string_agg(coalesce(nullif(zone.name_fr, ''), zone.name_ar), ' + '
                      ORDER BY zone.code) AS name_fr
      FROM indicators_area AS area
      JOIN newest ON newest.id = area.release_id
      JOIN geography_zone AS zone ON zone.id = ANY (area.members)
     WHERE area.municipality_id = %(municipality)s
     GROUP BY area.id
)
SELECT figure.id,
       coalesce(parent.code, area.codes) AS code,
       coalesce(parent.name_ar, shapes.name_ar) AS name_ar,
       coalesce(parent.name_en, shapes.name_en) AS name_en,
       coalesce(parent.name_fr, shapes.name_fr) AS name_fr,
       area.level, area.codes AS zones,
       figure.indicator, figure.breakdown,
       round_.code AS round, round_.reference_date, release.number AS release,
       figure.definition_version,
       round(100 * figure.estimate) AS of_100,
       round(100 * figure.low) AS low,
       round(100 * figure.high) AS high,
       figure.n, figure.flag, figure.reason,
       shapes.geometry, ST_Transform(shapes.geometry, 3857) AS geometry_3857
  FROM indicators_areaestimate AS figure
  JOIN shapes ON shapes.id = figure.area_id
  JOIN indicators_area AS area ON area.id = figure.area_id
  JOIN indicators_release AS release ON release.id = figure.release_id
  JOIN indicators_observationset AS round_ ON round_.id = release.observation_set_id
  LEFT JOIN geography_zone AS parent ON parent.id = area.zone_id
 WHERE figure.municipality_id = %(municipality)s
