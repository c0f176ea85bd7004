#!/usr/bin/env bash
# Measures the server time of every page: median and 99th percentile with 8 connections, warm.
# Usage: pages.sh PROGRAM [TIMES]   (TIMES: so many times the demo's clients, 10 unless said). Needs wrk and curl.
set -euo pipefail
program=$(realpath "$1")
times=${2:-10}
seconds=${SECONDS_EACH:-3}
work=$(mktemp -d)
trap 'kill "$server" 2>/dev/null; rm -rf "$work"' EXIT
cd "$work"
"$program" --quiet demo demo --no-pdf --no-serve --times "$times" >/dev/null
port=$((20000 + RANDOM % 20000))
"$program" --db demo/demo.db serve --listen 127.0.0.1:$port --log error & server=$!
until curl -sf "http://127.0.0.1:$port/ready" >/dev/null; do sleep 0.05; done
url=http://127.0.0.1:$port
sleep 3
idle() { awk '/VmRSS/ { printf "%.0f MB", $2 / 1024 }' "/proc/$server/status"; }
echo "resident memory after the start: $(idle)"
cookie() {
    curl -s -o /dev/null -c - --data-urlencode "email=$1" --data-urlencode "password=quarter hour demo" "$url/sign-in" |
        awk '$6 == "quarterhour" { print "quarterhour=" $7 }'
}
week=$(date +%G-W%V)
month=$(date +%Y-%m)
last=$(date -d "$(date +%Y-%m-01) -1 day" +%Y-%m)
owner=$(cookie olivia@northgate.example)
client=$(cookie carla@cedar.example)
measure() { # cookie path
    local size
    size=$(curl -s -o /dev/null -w '%{size_download}' -H "Cookie: $1" -H 'Accept-Encoding: gzip' "$url$2")
    local status
    status=$(curl -s -o /dev/null -w '%{http_code}' -H "Cookie: $1" "$url$2")
    wrk -t2 -c8 -d"${seconds}s" --latency -H "Cookie: $1" -H 'Accept-Encoding: gzip' "$url$2" |
        awk -v path="$2" -v size="$size" -v status="$status" '
            /50%/ { median = $2 } /99%/ { high = $2 } /Requests\/sec/ { rate = $2 }
            END { printf "%-44s %s %7.1f kB  median %9s  p99 %9s  %8.0f/s\n", path, status, size / 1000, median, high, rate }'
}
for path in / /clients /clients/cedar "/clients/cedar?period=$last" "/clients/cedar/entries?period=$month" /clients/cedar/devices /clients/cedar/agreements \
    /time "/time?week=$week" /billing "/billing/$month" "/billing/$last" "/billing/statements/cedar/$month" "/billing/statements/cedar/$last" \
    /billing/invoices /billing/invoices/3 /billing/aging /billing/held /billing/ledger /settings /settings/templates /users /audit /account; do
    measure "$owner" "$path"
done
for path in /portal /portal/statements "/portal/statements/$last" /portal/invoices /portal/devices /portal/approvals; do
    measure "$client" "$path"
done
sleep 5
echo "resident memory at the end: $(idle)"
