SELECT round.id, round.municipality_id, round.starts_on, round.ends_on, round.form_id,
       round.back_check_form_id, round.tolerance
  FROM surveys_round AS round
 WHERE round.municipality_id = %(municipality)s
   AND round.receiving
   AND (round.form_id = %(form)s OR round.back_check_form_id = %(form)s)
 ORDER BY round.id
 LIMIT 1
