'{{"type":"Feature","id":' || source.id
       || ',"geometry":' || coalesce(ST_AsGeoJSON({shape}, {digits}), 'null')
       || ',"properties":' || {properties} || '}}'
