#!/usr/bin/env bash
# Deploys the stack of one environment of samconfig.toml, and asks it for a prediction. The workflow deploys by it, and so can you:
#
#   infra/deploy.sh staging             builds, deploys, and asks for a prediction
#   infra/deploy.sh build               only builds, into .aws-sam/build
#   infra/deploy.sh staging --built     deploys what is there
#   infra/deploy.sh failures staging    tells as Markdown why the last deployment failed
#
# What the environment can hold beside AWS credentials:
#
#   AWS_REGION              instead of the region in samconfig.toml
#   EXECUTION_ROLE_ARN      output ExecutionRole of deploy_role.yaml; without it, CloudFormation has the caller's rights
#   PERMISSIONS_BOUNDARY    output Boundary of deploy_role.yaml
#   STACK_PARAMETERS        parameters of the template, before those in samconfig.toml: "AlarmEmail=me@example.org LogLevel=debug"
#   SMOKE_TOKEN             a bearer token, where the API asks for one
#
# Needs the AWS CLI and Bash 4.4. Without a terminal, as in a workflow, SAM does not ask whether the changes are right.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

export PATH=$PWD/.tools/cargo-lambda/bin:$PATH:$PWD/.tools/sam/bin
export SAM_CLI_TELEMETRY=0

fail() {
    echo "infra/deploy.sh: $*" >&2
    exit 1
}

# Sets $stack, $region and $parameters to what samconfig.toml says of an environment. SAM forgets the file's parameters as soon as
# one is given on its command line, so all of them are given: ENVIRONMENT
read_settings() {
    local settings
    settings=$(.tools/sam/bin/python - "$1" "${STACK_PARAMETERS:-}" "${PERMISSIONS_BOUNDARY:-}" <<'PYTHON'
import sys, tomlkit
environment, more, boundary = sys.argv[1:]
with open("samconfig.toml", encoding="utf-8") as file:
    settings = tomlkit.load(file)
if environment not in settings or "deploy" not in settings[environment]:
    sys.exit(f"infra/deploy.sh: samconfig.toml has no environment {environment}")
shared, deploy = (settings[environment][section]["parameters"] for section in ("global", "deploy"))
given = list(deploy.get("parameter_overrides", [])) + more.split()
given += [f"PermissionsBoundary={boundary}"] if boundary else []
wrong = [parameter for parameter in given if "=" not in parameter]
if wrong:
    sys.exit(f"infra/deploy.sh: not of the form NAME=VALUE: {' '.join(wrong)}")
print(shared["stack_name"], shared["region"], sep="\n")
for name, value in dict(parameter.split("=", 1) for parameter in given).items():
    print(f"{name}={value}")
PYTHON
    ) || exit 1
    mapfile -t parameters <<<"$settings"
    stack=${parameters[0]}
    region=${AWS_REGION:-${parameters[1]}}
    parameters=("${parameters[@]:2}")
}

build() { # PARAMETER...
    infra/tools.sh sam cargo-lambda
    # SAM starts when it finds a region; a build needs none in particular.
    AWS_DEFAULT_REGION=${AWS_DEFAULT_REGION:-us-east-1} sam build ${1:+--parameter-overrides "$@"}
}

deploy() {
    local options=(--config-env "$environment" --region "$region")
    [[ -z ${EXECUTION_ROLE_ARN:-} ]] || options+=(--role-arn "$EXECUTION_ROLE_ARN")
    [[ -t 0 ]] || options+=(--no-confirm-changeset)
    ((${#parameters[@]} == 0)) || options+=(--parameter-overrides "${parameters[@]}")
    sam deploy "${options[@]}"
}

# Asks the stack that runs now, by the address that it tells, for a prediction.
try_it() {
    local url
    if [[ " ${parameters[*]} " == *" JwtIssuer="[!\ ]* && -z ${SMOKE_TOKEN:-} ]]; then
        echo "The API asks for tokens, and SMOKE_TOKEN holds none: only the hook has tried the new version."
        return
    fi
    url=$(aws cloudformation describe-stacks --region "$region" --stack-name "$stack" \
        --query "Stacks[0].Outputs[?OutputKey=='Url'].OutputValue | [0]" --output text)
    [[ $url == https://* ]] || fail "the stack $stack has no output Url"
    # Requests are signed with what the environment holds; a profile is turned into that.
    if [[ -z ${AWS_ACCESS_KEY_ID:-} ]]; then
        eval "$(aws configure export-credentials --format env)"
    fi
    AWS_REGION=$region infra/smoke.sh "$url"
}

# Prints the state of the stack, and what failed since its last change began.
print_failures() {
    local status
    status=$(aws cloudformation describe-stacks --region "$region" --stack-name "$stack" \
        --query 'Stacks[0].StackStatus' --output text)
    printf '### %s is %s\n\n' "$stack" "$status"
    case $status in
        *ROLLBACK*) echo "Its last change was rolled back: what ran before runs now." ;;
        *) echo "Its last change was not rolled back. What failed stands in the log of the step before." ;;
    esac
    python3 - <(aws cloudformation describe-stack-events --region "$region" --stack-name "$stack" --max-items 300 --output json) <<'PYTHON'
import json, sys
with open(sys.argv[1], encoding="utf-8") as file:
    events = json.load(file)["StackEvents"]
failed = []
for event in events:  # newest first
    reason, status = event.get("ResourceStatusReason", ""), event["ResourceStatus"]
    if status.endswith("_FAILED") and "cancelled" not in reason:
        failed.append((event["Timestamp"], event["LogicalResourceId"], status, reason))
    if event["PhysicalResourceId"] == event["StackId"] and status in ("CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS"):
        break
if failed:
    print("\n| time | resource | status | reason |\n| --- | --- | --- | --- |")
for row in reversed(failed):
    print("|", " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in row), "|")
PYTHON
}

usage="usage: infra/deploy.sh ENVIRONMENT [--built] | build | failures ENVIRONMENT"
(($# == 1 || $# == 2)) || fail "$usage"
case $1 in
    build)
        (($# == 1)) || fail "$usage"
        read -ra parameters <<<"${STACK_PARAMETERS:-}"
        build "${parameters[@]}"
        ;;
    failures)
        (($# == 2)) || fail "$usage"
        infra/tools.sh sam >/dev/null
        read_settings "$2"
        print_failures
        ;;
    *)
        environment=$1
        [[ ${2:---built} == --built ]] || fail "$usage"
        infra/tools.sh sam
        read_settings "$environment"
        if (($# == 2)); then
            [[ -f .aws-sam/build/template.yaml ]] || fail "nothing is built: infra/deploy.sh build"
        else
            build "${parameters[@]}"
        fi
        deploy
        try_it
        ;;
esac
