#!/usr/bin/env bash
# demo.sh : a private PostgreSQL, the sandbox and Workbot, with two companies to play in, each with a
# Slack workspace and a Teams tenant. Ctrl-C
# (or TERM) stops all of it; a second run goes on with Workbot's data, and an empty sandbox.
#
#   RESET=1         forget everything first
#   DEMO_DIR        where it keeps its files (.run/demo)
#   DEMO_POSTGRES   URL of a PostgreSQL to make a database in, instead of an own server
#   DEMO_PORTS=any  any free ports, not the usual ones
#   WORKBOT_BIN, SANDBOX_BIN   the programs (build/workbot, build/sandbox)
#
# Scripts wait for DIR/demo.json, which is there while it runs and holds its addresses.
set -euo pipefail
cd "$(dirname "$0")/../.."
dir=${DEMO_DIR:-.run/demo}
workbot=${WORKBOT_BIN:-${BUILD:-build}/workbot}
sandbox=${SANDBOX_BIN:-${BUILD:-build}/sandbox}

mkdir -p "$dir"
dir=$(cd "$dir" && pwd)
exec 8>"$dir/lock"
if ! flock -n 8; then
  echo "demo.sh: it runs already, see $dir/demo.json; stop that one first, or choose another DEMO_DIR" >&2
  exit 1
fi

# what a killed demo.sh left running
for pid in $(sed -nE 's/.*"pids":\{"sandbox":([0-9]+),"workbot":([0-9]+)\}.*/\1 \2/p' "$dir/demo.json" 2>/dev/null); do
  case $(readlink "/proc/$pid/exe") in */workbot* | */sandbox*) kill -TERM "$pid" ;; esac
done
rm -f "$dir/demo.json"

# --- stop ----------------------------------------------------------------------------------------

children=()
own_database=
tidy_up() {
  local status=$? pid
  trap '' INT TERM HUP
  rm -f "$dir/demo.json"
  for pid in "${children[@]}"; do kill -TERM "$pid" 2>/dev/null || true; done
  for pid in "${children[@]}"; do wait "$pid" 2>/dev/null || true; done
  if [ -n "${DEMO_POSTGRES:-}" ]; then
    [ -z "$own_database" ] || psql -q "$DEMO_POSTGRES" -c "drop database $own_database with (force)" 8>&- || true
  else
    tests/tools/postgres.sh stop "$dir/pg" 8>&- || true
  fi
  exit "$status"
}
trap tidy_up EXIT
trap 'exit 0' INT TERM HUP

say() { [ "${DEMO_QUIET:-}" = 1 ] || printf '%s\n' "$@"; }
broken() { # TEXT LOG
  echo "demo.sh: $1" >&2
  tail -n 20 "$2" >&2
  exit 1
}

# --- settings ------------------------------------------------------------------------------------

random_text() { head -c "$1" /dev/urandom | base64 -w 0; }
random_hex() { od -An -N "$1" -tx1 /dev/urandom | tr -d ' \n'; }

if [ "${RESET:-}" = 1 ]; then
  [ ! -d "$dir/pg" ] || tests/tools/postgres.sh drop "$dir/pg" 8>&-
  find "$dir" -mindepth 1 -maxdepth 1 ! -name lock -exec rm -rf {} +
fi

# made once: with other keys the data of the last run could not be opened
if [ ! -f "$dir/secrets.env" ]; then
  (umask 077 && printf '%s\n' "WORKBOT_ENCRYPTION_KEYS=demo:$(random_text 32)" \
    "WORKBOT_ADMIN_TOKENS=$(random_hex 24)" >"$dir/secrets.env")
fi
token=$(sed -n 's/^WORKBOT_ADMIN_TOKENS=//p' "$dir/secrets.env")

