#!/bin/sh
# Asks the release gate with curl and jq, and ends as slo-engine gate does: 0 for
# allow, 1 for deny, 2 for unknown, 75 for hold, 64 when it is called wrongly.
#
#   gate.sh SERVICE [ENVIRONMENT [VERSION]]
#
# SLO_ENGINE_URL is where the engine is, SLO_ENGINE_TOKEN a token if it wants one.
set -u

if [ $# -lt 1 ] || [ -z "$1" ]; then
  echo "usage: gate.sh SERVICE [ENVIRONMENT [VERSION]]" >&2
  exit 64
fi
url=${SLO_ENGINE_URL:-http://127.0.0.1:9490}

# Not --fail: a question that makes no sense is answered with what is wrong with it.
# The token goes in by standard input, where other users of the machine do not see it.
answer=$({
  [ -z "${SLO_ENGINE_TOKEN:-}" ] || printf 'header = "Authorization: Bearer %s"\n' "$SLO_ENGINE_TOKEN"
} | curl --silent --show-error --max-time 10 --retry 3 --config - --get \
  --data-urlencode "service=$1" \
  --data-urlencode "environment=${2:-}" \
  --data-urlencode "version=${3:-}" \
  "$url/api/v1/gate") || {
  echo "unknown: the gate cannot be asked" >&2
  exit 2
}

printf '%s' "$answer" | jq --raw-output '.decision // .detail // .title, (.reasons[]? | "  " + .text)'
case $(printf '%s' "$answer" | jq --raw-output '.decision // .status') in
  allow) exit 0 ;;
  deny) exit 1 ;;
  hold) exit 75 ;;
  400) exit 64 ;;
  *) exit 2 ;;
esac
