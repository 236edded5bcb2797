#!/usr/bin/env bash
# Asks the program that was built, serving on a database of its own, as its clients do: the smoke test, schemathesis by the contract, Triton's
# client by the Open Inference Protocol, Prometheus's parser by its counts, and a browser by the pages, of which pictures are left in target/screenshots.
set -euo pipefail
cd "$(dirname "$0")/../.."

program=${1:-target/release/lifeboat}
work=$(mktemp -d)
server=

clean_up() {
    local status=$?
    [[ -z $server ]] || kill "$server" 2>/dev/null || true
    ((status == 0)) || tail -n 20 "$work/log" >&2
    rm -rf "$work"
}
trap clean_up EXIT

LOG_FORMAT=json "$program" serve --port 0 --database-url "sqlite:$work/predictions.db" 2>"$work/log" &
server=$!
until address=$(grep -om1 '"address":"[^"]*' "$work/log" | cut -d'"' -f4); do
    kill -0 "$server" 2>/dev/null || exit 1
    sleep 0.1
done

infra/smoke.sh "http://$address"
.tools/clients/bin/python -B tests/clients/triton.py "$address"
tests/clients/contract.sh "http://$address"
.tools/clients/bin/python -B tests/clients/metrics.py "$address"
mkdir -p target/screenshots
LIFEBOAT_URL=http://$address LIFEBOAT_BROWSER_TOOLS=.tools/browser SCREENSHOTS=target/screenshots \
    node --test tests/pages/pages.test.mjs
kill -0 "$server" || exit 1
