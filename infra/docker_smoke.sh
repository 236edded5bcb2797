#!/usr/bin/env bash
# Runs the server's image as an operator would and checks what it promises: it serves behind a key, on a root that it cannot
# write to, not as root, and the volume keeps its predictions. Leaves nothing behind.
#
#   docker build --target server -t lifeboat . && infra/docker_smoke.sh lifeboat
set -euo pipefail

image=${1:?usage: infra/docker_smoke.sh IMAGE}
key=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
name=lifeboat-smoke-$$
work=$(mktemp -d)
passenger='{"PassengerId": 1070, "Pclass": 2, "Sex": "female", "Age": 36, "Parch": 3, "Ticket": "230136", "Fare": 39}'

clean_up() {
    local status=$?
    ((status == 0)) || docker logs "$name" >&2 || true
    docker rm --force --volumes "$name" >/dev/null 2>&1 || true
    docker volume rm --force "$name" >/dev/null || true
    rm -rf "$work"
}
trap clean_up EXIT

fail() {
    echo "infra/docker_smoke.sh: $*" >&2
    exit 1
}

expect() { # WHAT FOUND EXPECTED
    [[ $2 == "$3" ]] || fail "$1: expected $3, found $2"
    echo "ok: $1"
}

is_running() {
    docker inspect --format '{{.State.Running}}' "$name"
}

# Starts the server and waits until Docker's own check of its health passes.
start() {
    docker run --detach --name "$name" --read-only --cap-drop ALL --security-opt no-new-privileges --volume "$name:/data" \
        --env LIFEBOAT_API_KEY="$key" --publish 127.0.0.1::8080 --health-interval 1s "$image" >/dev/null
    local address deadline=$((SECONDS + 30))
    until [[ $(docker inspect --format '{{.State.Health.Status}}' "$name") == healthy ]]; do
        [[ $(is_running) == true ]] || fail "the server stopped"
        ((SECONDS < deadline)) || fail "the server is not healthy after 30 seconds"
        sleep 0.5
    done
    address=$(docker port "$name" 8080/tcp)
    url=http://$address
}

# Stops the server as an orchestrator does, and makes room for the next.
stop() {
    docker stop -t 20 "$name" >/dev/null
    expect "$1" "$(docker inspect --format '{{.State.ExitCode}}' "$name")" 0
    docker rm "$name" >/dev/null
}

# Sends a request, keeps the answer's body in a file, and prints the status: BODY_FILE CURL_ARGUMENT...
request() {
    curl --silent --show-error --max-time 10 --output "$work/$1" --write-out '%{http_code}' "${@:2}"
}

predict() { # BODY_FILE CURL_ARGUMENT...
    request "$1" "$url/predict" --header 'content-type: application/json' --data "$passenger" "${@:2}"
}

# Without a key it must not start.
docker run --detach --name "$name" --read-only "$image" >/dev/null
for _ in {1..20}; do
    [[ $(is_running) == true ]] || break
    sleep 0.5
done
expect "it refuses to serve everybody" "$(is_running)" false
[[ $(docker logs "$name" 2>&1) == *LIFEBOAT_API_KEY* ]] || fail "it does not say that a key is missing"
docker rm --volumes "$name" >/dev/null

start
echo "ok: healthy on a read-only root"
expect "its user is no root" "$(docker inspect --format '{{.Config.User}}' "$name")" 65532
expect "no process of root's" "$(docker top "$name" -eo pid,uid | awk 'NR > 1 && $2 == 0')" ""
expect "no answer without the key" "$(predict refused)" 401
expect "a new prediction" "$(predict first --header "x-api-key: $key")" 201
expect "the same again" "$(predict second --header "x-api-key: $key")" 200
cmp "$work/first" "$work/second" || fail "the answers differ"
echo "ok: byte for byte"
stop "it stops in order when it is told to"

start
expect "found again on the volume by another container" "$(predict third --header "x-api-key: $key")" 200
cmp "$work/first" "$work/third" || fail "the answers differ"
echo "ok: byte for byte"
stop "it stops in order again"
