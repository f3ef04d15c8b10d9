#!/usr/bin/env bash
# smoke.sh : the demo's story without a person, on a throw-away database and free ports; prints a
# transcript, fails when any step differs.
set -euo pipefail
cd "$(dirname "$0")/../.."
build=${BUILD:-build}
export WORKBOT_BIN=${WORKBOT_BIN:-$build/workbot} SANDBOX_BIN=${SANDBOX_BIN:-$build/sandbox}
tests/tools/deps.sh build run node
exec tests/tools/node.sh tests/tools/smoke.mjs
