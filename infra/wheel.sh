#!/usr/bin/env bash
# Makes the wheel of lifeboat-tabular for this machine: the program and its helper for Python.
#
#   infra/wheel.sh [FOLDER]     target/dist unless it is told
#
# On Linux, zig links it for glibc 2.28 of whatever machine builds it: manylinux_2_28. It is built in a folder of its own, target/wheel,
# since two compilers of C in one would have each other's libraries built again. CARGO_TARGET_DIR is honoured.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

target=${CARGO_TARGET_DIR:-target}
mkdir -p "${1:-$target/dist}" "$target/wheel"
folder=$(cd "${1:-$target/dist}" && pwd)
CARGO_TARGET_DIR=$(cd "$target/wheel" && pwd)
export CARGO_TARGET_DIR
options=()

infra/tools.sh maturin
# cargo-lambda's zig is another version.
export PATH=$PWD/.tools/maturin/bin:$PATH
if [[ $(uname -s) == Linux ]]; then
    options+=(--zig --compatibility manylinux_2_28 --target "$(uname -m)-unknown-linux-gnu")
else
    options+=(--compatibility pypi)
fi

rm -f "$folder"/lifeboat_tabular-*.whl
(cd python && maturin build --quiet --release --locked --out "$folder" "${options[@]}")
