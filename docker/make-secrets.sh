#!/usr/bin/env bash
# make-secrets.sh [DIR] : makes the secret files of compose.yaml that are not there yet (default:
# docker/secrets beside this script). A file that exists is never touched, so it can be run again.
#
# The secrets of a chat platform cannot be made here: Slack has two, Microsoft Teams one. Put those of
# the platform that is served in beforehand, or as variables:
#   SLACK_CLIENT_SECRET=... SLACK_SIGNING_SECRETS=... docker/make-secrets.sh
#   TEAMS_APP_SECRET=... docker/make-secrets.sh
# It fails where neither platform's are there, and where one of Slack's two is missing.
set -euo pipefail
dir=${1:-$(cd "$(dirname "$0")" && pwd)/secrets}
host=${TLS_HOST:-localhost}

# The directory keeps other people of this machine out; the files themselves must be readable by the
# containers' users, since they are mounted with the rights they have here.
umask 077
mkdir -p "$dir"
chmod 700 "$dir"

missing() { [ ! -s "$dir/$1" ]; }
put() { # NAME, content on standard input
  cat >"$dir/$1.new"
  chmod 444 "$dir/$1.new"
  mv -f "$dir/$1.new" "$dir/$1"
  echo "made $1"
}

if missing postgres_password; then openssl rand -hex 24 | put postgres_password; fi
role() { # FILES ROLE
  if missing "$1_password"; then openssl rand -hex 24 | put "$1_password"; fi
  if missing "$1_url"; then
    printf 'postgresql://%s:%s@postgres:5432/workbot\n' "$2" "$(cat "$dir/$1_password")" | put "$1_url"
  fi
}
role database workbot
role workbot_service workbot_service
if missing encryption_keys; then
  printf 'k1:%s\n' "$(openssl rand -base64 32)" | put encryption_keys
fi
if missing admin_tokens; then openssl rand -hex 32 | put admin_tokens; fi
if missing tls_certificate; then
  # to begin with: a chat platform wants one of a public authority
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 90 -subj "/CN=$host" \
    -addext "subjectAltName=DNS:$host" -keyout "$dir/tls.key.new" -out "$dir/tls.crt.new" 2>/dev/null
  cat "$dir/tls.crt.new" "$dir/tls.key.new" | put tls_certificate
  rm -f "$dir/tls.crt.new" "$dir/tls.key.new"
fi

given() { # NAME VALUE
  if missing "$1" && [ -n "$2" ]; then printf '%s\n' "$2" | put "$1"; fi
}
given slack_client_secret "${SLACK_CLIENT_SECRET:-}"
given slack_signing_secrets "${SLACK_SIGNING_SECRETS:-}"
given teams_app_secret "${TEAMS_APP_SECRET:-}"

slack_lacks=()
if missing slack_client_secret; then slack_lacks+=("$dir/slack_client_secret (api.slack.com/apps, Basic Information, Client Secret)"); fi
if missing slack_signing_secrets; then slack_lacks+=("$dir/slack_signing_secrets (api.slack.com/apps, Basic Information, Signing Secret)"); fi
if [ ${#slack_lacks[@]} = 0 ]; then exit 0; fi
if [ ${#slack_lacks[@]} = 2 ] && ! missing teams_app_secret; then exit 0; fi
printf 'still missing: %s\n' "${slack_lacks[@]}" >&2
if missing teams_app_secret; then
  echo "or for Teams: $dir/teams_app_secret (Entra, App registrations, Certificates & secrets, Value)" >&2
fi
exit 1
