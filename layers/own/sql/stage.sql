CREATE TEMPORARY TABLE staged (
    attributes jsonb NOT NULL,
    geometry geometry(Geometry, 4326) NOT NULL
) ON COMMIT DROP
