#!/usr/bin/env bash
# Makes what a release ships for this machine, in target/dist or where DIST says:
#
#   lifeboat-VERSION-TARGET.tar.gz          the program, with documents, completions and manual pages
#   lifeboat-lambda-NAME-VERSION-ARCH.zip   each Lambda function, ready to be uploaded (on Linux)
#   lifeboat-aws-VERSION.tar.gz             what deploys them with a package of one's own: infra/function.py, the template (on Linux)
#   lifeboat_tabular-VERSION-….whl          the program and its helper for Python
#   lifeboat-VERSION-TARGET.cdx.json        what they are made of, for the target, as CycloneDX
#   SHA256SUMS                              of all of these
#
# What was packed is the same, byte for byte, whenever it is made of the same programs: names are sorted, nothing is owned by the
# user, and all times are SOURCE_DATE_EPOCH, or that of the last commit. CARGO and CARGO_TARGET_DIR are honoured. It needs GNU tar.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

cargo=${CARGO:-cargo}
target=${CARGO_TARGET_DIR:-target}
dist=${DIST:-$target/dist}
# cargo-lambda brings the linker that it uses.
export PATH=$PWD/.tools/cargo-lambda/bin:$PWD/.tools/cyclonedx/bin:$PATH
work=$(mktemp -d)
# cargo-cyclonedx writes beside Cargo.toml.
sbom=lifeboat-sbom-$$
trap 'rm -rf "$work" "$sbom.json"' EXIT

fail() {
    echo "infra/dist.sh: $*" >&2
    exit 1
}

# Prints what a Python expression says of this package's metadata, which it knows as `it`.
metadata() {
    "$cargo" metadata --no-deps --locked --offline --format-version 1 |
        python3 -c 'import json, sys; it = json.load(sys.stdin)["packages"][0]; print(eval(sys.argv[1]))' "$1"
}

gnu_tar() {
    local tar
    for tar in tar gtar; do
        if [[ $("$tar" --version 2>/dev/null) == *GNU* ]]; then
            echo "$tar"
            return
        fi
    done
    fail "GNU tar is needed"
}

# Leaves the program and all that goes with it in an archive with one folder: NAME
pack_program() {
    local folder=$work/$1
    "$cargo" build --release --locked --bin lifeboat
    mkdir -p "$folder/completions"
    install -m 755 "$target/release/lifeboat" "$folder/lifeboat"
    install -m 644 README.md CHANGELOG.md LICENSE-* "$folder"
    install -d "$folder/docs"
    install -m 644 docs/*.md "$folder/docs"
    "$folder/lifeboat" completions bash >"$folder/completions/lifeboat.bash"
    "$folder/lifeboat" completions zsh >"$folder/completions/_lifeboat"
    "$folder/lifeboat" completions fish >"$folder/completions/lifeboat.fish"
    "$folder/lifeboat" man --output "$folder/man"
    archive "$1"
}

# Leaves a folder that was made in an archive: NAME
archive() {
    chmod -R u=rwX,go=rX "$work/$1"
    "$tar" --create --directory "$work" --format ustar --sort name --owner 0 --group 0 --numeric-owner \
        --mtime "@$epoch" "$1" | gzip -n -9 >"$made/$1.tar.gz"
}

# Leaves what a deployment needs beside the functions, the same for each machine, in an archive with one folder: NAME
pack_deployment() {
    local folder=$work/$1
    mkdir -p "$folder/infra/pre_traffic"
    install -m 644 template.yaml samconfig.toml LICENSE-* "$folder"
    install -m 644 infra/README.md infra/architecture.svg infra/bulk.asl.json infra/bulk.svg infra/deploy_role.yaml "$folder/infra"
    install -m 755 infra/function.py infra/smoke.sh "$folder/infra"
    install -m 644 infra/pre_traffic/app.py "$folder/infra/pre_traffic"
    archive "$1"
}

# Leaves a function in an archive, where Lambda looks for it: BINARY NAME
pack_function() {
    "$cargo" lambda build --release --locked --bin "$1"
    # cargo-lambda's own archive would hold the time of the build.
    python3 - "$target/lambda/$1/bootstrap" "$made/$2.zip" "$epoch" <<'PYTHON'
import sys, time, zipfile

moment = time.gmtime(max(int(sys.argv[3]), 315532800))  # An archive knows no time before 1980.
entry = zipfile.ZipInfo("bootstrap", moment[:6])
entry.create_system = 3
entry.external_attr = 0o100755 << 16
entry.compress_type = zipfile.ZIP_DEFLATED
with open(sys.argv[1], "rb") as program, zipfile.ZipFile(sys.argv[2], "w") as archive:
    archive.writestr(entry, program.read(), compresslevel=9)
PYTHON
}

# Lists every crate that is built in, but for those that only tests and benchmarks need: NAME
list_crates() {
    SOURCE_DATE_EPOCH=$epoch CARGO_NET_OFFLINE=true \
        cargo cyclonedx --quiet --format json --spec-version 1.5 --target "$triple" --override-filename "$sbom"
    # Where this folder lies is nobody's business.
    python3 - "$sbom.json" "$PWD" >"$made/$1.cdx.json" <<'PYTHON'
import sys

print(open(sys.argv[1], encoding="utf-8").read().replace(f"path+file://{sys.argv[2]}", "path+file:///lifeboat"))
PYTHON
}

sum() {
    if command -v sha256sum >/dev/null; then
        sha256sum "$@"
    else
        shasum -a 256 "$@"
    fi
}

infra/tools.sh cyclonedx
# What is listed, also for other machines, must be at hand: the list is made without a network.
"$cargo" fetch --quiet --locked
tar=$(gnu_tar)
version=$(metadata 'it["version"]')
triple=$("$cargo" --version --verbose | sed -n 's/^host: //p')
case $(uname -m) in
    aarch64 | arm64) architecture=arm64 ;;
    *) architecture=x86_64 ;;
esac
# Compilers of C see SOURCE_DATE_EPOCH as well: set here for all, it would have much built again.
epoch=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)} || fail "without a commit, SOURCE_DATE_EPOCH must tell the time"
made=$work/made
mkdir "$made"

pack_program "lifeboat-$version-$triple"
if [[ $(uname -s) == Linux ]]; then
    infra/tools.sh cargo-lambda
    for binary in $(metadata '" ".join(t["name"] for t in it["targets"] if "bin" in t["kind"] and t["name"] != it["name"])'); do
        pack_function "$binary" "lifeboat-lambda-$binary-$version-$architecture"
    done
    pack_deployment "lifeboat-aws-$version"
fi
infra/wheel.sh "$made"
list_crates "lifeboat-$version-$triple"
(cd "$made" && sum -- *) >"$work/SHA256SUMS"

# What was made before is replaced only now, when everything is whole.
mkdir -p "$dist"
rm -f "$dist"/lifeboat-*.{tar.gz,zip,cdx.json} "$dist"/lifeboat_tabular-*.whl "$dist/SHA256SUMS"
mv "$made"/* "$work/SHA256SUMS" "$dist"
(cd "$dist" && ls -l -- *)