# the ports of the last run, so that links in its messages still lead here
taken=' '
port_of() { # NAME USUAL
  local port=$2
  [ "${DEMO_PORTS:-}" != any ] || port=0
  [ ! -f "$dir/port.$1" ] || port=$(cat "$dir/port.$1")
  while :; do
    port=$(tests/tools/free_port.sh "$port")
    case $taken in *" $port "*) port=0 ;; *) break ;; esac
  done
  taken="$taken$port "
  echo "$port" >"$dir/port.$1"
}
port_of workbot 8080
port_of ops 9090
port_of sandbox 8090
port_of salesforce 8091
port_of servicenow 8092
port_of box 8093
at_workbot=127.0.0.1:$(cat "$dir/port.workbot")
at_ops=127.0.0.1:$(cat "$dir/port.ops")
at_sandbox=127.0.0.1:$(cat "$dir/port.sandbox")
at_salesforce=127.0.0.1:$(cat "$dir/port.salesforce")
at_servicenow=127.0.0.1:$(cat "$dir/port.servicenow")
at_box=127.0.0.1:$(cat "$dir/port.box")

# --- start ---------------------------------------------------------------------------------------

say '  PostgreSQL ...'
if [ -n "${DEMO_POSTGRES:-}" ]; then
  own_database=demo_$(random_hex 6)
  psql -q "$DEMO_POSTGRES" -c "create database $own_database"
  database=${DEMO_POSTGRES%/*}/$own_database
else
  database=$(tests/tools/postgres.sh start "$dir/pg" 8>&-)
fi

# the sandbox's tenants (tests/sandbox/seed.json)
teams_acme=ac3e0000-0000-4000-8000-000000000001
teams_globex=910be000-0000-4000-8000-000000000002

(umask 077 && cat >"$dir/settings.env") <<SETTINGS
WORKBOT_DATABASE_URL=$database
WORKBOT_PUBLIC_URL=http://$at_workbot
WORKBOT_LISTEN=$at_workbot
WORKBOT_OPS_LISTEN=$at_ops
WORKBOT_TRUSTED_HTTP_HOSTS=$at_sandbox,$at_salesforce,$at_servicenow,$at_box,localhost:${at_box#*:}
WORKBOT_SLACK_URL=http://$at_sandbox/slack
WORKBOT_SLACK_APP_ID=A0WORKBOT
WORKBOT_SLACK_CLIENT_ID=1000000001.2000000002
WORKBOT_SLACK_CLIENT_SECRET=sample-slack-client-secret
WORKBOT_SLACK_SIGNING_SECRETS=sample-slack-signing-secret
WORKBOT_TEAMS_APP_ID=22222222-aaaa-4bbb-8ccc-222222222222
WORKBOT_TEAMS_APP_SECRET=sample-teams-app-secret
WORKBOT_TEAMS_TENANT_ID=$teams_acme
WORKBOT_TEAMS_ALLOWED_TENANTS=$teams_acme,$teams_globex
WORKBOT_TEAMS_OPENID_URL=http://$at_sandbox/teams/v1/.well-known/openidconfiguration
WORKBOT_TEAMS_LOGIN_URL=http://$at_sandbox/teams/login
$(cat "$dir/secrets.env")
SETTINGS
mapfile -t settings <"$dir/settings.env"
# nothing of our own environment: an unknown WORKBOT_ name is a fault
bare=(env -i "PATH=$PATH" ${ASAN_OPTIONS:+"ASAN_OPTIONS=$ASAN_OPTIONS"} ${TSAN_OPTIONS:+"TSAN_OPTIONS=$TSAN_OPTIONS"})

say '  Workbot and the sandbox ...'
"${bare[@]}" "${settings[@]}" "$workbot" migrate >"$dir/migrate.log" 2>&1 8>&- ||
  broken "workbot migrate failed" "$dir/migrate.log"

"${bare[@]}" "$sandbox" --port "${at_sandbox#*:}" --salesforce-port "${at_salesforce#*:}" \
  --app-port "servicenow=${at_servicenow#*:}" --app-port "box=${at_box#*:}" \
  --bot-url "http://$at_workbot" >"$dir/sandbox.log" 2>&1 8>&- &
children+=($!)
"${bare[@]}" "${settings[@]}" "$workbot" serve >"$dir/workbot.log" 2>&1 8>&- &
children+=($!)

answers() { curl -sf -o "$dir/.answer" --max-time 2 "$1"; }
wait_for() { # URL PID NAME
  local until=$((SECONDS + 30))
  until answers "$1"; do
    kill -0 "$2" 2>/dev/null || broken "$3 ended" "$dir/$3.log"
    [ $SECONDS -lt $until ] || broken "$3 does not answer at $1" "$dir/$3.log"
    sleep 0.1
  done
}
wait_for "http://$at_sandbox/healthz" "${children[0]}" sandbox
wait_for "http://$at_ops/readyz" "${children[1]}" workbot

say '  Workspaces Acme and Globex ...'
WORKBOT=http://$at_workbot TOKEN=$token SANDBOX=http://$at_sandbox SALESFORCE=$at_salesforce \
  SERVICENOW=$at_servicenow BOX=$at_box \
  TEAMS_ACME=$teams_acme TEAMS_GLOBEX=$teams_globex \
  tests/demo/load.sh 8>&- || exit 1

(umask 077 && cat >"$dir/demo.json.new") <<JSON
{"workbot":"http://$at_workbot","ops":"http://$at_ops","sandbox":"http://$at_sandbox",
 "salesforce":"http://$at_salesforce",
 "servicenow":"http://$at_servicenow","box":"http://$at_box","token":"$token","database":"$database",
 "pids":{"sandbox":${children[0]},"workbot":${children[1]}}}
JSON
mv "$dir/demo.json.new" "$dir/demo.json"

bold='' plain=''
[ ! -t 1 ] || { bold=$(tput bold) && plain=$(tput sgr0) || true; } 2>/dev/null
say '' "Open ${bold}http://$at_sandbox/?show=both${plain} and type as Ana, in Slack or in Teams:" '' \
  "  ${bold}salesforce create opportunity name: Acme renewal amount: 5000 close: 2026-12-31${plain}" '' \
  'You are asked to log in to Salesforce (choose Ana, allow), type the code that the page shows into' \
  'the chat, and the command goes on by itself: the opportunity belongs to Ana. In Teams the login' \
  'opens in a window of the chat, which hands its end over by itself; this page is no Teams, so the' \
  'code goes into the field "Code" that appears above the message box. Then try' '' \
  '  connections                         who you are in each app, with Disconnect' \
  '  help salesforce                     what you can do there' \
  '  salesforce find opportunity name: renewal' \
  '  the first command as Ben            the installer (in Teams the API named him): the default connection acts' \
  '  @Workbot team note text: Hello      in #sales (Teams: #deals): a command that needs no login' \
  '  a login link of Ana, opened by Cleo nothing is connected without the code in Ana'"'"'s chat' \
  '  deal start name: Northwind close: 2026-12-31    two apps in one command: Salesforce and Box' \
  '  servicenow report incident what: No paper       an incident that is yours' '' \
  'Then press "Submit for approval" beside a deal, in the panel of the apps: #sales (Teams: #deals)' \
  'hears of it, and Cleo approves or rejects it there, as herself. "Raise a change" asks Ana.' '' \
  "API: http://$at_workbot/v1 with the token in ${dir#"$PWD/"}/secrets.env; logs in ${dir#"$PWD/"}/." \
  'The sandbox forgets its chats, records and logins when it stops. Workbot keeps its own data: a' \
  'personal connection of the last run asks for a new login at its next command. RESET=1 forgets' \
  'that too. Ctrl-C stops everything.'

# --- run -----------------------------------------------------------------------------------------

wait -n "${children[@]}" || true
for name in sandbox workbot; do
  pid=${children[0]}
  [ $name = sandbox ] || pid=${children[1]}
  kill -0 "$pid" 2>/dev/null || broken "$name ended" "$dir/$name.log"
done
