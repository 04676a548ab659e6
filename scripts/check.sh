#!/bin/sh
# Runs every linter, says which failed, and names what it could not run. Usage: check.sh BIN-FOLDER
# With AUDIO_STREAM_TESTS_NO_SKIP=1 what cannot run is a failure.
set -u
bin=$1
failed=

check() {
  name=$1
  shift
  echo "== $name"
  "$@" || failed="$failed, $name"
}

check "ruff format" "$bin/ruff" format --check --quiet .
check "ruff lint" "$bin/ruff" check --quiet .
check "mypy" "$bin/mypy" --exclude '^benchmarks/' .
# By themselves: they import each other as files, and one is named like a module of the Lambda's.
check "mypy of the benchmarks" env MYPYPATH=benchmarks "$bin/mypy" benchmarks
check "import-linter" env PYTHONPATH=src "$bin/lint-imports"
if command -v npm >/dev/null 2>&1; then
  check "tsc and Biome" npm run --silent check
elif [ "${AUDIO_STREAM_TESTS_NO_SKIP:-}" = 1 ]; then
  failed="$failed, tsc and Biome (no Node here)"
else
  echo "== skipped: tsc and Biome on the pages (no Node here)"
fi

if [ -n "$failed" ]; then
  echo "make check failed:${failed#,}" >&2
  exit 1
fi
