-- In the order of the Hilbert curve by which PostGIS sorts, so that what a tile shows
-- lies together on disk.
INSERT INTO own_ownfeature (municipality_id, layer_id, attributes, geometry)
SELECT %(municipality)s, %(own_layer)s, attributes, geometry
  FROM staged
 ORDER BY geometry
