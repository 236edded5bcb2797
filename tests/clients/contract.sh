#!/usr/bin/env bash
# Asks a service that runs what schemathesis makes of its contract: tests/clients/contract.sh URL [OPTION...]
set -euo pipefail
cd "$(dirname "$0")"

url=$1
shift
# Settings are in schemathesis.toml.
PYTHONDONTWRITEBYTECODE=1 ../../.tools/clients/bin/schemathesis --config-file schemathesis.toml \
    run "$url/openapi.json" --url "$url" "$@"
