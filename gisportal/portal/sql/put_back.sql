-- Tasks marked as running whose lock nobody holds: who ran them is dead. The lock is
-- tried for these alone, and kept to the end of the transaction.
WITH running AS MATERIALIZED (
    SELECT id FROM django_tasks_database_dbtaskresult WHERE status = 'RUNNING'
), lost AS MATERIALIZED (
    SELECT id FROM running
    WHERE pg_try_advisory_xact_lock(hashtextextended('task ' || id, 0))
)
UPDATE django_tasks_database_dbtaskresult AS task
SET status = CASE
    WHEN jsonb_array_length(task.worker_ids) < %(tries)s THEN 'READY' ELSE 'FAILED'
END
FROM lost
-- The status once more, on the newest row: a task may have ended meanwhile.
WHERE task.id = lost.id AND task.status = 'RUNNING'
RETURNING task.id, task.status
