#!/usr/bin/env bash
# Asks the program that was built, serving on databases of its own, as its clients do: the smoke test, schemathesis by the contract, Triton's
# client by the Open Inference Protocol, Prometheus's parser by its counts, and a browser by the pages, of which pictures are left in target/screenshots.
# The packages of tests/packages are served as well, and asked by schemathesis and the browser; the flights', by the browser.
set -euo pipefail
cd "$(dirname "$0")/../.."

program=${1:-target/release/lifeboat}
work=$(mktemp -d)
servers=()
key=$(openssl rand -hex 16)

clean_up() {
    local status=$?
    ((${#servers[@]} == 0)) || kill "${servers[@]}" 2>/dev/null || true
    ((status == 0)) || tail -n 20 "$work"/*.log >&2
    rm -rf "$work"
}
trap clean_up EXIT

# Starts a server: NAME [OPTION...]
serve() {
    local name=$1
    shift
    LOG_FORMAT=json "$program" serve --port 0 --database-url "sqlite:$work/$name.db" "$@" 2>"$work/$name.log" &
    servers+=("$!")
}

# Waits until the server of a name listens, and prints where.
address_of() {
    for _ in {1..300}; do
        grep -om1 '"address":"[^"]*' "$work/$1.log" | cut -d'"' -f4 | grep . && return
        sleep 0.1
    done
    echo "tests/clients/run.sh: the server $1 does not start" >&2
    return 1
}

serve open
serve flights model/flights
LIFEBOAT_API_KEY=$key serve keyed
tables=
for package in tests/packages/*/schema.json; do
    name=$(basename "$(dirname "$package")")
    serve "$name" "$(dirname "$package")"
    tables+="${tables:+, }\"$name\": \"http://$(address_of "$name")\""
done
address=$(address_of open)
keyed_address=$(address_of keyed)

infra/smoke.sh "http://$address"
.tools/clients/bin/python -B tests/clients/triton.py "$address"
tests/clients/contract.sh "http://$address"
.tools/clients/bin/python -B tests/clients/metrics.py "$address"
for package in tests/packages/*/schema.json; do
    CONTRACT_CONFIG=tables.toml tests/clients/contract.sh "http://$(address_of "$(basename "$(dirname "$package")")")"
done
mkdir -p target/screenshots
LIFEBOAT_URL=http://$address LIFEBOAT_FLIGHTS_URL=http://$(address_of flights) LIFEBOAT_KEYED_URL=http://$keyed_address LIFEBOAT_KEY=$key LIFEBOAT_TABLES="{$tables}" \
    LIFEBOAT_BROWSER_TOOLS=.tools/browser SCREENSHOTS=target/screenshots \
    node --test tests/pages/pages.test.mjs
for server in "${servers[@]}"; do
    kill -0 "$server"
done
