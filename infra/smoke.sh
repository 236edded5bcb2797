#!/usr/bin/env bash
# Asks a service that runs whether it does its work: it predicts a passenger that nobody has asked about, once, and reads the
# prediction back. One prediction is left behind by each run, of a passenger named "Smoke Test, Mr. RUN".
#
#   infra/smoke.sh http://127.0.0.1:8080
#   LIFEBOAT_API_KEY=KEY infra/smoke.sh https://predictions.example.org      # sent as x-api-key
#   SMOKE_TOKEN=TOKEN infra/smoke.sh https://ID.execute-api.REGION.amazonaws.com      # a bearer token, where a JWT is asked for
#   eval "$(aws configure export-credentials --format env)"                  # else requests to API Gateway are signed
#   infra/smoke.sh https://ID.execute-api.REGION.amazonaws.com
#
# SMOKE_SIGN=1 signs for any other host too, as one with a domain name of its own; AWS_REGION is needed there. Needs curl 7.86 to
# sign, and python3. What is secret is read from the environment and handed to curl through a pipe, so no list of processes shows it.
set -euo pipefail

base=${1:?usage: infra/smoke.sh URL}
base=${base%/}
run=$(date +%s)$((RANDOM % 9000 + 1000))
passenger_id=$run
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
passed=0
failed=0

passenger="{\"PassengerId\": $passenger_id, \"Pclass\": 2, \"Name\": \"Smoke Test, Mr. $run\", \"Sex\": \"male\", \"Age\": 36, \"SibSp\": 0,
    \"Parch\": 1, \"Ticket\": \"SMOKE $run\", \"Fare\": 39, \"Cabin\": null, \"Embarked\": \"S\"}"

fail() {
    echo "infra/smoke.sh: $*" >&2
    exit 1
}

