# Every check but pytest, the fast ones first.

check_all() {
  cd "$ROOT"
  open_step "Format" "$PYTHON" -m ruff format --check --quiet .
  open_step "Lint" "$PYTHON" -m ruff check --quiet .
  open_step "Import contracts" lint-imports --no-logo
  open_step "Templates" "$PYTHON" -m djlint --lint --quiet gisportal layers surveys
  open_step "Types" "$PYTHON" -m mypy
  # This begins with the system checks.
  open_step "System checks, missing migrations" "$PYTHON" manage.py makemigrations --check --dry-run
}

# The whole suite on all cores, in the order of tests/order.py; what is named runs in
# one process, in order.
run_tests() {
  [[ $# -gt 0 ]] || set -- --numprocesses auto --maxprocesses 8 --dist loadfile --no-loadscope-reorder
  become "$PYTHON" -m pytest "$@"
}

run_benchmark() {
  local name=${1:-}
  if [[ -z $name ]]; then
    say "Benchmarks, each with its yardstick:"
    local file
    for file in "$ROOT"/benchmarks/[!_]*.py; do
      [[ ! -e $file ]] || say "  ./run bench $(basename "$file" .py)"
    done
    return
  fi
  shift
  [[ -e $ROOT/benchmarks/$name.py ]] || fail "There is no benchmark \"$name\"." "./run bench lists them."
  prepare bench
  become "$PYTHON" -m "benchmarks.$name" "$@"
}
