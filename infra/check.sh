#!/usr/bin/env bash
# Checks everything here and the templates, without an AWS account and without a network once infra/tools.sh has run.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

infra/tools.sh sam checks checkov || exit 1

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

# Every parameter of the template stands in the README.
document_parameters() {
    local parameter missing=()
    for parameter in $(sed -n '/^Parameters:/,/^[A-Z]/ s/^  \([A-Z][A-Za-z0-9]*\):$/\1/p' template.yaml); do
        grep -q "^| .*\`$parameter\`.* |" infra/README.md || missing+=("$parameter")
    done
    ((${#missing[@]} == 0)) && echo "all parameters are told of" && return
    echo "infra/README.md does not tell of: ${missing[*]}"
    return 1
}

check "SAM: template.yaml" .tools/sam/bin/sam validate --lint --template-file template.yaml
check "cfn-lint: ${templates[*]}" .tools/checks/bin/cfn-lint --non-zero-exit-code informational "${templates[@]}"
check "checkov: ${templates[*]}" .tools/checkov/bin/checkov --config-file infra/checkov.yaml
check "Pre-traffic hook: unit test" test_hook
check "Consistency: roles, dashboard, metrics" .tools/checks/bin/python infra/consistency.py
check "Cost: the table of infra/README.md" python3 infra/cost.py --check
check "README: parameters" document_parameters
if [[ -f Dockerfile ]]; then
    check "hadolint: Dockerfile" .tools/checks/bin/hadolint Dockerfile
fi

if ((${#failures[@]})); then
    printf '\nFAILED:\n'
    printf '  %s\n' "${failures[@]}"
    exit 1
fi
printf '\nAll checks passed.\n'
