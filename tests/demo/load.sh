#!/usr/bin/env bash
# load.sh : fills a running Workbot with the demo's workspaces through its API, and logs the default
# connections in by walking through the pages as the installers. Doing it again changes nothing but
# the logins.
#
# Wants WORKBOT (its URL), TOKEN (an operator token), SANDBOX (its URL), SALESFORCE (the host:port
# under which the sandbox's Salesforce listens), SERVICENOW and BOX (the same of those), TEAMS_ACME
# and TEAMS_GLOBEX (tenants). Acme gets the worked recipes of docs/recipes, too, with their hooks.
set -euo pipefail
cd "$(dirname "$0")"
: "${WORKBOT:?}" "${TOKEN:?}" "${SANDBOX:?}" "${SALESFORCE:?}" "${SERVICENOW:?}" "${BOX:?}" \
  "${TEAMS_ACME:?}" "${TEAMS_GLOBEX:?}"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fail() {
  echo "load.sh: $1" >&2
  [ -z "${2:-}" ] || { head -c 2000 "$2" >&2 && echo >&2; }
  exit 1
}

# the answer is left in $work/answer
call() { # METHOD URL [BODY]
  local status
  status=$(curl -sS -o "$work/answer" -w '%{http_code}' -X "$1" -H "Authorization: Bearer $TOKEN" \
    -H 'Content-Type: application/json' ${3:+--data-binary "$3"} "$2") || fail "no answer from $2"
  case $status in 2??) ;; *) fail "$1 $2 answered $status" "$work/answer" ;; esac
}

member() { # NAME : a text member of the last answer
  sed -nE "s/.*\"$1\" *: *\"([^\"]*)\".*/\1/p" "$work/answer" | head -n 1
}

body_of() { # FILE
  sed "s|@SALESFORCE_HOST@|$SALESFORCE|; s|@SERVICENOW_HOST@|$SERVICENOW|; s|@BOX_HOST@|$BOX|" "$1"
}

# --- a browser ---

browse() { # CURL_ARGUMENTS... : follows redirects; the page is left in $work/page
  curl -sS -L -b "$work/cookies" -c "$work/cookies" -o "$work/page" "$@" || fail "the browser got no answer"
}
attribute() { # PATTERN : the first match of the page, its group 1
  sed -nE "s/.*$1.*/\1/p" "$work/page" | head -n 1
}

# From a login link to the code on its last page, as USERNAME at the app.
log_in() { # LOGIN_URL USERNAME
  rm -f "$work/cookies"
  browse "$1"
  browse --data do=start "$1"
  local request action
  request=$(attribute 'name="request" value="([^"]*)"')
  action=$(attribute 'form method="post" action="([^"]*)"')
  [ -n "$request" ] || fail "this is not the app's login page" "$work/page"
  browse --data-urlencode "request=$request" --data-urlencode "username=$2" "$action"
  action=$(attribute 'form method="post" action="([^"]*)"')
  browse --data-urlencode "request=$request" --data decision=allow "$action"
  code=$(attribute 'id="code"[^>]*>([0-9]+)<')
  [ -n "$code" ] || fail "the last page shows no code" "$work/page"
}

# --- what is loaded ---

declare -A redirects # of each client, which serves a company's Slack and Teams
load_connection() { # WORKSPACE_URL FILE USERNAME
  local name url app client redirect
  name=$(basename "$2" .json)
  app=$(sed -nE 's/.*"app": "([^"]*)".*/\1/p' "$2")
  url=$1/connections/$name
  call PUT "$url" "$(body_of "$2")"
  redirect=$(member redirect_uri)
  client=$(sed -nE 's/.*"client_id": "([^"]*)".*/\1/p' "$2")
  redirects[$client]="${redirects[$client]:+${redirects[$client]},}\"$redirect\""
  # what an admin of the app does there: the addresses it may send browsers back to
  call PUT "$SANDBOX/_config" \
    "{\"$app\":{\"clients\":{\"$client\":{\"redirect_uris\":[${redirects[$client]}]}}}}"
  call POST "$url/login" '{}'
  [ "$app" != servicenow ] || set -- "$1" "$2" "${3%@*}" # no addresses there
  log_in "$(member login_url)" "$3"
  call POST "$url/login/confirm" "{\"code\":\"$code\"}"
}

