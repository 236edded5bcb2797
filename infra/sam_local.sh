#!/usr/bin/env bash
# Builds the functions as SAM does, and invokes them in Lambda's base image: each by an event, and the one that answers requests over
# HTTP, by the smoke test.
#
#   infra/sam_local.sh                     # needs Docker
#   infra/sam_local.sh --skip-pull-image   # with the images that are there
#   STANDIN=1 infra/sam_local.sh           # where Lambda's image cannot be had: in a small Debian (root, debootstrap)
#   infra/sam_local.sh --make-standin      # only makes that one
#
# What was built before is used again while no source is newer. PORT (3100) is where HTTP is served.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

port=${PORT:-3100}
standin=lifeboat-lambda-standin
# SAM builds with cargo-lambda, and starts when it finds a region: any will do, as nothing leaves this machine.
export PATH=$PWD/.tools/cargo-lambda/bin:$PATH:$PWD/.tools/sam/bin
export SAM_CLI_TELEMETRY=0 AWS_DEFAULT_REGION=${AWS_DEFAULT_REGION:-eu-central-1}
# The template's own choice is arm64; here the function runs on the processor that there is, and so it is built into a folder
# that `sam deploy` does not look into.
case $(uname -m) in
    aarch64 | arm64) architecture=Architecture=arm64 ;;
    *) architecture=Architecture=x86_64 ;;
esac
built=.aws-sam/local
options=(--template "$built/template.yaml" --parameter-overrides "$architecture" --env-vars infra/local_env.json)
work=$(mktemp -d)
server=

clean_up() {
    local status=$?
    stop_server
    ((status == 0)) || cat "$work"/*.log >&2 2>/dev/null || true
    rm -rf "$work"
}
trap clean_up EXIT

fail() {
    echo "infra/sam_local.sh: $*" >&2
    exit 1
}

build() {
    infra/tools.sh sam cargo-lambda
    if [[ -f $built/template.yaml && -z $(find src model build.rs Cargo.* template.yaml -type f -newer "$built/template.yaml") ]]; then
        echo "ok: $built is newer than the sources"
        return
    fi
    sam build --build-dir "$built" --parameter-overrides "$architecture"
}

# Debian 11 has an older C library (2.31) than Lambda (2.34): what runs in it asks for nothing that Lambda lacks. This shows
# that the parts fit together, not that they fit Amazon Linux.
make_standin() {
    if ! docker image inspect "$standin" >/dev/null 2>&1; then
        echo "$standin: making it of Debian's packages, which takes some minutes"
        debootstrap --variant=minbase --include=ca-certificates bullseye "$work/root" >"$work/debootstrap.log"
        tar -C "$work/root" -c . | docker import - "$standin" >/dev/null
    fi
}

# Prints the status of an answer of the function, if it is a prediction: ANSWER_FILE
status_of_prediction() {
    python3 - "$1" <<'PYTHON'
import json, sys
answer = json.loads(open(sys.argv[1]).read().strip().splitlines()[-1])
probability = json.loads(answer["body"])["probability"]
assert 0 <= probability <= 1, probability
print(answer["statusCode"])
PYTHON
}

invoke() {
    local status
    sam local invoke Api --event events/predict.json "${options[@]}" >"$work/answer" 2>"$work/invoke.log"
    status=$(status_of_prediction "$work/answer") || fail "no prediction: $(<"$work/answer")"
    [[ $status == 200 || $status == 201 ]] || fail "status $status: $(<"$work/answer")"
    echo "ok: invoked, answered $status"
    sam local invoke Monitor --event events/monitor_schedule.json "${options[@]}" >"$work/report" 2>"$work/monitor.log"
    # Nothing was predicted in the event's window, by a container that is gone.
    grep -q '"verdict": *"insufficient_data"' "$work/report" || fail "no report: $(<"$work/report")"
    echo "ok: called as by the schedule, reported $(tail -n 1 "$work/report")"
}

serve() {
    local deadline=$((SECONDS + 120))
    # A container is kept from its first request on, with the database in it. SAM cannot read the authorizer of the template.
    sam local start-api --host 127.0.0.1 --port "$port" --warm-containers LAZY --disable-authorizer \
        "${options[@]}" >"$work/serve.log" 2>&1 &
    server=$!
    until curl --silent --fail --max-time 10 --output /dev/null "http://127.0.0.1:$port/health"; do
        kill -0 "$server" 2>/dev/null || fail "sam local start-api stopped"
        ((SECONDS < deadline)) || fail "no answer on port $port after two minutes"
        sleep 1
    done
    infra/smoke.sh "http://127.0.0.1:$port"
    stop_server
    echo "ok: stopped"
}

# SAM removes its containers when it is told to stop.
stop_server() {
    [[ -n $server ]] || return 0
    kill "$server" 2>/dev/null || true
    wait "$server" || true
    server=
}

docker info >/dev/null || fail "Docker is needed"
case ${1:-} in
    '') ;;
    --skip-pull-image) options+=(--skip-pull-image) ;;
    --make-standin)
        make_standin
        exit
        ;;
    *) fail "there is no option $1" ;;
esac
if [[ -n ${STANDIN:-} ]]; then
    make_standin
    options+=(--skip-pull-image --invoke-image "Api=$standin" --invoke-image "Monitor=$standin")
fi
build
invoke
serve
