#!/usr/bin/env bash
# docs_docker.sh : stands for `docker` where the manual's commands are run, since a machine of tests has no engine.
#
#   build    the Dockerfile and the folder that are named must be there
#   run      runs the program itself, with the settings that a container would have and with its folders
#   compose  what the files ask for must be there: their variables, their secrets. Where docker compose is on
#            the machine it reads them, too. What is in image and files is looked at in tests/docker
set -euo pipefail
fail() { echo "docker: $1" >&2 && exit 1; }

build() { # OPTIONS... FOLDER
  local file=Dockerfile
  while [ $# -gt 1 ]; do
    case $1 in
      -f) file=$2 ;;
      -t) ;;
      *) fail "build has no option $1 here" ;;
    esac
    shift 2
  done
  [ -d "${1:?a folder}" ] || fail "there is no folder $1"
  grep -q '^ENTRYPOINT \["/usr/local/bin/workbot"\]$' "$file" || fail "$file does not begin the program"
}

run() { # OPTIONS... IMAGE COMMAND...
  local given=() there here folders=()
  while [ $# -gt 0 ]; do
    case $1 in
      --rm) shift ;;
      -e) given+=("$2") && shift 2 ;;
      -u) shift 2 ;;
      -v) folders+=("$2") && shift 2 ;;
      --env-file) mapfile -t -O "${#given[@]}" given < <(grep -E '^[A-Z_]+=' "$2") && shift 2 ;;
      -*) fail "run has no option $1 here" ;;
      *) break ;;
    esac
  done
  [ "${1:-}" = workbot:local ] || fail "$1 is not the image that compose.yaml builds"
  shift
  local args=("$@") i
  for there in "${folders[@]}"; do
    here=${there%%:*} there=${there#*:}
    [ -d "$here" ] || fail "there is no folder $here"
    for i in "${!args[@]}"; do [ "${args[i]}" != "$there" ] || args[i]=$here; done
  done
  exec env -i PATH="$PATH" "${given[@]}" workbot "${args[@]}"
}

# a program of PostgreSQL, at the database that the secrets name; as the superuser it has DOCKER_POSTGRES
beside_postgres() { # FOLDER PROGRAM ARGS...
  local url program=$2 args=()
  url=$(cat "$1/secrets/database_url")
  shift 2
  while [ $# -gt 0 ]; do
    case $1 in
      -U)
        if [ "$2" = postgres ]; then url=$DOCKER_POSTGRES; fi
        shift 2
        ;;
      -d) shift 2 ;;
      workbot) shift ;;
      *) args+=("$1") && shift ;;
    esac
  done
  "$program" "${args[@]}" -d "$url"
}

# the service `migrate`, whose settings are those that all share
migrate() { # COMPOSE_FILE COMMAND...
  local given=() name value folder=${1%/*}
  shift
  # shellcheck source=/dev/null
  . "$folder/.env"
  while read -r name value; do
    given+=("${name%:}=$(eval "echo \"$value\"" | sed "s|^/run/secrets/|$folder/secrets/|")")
  done < <(sed -nE '/^x-workbot:/,/^services:/s/^    (WORKBOT_[A-Z_]+:)/\1/p' "$folder/compose.yaml")
  env -i PATH="$PATH" "${given[@]}" workbot "${@:-migrate}"
}

compose() { # -f FILE... COMMAND...
  local files=() file name env
  while [ "${1:-}" = -f ]; do
    [ -f "$2" ] || fail "there is no file $2"
    files+=("$2") && shift 2
  done
  env=$(dirname "${files[0]}")/.env
  [ -f "$env" ] || fail "there is no file $env"
  for name in $(sed -nE 's/^[^#]*\$\{([A-Z_]+):\?.*/\1/p' "${files[@]}"); do
    grep -qE "^$name=." "$env" || fail "$env does not set $name"
  done
  # shellcheck source=/dev/null
  . "$env"
  while read -r file; do
    eval "file=$file"
    [ -s "$(dirname "${files[0]}")/$file" ] || fail "there is no secret $file"
  done < <(sed -nE 's/^  [a-z_]+: \{file: (.*)\}$/\1/p' "${files[@]}")
  case "$*" in
    'up -d --build' | 'up -d' | 'up -d postgres' | '--profile metrics up -d' | 'restart proxy') echo "checked: $*" ;;
    'exec -T postgres '*) beside_postgres "${files[0]%/*}" "${@:4}" ;;
    'run --rm migrate'*) migrate "${files[0]}" "${@:4}" ;;
    *) fail "compose is not known to do: $*" ;;
  esac
  local engine
  engine=$(PATH=${PATH#*:} command -v docker || true)
  if [ -n "$engine" ] && "$engine" compose version >/dev/null 2>&1; then
    "$engine" compose "${files[@]/#/--file=}" config --quiet
  fi
}

command=${1:?build, run or compose}
shift
case $command in
  build | run | compose) $command "$@" ;;
  *) fail "$command is not known here" ;;
esac