# The recipes of the manual's pages, for this channel, but for those that the demo has itself.
load_worked() { # WORKSPACE_URL CHANNEL
  local page name file
  for page in ../../docs/recipes/*.md; do
    rm -f "$work"/worked.*
    awk -v out="$work/worked." '/^```json$/ {n++; inside = 1; next} /^```$/ {inside = 0} inside {print > (out n)}' "$page"
    for file in "$work"/worked.*; do
      name=$(sed -nE 's/^  "name": "([^"]*)".*/\1/p' "$file")
      [ ! -f "acme/recipes/$name.json" ] || continue
      sed -i "s|C024BE91L|$2|" "$file"
      call PUT "$1/recipes/$name" "@$file"
    done
  done
}

# Each company's hook, at a new address or with a new secret, which its app is told by an admin of it.
# The apps tell Slack's workspace and Teams' of the same event.
declare -A told
load_hook() { # WORKSPACE_URL FILE APP APPROVALS
  local name url secret
  name=$(basename "$2" .json)
  call PUT "$1/hooks/$name" "@$2"
  url=$(member url) secret=$(member secret)
  if [ -z "$url" ] || { [ "$3" = servicenow ] && [ -z "$secret" ]; }; then # of the last run
    call POST "$1/hooks/$name/rotate" '{"overlap_s":0}'
    url=$(member url) secret=$(member secret)
  fi
  told[$3]="${told[$3]:+${told[$3]},}{\"url\":\"$url\",\"secret\":\"$secret\",\"organization_id\":\"00Dxx0000000001EAA\"}"
  call PUT "$SANDBOX/_config" "{\"$3\":{\"approvals\":{\"acme\":{$4,\"tell\":[${told[$3]}]}}}}"
}

load_worked_with_hooks() { # WORKSPACE CHANNEL
  local url=$WORKBOT/v1/workspaces/$1
  load_worked "$url" "$2"
  load_hook "$url" acme/hooks/opportunity-approvals.json salesforce '"approvers":["cleo@acme.example","ana@acme.example"]'
  load_hook "$url" acme/hooks/change-approvals.json servicenow '"by":"ben","approver":"ana"'
}

load_workspace() { # FOLDER SETTINGS WORKSPACE USERNAME_OF_THE_INSTALLER
  local url=$WORKBOT/v1/workspaces/$3 file
  call PUT "$url" "@$1/$2.json"
  for file in "$1"/connections/*.json; do load_connection "$url" "$file" "$4"; done
  for file in "$1"/recipes/*.json; do
    call PUT "$url/recipes/$(basename "$file" .json)" "@$file"
  done
}

# what the manifest says to Slack: so that /slack/install leads back, account_match can compare, and
# forms can ask for a file
scopes='"commands","chat:write","app_mentions:read","im:history","im:write","users:read","users:read.email","files:read","channels:read","groups:read"'
call PUT "$SANDBOX/_config" "{\"slack\":{\"scopes\":[$scopes],\"app\":{\"redirect_uris\":[\"$WORKBOT/slack/oauth/callback\",\"$WORKBOT/identity/slack/callback\"]}}}"
load_workspace acme workspace slack:T0ACME001 ben@acme.example
load_workspace globex workspace slack:T0GLOBEX1 otto@globex.example
load_workspace acme teams "teams:$TEAMS_ACME" ben@acme.example
load_workspace globex teams "teams:$TEAMS_GLOBEX" otto@globex.example
# the bot is in a team, as Teams told it when it was added there
call POST "$SANDBOX/_install" "{\"chat\":\"teams\",\"workspace\":\"$TEAMS_ACME\",\"user\":\"ben\",\"place\":\"General\"}"
load_worked_with_hooks slack:T0ACME001 C0SALES01
load_worked_with_hooks "teams:$TEAMS_ACME" 19:acmesales000deals@thread.tacv2
