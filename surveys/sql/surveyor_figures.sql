-- What each surveyor's records of a round tell of the work. `listed` are the questions
-- answered from a list in the main table, `listed_in_rows` those of repeats as
-- table/question, `asked` those that everybody is asked.
WITH record AS (
    SELECT submission.id, submission.by_id, submission.surveyor,
           submission.interviewed_on, submission.answers,
           submission.outcome = 'complete' AS interviewed,
           EXTRACT(EPOCH FROM submission.ended_at - submission.started_at) / 60 AS minutes
      FROM surveys_submission AS submission
     WHERE submission.municipality_id = %(municipality)s
       AND submission.round_id = %(round)s
       AND submission.withdrawn_at IS NULL
       AND submission.state <> 'rejected'
       AND submission.back_check_of_id IS NULL
), given AS (
    SELECT record.id, answer.value
      FROM record
     CROSS JOIN LATERAL jsonb_each(record.answers) AS answer
     WHERE answer.key = ANY(%(listed)s::text[])
     UNION ALL
    SELECT record.id, answer.value
      FROM record
      JOIN surveys_repeatrow AS line ON line.submission_id = record.id
     CROSS JOIN LATERAL jsonb_each(line.answers) AS answer
     WHERE line."table" || '/' || answer.key = ANY(%(listed_in_rows)s::text[])
), told AS (
    SELECT given.id,
           COUNT(*) AS listed,
           COUNT(*) FILTER (
               WHERE jsonb_exists_any(given.value, %(unknown)s::text[])) AS unknown,
           COUNT(*) FILTER (
               WHERE jsonb_exists_any(given.value, %(other)s::text[])) AS other
      FROM given
     GROUP BY given.id
)
SELECT record.by_id,
       CASE WHEN record.by_id IS NULL THEN record.surveyor ELSE '' END AS name,
       COUNT(*) AS records,
       COUNT(*) FILTER (WHERE record.interviewed) AS interviews,
       COUNT(DISTINCT record.interviewed_on) AS days,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY record.minutes)
           FILTER (WHERE record.interviewed AND record.minutes >= 0) AS minutes,
       SUM(told.unknown) / NULLIF(SUM(told.listed), 0) AS unknown,
       SUM(told.other) / NULLIF(SUM(told.listed), 0) AS other,
       AVG(missing.count) FILTER (WHERE record.interviewed)
           / NULLIF(cardinality(%(asked)s::text[]), 0) AS missing
  FROM record
  LEFT JOIN told ON told.id = record.id
 CROSS JOIN LATERAL (
       SELECT COUNT(*) AS count
         FROM unnest(%(asked)s::text[]) AS question
        WHERE NOT jsonb_exists(record.answers, question)
       ) AS missing
 GROUP BY 1, 2
 ORDER BY interviews DESC, 1, 2
