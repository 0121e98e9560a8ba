# The web server and the worker beside it.

# Not HOST, which some shells set to the name of the machine.
BIND=${BIND:-127.0.0.1}
PORT=${PORT:-8000}

# Before the long work: nobody should wait minutes to hear that the port is taken.
check_port() {
  [[ $PORT =~ ^[0-9]+$ ]] && ((PORT > 0 && PORT < 65536)) ||
    fail "PORT is \"$PORT\"; it must be a number from 1 to 65535."
  ((PORT > 1023 || EUID == 0)) || fail "Only root may listen on port $PORT." "Choose another: PORT=8000 ./run demo"
  ! port_answers || fail "Port $PORT is taken by another program (perhaps an earlier ./run demo: ./run stop)." \
    "Choose another: PORT=$((PORT + 1)) ./run demo"
}

port_answers() {
  local host=$BIND
  [[ $host != 0.0.0.0 ]] || host=127.0.0.1
  (exec 4<>"/dev/tcp/$host/$PORT") 2>/dev/null
}

web_command() {
  local workers=${WEB_WORKERS:-$(nproc)}
  ((workers <= 4)) || workers=4
  WEB=("$PYTHON" -m gunicorn gisportal.wsgi --chdir "$ROOT" --bind "$BIND:$PORT" --preload
    --worker-class gthread --workers "$workers" --threads 8 --timeout 120 --graceful-timeout 10
    --no-control-socket)
}

web_server() {
  web_command
  become "${WEB[@]}"
}

load_demo() {
  export DEMO=1
  "$PYTHON" "$ROOT/manage.py" help load_demo >/dev/null 2>&1 || return 0
  local mark stamp="${CLUSTER:-}/loaded"
  mark=$(fingerprint fixtures)
  if [[ ${CLUSTER:-} ]] && stamped "$stamp" "$mark"; then return; fi
  open_step "Loading the fictional town" "$PYTHON" "$ROOT/manage.py" load_demo
  [[ -z ${CLUSTER:-} ]] || printf '%s\n' "$mark" >"$stamp"
}

# The server and the worker die with this script, even when it is killed outright.
serve_demo() {
  web_command
  local bound=(setpriv --pdeathsig TERM --) status=0
  printf '· Starting the web server and the worker … ' >&3
  set -m
  "${bound[@]}" "${WEB[@]}" >"$VAR/log/web.log" 2>&1 </dev/null &
  web=$!
  "${bound[@]}" "$PYTHON" "$ROOT/manage.py" db_worker >"$VAR/log/worker.log" 2>&1 </dev/null &
  worker=$!
  set +m
  trap 'end_demo 130' INT
  trap 'end_demo 143' TERM
  trap 'end_demo 129' HUP
  until "$PYTHON" "$ROOT/.run/answers.py" "http://$BIND:$PORT/"; do
    still_alive
    sleep 0.2
  done
  printf '%s\n' "$(seconds_since "$started") after the start" >&3
  introduce
  wait -n || status=$?
  still_alive
}

still_alive() {
  local name pid
  for name in web worker; do
    pid=${!name}
    if ! kill -0 "$pid" 2>/dev/null; then
      end_group TERM "$web" "$worker"
      tail -n 20 "$VAR/log/$name.log" >&2
      fail "The $name process ended. Its log: $VAR/log/$name.log"
    fi
  done
}

end_demo() {
  trap '' INT TERM HUP
  say ""
  say "Stopping the web server, the worker and the database."
  end_group TERM "$web" "$worker"
  exit "$1"
}

introduce() {
  say ""
  say "  http://$BIND:$PORT/"
  say ""
  "$PYTHON" "$ROOT/manage.py" load_demo --logins >&3 2>/dev/null || true
  say "Ctrl-C stops it. Logs: $VAR/log"
}
