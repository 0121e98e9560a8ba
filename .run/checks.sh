# Every check but pytest, the fast ones first.

check_all() {
  cd "$ROOT"
  local tool
  open_step "Format" "$PYTHON" -m ruff format --check --quiet .
  open_step "Lint" "$PYTHON" -m ruff check --quiet .
  open_step "Import contracts" lint-imports --no-logo
  open_step "Templates" check_templates
  open_step "Types" "$PYTHON" -m mypy
  open_step "System checks" "$PYTHON" manage.py check
  open_step "Missing migrations" "$PYTHON" manage.py makemigrations --check --dry-run
}

check_templates() {
  "$PYTHON" -m djlint gisportal layers surveys --check --quiet
  "$PYTHON" -m djlint gisportal layers surveys --lint --quiet
}

run_benchmark() {
  local name=${1:-}
  if [[ -z $name ]]; then
    say "Benchmarks, each with its yardstick:"
    find "$ROOT/benchmarks" -maxdepth 1 -name '[!_]*.py' -printf '  ./run bench %f\n' | sed 's/\.py$//' | sort >&3
    return
  fi
  shift
  [[ -e $ROOT/benchmarks/$name.py ]] || fail "There is no benchmark \"$name\"." "./run bench lists them."
  prepare bench
  become "$PYTHON" -m "benchmarks.$name" "$@"
}
