# The Python packages: .venv from a committed lock, every file checked by its hash.

find_python() {
  local program
  for program in /usr/bin/python3 python3.11 /usr/bin/python3.11 python3; do
    "$program" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info[:2] != (3, 11))' \
      >/dev/null 2>&1 && { command -v "$program"; return; }
  done
  return 1
}

# Adds to `packages` what makes find_python succeed on this system.
choose_python_packages() {
  if [[ $(. /etc/os-release; echo "$ID $VERSION_ID") == "debian 12" ]]; then
    packages+=(python3 python3-venv)
  elif [[ $(apt-cache policy python3.11-venv 2>/dev/null) == *"Candidate: 3.11"* ]]; then
    packages+=(python3.11 python3.11-venv)
  else
    fail "This system has no Python 3.11 and its packages offer none. Ways out:" \
      "  mamba env create -f environment.yml && mamba activate gisportal && ./run demo" \
      "  Ubuntu: sudo add-apt-repository ppa:deadsnakes/ppa && sudo apt-get install python3.11-venv" \
      "  any python3.11 on the PATH, for example from pyenv or uv"
  fi
}

# prepare_python PURPOSE: PYTHON runs what follows. A .venv that holds the test tools
# also holds everything that serves.
prepare_python() {
  if in_environment; then
    PYTHON=$CONDA_PREFIX/bin/python
    "$PYTHON" -c 'import django' 2>/dev/null || fail \
      "The environment in $CONDA_PREFIX lacks this project's packages." \
      "Renew it: mamba env update -f environment.yml"
    return
  fi
  PYTHON=$ROOT/.venv/bin/python
  export PATH=$ROOT/.venv/bin:$PATH
  local stamp=$ROOT/.venv/complete held="" lock=requirements.lock mark
  if "$PYTHON" -c '' 2>/dev/null && [[ -e $stamp ]]; then held=$(<"$stamp"); fi
  [[ $1 != test && $1 != bench && $held != *test* ]] || lock=requirements-test.lock
  mark="$lock $(fingerprint "$lock")"
  if [[ $held == "$mark" ]]; then return; fi
  step python "Installing Python packages of $lock" install_python "$lock"
  printf '%s\n' "$mark" >"$stamp"
}

install_python() {
  local python
  python=$(find_python)
  rm -f "$ROOT/.venv/complete"
  # Half-made, or moved: its scripts name the place where it was made.
  "$ROOT/.venv/bin/python" -c 'import pip' 2>/dev/null &&
    grep -qF "$ROOT/.venv" "$ROOT/.venv/bin/activate" || rm -rf "$ROOT/.venv"
  [[ -d $ROOT/.venv ]] || "$python" -m venv "$ROOT/.venv"
  cd "$ROOT"
  local pip=(.venv/bin/python -m pip --disable-pip-version-check --quiet)
  # uv does in seconds what pip does in a minute, where it can run.
  "${pip[@]}" install --require-hashes -r .run/requirements-uv.lock &&
    .venv/bin/uv pip sync --quiet --python .venv/bin/python --require-hashes "$1" ||
    "${pip[@]}" install --require-hashes -r "$1"
}

# Exported for settings.py; what the caller's environment says wins.
prepare_settings() {
  export DATA_DIR=${DATA_DIR:-$VAR}
  if [[ -z ${SECRET_KEY:-} ]]; then
    [[ -s $VAR/secret_key ]] || (umask 077; head -c 48 /dev/urandom | base64 -w 0 >"$VAR/secret_key")
    SECRET_KEY=$(<"$VAR/secret_key")
    export SECRET_KEY
  fi
}

write_locks() {
  cd "$ROOT"
  local compile=(uv pip compile --quiet --universal --python-version 3.11 --generate-hashes
    --custom-compile-command "./run lock" "$@")
  step lock "Locking requirements.lock" "${compile[@]}" pyproject.toml -o requirements.lock
  step lock "Locking requirements-test.lock" "${compile[@]}" pyproject.toml --group dev \
    -c requirements.lock -o requirements-test.lock
  step lock "Locking uv" "${compile[@]}" --group uv -o .run/requirements-uv.lock
  step lock "Locking Node.js" "${compile[@]}" --group node -o .run/requirements-node.lock
}
