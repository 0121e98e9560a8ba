-- What becomes of each row of the file and of each row in force. Two geometries are
-- the same when no corner moved by more than the tolerance (in degrees): the same
-- parcel read from another format or reference system differs in the last digits.
-- `place` follows the Hilbert curve by which PostGIS orders geometries: what is written
-- in this order lies together on disk, where a map tile finds it in few pages.
CREATE TEMPORARY TABLE compared ON COMMIT DROP AS
SELECT staged.row,
       row_number() OVER (ORDER BY staged.geometry) AS place,
       here.id,
       CASE
           WHEN here.id IS NULL THEN 'added'
           WHEN staged.row IS NULL THEN 'retired'
           WHEN {same}
                AND (here.geometry::bytea = staged.geometry::bytea
                     OR (ST_DWithin(ST_Envelope(here.geometry)::geometry,
                                    ST_Envelope(staged.geometry)::geometry,
                                    %(tolerance)s)
                         AND ST_HausdorffDistance(here.geometry, staged.geometry)
                             <= %(tolerance)s))
           THEN 'unchanged'
           ELSE 'changed'
       END AS outcome
  FROM staged
  FULL JOIN (
      SELECT * FROM {table}
       WHERE municipality_id = %(municipality)s
         AND valid_until IS NULL
         AND {scope}
  ) AS here ON here.code = staged.code
