#!/usr/bin/env bash
# Runs a command with MiniStack's S3 at hand, which listens on the loopback only and forgets everything when the command ends.
set -euo pipefail
cd "$(dirname "$0")/.."

python=$PWD/.tools/ministack/bin/python
port=$("$python" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
work=$(mktemp -d)
# Signatures are verified. What would listen on every address is off.
(
    cd "$work"
    exec env GATEWAY_PORT="$port" BIND_HOST=127.0.0.1 MINISTACK_HOST=127.0.0.1 MINISTACK_REGION=us-east-1 AUTH=true \
        STATE_DIR="$work/state" S3_DATA_DIR="$work/s3" DOCKER_HOST="unix://$work/no-docker.sock" IOT_MTLS_ENABLED=0 SFTP_ENABLED=0 \
        "$python" -m ministack
) >"$work/log" 2>&1 &
server=$!
trap 'kill "$server" 2>/dev/null; wait "$server" 2>/dev/null; rm -rf "$work"' EXIT

until (: <"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do
    if ! kill -0 "$server" 2>/dev/null; then
        cat "$work/log" >&2
        echo "MiniStack did not start" >&2
        exit 1
    fi
    sleep 0.1
done

S3_URL="http://127.0.0.1:$port" "$@"
