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
  local mark stamp="${CLUSTER:-}/loaded"
  mark=$(fingerprint fixtures)
  if [[ ${CLUSTER:-} && -e $VAR/logins ]] && stamped "$stamp" "$mark"; then return; fi
  open_step "Loading the fictional town" load_town
  [[ -z ${CLUSTER:-} ]] || printf '%s\n' "$mark" >"$stamp"
}

declare -A servers=()  # name → process group

# Who may sign in is kept for the next start; progress goes to the terminal.
load_town() { "$PYTHON" "$ROOT/manage.py" load_demo --no-color >"$VAR/logins"; }

# The server and the worker die with this script, even when it is killed outright.
serve_demo() {
  web_command
  local bound=(setpriv --pdeathsig TERM --) status=0
  printf '· Starting the web server and the worker … ' >&3
  set -m
  "${bound[@]}" "${WEB[@]}" >"$VAR/log/web.log" 2>&1 </dev/null &
  servers[web]=$!
  trap 'end_demo 130' INT
  trap 'end_demo 143' TERM
  trap 'end_demo 129' HUP
  until port_answers; do still_alive; sleep 0.1; done
  until "$PYTHON" "$ROOT/.run/answers.py" "http://$BIND:$PORT/"; do still_alive; sleep 0.5; done
  "${bound[@]}" "$PYTHON" "$ROOT/manage.py" worker >"$VAR/log/worker.log" 2>&1 </dev/null &
  servers[worker]=$!
  set +m
  printf '%s after the start\n' "$(seconds_since "$started")" >&3
  introduce
  wait -n || status=$?
  still_alive
}

still_alive() {
  local name
  for name in "${!servers[@]}"; do
    if ! kill -0 "${servers[$name]}" 2>/dev/null; then
      end_group TERM "${servers[@]}"
      tail -n 20 "$VAR/log/$name.log" >&2
      fail "The $name process ended. Its log: $VAR/log/$name.log"
    fi
  done
}

end_demo() {
  trap '' INT TERM HUP
  say ""
  say "Stopping the web server, the worker and the database."
  end_group TERM "${servers[@]}"
  exit "$1"
}

introduce() {
  say ""
  say "  http://$BIND:$PORT/"
  say ""
  cat "$VAR/logins" >&3
  say "Ctrl-C stops it. Logs: $VAR/log"
}
