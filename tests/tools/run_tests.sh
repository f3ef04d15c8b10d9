#!/usr/bin/env bash
# run_tests.sh [short|long] [SUITE...] : what `make test` and `make test-long` run.
#
# Each suite prints one line per check that failed (with its output) and one line of counts; the last
# line is "N passed, N failed". A suite whose folder is not here is named and left out. The logs are
# in BUILD/log. Suites: build format guards scripts openapi docker unit db fuzz sandbox contract flow gotchas e2e smoke crash
# and, long only, sanitize-address sanitize-thread fuzzing.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
mode=short
case ${1:-} in short | long) mode=$1 && shift ;; esac
only=" $* "

build=${BUILD:-build}
mkdir -p "$build/log"
build=$(cd "$build" && pwd)
logs=$build/log
make=${MAKE:-make}
jobs=-j$(nproc)
cluster=.run/pg-test-$(echo "$build" | sha256sum | cut -c1-8)
export CI=true # warnings are errors here
export CHROMIUM=${CHROMIUM:-$(command -v chromium || true)}
export REDOCLY_TELEMETRY=off REDOCLY_SUPPRESS_UPDATE_NOTICE=true
unset MAKEFLAGS MFLAGS MAKELEVEL
passed=0
failed=0
skipped=0
started=$SECONDS

tidy_up() { [ ! -d "$cluster" ] || tests/tools/postgres.sh drop "$cluster"; }
trap tidy_up EXIT
trap 'exit 130' INT TERM

wanted() { [ "$only" = "  " ] || case $only in *" $1 "*) ;; *) return 1 ;; esac; }

tally() { # SUITE PASSED FAILED SKIPPED
  passed=$((passed + $2)) failed=$((failed + $3)) skipped=$((skipped + $4))
  printf '%-22s %4d passed %4d failed %4d skipped   (%d s)\n' "$1" "$2" "$3" "$4" $((SECONDS - begun))
}

