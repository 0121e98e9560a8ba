-- A zone's parent is the zone in force of another kind that bears the stated code.
UPDATE geography_zone AS zone
   SET parent_id = parent.id
  FROM staged
  JOIN geography_zone AS parent
    ON parent.municipality_id = %(municipality)s
   AND parent.valid_until IS NULL
   AND parent.code = staged.parent
   AND parent.kind <> %(kind)s
 WHERE zone.municipality_id = %(municipality)s
   AND zone.valid_until IS NULL
   AND zone.kind = %(kind)s
   AND zone.code = staged.code
   AND zone.parent_id IS DISTINCT FROM parent.id
