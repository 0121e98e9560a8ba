-- One row per woman, every column a number; NaN where nothing is known.
SELECT
    woman.unit_id::float8,
    woman.age_years::float8,
    coalesce(woman.married_before_15::int::float8, 'NaN'),
    coalesce(woman.married_before_18::int::float8, 'NaN')
FROM indicators_woman AS woman
WHERE woman.{among}
