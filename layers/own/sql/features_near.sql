SELECT id, geometry, geometry_3857/* fields */
  FROM own_features_near(%(municipality)s, %(own_layer)s, {box})
