#!/usr/bin/env bash
# Fuzzes the API from its own description, on the demo data, as an owner and as a client's approver: run.sh QUARTERHOUR [SECONDS [PHASES]]
# Ends with `N passed, N failed`, counted by operations. The first run installs schemathesis into a folder of its own.
# The phases `examples,coverage` are the same each time; `fuzzing` is never twice the same.
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd)
binary=$(readlink -f "${1:-target/release/quarterhour}")
seconds=${2:-150}
phases=${3:-examples,coverage,fuzzing}
venv=${XDG_CACHE_HOME:-$HOME/.cache}/quarterhour-api-fuzz
work=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null; [ -n "${KEEP:-}" ] || rm -rf "$work"' EXIT

if [ ! -x "$venv/bin/schemathesis" ]; then
    python3 -m venv "$venv" && "$venv/bin/pip" install --quiet 'schemathesis>=4,<5' || { echo "0 passed, 1 failed"; exit 1; }
fi

cd "$work" || exit 2
"$binary" demo --no-pdf --no-serve --quiet >/dev/null || { echo "0 passed, 1 failed"; exit 1; }
# Tokens of the owner and of a client's approver, as the program keeps them.
read -r owner approver < <(python3 - demo/demo.db <<'PYTHON'
import base64, hashlib, secrets, sqlite3, sys, uuid
db = sqlite3.connect(sys.argv[1])
tokens = []
for role, scopes in [("owner", "read time books billing admin"), ("approver", "read billing")]:
    token = "qh_" + secrets.token_urlsafe(32)
    digest = base64.urlsafe_b64encode(hashlib.sha256(token.encode()).digest()).decode().rstrip("=")
    provider, user, since = db.execute("select provider_id, user_id, created_at from users where role = ?", (role,)).fetchone()
    until = f"{int(since[:4]) + 3}{since[4:]}"
    db.execute(
        "insert into api_tokens (provider_id, token_id, token_hash, user_id, name, scopes, created_at, expires_at)"
        " values (?, ?, ?, ?, 'fuzz', ?, ?, ?)",
        (provider, uuid.uuid4().bytes, digest, user, scopes, since, until),
    )
    tokens.append(token)
db.commit()
print(*tokens)
PYTHON
)
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
"$binary" serve --db demo/demo.db --listen "127.0.0.1:$port" --requests-a-minute 0 >server.log 2>&1 &
server=$!
for _ in $(seq 100); do
    curl -sf -o /dev/null "http://127.0.0.1:$port/api/v1/openapi.json" && break
    sleep 0.2
done

# fuzz NAME TOKEN SECONDS CHOICE…: a run over the operations that are chosen.
fuzz() {
    local name=$1 token=$2 most=$3 code
    shift 3
    "$venv/bin/schemathesis" --config-file "$here/schemathesis.toml" run "http://127.0.0.1:$port/api/v1/openapi.json" "$@" \
        --header "Authorization: Bearer $token" --phases "$phases" --max-examples 20 --max-time "$most" --seed 1 \
        --continue-on-failure --no-color --request-timeout 20 >"$name.log" 2>&1
    code=$?
    tested=$((tested + $(grep -oE 'Tested: [0-9]+' "$name.log" | grep -oE '[0-9]+' | tail -1)))
    local found
    found=$(grep -cE '^_{3,} (GET|POST|PUT|DELETE) ' "$name.log")
    if [ "$code" -ne 0 ]; then
        cat "$name.log"
        grep -a ' ERROR' server.log | tail -20
        [ "$found" -gt 0 ] || found=1
    fi
    if ! curl -sf -o /dev/null -H "Authorization: Bearer $token" "http://127.0.0.1:$port/api/v1/me"; then
        echo "$name: the token opens nothing any more, so little was tested"
        found=$((found + 1))
    fi
    broken=$((broken + found))
}

tested=0
broken=0
# The client comes first: the owner may take its token away. Nobody revokes the own one, or tests nothing from then on.
fuzz client "$approver" "$((seconds / 4))" --include-path-regex '^/api/v1/account'
fuzz provider "$owner" "$seconds" --exclude-path-regex '^/api/v1/(account|tokens/|people/[^/]*/(disable|tokens/))'
echo "$((tested > broken ? tested - broken : 0)) passed, $broken failed"
[ "$broken" -eq 0 ]
