#!/bin/sh
# Pushes the checked-out commit to Heroku and waits until the app answers.
# Needs HEROKU_API_KEY, HEROKU_APP_NAME and HEROKU_EMAIL.
set -eu
for name in HEROKU_API_KEY HEROKU_APP_NAME HEROKU_EMAIL; do
  eval "value=\${$name:-}"
  if [ -z "$value" ]; then
    echo "audio-stream: $name is not set; make deploy needs it (see docs/operations.md)." >&2
    exit 1
  fi
done

# The key goes through a netrc of our own: on a command line every process could read it.
home=$(mktemp -d)
trap 'rm -rf "$home"' EXIT
(
  umask 077
  printf 'machine git.heroku.com login %s password %s\n' "$HEROKU_EMAIL" "$HEROKU_API_KEY" >"$home/.netrc"
)
HOME=$home git push "https://git.heroku.com/$HEROKU_APP_NAME.git" HEAD:refs/heads/main
