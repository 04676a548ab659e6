#!/bin/sh
# Makes a virtual environment and installs the checkout into it, or does nothing when that has
# been done. Usage: environment.sh FOLDER [DEPENDENCY-GROUP ...]
# POSIX sh, so that it runs on Debian's dash and macOS's bash 3 alike.
set -eu

folder=$1
shift

fail() {
  echo "audio-stream: $1" >&2
  exit 1
}

is_new_enough() {
  "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1
}

# By running each: a name on PATH may be a version manager's shim with nothing behind it.
newest_python() {
  for name in ${PYTHON:-python3.14 python3.13 python3.12 python3.11 python3}; do
    if is_new_enough "$name"; then
      echo "$name"
      return
    fi
  done
  fail "Python 3.11 or newer is needed and none was found: install it (Debian: 'apt install python3 python3-venv', macOS: 'brew install python'), or name one, as in 'make run PYTHON=/opt/python/bin/python3'."
}

# An environment knows where it lies, so a moved checkout needs a new one.
wanted="$(pwd) $* $(cksum <pyproject.toml)"
stamp=$folder/installed
if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$wanted" ] && is_new_enough "$folder/bin/python"; then
  exit 0
fi
rm -f "$stamp"

# The environment's own Python stays while it works: a newer one beside it is no reason to start over.
if ! { [ -f "$folder/checkout" ] && [ "$(cat "$folder/checkout")" = "$(pwd)" ] &&
  is_new_enough "$folder/bin/python"; }; then
  python=$(newest_python) || exit 1
  "$python" -c 'import ensurepip, venv' >/dev/null 2>&1 ||
    fail "$python cannot make virtual environments: install its venv module (Debian: 'apt install python3-venv')."
  "$python" -m venv --clear "$folder" ||
    fail "$python could not make the virtual environment $folder; its message is above."
  pwd >"$folder/checkout"
fi

pip() {
  "$folder/bin/python" -m pip --disable-pip-version-check "$@" ||
    fail "installing failed with pip's message above; the first run needs a network, later ones do not."
}

echo "Installing into $folder (a minute or two, only when pyproject.toml has changed) …"
if [ $# -gt 0 ]; then
  pip install --quiet --upgrade 'pip>=25.1' # the first with --group
fi
for group in "$@"; do
  shift
  set -- "$@" --group "$group"
done
pip install --quiet --editable . "$@"
echo "$wanted" >"$stamp"
