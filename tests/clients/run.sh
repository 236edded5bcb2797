#!/usr/bin/env bash
# Asks the program that was built, serving on a database of its own, as its clients do: the smoke test, schemathesis by the contract, Triton's
# client by the Open Inference Protocol, Prometheus's parser by its counts, and a browser by the pages, of which pictures are left in target/screenshots.
set -euo pipefail
cd "$(dirname "$0")/../.."

program=${1:-target/release/lifeboat}
work=$(mktemp -d)
server=
keyed_server=
key=$(openssl rand -hex 16)

clean_up() {
    local status=$?
    kill ${server:+"$server"} ${keyed_server:+"$keyed_server"} 2>/dev/null || true
    ((status == 0)) || tail -n 20 "$work/log" "$work/keyed.log" >&2
    rm -rf "$work"
}
trap clean_up EXIT

LOG_FORMAT=json "$program" serve --port 0 --database-url "sqlite:$work/predictions.db" 2>"$work/log" &
server=$!
LOG_FORMAT=json LIFEBOAT_API_KEY=$key "$program" serve --port 0 --database-url "sqlite:$work/keyed.db" 2>"$work/keyed.log" &
keyed_server=$!

# Waits until a server listens, and prints where.
address_of() {
    until grep -om1 '"address":"[^"]*' "$2" | cut -d'"' -f4 | grep .; do
        kill -0 "$1" 2>/dev/null || exit 1
        sleep 0.1
    done
}

address=$(address_of "$server" "$work/log")
keyed_address=$(address_of "$keyed_server" "$work/keyed.log")

infra/smoke.sh "http://$address"
.tools/clients/bin/python -B tests/clients/triton.py "$address"
tests/clients/contract.sh "http://$address"
.tools/clients/bin/python -B tests/clients/metrics.py "$address"
mkdir -p target/screenshots
LIFEBOAT_URL=http://$address LIFEBOAT_KEYED_URL=http://$keyed_address LIFEBOAT_KEY=$key \
    LIFEBOAT_BROWSER_TOOLS=.tools/browser SCREENSHOTS=target/screenshots \
    node --test tests/pages/pages.test.mjs
kill -0 "$server" || exit 1
