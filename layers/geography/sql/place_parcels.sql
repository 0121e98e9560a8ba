-- Each staged parcel's zone: the one that holds a point on its surface.
CREATE TEMPORARY TABLE placed ON COMMIT DROP AS
SELECT DISTINCT ON (spot.row) spot.row, zone.id AS zone_id
  FROM geography_zone AS zone
  JOIN (
      SELECT staged.row, ST_PointOnSurface(staged.geometry) AS geometry
        FROM staged
        JOIN compared USING (row)
       WHERE compared.outcome IN ('added', 'changed')
  ) AS spot ON zone.geometry && spot.geometry
           AND ST_Intersects(zone.geometry, spot.geometry)
 WHERE zone.id = ANY (%(zones)s)
 ORDER BY spot.row, zone.code