# Prints an option as curl reads it from a file: NAME VALUE
option() {
    local value=$2
    [[ $value != *[$'\n\r']* ]] || fail "a key, token or credential holds a line break"
    value=${value//\\/\\\\}
    printf '%s = "%s"\n' "$1" "${value//\"/\\\"}"
}

is_signed() {
    [[ -z ${SMOKE_TOKEN:-} && -n ${AWS_ACCESS_KEY_ID:-} ]] || return 1
    [[ -n ${SMOKE_SIGN:-} || $host == *.execute-api.*.amazonaws.com || $host == *.execute-api.*.amazonaws.com.cn ]]
}

# Prints what curl needs to be let in.
credentials() {
    [[ -z ${LIFEBOAT_API_KEY:-} ]] || option header "x-api-key: ${LIFEBOAT_API_KEY%%,*}"
    [[ -z ${SMOKE_TOKEN:-} ]] || option header "authorization: Bearer $SMOKE_TOKEN"
    if is_signed; then
        option aws-sigv4 "aws:amz:$region:execute-api"
        option user "$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY"
        [[ -z ${AWS_SESSION_TOKEN:-} ]] || option header "x-amz-security-token: $AWS_SESSION_TOKEN"
    fi
}

# Sends a request, keeps the answer in NAME and its headers in NAME.headers, and leaves its status in $status: NAME PATH CURL_ARGUMENT...
request() {
    local name=$1 path=$2
    : >"$work/$name"
    : >"$work/$name.headers"
    # No answer has the status 000.
    status=$(curl --config <(printf '%s' "$access") --silent --show-error --max-time 20 --output "$work/$name" \
        --dump-header "$work/$name.headers" --write-out '%{http_code}' "${@:3}" "$base$path") || true
}

predict() { # NAME PASSENGER CURL_ARGUMENT...
    request "$1" /predict --header 'content-type: application/json' --data-binary "$2" "${@:3}"
}

# Prints a header of an answer: NAME HEADER
header() {
    tr -d '\r' <"$work/$1.headers" | awk -v name="$2" -F ': *' 'tolower($1) == name { sub(/^[^:]*: */, ""); print; exit }'
}

# Prints what a Python expression says of an answer, which it knows as `it`: NAME EXPRESSION
json() {
    python3 - "$work/$1" "$2" <<'PYTHON' 2>/dev/null || echo unreadable
import json, sys
it = json.load(open(sys.argv[1], encoding="utf-8"))
print(eval(sys.argv[2]))
PYTHON
}

# Compares, and says what came out: WHAT FOUND EXPECTED
expect() {
    if [[ $2 == "$3" ]]; then
        passed=$((passed + 1))
        echo "ok: $1"
    else
        failed=$((failed + 1))
        echo "FAILED: $1: expected $3, found $2"
    fi
}

expect_status() { # WHAT NAME EXPECTED
    expect "$1" "$status$([[ $status == "$3" ]] || head -c 300 "$work/$2" | tr '\n' ' ' | sed 's/^/ /')" "$3"
}

expect_header() { # WHAT NAME HEADER EXPECTED
    expect "$1: $3" "$(header "$2" "$3")" "$4"
}

expect_same() { # WHAT NAME NAME
    expect "$1" "$(cmp "$work/$2" "$work/$3" >/dev/null 2>&1 && echo same || echo different)" same
}

check_ready() {
    request ready /ready
    [[ $status != 000 ]] || fail "no answer from $base"
    expect_status "/ready answers" ready 200
    expect "it says that it is ready" "$(json ready 'it["status"]')" ready
}

check_predict() {
    predict created "$passenger" --header "x-request-id: smoke-$run"
    expect_status "a new passenger is predicted" created 201
    id=$(json created 'it["id"]')
    version=$(json created 'it["model_version"]')
    expect "the answer is of this passenger" "$(json created 'it["key"]["PassengerId"]')" "$passenger_id"
    expect "the probability is one" "$(json created '0 <= it["probability"] <= 1 and it["prediction"]["Survived"] in (0, 1)')" True
    expect_header "the prediction" created content-type application/json
    expect_header "the place of the prediction" created location "/predictions/$id"
    expect_header "the client's own request id" created x-request-id "smoke-$run"
    expect_header "an answer that nobody may keep" created cache-control no-store
    expect_security "the prediction" created

    predict existing "$passenger"
    expect_status "the same passenger again is not new" existing 200
    expect_same "the answer is byte for byte that of the first time" created existing
    expect "a request without an id gets one" "$([[ -n $(header existing x-request-id) ]] && echo some)" some
}

# A browser may not guess, run, frame or tell on.
expect_security() { # WHAT NAME
    expect_header "$1" "$2" x-content-type-options nosniff
    expect_header "$1" "$2" content-security-policy "default-src 'none'; frame-ancestors 'none'"
    expect_header "$1" "$2" referrer-policy no-referrer
}

check_stored() {
    local tag answer="{key: it[key] for key in ('id', 'key', 'prediction', 'probability', 'model_version', 'created_at')}"
    request stored "/predictions/$id"
    expect_status "the prediction is read back" stored 200
    expect "it is what was answered" "$(json stored "$answer")" "$(json created "$answer")"
    expect "it holds the passenger" "$(json stored 'it["record"]["Name"]')" "Smoke Test, Mr. $run"
    expect_header "the stored prediction" stored content-type application/json
    expect_header "the stored prediction" stored cache-control "private, no-cache"
    tag=$(header stored etag)
    expect "it has a tag" "$([[ -n $tag ]] && echo some)" some

    request located "$(header created location)"
    expect_status "it is where Location says" located 200
    expect_same "it is the same there" stored located

    request unchanged "/predictions/$id" --header "if-none-match: $tag"
    expect_status "whoever has it need not read it again" unchanged 304
    expect "no body is sent again" "$(wc -c <"$work/unchanged" | tr -d ' ')" 0

    request history "/predictions?PassengerId=$passenger_id"
    expect_status "the passenger's predictions are read" history 200
    expect "it is the one prediction" "$(json history "[$answer for it in it['predictions']]")" "[$(json created "$answer")]"
}

check_refused() {
    predict bad '{"Pclass": 4, "Sex": "female", "Age": "22"}'
    expect_status "a passenger that cannot be is refused" bad 422
    expect_header "the refusal" bad content-type application/problem+json
    expect "both faults are named" "$(json bad 'sorted(fault["pointer"] for fault in it["errors"])')" "['/Age', '/Pclass']"
    expect_security "the refusal" bad

    request unknown "/smoke/$run"
    expect_status "nothing is where nothing should be" unknown 404
    expect_header "the refusal" unknown content-type application/problem+json
    expect "the refusal has its status" "$(json unknown 'it["status"]')" 404
}

check_model() {
    request model /model
    expect_status "the model tells of itself" model 200
    expect "its version is the prediction's" "$(json model 'it["version"]')" "$version"
}

[[ $base == http://?* || $base == https://?* ]] || fail "$base is no address: https://HOST is expected"
host=${base#*://}
host=${host%%[/:]*}
region=$(sed -nE 's/.*\.execute-api\.([a-z0-9-]+)\.amazonaws\.com(\.cn)?$/\1/p' <<<"$host")
region=${region:-${AWS_REGION:-${AWS_DEFAULT_REGION:-}}}
[[ -z ${SMOKE_SIGN:-} || -n ${AWS_ACCESS_KEY_ID:-} ]] || fail "SMOKE_SIGN is set, and AWS_ACCESS_KEY_ID is not"
if is_signed; then
    [[ -n $region ]] || fail "AWS_REGION is not set, and the host does not tell the region"
    [[ -n ${AWS_SECRET_ACCESS_KEY:-} ]] || fail "AWS_SECRET_ACCESS_KEY is not set"
fi
access=$(credentials)

check_ready
check_predict
check_stored
check_refused
check_model

if ((failed)); then
    echo "FAILED: $failed of $((passed + failed)) checks of $base"
    exit 1
fi
echo "ok: all $passed checks of $base, model $version, prediction $id"
