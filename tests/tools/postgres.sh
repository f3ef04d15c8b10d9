#!/usr/bin/env bash
# postgres.sh start|stop|drop|restart|kill|status|url [DIR] : a private PostgreSQL in DIR (.run/pg-main).
#
#   start    makes it when needed, waits until it answers, prints its URL; again: just the URL
#   url      libpq URI of the superuser's database (TCP on loopback, scram with a sample password)
#   restart  clean stop and start on the same port
#   kill     kill -9 of the server and all its processes, as a power cut would; `start` recovers
#   stop     clean stop; the data stays      drop     stop and remove it
#   status   exit 0 when it runs
#
# POSTGRES_SUPERUSER names the superuser (workbot); the same for each call of one DIR.
# DIR also holds `port`, `socket` (a short directory with the unix socket) and the server's `log`.
# fsync stays on: what the tests measure and break is durability. Root may not run PostgreSQL, so as
# root the cluster belongs to the package's own user.
set -euo pipefail
cd "$(dirname "$0")/../.."
command=${1:?start|stop|drop|restart|kill|status|url}
mkdir -p "${2:-.run/pg-main}"
dir=$(cd "${2:-.run/pg-main}" && pwd)

bin=/usr/lib/postgresql/15/bin
[ -x $bin/initdb ] || bin=$(dirname "$(command -v initdb || echo /nowhere/initdb)")
[ -x "$bin/initdb" ] || { echo "postgres.sh: no PostgreSQL here; run make deps" >&2 && exit 1; }

user=${POSTGRES_SUPERUSER:-workbot}
password=sample-postgres-password
as=()
if [ "$(id -u)" = 0 ]; then as=(setpriv --reuid=postgres --regid=postgres --init-groups --); fi

data() { cat "$dir/data.path"; }
running() { [ -f "$dir/data.path" ] && "${as[@]}" "$bin/pg_ctl" status -s -D "$(data)" >/dev/null 2>&1; }
url() { echo "postgresql://$user:$password@127.0.0.1:$(cat "$dir/port")/postgres"; }

# The cluster's user must be able to reach its data, which it cannot in a checkout under /root.
place() {
  local path=$dir/data
  if [ ${#as[@]} != 0 ]; then
    "${as[@]}" test -x "$dir" || path=/var/tmp/workbot-pg-$(echo "$dir" | sha256sum | cut -c1-12)
    install -d -m 700 -o postgres -g postgres "$path"
  fi
  echo "$path" >"$dir/data.path"
}

create() {
  place
  echo $password >"$dir/password"
  # read through the open file: the cluster's user need not reach our directory
  "${as[@]}" "$bin/initdb" -D "$(data)" -U $user --auth=scram-sha-256 --pwfile=/dev/stdin \
    -E UTF8 --locale=C.UTF-8 --no-sync <"$dir/password" >"$dir/initdb.log" 2>&1 ||
    { cat "$dir/initdb.log" >&2 && exit 1; }
  "${as[@]}" tee -a "$(data)/postgresql.conf" >/dev/null <<CONF
listen_addresses = '127.0.0.1'
max_connections = 200
shared_buffers = 128MB
logging_collector = off
log_min_messages = warning
log_line_prefix = '%m [%p] '
CONF
  touch "$dir/created"
}

launch() {
  local socket try
  if [ ! -d "$(cat "$dir/socket" 2>/dev/null || echo none)" ]; then
    socket=$(mktemp -d /tmp/wbpg.XXXXXX) && echo "$socket" >"$dir/socket"
    if [ ${#as[@]} != 0 ]; then chown postgres:postgres "$socket"; fi
    chmod 755 "$socket"
  fi
  # the same port as last time where possible: clients come back to it
  [ -f "$dir/port" ] || echo 0 >"$dir/port"
  tests/tools/free_port.sh "$(cat "$dir/port")" >"$dir/port.new"
  mv "$dir/port.new" "$dir/port"
  # after a kill -9 the old shared memory takes a moment to go
  for try in 1 2 3 4 5; do
    if "${as[@]}" "$bin/pg_ctl" start -s -w -t 60 -D "$(data)" -l "$(data)/server.log" \
      -o "-p $(cat "$dir/port") -k $(cat "$dir/socket")" >"$dir/start.log" 2>&1 9>&-; then
      ln -sfn "$(data)/server.log" "$dir/log"
      return 0
    fi
    sleep "0.$((try * 2))"
  done
  cat "$dir/start.log" >&2
  tail -n 20 "$(data)/server.log" >&2
  return 1
}

start() {
  if running; then return 0; fi
  if [ ! -f "$dir/created" ]; then create; fi
  launch
}

stop() {
  if running; then "${as[@]}" "$bin/pg_ctl" stop -s -w -m fast -D "$(data)"; fi
  if [ -f "$dir/socket" ]; then rm -rf "$(cat "$dir/socket")" "$dir/socket"; fi
}

power_cut() {
  local main
  main=$(head -n 1 "$(data)/postmaster.pid")
  kill -STOP "$main" # so that it starts no more of them
  # shellcheck disable=SC2046 # a list of pids
  kill -KILL $(pgrep -P "$main") "$main"
  while kill -0 "$main" 2>/dev/null; do sleep 0.02; done
}

exec 9>"$dir/lock"
flock 9
case $command in
  start)
    start
    url
    ;;
  stop) stop ;;
  drop)
    stop
    if [ -f "$dir/data.path" ]; then rm -rf "$(data)"; fi
    rm -rf "$dir"
    ;;
  restart)
    if running; then "${as[@]}" "$bin/pg_ctl" stop -s -w -m fast -D "$(data)"; fi
    start
    ;;
  kill) power_cut ;;
  status) running ;;
  url) url ;;
  *) echo "postgres.sh: no command '$command'" >&2 && exit 2 ;;
esac
