#!/usr/bin/env bash
# Checks what a release ships: what infra/dist.sh made in target/dist (or DIST), and the package for crates.io, which it makes.
#
#   infra/dist.sh && tests/dist.sh
#
# Nothing is downloaded, and nothing is published. CARGO and CARGO_TARGET_DIR are honoured.
set -euo pipefail
cd "$(dirname "$0")/.."

cargo=${CARGO:-cargo}
target=$(mkdir -p "${CARGO_TARGET_DIR:-target}" && cd "${CARGO_TARGET_DIR:-target}" && pwd)
dist=${DIST:-$target/dist}
# The largest package that is still only sources and the model.
most_package_bytes=900000
work=$(mktemp -d)
server=

clean_up() {
    local status=$?
    [[ -z $server ]] || kill "$server" 2>/dev/null || true
    ((status == 0)) || tail -n 20 "$work"/log >&2 2>/dev/null || true
    rm -rf "$work"
}
trap clean_up EXIT

fail() {
    echo "tests/dist.sh: $*" >&2
    exit 1
}

# Prints the one file that a pattern stands for: FILE...
only() {
    [[ $# == 1 && -f $1 ]] || fail "one file is expected, found $*"
    echo "$1"
}

command -v sha256sum >/dev/null || sha256sum() { shasum -a 256 "$@"; }

# Lets a program serve on a free port in an empty folder, asks it for a prediction, and stops it: PROGRAM [RECORD]
serves() {
    local address answer record=${2:-'{"PassengerId": 1070, "Pclass": 2, "Sex": "female", "Age": 36}'}
    rm -rf "$work/empty"
    mkdir "$work/empty"
    (cd "$work/empty" && exec env -i LOG_FORMAT=json "$1" serve --port 0 2>"$work/log") &
    server=$!
    until address=$(grep -om1 '"address":"[^"]*' "$work/log" 2>/dev/null | cut -d'"' -f4); do
        kill -0 "$server" 2>/dev/null || fail "$1 does not serve"
        sleep 0.1
    done
    answer=$(curl --silent --show-error --fail --max-time 10 --write-out ' %{http_code}' "http://$address/predict" \
        --header 'content-type: application/json' --data "$record")
    [[ $answer == *'"prediction":{"'*' 201' ]] || fail "no prediction: $answer"
    kill "$server"
    wait "$server" || fail "$1 did not stop in order"
    server=
}

check_sums() {
    (cd "$dist" && sha256sum --check --strict --quiet SHA256SUMS) || fail "the checksums do not hold"
    local named there
    named=$(awk '{ print $2 }' "$dist/SHA256SUMS" | sort)
    there=$(cd "$dist" && find -- * ! -name SHA256SUMS | sort)
    [[ $named == "$there" ]] || fail "SHA256SUMS names other files than there are: $named"
    echo "ok: the checksums of $(wc -l <"$dist/SHA256SUMS") files hold"
}

check_program() {
    local archive folder file
    archive=$(only "$dist/lifeboat-$version-"*.tar.gz)
    folder=$work/$(basename "$archive" .tar.gz)
    tar -xzf "$archive" -C "$work"
    for file in README.md docs/api.md CHANGELOG.md LICENSE-MIT LICENSE-APACHE completions/{lifeboat.bash,_lifeboat,lifeboat.fish} \
        man/lifeboat{,-serve,-predict}.1; do
        [[ -s $folder/$file ]] || fail "$archive has no $file"
    done
    bash -n "$folder/completions/lifeboat.bash"
    [[ $("$folder/lifeboat" --version) == "lifeboat $version" ]] || fail "the program is another version than $version"
    serves "$folder/lifeboat"
    echo "ok: $(basename "$archive") serves a prediction where nothing else is"
}

check_functions() {
    local archive
    for archive in "$dist"/lifeboat-lambda-*.zip; do
        [[ -e $archive ]] || fail "there is no function for Lambda"
        python3 - "$archive" <<'PYTHON' || fail "$archive is no function for Lambda"
import platform, stat, sys, zipfile

archive = zipfile.ZipFile(sys.argv[1])
assert archive.testzip() is None
[entry] = archive.infolist()
assert entry.filename == "bootstrap" and stat.filemode(entry.external_attr >> 16) == "-rwxr-xr-x", entry
program = archive.read(entry)
machines = {"x86_64": 62, "aarch64": 183}
assert program[:4] == b"\x7fELF" and program[18] == machines[platform.machine()], program[:20]
PYTHON
        echo "ok: $(basename "$archive") holds an executable bootstrap and nothing else"
    done
}

# What deploys the functions with a package is whole, and does so where there is nothing else of this repository.
check_deployment() {
    local archive file
    archive=$(only "$dist/lifeboat-aws-$version.tar.gz")
    tar -xzf "$archive" -C "$work"
    for file in template.yaml samconfig.toml infra/{README.md,bulk.asl.json,deploy_role.yaml,function.py,smoke.sh,pre_traffic/app.py}; do
        [[ -s $work/lifeboat-aws-$version/$file ]] || fail "$archive has no $file"
    done
    python3 -B tests/function.py "$dist" "$work/lifeboat-aws-$version/infra/function.py" || fail "a package does not get into the functions"
}

check_sbom() {
    python3 - "$(only "$dist"/lifeboat-*.cdx.json)" Cargo.lock "$PWD" <<'PYTHON' || fail "the list of what is built in is not right"
import json, re, sys

text = open(sys.argv[1], encoding="utf-8").read()
bom = json.loads(text)
assert bom["bomFormat"] == "CycloneDX" and bom["specVersion"] == "1.5", bom["specVersion"]
assert sys.argv[3] not in text, "it tells where it was made"
locked = set(re.findall(r'^name = "(.+)"\nversion = "(.+)"$', open(sys.argv[2], encoding="utf-8").read(), re.M))
listed = {(component["name"], component["version"]) for component in bom["components"]}
assert listed <= locked, listed - locked
for name in ("aws-sdk-dynamodb", "tract-onnx", "rusqlite", "libsqlite3-sys", "rustls"):
    assert name in {name for name, _ in listed}, name
for name in ("criterion", "proptest"):
    assert name not in {name for name, _ in listed}, f"{name} is only for tests"
unlicensed = [component["name"] for component in bom["components"] if not component.get("licenses")]
print(f"ok: {len(listed)} crates are listed, each in a locked version, {len(unlicensed)} of them without a licence")
PYTHON
}

# The packages are the same, byte for byte, when they are made again.
check_again() {
    DIST=$work/again infra/dist.sh >"$work/log" 2>&1 || fail "infra/dist.sh failed"
    cmp "$dist/SHA256SUMS" "$work/again/SHA256SUMS" || fail "made again, it is not the same"
    echo "ok: made again, all is the same byte for byte"
}

# What crates.io would take must build from nothing but itself and the crates that it names.
check_package() {
    local package=$target/package/lifeboat-$version.crate size
    # `cargo publish --dry-run` asks crates.io; this is all of it that needs no network. What is tested need not be committed.
    "$cargo" package --locked --offline --allow-dirty --no-verify 2>"$work/log" || fail "cargo cannot package it"
    # Tests stay where they are. Of anything else that cargo warns of, whoever publishes should know.
    grep '^warning' "$work/log" | grep -v '^warning: ignoring test' || true
    size=$(wc -c <"$package")
    ((size <= most_package_bytes)) || fail "$package has $size bytes, and $most_package_bytes are much: see include in Cargo.toml"
    unpack "$package" "$target/package-test"
    CARGO_TARGET_DIR=$target/package-test/target "$cargo" build --quiet --release --locked --offline --bin lifeboat \
        --manifest-path "$target/package-test/lifeboat-$version/Cargo.toml"
    serves "$target/package-test/target/release/lifeboat"
    echo "ok: $(basename "$package") of $size bytes builds and serves a prediction"
}

# The package that LIFEBOAT_PACKAGE names is built in, by a name relative to where cargo is started. This crate is not optimised: what is
# built in is the same.
check_built_in() {
    local build told package=tests/packages/classes
    build=("$cargo" build --quiet --release --locked --offline --bin lifeboat --manifest-path "$PWD/Cargo.toml"
        --config 'profile.release.package.lifeboat.opt-level=0' --config 'profile.release.package.lifeboat.codegen-units=16')
    [[ -d $target/built-in/release ]] || lend_crates "$target/built-in/release"
    export CARGO_TARGET_DIR=$target/built-in
    mkdir "$work/half"
    cp "$package/schema.json" "$work/half"
    told=$(LIFEBOAT_PACKAGE=$work/half "${build[@]}" 2>&1) && fail "a package without a manifest was built in"
    [[ $told == *"half cannot be built in: manifest.json is missing"* ]] || fail "a package without a manifest is refused by $told"
    told=$(LIFEBOAT_PACKAGE=nowhere "${build[@]}" 2>&1) && fail "a folder that is not there was built in"
    [[ $told == *"LIFEBOAT_PACKAGE=nowhere: there is no such folder"* ]] || fail "a folder that is not there is refused by $told"
    (cd "$(dirname "$package")" && LIFEBOAT_PACKAGE=$(basename "$package") "${build[@]}")
    cmp <(env -i "$CARGO_TARGET_DIR/release/lifeboat" package --json) "$package/manifest.json" || fail "another package is built in than $package"
    serves "$CARGO_TARGET_DIR/release/lifeboat" '{"sepal length (cm)": 5.1, "sepal width (cm)": 3.5, "petal length (cm)": 1.4, "petal width (cm)": 0.2}'
    echo "ok: $package is built in and serves a prediction, and what is no package is not built in"
}

# Unpacks a package to be built, unless what was built there last is the same: PACKAGE FOLDER
unpack() {
    local sum
    tar -xzf "$1" -C "$work"
    sum=$(cd "$work/lifeboat-$version" && find . -type f ! -name .cargo_vcs_info.json -exec cksum {} + | sort | cksum)
    [[ $sum != "$(cat "$2/sum" 2>/dev/null)" ]] || return 0
    rm -rf "$2"
    mkdir -p "$2"
    # All files of a package have the time of long ago, by which cargo would not see that they changed.
    tar -xzmf "$1" -C "$2"
    lend_crates "$2/target/release"
    echo "$sum" >"$2/sum"
}

# Leaves the other crates, which are built already, for another target folder to take over. In the same folder, cargo could not tell
# the package from this one: each would be built again after the other. Libraries are linked, since cargo never writes into one: FOLDER
lend_crates() {
    mkdir -p "$1/deps"
    cp -Rp "$target/release/.fingerprint" "$target/release/build" "$1"
    find "$target/release/deps" -type f -name '*.d' -exec cp -p {} "$1/deps" \;
    find "$target/release/deps" -type f \( -name '*.rlib' -o -name '*.rmeta' -o -name '*.so' -o -name '*.dylib' \) \
        -exec ln {} "$1/deps" \;
    rm -rf "$1"/{.fingerprint,build,deps}/{lib,}lifeboat-*
}

version=$("$cargo" metadata --no-deps --locked --offline --format-version 1 |
    python3 -c 'import json, sys; print(json.load(sys.stdin)["packages"][0]["version"])')
check_sums
check_program
if [[ $(uname -s) == Linux ]]; then
    check_functions
    check_deployment
fi
check_sbom
check_again
check_package
check_built_in
