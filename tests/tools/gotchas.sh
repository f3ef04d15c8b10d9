#!/usr/bin/env bash
# gotchas.sh [--fit] [NN|teams_NN|apps_NN|failure_NN...] : shows that the tests named
# slack_gotcha_NN_..., teams_gotcha_NN_..., apps_trap_NN_... and failure_NN_... can fail.
#
# tests/gotchas/NN.patch (Slack), teams_NN.patch, apps_NN.patch (the traps of business apps) and
# failure_NN.patch (what people have met with such bots) take one behaviour out of service/; the first
# line names the file of its test: `# test: tests/flow/x.test.mjs` or `# test: tests/unit/chat/test_x.c`,
# or the patch that takes the same out: `# as: apps_12.patch`.
# In a copy of the sources each patch is applied, built, tested and taken back: the test of that
# number must be red. NAMEb.patch takes a second behaviour of the same number out. Without numbers: all; each of Slack's 30, of Teams' 26, of the apps' 20 and of
# the 33 failures must have its patch and its test. --fit only looks whether that is so and whether the
# patches still fit.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
here=$PWD
fit=
[ "${1:-}" != --fit ] || { fit=yes && shift; }
build=${BUILD:-build/test}
if [ -z "$fit" ]; then
  [ -x "$build/workbot" ] && [ -x "$build/sandbox" ] || { echo "gotchas.sh: build first: make BUILD=$build" && exit 1; }
  build=$(cd "$build" && pwd)
fi
unset MAKEFLAGS MFLAGS MAKELEVEL CI BUILD
copy=$(mktemp -d)
cluster=
tidy_up() {
  rm -rf "$copy"
  [ -z "$cluster" ] || tests/tools/postgres.sh drop "$cluster"
}
trap tidy_up EXIT
trap 'exit 130' INT TERM

if [ -z "$fit" ] && [ -z "${WORKBOT_TEST_PG:-}" ]; then
  cluster=.run/pg-gotchas
  [ ! -d $cluster ] || tests/tools/postgres.sh drop $cluster
  WORKBOT_TEST_PG=$(tests/tools/postgres.sh start $cluster) || { echo 'gotchas.sh: no database' && exit 1; }
  export WORKBOT_TEST_PG
fi

# the copy builds only what a patch changes: the objects come along
mkdir "$copy/tests" "$copy/build"
cp -a --parents Makefile openapi.yaml service include migrations docs/recipes docs/setup-apps.md "$copy/"
for part in tests/*; do
  case $part in tests/node_modules) ln -s "$here/$part" "$copy/$part" ;; *) cp -a "$part" "$copy/tests/" ;; esac
done
for part in obj flags sources; do [ -n "$fit" ] || [ ! -e "$build/$part" ] || cp -a "$build/$part" "$copy/build/"; done

first_line() { sed -nE "1s/^# $1: ([A-Za-z0-9_./-]+)\$/\1/p" "$2"; } # KEY FILE

# "slack_gotcha_07" of 07, "teams_gotcha_07" of teams_07, "apps_trap_07" of apps_07 and of its further part apps_07b
name_of() {
  local number=${1%[b-z]}
  case $number in
    teams_*) echo "teams_gotcha_${number#teams_}" ;;
    apps_*) echo "apps_trap_${number#apps_}" ;;
    failure_*) echo "$number" ;;
    *) echo "slack_gotcha_$number" ;;
  esac
}

# prints the TAP of the one test
run_test() { # FILE NN
  case $1 in
    *.mjs)
      WORKBOT_BIN=$copy/build/workbot SANDBOX_BIN=$build/sandbox timeout -k 10 300 tests/tools/node.sh \
        --test --test-reporter=tap --test-name-pattern="$(name_of "$2")_" "$copy/$1" 2>&1
      ;;
    *.c) CMOCKA_MESSAGE_OUTPUT=TAP timeout -k 10 120 "$copy/build/${1%.c}" 2>&1 ;;
  esac
}

target() { # FILE
  case $1 in *.mjs) echo build/workbot ;; *.c) echo "build/${1%.c}" ;; esac
}

fault() {
  echo "gotcha $1: $2"
  faults=$((faults + 1))
}

try() { # NN, teams_NN, apps_NN or failure_NN
  local patch=tests/gotchas/$1.patch same name file tap
  name=$(name_of "$1")
  [ -f "$patch" ] || { fault "$1" "there is no $patch" && return; }
  same=$(first_line as "$patch")
  [ -z "$same" ] || patch=tests/gotchas/$same
  file=$(first_line test "$patch")
  grep -qs "${name}_" "${file:-/dev/null}" || { fault "$1" "the first line of $patch names no file with its test" && return; }
  (cd "$copy" && patch -sf -p1 -F0 -r- <"$here/$patch") || { fault "$1" "$patch does not fit" && return; }
  if [ -n "$fit" ]; then
    :
  elif ! (cd "$copy" && make -s -j2 CC=gcc BUILD=build "$(target "$file")") >"$copy/make.log" 2>&1; then
    tail -n 20 "$copy/make.log"
    fault "$1" 'does not build with the behaviour removed'
  else
    tap=$(run_test "$file" "$1")
    if grep -qE "^ *not ok .*${name}_" <<<"$tap"; then
      echo "gotcha $1: red without it, as it should be:"
      grep -oE "^ *not ok .*${name}_.*" <<<"$tap" | sed -E 's/^ *not ok [0-9]+ - /  /'
    else
      tail -n 20 <<<"$tap"
      fault "$1" 'its test passes, or does not run, with the behaviour removed'
    fi
  fi
  (cd "$copy" && patch -sfR -p1 -F0 -r- <"$here/$patch") || { echo 'gotchas.sh: the copy is spoilt' && exit 1; }
}

faults=0
numbers=("$@")
[ $# -gt 0 ] || mapfile -t numbers < <(seq -w 1 30 && seq -f teams_%02g 1 26 && seq -f apps_%02g 1 20 && seq -f failure_%02g 1 33 && basename -s .patch -a tests/gotchas/*[0-9][b-z].patch)
for number in "${numbers[@]}"; do try "$number"; done
echo "${#numbers[@]} gotchas, $faults faults"
[ $faults = 0 ]
