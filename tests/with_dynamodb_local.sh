#!/usr/bin/env bash
# Runs a command with DynamoDB Local at hand, in a network of their own: DynamoDB Local listens on every address that it finds,
# and in here there is only the loopback.
set -euo pipefail
cd "$(dirname "$0")/.."

port=8000
# Root needs no other user to make a network, and nobody else gets more rights in it than to bring it up.
unshare=(unshare --net)
((EUID == 0)) || unshare=(unshare --map-current-user --keep-caps --net)

if [[ ${1:-} != --inside ]]; then
    if "${unshare[@]}" true 2>/dev/null; then
        exec "${unshare[@]}" "tests/${0##*/}" --inside "$@"
    fi
    echo "WARNING: no network namespace can be made here: DynamoDB Local will listen on port $port of every address" >&2
    as_user=()
else
    shift
    ip link set lo up
    as_user=(setpriv --ambient-caps -all)
fi

log=$(mktemp)
(
    cd .tools/dynamodb-local
    DDB_LOCAL_TELEMETRY=0 exec java -Djava.library.path=DynamoDBLocal_lib -jar DynamoDBLocal.jar \
        -inMemory -sharedDb -disableTelemetry -port "$port"
) >"$log" 2>&1 &
server=$!
trap 'kill "$server" 2>/dev/null; rm -f "$log"' EXIT

until (: <"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do
    if ! kill -0 "$server" 2>/dev/null; then
        cat "$log" >&2
        echo "DynamoDB Local did not start" >&2
        exit 1
    fi
    sleep 0.2
done

DYNAMODB_LOCAL_URL="http://127.0.0.1:$port" "${as_user[@]}" "$@"
