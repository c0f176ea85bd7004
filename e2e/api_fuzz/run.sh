#!/usr/bin/env bash
# Fuzzes the API from its own description, on the demo data, as an owner: run.sh QUARTERHOUR [SECONDS]
# Ends with `N passed, N failed`, counted by operations. The first run installs schemathesis into a folder of its own.
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd)
binary=$(readlink -f "${1:-target/release/quarterhour}")
seconds=${2:-150}
venv=${XDG_CACHE_HOME:-$HOME/.cache}/quarterhour-api-fuzz
work=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null; rm -rf "$work"' EXIT

if [ ! -x "$venv/bin/schemathesis" ]; then
    python3 -m venv "$venv" && "$venv/bin/pip" install --quiet 'schemathesis>=4,<5' || { echo "0 passed, 1 failed"; exit 1; }
fi

cd "$work" || exit 2
"$binary" demo --no-pdf --no-serve --quiet >/dev/null || { echo "0 passed, 1 failed"; exit 1; }
token=$(python3 - demo/demo.db <<'PYTHON'
import base64, hashlib, secrets, sqlite3, sys, uuid
db = sqlite3.connect(sys.argv[1])
token = "qh_" + secrets.token_urlsafe(32)
digest = base64.urlsafe_b64encode(hashlib.sha256(token.encode()).digest()).decode().rstrip("=")
provider, user, since = db.execute("select provider_id, user_id, created_at from users where role = 'owner'").fetchone()
until = f"{int(since[:4]) + 3}{since[4:]}"
db.execute(
    "insert into api_tokens (provider_id, token_id, token_hash, user_id, name, scopes, created_at, expires_at)"
    " values (?, ?, ?, ?, 'fuzz', 'read time books billing admin', ?, ?)",
    (provider, uuid.uuid4().bytes, digest, user, since, until),
)
db.commit()
print(token)
PYTHON
)
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
"$binary" serve --db demo/demo.db --listen "127.0.0.1:$port" --requests-a-minute 0 >server.log 2>&1 &
server=$!
for _ in $(seq 100); do
    curl -sf -o /dev/null "http://127.0.0.1:$port/api/v1/openapi.json" && break
    sleep 0.2
done

"$venv/bin/schemathesis" --config-file "$here/schemathesis.toml" run "http://127.0.0.1:$port/api/v1/openapi.json" \
    --header "Authorization: Bearer $token" --phases examples,coverage,fuzzing --max-examples 20 --max-time "$seconds" \
    --continue-on-failure --no-color --request-timeout 20 >fuzz.log 2>&1
code=$?
tested=$(grep -oE 'Tested: [0-9]+' fuzz.log | grep -oE '[0-9]+' | tail -1)
broken=$(grep -cE '^_{3,} (GET|POST|PUT|DELETE) ' fuzz.log)
if [ "$code" -ne 0 ]; then
    cat fuzz.log
    grep -a ' ERROR' server.log | tail -20
    [ "$broken" -gt 0 ] || broken=1
fi
echo "$((${tested:-0} > broken ? ${tested:-0} - broken : 0)) passed, $broken failed"
[ "$broken" -eq 0 ]
