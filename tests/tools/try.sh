#!/usr/bin/env bash
# try.sh : a recipe against the sandbox's stand-ins, on a throw-away database and free ports; see try.mjs.
set -euo pipefail
cd "$(dirname "$0")/../.."
build=${BUILD:-build}
export WORKBOT_BIN=${WORKBOT_BIN:-$build/workbot} SANDBOX_BIN=${SANDBOX_BIN:-$build/sandbox}
tests/tools/deps.sh build run node
exec tests/tools/node.sh tests/tools/try.mjs "$@"
