# The pages' styles, scripts and fonts, built from npm packages; and the translations.

prepare_frontend() {
  local packages=$ROOT/node_modules built=$ROOT/gisportal/static/built mark sources
  mark=$(fingerprint package.json package-lock.json)
  sources=$(fingerprint package-lock.json gisportal/*/frontend gisportal/frontend layers/*/frontend surveys/frontend)
  if stamped "$built/.complete" "$sources"; then return; fi
  find_node
  if ! stamped "$packages/.complete" "$mark"; then
    step npm "Installing the front end's packages" install_npm_packages
    printf '%s\n' "$mark" >"$packages/.complete"
  fi
  step build "Building the front end" build_frontend
  printf '%s\n' "$sources" >"$built/.complete"
}

find_node() {
  if command -v npm >/dev/null && node -e 'process.exitCode = +(parseInt(process.versions.node) < 20)' 2>/dev/null; then
    return
  fi
  step node "Installing Node.js into .venv" install_node
  hash -r
}

install_node() {
  "$PYTHON" -m pip --disable-pip-version-check --quiet install --require-hashes \
    -r "$ROOT/.run/requirements-node.lock"
}

install_npm_packages() {
  cd "$ROOT"
  npm ci --no-audit --no-fund --no-update-notifier
}

build_frontend() {
  cd "$ROOT"
  npm run build
}

prepare_translations() {
  local catalogue
  local -a stale=()
  while IFS= read -r catalogue; do
    [[ ${catalogue%.po}.mo -nt $catalogue ]] || stale+=("$catalogue")
  done < <(find "$ROOT"/{gisportal,layers,surveys} -name '*.po')
  ((${#stale[@]} == 0)) || step translations "Compiling translations" compile_translations "${stale[@]}"
}

compile_translations() {
  local catalogue
  for catalogue in "$@"; do
    msgfmt --check-format -o "${catalogue%.po}.mo" "$catalogue"
  done
}

# Tests and the production server find static files by the manifest this writes.
prepare_static() {
  local mark stamp=$DATA_DIR/static/.complete
  mark=$(fingerprint requirements.lock gisportal/static gisportal/*/static layers/*/static surveys/static)
  mark+=$(<"$ROOT/gisportal/static/built/.complete")
  if stamped "$stamp" "$mark"; then return; fi
  step static "Collecting static files" "$PYTHON" "$ROOT/manage.py" collectstatic --noinput --clear
  printf '%s\n' "$mark" >"$stamp"
}
