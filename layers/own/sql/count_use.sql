INSERT INTO own_layeruse AS known (municipality_id, layer_id, day, how, who, count)
VALUES (%(municipality)s, %(own_layer)s, %(day)s, %(how)s, %(who)s, 1)
    ON CONFLICT (layer_id, day, how, who) DO UPDATE SET count = known.count + 1
