#!/usr/bin/env bash
# Runs a command with DynamoDB Local at hand, in a network of their own: DynamoDB Local listens on every address that it finds,
# and in here there is only the loopback.
set -euo pipefail

cd "$(dirname "$0")/.."
port=8000

if [ "${1:-}" != --inside ]; then
    if unshare --map-root-user --net true 2>/dev/null; then
        exec unshare --map-root-user --net "$0" --inside "$@"
    fi
    echo "WARNING: no network namespace can be made here: DynamoDB Local will listen on port $port of every address" >&2
    set -- --inside "$@"
else
    ip link set lo up
fi
shift

log=$(mktemp)
(
    cd .tools/dynamodb-local
    DDB_LOCAL_TELEMETRY=0 exec java -Djava.library.path=DynamoDBLocal_lib -jar DynamoDBLocal.jar \
        -inMemory -sharedDb -disableTelemetry -port "$port"
) > "$log" 2>&1 &
server=$!
trap 'kill "$server" 2>/dev/null; rm -f "$log"' EXIT

until (: < "/dev/tcp/127.0.0.1/$port") 2>/dev/null; do
    if ! kill -0 "$server" 2>/dev/null; then
        cat "$log" >&2
        echo "DynamoDB Local did not start" >&2
        exit 1
    fi
    sleep 0.2
done

DYNAMODB_LOCAL_URL="http://127.0.0.1:$port" "$@"