# one command that passes or fails
check() { # SUITE/NAME COMMAND...
  local name=$1 log=$logs/${1//\//-}.log
  shift
  if timeout -k 10 "${check_limit_s:-1800}" "$@" >"$log" 2>&1 </dev/null; then
    ok=$((ok + 1))
  else
    bad=$((bad + 1))
    echo "FAILED: $name"
    tail -n 60 "$log"
  fi
}

# one program that prints TAP: cmocka, planted. A crash or a missing row is a failure of its own.
tap() { # SUITE/NAME COMMAND...
  local name=$1 log=$logs/${1//\//-}.log rc=0 good wrong left plan
  shift
  CMOCKA_MESSAGE_OUTPUT=TAP timeout -k 10 300 "$@" >"$log" 2>&1 </dev/null || rc=$?
  left=$(grep -cE '^(not )?ok .*# SKIP' "$log")
  good=$(grep -E '^ok ' "$log" | grep -vc '# SKIP')
  wrong=$(grep -E '^not ok ' "$log" | grep -vc '# SKIP')
  plan=$(sed -nE "s/^1\.\.([0-9]+).*/\1/p" "$log" | paste -sd+)
  if [ "$wrong" = 0 ] && { [ $rc != 0 ] || [ $((good + left)) != $((${plan:-0})) ] || [ "$good$left" = 00 ]; }; then
    wrong=1
  fi
  ok=$((ok + good)) bad=$((bad + wrong)) left_out=$((left_out + left))
  grep -E '# SKIP' "$log" | sed "s|^|$name: |"
  if [ "$wrong" != 0 ]; then
    echo "FAILED: $name (exit $rc)"
    grep -vE '^ok ' "$log" | tail -n 60
  fi
}

# a folder of node:test files
node_tests() { # SUITE [OPTION...] FILE...
  local name=$1 log=$logs/$1.log spec=$logs/$1.txt rc=0 good wrong left
  shift
  timeout -k 10 "${suite_limit_s:-3000}" tests/tools/node.sh --test --test-reporter=tap --test-reporter-destination="$log" \
    --test-reporter=spec --test-reporter-destination="$spec" "$@" >"$logs/$name.out" 2>&1 </dev/null || rc=$?
  good=$(sed -nE 's/^# pass ([0-9]+)$/\1/p' "$log" | tail -n 1)
  wrong=$(sed -nE 's/^# (fail|cancelled|t[o]do) ([0-9]+)$/\2/p' "$log" | tail -n 3 | paste -sd+ | sed 's/^$/0/')
  left=$(sed -nE 's/^# skipped ([0-9]+)$/\1/p' "$log" | tail -n 1)
  wrong=$((wrong))
  if [ $wrong = 0 ] && { [ $rc != 0 ] || [ "${good:-0}${left:-0}" = 00 ]; }; then wrong=1; fi
  ok=$((ok + ${good:-0})) bad=$((bad + wrong)) left_out=$((left_out + ${left:-0}))
  grep -E '^ *ok .*# SKIP' "$log" | sed "s|^ *|$name: |"
  if [ $wrong != 0 ]; then
    echo "FAILED: $name (exit $rc)"
    sed -n '/failing tests:/,$p' "$spec" | head -n 300
    tail -n 40 "$logs/$name.out"
  fi
}

suite() { # NAME FUNCTION FOLDER_OR_FILE...
  local name=$1 run=$2 path
  shift 2
  wanted "$name" || return 0
  for path in "$@"; do
    if [ ! -e "$path" ]; then
      echo "$name: left out, there is no $path"
      return 0
    fi
  done
  begun=$SECONDS ok=0 bad=0 left_out=0
  $run
  tally "$name" $ok $bad $left_out
}

database() {
  if [ -z "${WORKBOT_TEST_PG:-}" ]; then
    [ ! -d "$cluster" ] || tests/tools/postgres.sh drop "$cluster"
    WORKBOT_TEST_PG=$(tests/tools/postgres.sh start "$cluster") || { echo 'no database' && exit 1; }
    export WORKBOT_TEST_PG
  fi
}

# --- the suites ----------------------------------------------------------------------------------

# The programs under test are these, warning-free builds.
programs=$build/test
use_programs() {
  programs=$1
  export WORKBOT_BIN=$programs/workbot SANDBOX_BIN=$programs/sandbox
}
use_programs "$build/test"

run_build() {
  check build/gcc "$make" -k "$jobs" CC=gcc BUILD="$build/test" all unit-programs db-programs fuzz-programs
  check build/clang "$make" -k "$jobs" CC=clang BUILD="$build/clang" objects
  # what the image and packages are made by: it optimises more, so gcc sees more, and CI makes that an error
  check build/release "$make" -k "$jobs" CC=gcc RELEASE=1 BUILD="$build/release" "$build/release/workbot"
}
run_format() { check format "$make" format-check; }
run_guards() {
  local guard
  while read -r guard; do
    case $guard in '' | '#'*) ;; *) check "guards/$guard" "tests/guard/$guard" . ;; esac
  done <tests/guard/list
  tap guards/planted tests/guard/planted
}
run_scripts() {
  local scripts
  mapfile -t scripts < <(grep -rlE --exclude-dir=node_modules '^#!.*\b(ba)?sh$' .ci docker tests 2>/dev/null)
  check scripts/shellcheck shellcheck -S warning "${scripts[@]}"
}
run_openapi() {
  check openapi/lint tests/tools/node.sh tests/node_modules/@redocly/cli/bin/cli.js lint \
    --config tests/tools/redocly.yaml openapi.yaml
}
run_docker() { node_tests docker tests/docker/*.test.mjs; }

test_programs() { # SUITE FOLDER
  local source program
  while read -r source; do
    program=${source%.c}
    # a runaway test must not take the machine with it
    tap "$1/${program#"$2/"}" ${launcher-prlimit --as=8589934592} "$programs/$program"
  done < <(find "$2" -name 'test_*.c' | sort)
}
run_unit() { test_programs "${label:-unit}" tests/unit; }
run_db() {
  database
  test_programs "${label:-db}" tests/db
}
run_fuzz() {
  local source target
  for source in tests/fuzz/fuzz_*.c; do
    target=$(basename "$source" .c)
    check "fuzz/$target" "$programs/tests/fuzz/$target" "tests/fuzz/corpus/${target#fuzz_}"
  done
}
run_sandbox() { node_tests sandbox tests/sandbox/*.test.mjs; }
run_contract() {
  database
  node_tests contract tests/contract/*.test.mjs
}
# they wait more than they work, so three files share two cores in half the time of one; a sanitizer works
run_flow() {
  local files_at_once=3 suite_limit_s=3000
  [ "$mode" = short ] || suite_limit_s=5400 # a hundred rounds of the storm
  [ -z "${label:-}" ] || files_at_once=1 suite_limit_s=7200
  database
  node_tests "${label:-flow}" --test-concurrency=$files_at_once tests/flow/*.test.mjs
}
# long: each trap's test is shown red; short: that each can be
run_gotchas() {
  local how=--fit check_limit_s=1800
  [ "$mode" = short ] || how='' check_limit_s=7200
  [ -n "$how" ] || database
  check gotchas/red env BUILD="$programs" tests/tools/gotchas.sh $how
}
run_e2e() {
  database
  node_tests e2e tests/e2e/*.test.mjs
}
# the demo's story, as the README tells it
run_smoke() {
  database
  check smoke/story tests/tools/smoke.sh
}
run_crash() {
  database
  node_tests crash tests/crash/*.test.mjs
}
run_fuzzing() { check fuzzing "$make" fuzz "BUILD=$build" S="${FUZZ_SECONDS:-60}"; }

# unit, db and flow once more under sanitizers; a report of the server counts, not only its exit code
sanitized() { # NAME SAN
  local report
  label=$1
  use_programs "$build/$1"
  rm -f "$logs/$1".report*
  check "$1/build" "$make" -k "$jobs" CI= SAN="$2" BUILD="$programs" all unit-programs db-programs
  export ASAN_OPTIONS=log_path=$logs/$1.report UBSAN_OPTIONS=print_stacktrace=1:log_path=$logs/$1.report
  export WORKBOT_TEST_PATIENCE_MS=120000 # four times the usual: tests/lib/flow.mjs
  export TSAN_OPTIONS=log_path=$logs/$1.report:second_deadlock_stack=1
  run_unit
  [ ! -d tests/db ] || run_db
  [ ! -d tests/flow ] || run_flow
  for report in "$logs/$1".report*; do
    [ -e "$report" ] || continue
    bad=$((bad + 1))
    echo "FAILED: $1: a report of the sanitizer"
    head -n 60 "$report"
  done
  unset ASAN_OPTIONS UBSAN_OPTIONS TSAN_OPTIONS WORKBOT_TEST_PATIENCE_MS label
  use_programs "$build/test"
}
# sanitizers reserve terabytes of addresses: no limit there
run_sanitize_address() {
  local launcher=''
  sanitized address address,undefined
}
# the thread sanitizer cannot place its shadow memory under today's address randomisation
run_sanitize_thread() {
  local launcher='setarch -R'
  sanitized thread thread
}

[ "$mode" = short ] || export WORKBOT_TEST_LONG=1
suite build run_build service
suite format run_format service
suite guards run_guards tests/guard/list
suite scripts run_scripts tests/tools
suite openapi run_openapi openapi.yaml
suite docker run_docker tests/docker
suite unit run_unit tests/unit
suite db run_db tests/db
suite fuzz run_fuzz tests/fuzz/corpus
suite sandbox run_sandbox tests/sandbox
suite contract run_contract tests/contract
suite flow run_flow tests/flow
suite gotchas run_gotchas tests/gotchas
suite e2e run_e2e tests/e2e
suite smoke run_smoke tests/demo
suite crash run_crash tests/crash
if [ "$mode" = long ]; then
  suite sanitize-address run_sanitize_address tests/unit
  suite sanitize-thread run_sanitize_thread tests/unit
  suite fuzzing run_fuzzing tests/fuzz/corpus
fi

echo
[ $skipped = 0 ] || echo "$skipped skipped, their reasons are above"
echo "took $((SECONDS - started)) s ($mode); logs are in ${logs#"$PWD/"}"
[ $((passed + failed)) -gt 0 ] || { echo 'no test ran' && failed=1; }
echo "$passed passed, $failed failed"
[ $failed = 0 ]
