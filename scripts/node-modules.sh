#!/bin/sh
# Installs what checks the pages, where there is Node; the pages themselves need none of it.
set -eu
command -v npm >/dev/null 2>&1 || exit 0
stamp=node_modules/.installed
[ -f "$stamp" ] && [ "$(cat "$stamp")" = "$(cksum <package-lock.json)" ] && exit 0
echo "Installing into node_modules …"
npm ci --loglevel=error
cksum <package-lock.json >"$stamp"
