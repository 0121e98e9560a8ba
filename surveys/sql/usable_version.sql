-- The version that a submission names, else any other of its form.
SELECT version.id, version.municipality_id, version.form_id, version.version,
       version.state, version.md5, version.parts
  FROM surveys_formversion AS version
  JOIN surveys_form AS form
    ON form.id = version.form_id
 WHERE version.municipality_id = %(municipality)s
   AND version.state IN ('published', 'retired')
   AND form.municipality_id = %(municipality)s
   AND form.code = %(form)s
 ORDER BY version.version = %(version)s DESC
 LIMIT 1
