#!/usr/bin/env bash
# Runs the function as a developer does: `cargo lambda watch` serves it, `cargo lambda invoke` hands it an event, and curl asks it
# over HTTP, by all that its contract promises. It keeps its predictions in a file, and its log is read for metrics.
set -euo pipefail
cd "$(dirname "$0")/.."
# cargo-lambda brings the linker that it uses.
export PATH=$PWD/.tools/cargo-lambda/bin:$PATH

port=${PORT:-9300}
work=$(mktemp -d)
watcher=

clean_up() {
    local status=$?
    # The watcher's own children are in its group.
    [[ -z $watcher ]] || kill -- "-$watcher" 2>/dev/null || true
    ((status == 0)) || cat "$work/log" >&2
    rm -rf "$work"
}
trap clean_up EXIT

fail() {
    echo "tests/cargo_lambda.sh: $*" >&2
    exit 1
}

# It does not look for changes: what clients write beside the sources would restart it under their hands.
DATABASE_URL=sqlite:$work/predictions.db POWERTOOLS_METRICS_NAMESPACE=Lifeboat setsid \
    cargo lambda watch --release --ignore-changes --invoke-address 127.0.0.1 --invoke-port "$port" >"$work/log" 2>&1 &
watcher=$!
until (: <"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do
    kill -0 "$watcher" 2>/dev/null || fail "cargo lambda watch stopped"
    sleep 0.2
done

# The first event waits until the function is built.
created=$(cargo lambda invoke --invoke-address 127.0.0.1 --invoke-port "$port" api --data-file events/predict.json)
[[ $created == *'"statusCode":201'* && $created == *probability* ]] || fail "no prediction: $created"
again=$(cargo lambda invoke --invoke-address 127.0.0.1 --invoke-port "$port" api --data-file events/predict.json)
[[ $again == *'"statusCode":200'* ]] || fail "not stored: $again"
echo "ok: invoked twice, stored once"

health=$(curl --silent --show-error --max-time 60 "http://127.0.0.1:$port/lambda-url/api/health")
[[ $health == *'"status":"alive"'* ]] || fail "not served over HTTP: $health"
echo "ok: served over HTTP"
tests/clients/contract.sh "http://127.0.0.1:$port/lambda-url/api"
.tools/clients/bin/python -B tests/clients/embedded_metrics.py "$work/log"
