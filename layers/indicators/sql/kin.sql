-- Former and present zones that share more than a strip of ground.
SELECT
    former.id,
    present.id
FROM geography_zone AS former
INNER JOIN geography_zone AS present
    ON
        former.geometry && present.geometry
        AND former.kind = present.kind
        AND ST_Area(ST_Intersection(former.geometry, present.geometry))
        > 0.01 * least(ST_Area(former.geometry), ST_Area(present.geometry))
WHERE
    former.id = ANY(%(former)s)
    AND present.id = ANY(%(present)s)
