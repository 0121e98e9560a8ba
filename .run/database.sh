# The private PostGIS cluster: in var/postgres, on a Unix socket that only its owner
# may open. Every ./run that uses it holds a shared lock; the last one to let go stops it.

prepare_database() {
  if [[ ${DATABASE_URL:-} ]]; then
    return
  fi
  locate_cluster
  find_postgres
  flock -s 9
  [[ -d $CLUSTER/data ]] || step database "Making the database in $CLUSTER" make_cluster
  running || step database "Starting the database" start_cluster data
  keep_cluster
  local host
  host=$(encoded "$SOCKET")
  export DATABASE_URL="postgis://gisportal_owner@$host:5432/gisportal"
  export APPLICATION_DATABASE_URL="postgis://gisportal_application@$host:5432/gisportal"
  refuse_unsafe_cluster
}

# PostgreSQL refuses root. Its own user may be unable to enter the clone's folder, and a
# socket's path may have 107 bytes: then data or socket go where both hold.
locate_cluster() {
  local id
  id=$(printf '%s' "$ROOT" | sha256sum | cut -c 1-12)
  CLUSTER=$VAR/postgres
  CLUSTER_USER=$(id -un)
  if ((EUID == 0)); then
    CLUSTER_USER=postgres
    id postgres >/dev/null 2>&1 || CLUSTER_USER=nobody
    as_cluster_user test -x "$VAR" || CLUSTER=/var/lib/gisportal/$id
    install -d -m 711 "${CLUSTER%/*}"
  fi
  if [[ ! -d $CLUSTER ]]; then
    install -d -m 700 "$CLUSTER"
    ((EUID)) || chown "$CLUSTER_USER" "$CLUSTER"
  fi
  SOCKET=$CLUSTER
  if (LC_ALL=C; ((${#SOCKET} > 93))) || [[ $SOCKET == *[!A-Za-z0-9._/-]* ]]; then
    SOCKET=/tmp/gisportal-$id
    install_private "$SOCKET"
  fi
  local owner
  owner=$(stat -c %U "$CLUSTER")
  [[ $owner == "$CLUSTER_USER" ]] || fail "The database in $CLUSTER belongs to $owner, and this is $(id -un)." \
    "Run as the user who made it, or delete it: sudo ./run reset"
  printf '%s\n' "$CLUSTER" >"$VAR/postgres.location"
}

# In a folder open to all, only a directory that is already ours will do.
install_private() {
  mkdir -m 700 "$1" 2>/dev/null && { ((EUID)) || chown "$CLUSTER_USER" "$1"; }
  [[ -d $1 && ! -L $1 && $(stat -c '%U %a' "$1") == "$CLUSTER_USER 700" ]] ||
    fail "$1 is taken by another user." "Delete it, or clone to a folder with a shorter path of plain letters."
}

as_cluster_user() {
  if ((EUID == 0)); then
    (cd / && exec runuser -u "$CLUSTER_USER" -- "$@")
  else
    "$@"
  fi
}

# Data of one major version opens with that version only.
find_postgres() {
  if in_environment; then
    POSTGRES=$CONDA_PREFIX/bin
  elif [[ -e $CLUSTER/data/PG_VERSION ]]; then
    POSTGRES=/usr/lib/postgresql/$(<"$CLUSTER/data/PG_VERSION")/bin
  else
    POSTGRES=$(postgres_programs)
  fi
  as_cluster_user test -x "$POSTGRES/postgres" || fail "PostgreSQL is not at $POSTGRES for user $CLUSTER_USER." \
    "The database in $CLUSTER needs that version: install it, or start afresh with ./run reset"
}

running() { as_cluster_user "$POSTGRES/pg_ctl" status -D "$CLUSTER/${1:-data}" >/dev/null 2>&1; }

start_cluster() {
  forget_dead_server "$CLUSTER/$1"
  local megabytes
  megabytes=$(awk '/^MemTotal/ {m = int($2 / 8192); print (m < 128 ? 128 : (m > 1024 ? 1024 : m))}' /proc/meminfo)
  # Eight processes of tests have a demo each, with a connection for each of its threads.
  as_cluster_user "$POSTGRES/pg_ctl" start --silent --wait --timeout=120 -D "$CLUSTER/$1" -l "$CLUSTER/log" \
    -o "-k '$SOCKET' -c listen_addresses='' -c unix_socket_permissions=0700 -c port=5432 -c jit=off -c max_connections=300 -c shared_buffers=${megabytes}MB" \
    9>&- 8>&- 3>&- </dev/null || { tail -n 20 "$CLUSTER/log"; return 1; }
}

# After a crash or a copied clone, postmaster.pid may name a process that is no server
# of this data. PostgreSQL itself checks once more, by the shared memory it left.
forget_dead_server() {
  local file=$1/postmaster.pid pid=""
  [[ -e $file ]] || return 0
  read -r pid <"$file" || true
  if [[ ! $pid =~ ^[0-9]+$ || ! -e /proc/$pid ]] || ! tr '\0' '\n' <"/proc/$pid/cmdline" | grep -qxF -- "$1"; then
    rm -f "$file"
  fi
}

# Made under another name: `data` exists only when it is complete.
make_cluster() {
  rm -rf "$CLUSTER/data.new"
  as_cluster_user "$POSTGRES/initdb" -D "$CLUSTER/data.new" --username=postgres --auth-local=trust \
    --auth-host=reject --encoding=UTF8 --locale=C.UTF-8 --no-instructions
  start_cluster data.new
  as_cluster_user "$POSTGRES/psql" -X -q -v ON_ERROR_STOP=1 -h "$SOCKET" -U postgres -d postgres \
    -f - <"$ROOT/.run/cluster.sql"
  as_cluster_user "$POSTGRES/pg_ctl" stop --silent -m fast -D "$CLUSTER/data.new"
  mv "$CLUSTER/data.new" "$CLUSTER/data"
}

refuse_unsafe_cluster() {
  local answer
  answer=$(PGOPTIONS="" "$POSTGRES/psql" -XAtq -h "$SOCKET" -U gisportal_owner -d gisportal \
    -c "SELECT concat_ws(' ', name, setting) FROM pg_settings WHERE name IN ('fsync', 'synchronous_commit') AND setting <> 'on'") ||
    fail "The database in $CLUSTER does not answer." "See $CLUSTER/log"
  [[ -z $answer ]] || fail "The database would lose acknowledged writes: $answer." \
    "Set it to on in $CLUSTER/data/postgresql.conf, and start again."
}

# The keeper waits, in a session of its own, until nobody holds the lock, whatever way
# the holders ended; then it stops the database.
keep_cluster() {
  local stop=("$POSTGRES/pg_ctl" stop --silent -m fast -D "$CLUSTER/data")
  ((EUID)) || stop=(runuser -u "$CLUSTER_USER" -- "${stop[@]}")
  setsid bash -c 'cd /; exec 7>"$0/keeper.lock"; flock -n 7 || exit 0
    exec 9>"$0/database.lock"; flock -x 9; "$@"' \
    "$VAR" "${stop[@]}" >/dev/null 2>&1 </dev/null 3>&- 8>&- 9>&- &
  disown
}

# Lets go of the database, and if that was the last hold waits until it has stopped.
leave_database() {
  { exec 9>&-; } 2>/dev/null || true
  [[ -e ${CLUSTER:-/nonexistent}/data/postmaster.pid ]] || return 0
  local tries=0
  sleep 0.1
  while ! flock -n -s "$VAR/database.lock" true && ((++tries < 200)); do sleep 0.1; done
}

prepare_tables() {
  local mark stamp="${CLUSTER:-}/migrated"
  mark=$(fingerprint requirements.lock gisportal/*/migrations layers/*/migrations surveys/migrations)
  if [[ ${CLUSTER:-} ]] && stamped "$stamp" "$mark"; then return; fi
  step migrate "Migrating the database" "$PYTHON" "$ROOT/manage.py" migrate --noinput
  [[ -z ${CLUSTER:-} ]] || printf '%s\n' "$mark" >"$stamp"
}

# The tests' databases are copies of one that is migrated once, until a migration changes.
# Elsewhere than in the private cluster they start from TEMPLATE_DATABASE and migrate.
prepare_template() {
  [[ ${CLUSTER:-} && -z ${TEMPLATE_DATABASE:-} ]] || return 0
  local mark stamp=$CLUSTER/template-migrated
  mark=$(fingerprint requirements.lock gisportal/*/migrations layers/*/migrations surveys/migrations)
  stamped "$stamp" "$mark" || step template "Migrating the tests' database" migrate_template
  printf '%s\n' "$mark" >"$stamp"
  export TEMPLATE_DATABASE=gisportal_migrated
}

migrate_template() {
  "$POSTGRES/psql" -X -q -v ON_ERROR_STOP=1 -h "$SOCKET" -U gisportal_owner -d postgres \
    -c 'DROP DATABASE IF EXISTS gisportal_migrated' \
    -c 'CREATE DATABASE gisportal_migrated TEMPLATE template_gisportal'
  DATABASE_URL=${DATABASE_URL%/*}/gisportal_migrated "$PYTHON" "$ROOT/manage.py" migrate --noinput
}

psql_program() {
  if [[ ${POSTGRES:-} ]]; then printf '%s/psql' "$POSTGRES"; else command -v psql; fi
}

encoded() {
  local LC_ALL=C text=$1 index character
  for ((index = 0; index < ${#text}; index++)); do
    character=${text:index:1}
    case $character in
      [A-Za-z0-9._-]) printf '%s' "$character" ;;
      *) printf '%%%02X' "'$character" ;;
    esac
  done
}

# Ends what this clone has running; its pids are in var/running.
stop_all() {
  local file pid stopped=0
  for file in "$VAR"/running/*; do
    pid=${file##*/}
    [[ $pid != "$$" ]] && runs "$file" || continue
    kill -TERM "$pid" && stopped=1
    for _ in {1..300}; do runs "$file" || break; sleep 0.1; done
  done
  if [[ -e $VAR/postgres.location ]]; then
    CLUSTER=$(<"$VAR/postgres.location")
    for _ in {1..300}; do [[ -e $CLUSTER/data/postmaster.pid ]] || break; stopped=1; sleep 0.1; done
  fi
  if ((stopped)); then say "Stopped."; else say "Nothing was running."; fi
}

reset_all() {
  if [[ ${1:-} != --yes ]]; then
    local answer=""
    read -r -p "Delete the database and all uploads in $VAR? Type yes: " answer || true
    [[ $answer == yes ]] || fail "Nothing was deleted. ./run reset --yes deletes without asking."
  fi
  stop_all
  local outside=""
  [[ ! -e $VAR/postgres.location ]] || outside=$(<"$VAR/postgres.location")
  [[ $outside != /var/lib/gisportal/* ]] || rm -rf "$outside"
  rm -rf "$VAR"
  CLUSTER=""
  say "Deleted the database and the uploads. ./run demo makes new ones."
}
