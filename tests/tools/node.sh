#!/usr/bin/env bash
# node.sh ARGS... : the node pinned in tests/package.json, with its packages, fetched when needed.
# Debian's node is too old for the packages that the tests stand on, so npm brings its own.
set -euo pipefail
tests=$(cd "$(dirname "$0")/.." && pwd)
stamp=$tests/node_modules/.workbot-lock

if ! cmp -s "$tests/package-lock.json" "$stamp"; then
  mkdir -p "$tests/../.run"
  exec 9>"$tests/../.run/npm.lock"
  flock 9
  if ! cmp -s "$tests/package-lock.json" "$stamp"; then
    echo "node.sh: npm ci in tests/" >&2
    (cd "$tests" && npm ci --no-progress --loglevel=error --no-audit --no-fund) >&2
    cp "$tests/package-lock.json" "$stamp"
  fi
  exec 9>&-
fi

node=$(echo "$tests"/node_modules/node-linux-*/bin/node)
PATH=${node%/*}:$PATH exec "$node" "$@"
