#!/usr/bin/env bash
# make-secrets.sh [DIR] : makes the secret files of compose.yaml that are not there yet (default:
# docker/secrets beside this script). A file that exists is never touched, so it can be run again.
#
# Slack's two secrets cannot be made here. Put them in beforehand, or as variables:
#   SLACK_CLIENT_SECRET=... SLACK_SIGNING_SECRETS=... docker/make-secrets.sh
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
if missing database_password; then openssl rand -hex 24 | put database_password; fi
if missing database_url; then
  printf 'postgresql://workbot:%s@postgres:5432/workbot\n' "$(cat "$dir/database_password")" | put database_url
fi
if missing encryption_keys; then
  printf 'k1:%s\n' "$(openssl rand -base64 32)" | put encryption_keys
fi
if missing admin_tokens; then openssl rand -hex 32 | put admin_tokens; fi
if missing tls_certificate; then
  # to begin with: Slack wants one of a public authority
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 90 -subj "/CN=$host" \
    -addext "subjectAltName=DNS:$host" -keyout "$dir/tls.key.new" -out "$dir/tls.crt.new" 2>/dev/null
  cat "$dir/tls.crt.new" "$dir/tls.key.new" | put tls_certificate
  rm -f "$dir/tls.crt.new" "$dir/tls.key.new"
fi

left=0
from_slack() { # NAME VALUE WHERE
  missing "$1" || return 0
  if [ -n "$2" ]; then
    printf '%s\n' "$2" | put "$1"
  else
    echo "still missing: $dir/$1 ($3)" >&2
    left=1
  fi
}
from_slack slack_client_secret "${SLACK_CLIENT_SECRET:-}" "api.slack.com/apps, Basic Information, Client Secret"
from_slack slack_signing_secrets "${SLACK_SIGNING_SECRETS:-}" "api.slack.com/apps, Basic Information, Signing Secret"
exit $left
