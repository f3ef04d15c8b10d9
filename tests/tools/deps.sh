#!/usr/bin/env bash
# deps.sh GROUP... : installs what is missing for a group, and nothing when all is there.
#   build   what `make` needs          run    what `make demo` and `make smoke` need as well
#   node    the npm packages of tests/package.json, which bring their own node
#   test    what `make test` needs as well (includes node)
set -euo pipefail
cd "$(dirname "$0")/../.."

build=(gcc libc6-dev pkg-config libmicrohttpd-dev libjansson-dev libpq-dev libcurl4-openssl-dev
  libssl-dev libcjose-dev libexpat1-dev)
run=(postgresql-15 procps curl)
test=(clang clang-format clang-tidy cppcheck libclang-rt-14-dev libcmocka-dev pmccabe shellcheck
  haproxy pgbouncer chromium fonts-liberation openssl patch python3-yaml unzip)

wanted=()
npm=no
for group in "$@"; do
  case $group in
    build) wanted+=("${build[@]}") ;;
    run) wanted+=("${run[@]}") ;;
    node | test)
      [ "$group" = node ] || wanted+=("${test[@]}")
      npm=yes
      # any npm will do to fetch the pinned node; Debian's only where there is none
      command -v npm >/dev/null || wanted+=(nodejs npm)
      ;;
    *) echo "deps.sh: no group '$group' (build, run, node, test)" >&2 && exit 2 ;;
  esac
done

if ! command -v dpkg-query >/dev/null; then
  echo "deps.sh: this is no Debian; make sure that you have the like of: ${wanted[*]}" >&2
  exit 0
fi

missing() {
  # it fails when it knows one of them not at all
  { dpkg-query -W -f '${db:Status-Status} ${Package}\n' "${wanted[@]}" 2>/dev/null || true; } |
    awk '$1 == "installed" {print $2}' | sort -u >"$have"
  printf '%s\n' "${wanted[@]}" | sort -u | comm -23 - "$have"
}

as_root() {
  if [ "$(id -u)" = 0 ]; then env DEBIAN_FRONTEND=noninteractive "$@"; else
    sudo env DEBIAN_FRONTEND=noninteractive "$@"
  fi
}

# The database server and the proxy are run by us, privately: their packages start nothing and make
# no default cluster. Both files go away again, so the machine keeps its own habits.
policy=/usr/sbin/policy-rc.d
no_cluster=/etc/postgresql-common/createcluster.d/workbot.conf
quiet_services() {
  if [ ! -e $policy ]; then
    as_root sh -c "printf '#!/bin/sh\nexit 101\n' >$policy && chmod 755 $policy"
    undo+=("$policy")
  fi
  as_root sh -c "mkdir -p ${no_cluster%/*} && echo 'create_main_cluster = false' >$no_cluster"
  undo+=("$no_cluster")
}

have=$(mktemp)
undo=()
tidy_up() {
  rm -f "$have"
  [ ${#undo[@]} = 0 ] || as_root rm -f "${undo[@]}"
}
trap tidy_up EXIT

apt_install() {
  as_root apt-get -o DPkg::Lock::Timeout=600 install -y -q --no-install-recommends "$@" </dev/null
}

install_missing() {
  local list
  mkdir -p .run
  exec 9>.run/deps.lock
  flock 9
  mapfile -t list < <(missing) # another make may have done it while we waited
  [ ${#list[@]} = 0 ] && return 0
  echo "deps.sh: installing ${list[*]}"
  quiet_services
  # old package lists are the usual reason for a failure: fetch them only then
  if ! apt_install "${list[@]}" >.run/deps.log 2>&1; then
    as_root apt-get -o DPkg::Lock::Timeout=600 update -q >>.run/deps.log 2>&1 || true
    if ! apt_install "${list[@]}" >>.run/deps.log 2>&1; then
      tail -n 30 .run/deps.log >&2
      echo "deps.sh: apt-get could not install: ${list[*]} (.run/deps.log)" >&2
      exit 1
    fi
  fi
}

if [ -n "$(missing)" ]; then install_missing; fi
if [ $npm = yes ]; then tests/tools/node.sh --version >/dev/null; fi
