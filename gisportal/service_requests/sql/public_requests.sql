-- What everyone may know of requests: category, state, latest month and how many, at a
-- place that is nobody's home. What concerns the street is told by cells of a grid in
-- the town's metres, where a cell has so many parcels that none stands out; where houses
-- are fewer, and all that may concern a home, by zones. What may concern a home is told
-- only where enough people say it.
WITH town AS (
    SELECT srid, time_zone FROM geography_municipality WHERE id = %(municipality)s
), request AS (
    SELECT category.id AS category_id, category.in_public_space, case_.zone_id,
           CASE WHEN case_.status IN ('received', 'in_progress', 'waiting')
                THEN 'open' ELSE 'closed' END AS state,
           (case_.created_at AT TIME ZONE town.time_zone)::date AS day,
           -- Who leaves neither account nor telephone may be anybody, and counts as nobody.
           coalesce('person ' || case_.reporter_id,
                    'phone ' || nullif(case_.reporter_phone, '')) AS reporter,
           CASE WHEN category.in_public_space
                THEN floor(ST_X(ST_Transform(case_.geometry, town.srid)) / %(cell)s)
           END AS east,
           CASE WHEN category.in_public_space
                THEN floor(ST_Y(ST_Transform(case_.geometry, town.srid)) / %(cell)s)
           END AS north
      FROM service_requests_servicerequest AS own
      JOIN cases_case AS case_ ON case_.id = own.case_id
      JOIN service_requests_category AS category ON category.id = own.category_id
     CROSS JOIN town
     WHERE own.municipality_id = %(municipality)s
       AND case_.status <> 'withdrawn'
       -- Until its day is over it counts nowhere: who asks all day long learns no hour.
       AND (case_.created_at AT TIME ZONE town.time_zone)::date
           < (now() AT TIME ZONE town.time_zone)::date
       AND (case_.status IN ('received', 'in_progress', 'waiting')
            OR case_.created_at > now() - interval '1 year')
), cell AS (
    SELECT east, north,
           ST_MakeEnvelope(east * %(cell)s, north * %(cell)s, (east + 1) * %(cell)s,
                           (north + 1) * %(cell)s, town.srid) AS shape
      FROM (SELECT DISTINCT east, north FROM request WHERE east IS NOT NULL) AS held
     CROSS JOIN town
), settled AS (
    SELECT east, north, ST_Centroid(shape) AS middle
      FROM cell
     WHERE (SELECT count(*)
              FROM (SELECT 1 FROM geography_parcel AS parcel
                     WHERE parcel.municipality_id = %(municipality)s
                       AND parcel.valid_until IS NULL
                       AND ST_Intersects(parcel.geometry_3857,
                                         ST_Transform(cell.shape, 3857))
                     LIMIT %(parcels)s) AS near
           ) = %(parcels)s
), told AS (
    SELECT request.category_id, request.state,
           settled.east, settled.north, settled.middle,
           CASE WHEN settled.middle IS NULL THEN request.zone_id END AS zone_id,
           count(*) AS requests, max(date_trunc('month', request.day))::date AS month
      FROM request
      LEFT JOIN settled USING (east, north)
     WHERE settled.middle IS NOT NULL OR request.zone_id IS NOT NULL
     GROUP BY request.category_id, request.state, request.in_public_space,
              settled.east, settled.north, settled.middle,
              CASE WHEN settled.middle IS NULL THEN request.zone_id END
    HAVING request.in_public_space
           OR count(DISTINCT request.reporter) >= %(reporters)s
), placed AS (
    -- Moved by category and state, so that marks stand beside one another.
    SELECT told.*, zone.code AS zone,
           ST_Translate(
               coalesce(told.middle,
                        ST_Transform(ST_PointOnSurface(zone.geometry), town.srid)),
               ((slot.at %% 4) - 1.5) * %(cell)s / 5,
               ((slot.at / 4 %% 4) - 1.5) * %(cell)s / 5
           ) AS point
      FROM told
     CROSS JOIN town
      LEFT JOIN geography_zone AS zone ON zone.id = told.zone_id
      JOIN (SELECT id, row_number() OVER (ORDER BY position, id) - 1 AS rank
              FROM service_requests_category
             WHERE municipality_id = %(municipality)s
           ) AS kind ON kind.id = told.category_id
     CROSS JOIN LATERAL (
           SELECT 2 * kind.rank + (told.state = 'closed')::int AS at
           ) AS slot
)
SELECT ('x' || left(md5(concat_ws(' ', placed.category_id, placed.state, placed.zone_id,
                                  placed.east, placed.north)), 13)
       )::bit(52)::bigint AS id,
       category.code AS category, category.name_ar, category.name_en, category.name_fr,
       placed.state, placed.requests::float8 AS requests, placed.month, placed.zone,
       ST_Transform(placed.point, 4326) AS geometry,
       ST_Transform(placed.point, 3857) AS geometry_3857
  FROM placed
  JOIN service_requests_category AS category ON category.id = placed.category_id
