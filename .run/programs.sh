# Which programs serve this clone: an environment's own, or the system's.

# CONDA_PREFIX counts when it was made from environment.yml, not when it is just "base".
in_environment() {
  [[ ${CONDA_PREFIX:-} ]] &&
    [[ -x $CONDA_PREFIX/bin/python && -x $CONDA_PREFIX/bin/postgres ]] &&
    [[ -x $CONDA_PREFIX/bin/node && -x $CONDA_PREFIX/bin/msgfmt ]]
}

# Behind a proxy that opens TLS, only the system's list knows its certificate.
trust_system_certificates() {
  local list=/etc/ssl/certs/ca-certificates.crt
  [[ -e $list ]] || return 0
  export UV_SYSTEM_CERTS=true NODE_EXTRA_CA_CERTS=${NODE_EXTRA_CA_CERTS:-$list}
}

find_programs() {
  if in_environment; then
    say "Using the environment in $CONDA_PREFIX."
    PATH=$CONDA_PREFIX/bin:$PATH
    export GDAL_LIBRARY_PATH=${GDAL_LIBRARY_PATH:-$CONDA_PREFIX/lib/libgdal.so}
    export GEOS_LIBRARY_PATH=${GEOS_LIBRARY_PATH:-$CONDA_PREFIX/lib/libgeos_c.so}
    return
  fi
  local -a packages=()
  find_missing_packages "$1"
  ((${#packages[@]} == 0)) || install_packages "${packages[@]}"
}

has_library() { [[ $(ldconfig -p) == *"$1"* ]]; }
has_font() { [[ $(find /usr/share/fonts /usr/local/share/fonts -iname 'Noto*Arabic*' 2>/dev/null) ]]; }

# The newest PostgreSQL of the system that has PostGIS, as the folder of its programs.
postgres_programs() {
  local control
  control=$(find /usr/share/postgresql/*/extension/postgis.control 2>/dev/null | sort -V | tail -n 1)
  [[ $control ]] || return 1
  control=${control#/usr/share/postgresql/}
  local programs=/usr/lib/postgresql/${control%%/*}/bin
  [[ -x $programs/postgres ]] && printf '%s\n' "$programs"
}

find_missing_packages() {
  local distribution
  distribution=$(. /etc/os-release && echo "$ID")
  find_python >/dev/null || choose_python_packages
  # PostGIS brings GDAL, GEOS and PROJ along.
  if [[ -z ${DATABASE_URL:-} ]]; then
    postgres_programs >/dev/null || packages+=(postgresql-postgis)
  else
    has_library libgdal.so || packages+=(gdal-bin)
    [[ $1 != psql ]] || command -v psql >/dev/null || packages+=(postgresql-client)
  fi
  [[ $1 != bench && $1 != test ]] || command -v ogr2ogr >/dev/null || packages+=(gdal-bin)
  has_library libpangoft2-1.0.so.0 || packages+=(libpangoft2-1.0-0)
  has_library libharfbuzz-subset.so.0 || packages+=(libharfbuzz-subset0)
  command -v msgfmt >/dev/null || packages+=(gettext)
  has_font || packages+=(fonts-noto-core)
  [[ $1 != test && $1 != bench ]] || PATH=$PATH:/usr/sbin command -v nginx >/dev/null || packages+=(nginx-light)
  [[ $1 != test || $distribution != debian ]] || command -v "${CHROMIUM:-chromium}" >/dev/null || packages+=(chromium)
}

install_packages() {
  local as_root=()
  command -v apt-get >/dev/null || fail "Missing on this system: $*" \
    "It has no apt-get. Make an environment instead: mamba env create -f environment.yml"
  if ((EUID)); then
    command -v sudo >/dev/null || fail "Missing on this system: $*" \
      "$(id -un) may not install packages and there is no sudo. Let an administrator run:" \
      "  apt-get install --no-install-recommends $*" \
      "or make an environment without root: mamba env create -f environment.yml"
    sudo -n true 2>/dev/null ||
      { [[ -t 0 ]] && sudo -v -p "Password of %u, to install $*: "; } ||
      fail "Missing on this system: $*" \
        "sudo asks for a password and got none. Let an administrator run:" \
        "  sudo apt-get install --no-install-recommends $*"
    as_root=(sudo)
  fi
  uninterruptible=yes
  step packages "Installing Debian packages: $*" "${as_root[@]}" "$ROOT/.run/install-packages" "$@"
  uninterruptible=""
}

# Ubuntu's chromium is a script that asks for snap, which containers lack.
chromium_program() {
  local program
  for program in "${CHROMIUM:-}" chromium google-chrome chromium-browser; do
    program=$(command -v "${program:-none}") || continue
    grep -qs snap "$program" || { printf '%s\n' "$program"; return; }
  done
  "$PYTHON" - 2>/dev/null <<'PYTHON'
from pathlib import Path
from playwright.sync_api import sync_playwright
with sync_playwright() as playwright:
    print(Path(playwright.chromium.executable_path).resolve(strict=True))
PYTHON
}

# For the browser tests, which read CHROMIUM.
prepare_browser() {
  CHROMIUM=$(chromium_program) || {
    step chromium "Downloading Chromium" "$PYTHON" -m playwright install --no-shell chromium
    CHROMIUM=$(chromium_program) || fail "No Chromium was found for the browser tests." \
      "Install one (its path may be given as CHROMIUM=…)."
  }
  export CHROMIUM
}
