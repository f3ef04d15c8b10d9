#!/usr/bin/env bash
# run.sh [ROW...] : measures (docs/benchmarks.md), prints a table and, when all rows were measured,
# writes it into that page. Rows: start intake steps in_flight. Everything it needs it makes itself: a
# private PostgreSQL, its two small C programs; `make bench` builds the service before.
#
#   BENCH_QUICK=1   short runs, to see that it works; nothing is written
#   BENCH_DIR       where it keeps its files (.run/bench)
set -euo pipefail
cd "$(dirname "$0")/../.."
build=${BUILD:-build}
mkdir -p "${BENCH_DIR:-.run/bench}"
dir=$(cd "${BENCH_DIR:-.run/bench}" && pwd)
exec 8>"$dir/lock"
flock -n 8 || { echo "run.sh: it runs already in $dir" >&2 && exit 1; }

node=
tidy_up() {
  [ -z "$node" ] || kill "$node" 2>/dev/null || true
  tests/tools/postgres.sh drop "$dir/pg" 8>&-
}
trap tidy_up EXIT
trap 'exit 130' INT TERM

for program in intake_load peer; do
  "${CC:-gcc}" -std=gnu11 -D_GNU_SOURCE -O2 -Wall -Wextra -o "$dir/$program" "tests/bench/$program.c" -lcrypto
done

[ ! -d "$dir/pg" ] || tests/tools/postgres.sh drop "$dir/pg" 8>&-
WORKBOT_TEST_PG=$(tests/tools/postgres.sh start "$dir/pg" 8>&-)
PGBENCH=/usr/lib/postgresql/15/bin/pgbench
[ -x $PGBENCH ] || PGBENCH=$(command -v pgbench)
WORKBOT_BIN=$(cd "$build/release" && pwd)/workbot
BENCH_DIR=$dir
export WORKBOT_TEST_PG PGBENCH WORKBOT_BIN BENCH_DIR

tests/tools/node.sh tests/bench/bench.mjs "$@" 8>&- &
node=$!
wait "$node"
node=
