SELECT present.source,
       greatest(present.floor, (
           SELECT max(edit.version)
             FROM maps_layeredit AS edit
            WHERE edit.municipality_id = %(municipality)s
              AND edit.source = present.source
              AND edit.west <= %(east)s AND edit.east >= %(west)s
              AND edit.south <= %(north)s AND edit.north >= %(south)s
       )),
       present.version
  FROM maps_layerversion AS present
 WHERE present.municipality_id = %(municipality)s
   AND present.source = ANY(%(tables)s)
