SELECT
    -- A machine that lost its power says no farewell.
    set_config('tcp_keepalives_idle', '30', false),
    set_config('tcp_keepalives_interval', '10', false),
    set_config('tcp_keepalives_count', '3', false),
    pg_advisory_lock(hashtextextended('task ' || %(task)s::uuid, 0))
