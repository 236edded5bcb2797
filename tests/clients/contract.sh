#!/usr/bin/env bash
# Asks a service that runs what schemathesis makes of its contract: tests/clients/contract.sh URL [OPTION...]
# Settings are in schemathesis.toml, or in the file of this folder that CONTRACT_CONFIG names.
set -euo pipefail
cd "$(dirname "$0")"

url=$1
shift
PYTHONDONTWRITEBYTECODE=1 ../../.tools/clients/bin/schemathesis --config-file "${CONTRACT_CONFIG:-schemathesis.toml}" \
    run "$url/openapi.json" --url "$url" "$@"
