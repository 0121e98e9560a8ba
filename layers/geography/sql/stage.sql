-- The rows of a file on their way in; empty text columns are NULL ("not stated").
CREATE TEMPORARY TABLE staged (
    row integer NOT NULL,
    code text NOT NULL,
    kind text,
    parent text,
    name_ar text,
    name_en text,
    name_fr text,
    official_area numeric(14, 2),
    area double precision,
    geometry geometry(Geometry, 4326) NOT NULL
) ON COMMIT DROP
