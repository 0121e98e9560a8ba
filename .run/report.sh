# What the person at the terminal sees, and how the script ends.

started=$EPOCHREALTIME
current=""  # the process group of the step under way
aside=""    # and of the one beside it
title=""
uninterruptible=""

# Progress goes to file descriptor 3, so that `manage` keeps standard output clean.
report_to() {
  eval "exec 3>&$1"
  trap 'interrupted INT 130' INT
  trap 'interrupted TERM 143' TERM
  trap 'interrupted HUP 129' HUP
  trap leave EXIT
  set -E
  trap 'printf "%s, line %s: this failed: %s\n" "${BASH_SOURCE[0]}" "$LINENO" "$BASH_COMMAND" >&2' ERR
}

say() { printf '%s\n' "$@" >&3; }

fail() {
  title=""
  printf '\n' >&2
  printf '%s\n' "$@" >&2
  exit 1
}

seconds_since() {
  local spent=$((${EPOCHREALTIME/[.,]/} - ${1/[.,]/}))
  printf '%d.%d s' $((spent / 1000000)) $((spent / 100000 % 10))
}

# step NAME TITLE COMMAND…: quiet; the log of a failed step is shown and explained.
# A step runs as a process group of its own, so that a signal ends all of it.
step() {
  local name=$1 begin=$EPOCHREALTIME
  title=$2
  shift 2
  printf '· %s … ' "$title" >&3
  run_group "$@" >"$VAR/log/$name.log" 2>&1 </dev/null
  if ((status)); then
    printf 'failed\n' >&3
    explain "$VAR/log/$name.log"
  fi
  printf '%s\n' "$(seconds_since "$begin")" >&3
  title=""
}

# The same for steps that report their own progress.
open_step() {
  local begin=$EPOCHREALTIME
  title=$1
  shift
  printf '· %s …\n' "$title" >&3
  run_group "$@" >&3 2>&3 </dev/null
  ((status == 0)) || fail "Failed: $title (exit code $status)."
  printf '  %s: %s\n' "$title" "$(seconds_since "$begin")" >&3
  title=""
}

# Sets `status`, because a caller that tested it would switch `set -e` off in the step.
run_group() {
  status=0
  set -m
  (
    set -euo pipefail
    exec 8>&-
    [[ $(type -t "$1") == function ]] || trap - ERR # what fails then speaks for itself
    "$@"
  ) &
  current=$!
  set +m
  wait "$current" || status=$?
  current=""
}

# beside FUNCTION: begins it on the second core; `join` tells what it said. Its steps are
# groups of their own, so a signal to it goes on to the one under way.
beside() {
  set -m
  (
    set -euo pipefail
    trap - ERR
    trap 'interrupted TERM 143' TERM
    exec 8>&- 3>&1
    "$1"
  ) >"$VAR/log/beside.log" 2>&1 </dev/null &
  aside=$!
  set +m
}

join() {
  local status=0
  wait "$aside" || status=$?
  aside=""
  cat "$VAR/log/beside.log" >&3
  ((status == 0)) || fail "Failed: $1. What comes after did not run."
}

interrupted() {
  trap '' INT TERM HUP
  if [[ $current && $uninterruptible ]]; then
    say "The package installation finishes first."
    kill -TERM -- "-$current" 2>/dev/null || true
    wait "$current" || true
  elif [[ $current ]]; then
    end_group "$1" "$current"
  fi
  [[ -z $title ]] || say "" "Interrupted at: $title. The same command goes on from there."
  exit "$2"
}

# end_group SIGNAL PID…: asks each process group to end, and insists after ten seconds.
end_group() {
  local signal=$1 pid tries=0
  shift
  for pid in "$@"; do kill -"$signal" -- "-$pid" 2>/dev/null || true; done
  for pid in "$@"; do
    while kill -0 -- "-$pid" 2>/dev/null; do
      if ((++tries > 100)); then
        kill -KILL -- "-$pid" 2>/dev/null || true
        break
      fi
      sleep 0.1
    done
  done
}

leave() {
  local status=$?
  [[ -z $aside ]] || end_group TERM "$aside"
  leave_database
  rm -f "$VAR/running/$$"
  exit "$status"
}

# become COMMAND…: hands this process over, so that signals, standard input and the
# exit code are the command's own. The database ends after it (see database.sh).
become() {
  if [[ $(type -t "$1") == function ]]; then "$@"; fi
  exec 3>&-
  exec "$@"
}

explain() {
  tail -n 12 "$1" | cut -c 1-300 >&2
  local advice="The whole log: $1"
  if grep -qiE 'no space left|ENOSPC|disk full' "$1"; then
    advice="The disk is full: $(free_space). Free some space, then run the same command again."
  elif grep -qiE 'UnknownIssuer|certificate verify failed|SELF_SIGNED_CERT|UNABLE_TO_VERIFY' "$1"; then
    advice="A server's certificate is not trusted: behind a proxy that opens TLS, add its certificate with update-ca-certificates."
  elif grep -qiE 'resolv|ENOTFOUND|EAI_AGAIN|dns error|network is unreachable|connection (refused|timed out)|no route to host|ETIMEDOUT|failed to fetch' "$1"; then
    advice="A package could not be fetched. Check the network, and HTTPS_PROXY if there is a proxy, then run the same command again."
  fi
  fail "Failed: $title." "$advice"
}

free_space() { df -Pk "$ROOT" | awk 'NR == 2 {printf "%d MB free on %s", $4 / 1024, $6}'; }

# A first set-up writes about 2 GB; later runs write logs and data.
check_disk() {
  local needed=200
  [[ -e $ROOT/.venv/complete || ${CONDA_PREFIX:-} ]] || needed=2500
  local free
  free=$(df -Pk "$ROOT" | awk 'NR == 2 {print int($4 / 1024)}')
  ((free >= needed)) || fail "The disk is nearly full: $(free_space), and $needed MB are needed." \
    "Free some space, or clone to another disk, then run the same command again."
}

make_var() {
  if [[ -e $VAR && ! -w $VAR ]] || ! mkdir -p "$VAR/log" "$VAR/running" 2>/dev/null; then
    fail "$VAR can't be written by $(id -un)." \
      "Run as its owner ($(stat -c %U "$VAR" 2>/dev/null || stat -c %U "$ROOT")), or: sudo chown -R $(id -un) '$ROOT'"
  fi
  chmod 711 "$VAR"
  exec 9>"$VAR/database.lock"
  local file
  for file in "$VAR"/running/*; do
    runs "$file" || rm -f "$file"
  done
  start_time "$$" >"$VAR/running/$$"
}

# The kernel's start time tells a process from a later one with the same number.
start_time() { awk '{sub(/.*\) /, ""); print $20}' "/proc/$1/stat" 2>/dev/null; }
runs() { [[ -e $1 && $(<"$1") == "$(start_time "${1##*/}")" ]]; }

# fingerprint PATH…: changes when a file under these paths (or the clone's place) does.
fingerprint() {
  (
    cd "$ROOT"
    printf '%s\n' "$ROOT"
    { find "$@" -type f -not -name '*.pyc' -not -path '*/built/*' -print0 2>/dev/null || true; } |
      LC_ALL=C sort -z | xargs -0 -r sha256sum
  ) | sha256sum | cut -c 1-32
}

# A stamp stands in what it certifies: delete the thing and it is made again.
stamped() { [[ -e $1 && $(<"$1") == "$2" ]]; }
