#!/usr/bin/env bash
# Asks a service that runs whether it does its work: it predicts a record, once, and reads the prediction back. The record is the first
# example of the service's own contract, whatever its table is, with a key of its own for each run where the key's fields allow one. Such
# a prediction is left behind by each run; where there is no key, all runs leave the same one.
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
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
touch "$work/record" "$work/plan"
passed=0
failed=0

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

predict() { # NAME FILE CURL_ARGUMENT...
    request "$1" /predict --header 'content-type: application/json' --data-binary "@$work/$2" "${@:3}"
}

# Prints a header of an answer: NAME HEADER
header() {
    tr -d '\r' <"$work/$1.headers" | awk -v name="$2" -F ': *' 'tolower($1) == name { sub(/^[^:]*: */, ""); print; exit }'
}

# Prints what a Python expression says of an answer, which it knows as `it`, as it knows the record that was sent: NAME EXPRESSION
json() {
    python3 - "$work" "$1" "$2" <<'PYTHON' 2>/dev/null || echo unreadable
import json, pathlib, sys
work = pathlib.Path(sys.argv[1])
it, record, plan = (json.loads((work / name).read_text("utf-8") or "{}") for name in (sys.argv[2], "record", "plan"))
print(eval(sys.argv[3]))
PYTHON
}

# Makes of the contract the record to send, one that is refused, and what to expect.
write_records() {
    python3 - "$work" "$run" <<'PYTHON'
import json, pathlib, sys, urllib.parse
work, run = pathlib.Path(sys.argv[1]), sys.argv[2]
contract = json.loads((work / "contract").read_text("utf-8"))
body = contract["paths"]["/predict"]["post"]["requestBody"]["content"]["application/json"]
record = dict(next(iter(body["examples"].values()))["value"])


def of_this_run(schema):
    """Returns a value of a key's field that no other run has, if the field takes one."""
    if "enum" in schema or "pattern" in schema or "format" in schema:
        return None
    number = int(run)
    is_within = schema.get("minimum", 0) <= number <= schema.get("maximum", number)
    if schema["type"] in ("integer", "number") and is_within and number < 2**53:
        return number
    text = f"smoke-{run}"
    return text if schema["type"] == "string" and len(text) <= schema.get("maxLength", len(text)) else None


history = contract["paths"].get("/predictions", {}).get("get", {})
fields = [field for field in history.get("parameters", []) if field.get("required")]
is_new = False
for field in fields:
    own = of_this_run(field["schema"])
    if own is not None and not is_new:
        record[field["name"]], is_new = own, True
key = {field["name"]: record.get(field["name"]) for field in fields}
# As a query has it: booleans as in JSON.
texts = {name: value if isinstance(value, str) else json.dumps(value) for name, value in key.items()}
plan = {
    "is_new": is_new,
    "key": key,
    "history": "/predictions?" + urllib.parse.urlencode(texts) if key and None not in key.values() else "",
    "label": contract["components"]["schemas"]["NewOutcome"]["required"],
    "members": contract["components"]["schemas"]["Prediction"]["required"],
}
# No table has these fields.
bad = record | {f"smoke_{run}_{number}": number for number in (1, 2)}
for name, value in (("record", record), ("bad_record", bad), ("plan", plan)):
    (work / name).write_text(json.dumps(value), "utf-8")
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

check_contract() {
    request contract /openapi.json
    expect_status "the contract is told" contract 200
    write_records 2>/dev/null || fail "the contract has no example: give the package's schema one that the model can answer"
}

check_predict() {
    predict created record --header "x-request-id: smoke-$run"
    if [[ $(json plan 'it["is_new"]') == True ]]; then
        expect_status "a new record is predicted" created 201
        expect_header "the place of the prediction" created location "/predictions/$(json created 'it["id"]')"
    else
        # Another run may have asked for the same record.
        expect "a record is predicted" "$([[ $status == 20[01] ]] && echo yes || echo "$status")" yes
    fi
    id=$(json created 'it["id"]')
    version=$(json created 'it["model_version"]')
    expect "the answer is of this record" "$(json created 'it.get("key", {}) == plan["key"]')" True
    expect "it has what the contract says" "$(json created 'all(name in it for name in plan["members"])')" True
    expect "it predicts the label" "$(json created 'list(it["prediction"]) == plan["label"] and None not in it["prediction"].values()')" True
    expect "probabilities are from 0 to 1" \
        "$(json created 'all(0 <= share <= 1 for share in [it.get("probability", 0), *it.get("probabilities", {}).values()])')" True
    expect_header "the prediction" created content-type application/json
    expect_header "the client's own request id" created x-request-id "smoke-$run"
    expect_header "an answer that nobody may keep" created cache-control no-store
    expect_security "the prediction" created

    predict existing record
    expect_status "the same record again is not new" existing 200
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
    local tag answer="{name: it[name] for name in plan['members']}" history
    request stored "/predictions/$id"
    expect_status "the prediction is read back" stored 200
    expect "it is what was answered" "$(json stored "$answer")" "$(json created "$answer")"
    expect "it holds the record" "$(json stored 'set(it["record"]) == {name for name in record if record[name] is not None}')" True
    expect_header "the stored prediction" stored content-type application/json
    expect_header "the stored prediction" stored cache-control "private, no-cache"
    tag=$(header stored etag)
    expect "it has a tag" "$([[ -n $tag ]] && echo some)" some

    request unchanged "/predictions/$id" --header "if-none-match: $tag"
    expect_status "whoever has it need not read it again" unchanged 304
    expect "no body is sent again" "$(wc -c <"$work/unchanged" | tr -d ' ')" 0

    history=$(json plan 'it["history"]')
    [[ -n $history ]] || return 0
    request history "$history"
    expect_status "the predictions of the record's key are read" history 200
    expect "the newest is this one" "$(json history 'it["predictions"][0]["id"]')" "$id"
}

check_refused() {
    predict bad bad_record
    expect_status "a record that cannot be is refused" bad 422
    expect_header "the refusal" bad content-type application/problem+json
    expect "both faults are named" "$(json bad 'sorted(fault["pointer"] for fault in it["errors"])')" "['/smoke_${run}_1', '/smoke_${run}_2']"
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
check_contract
check_predict
check_stored
check_refused
check_model

if ((failed)); then
    echo "FAILED: $failed of $((passed + failed)) checks of $base"
    exit 1
fi
echo "ok: all $passed checks of $base, model $version, prediction $id"
