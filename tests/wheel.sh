#!/usr/bin/env bash
# Installs the wheel, which infra/dist.sh made in target/dist (or DIST), into an empty environment, and tries it: the program alone, then the
# helper with a model of each library, and the examples.
#
#   infra/tools.sh exporters && infra/dist.sh && tests/wheel.sh
#
# Nothing is downloaded: what trains and exports comes from .tools/exporters.
set -euo pipefail
cd "$(dirname "$0")/.."

python=${PYTHON:-python3}
dist=$(cd "${DIST:-${CARGO_TARGET_DIR:-target}/dist}" && pwd)
exporters=$(.tools/exporters/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fail() {
    echo "tests/wheel.sh: $*" >&2
    exit 1
}

programs() {
    (cd "$work/venv/bin" && printf '%s\n' * | sort)
}

wheels=("$dist"/lifeboat_tabular-*.whl)
[[ ${#wheels[@]} == 1 && -f ${wheels[0]} ]] || fail "one wheel is expected, found ${wheels[*]}"
[[ $(uname -s) != Linux || ${wheels[0]} == *-manylinux_2_28_"$(uname -m)".whl ]] || fail "${wheels[0]} is not for manylinux_2_28"

"$python" -m venv "$work/venv"
before=$(programs)
"$work/venv/bin/pip" install --quiet --disable-pip-version-check --no-index "${wheels[0]}"
added=$(comm -13 <(echo "$before") <(programs))
[[ $added == lifeboat ]] || fail "the wheel puts these on the path: $added"
version=$("$work/venv/bin/python" -c 'from importlib.metadata import version; print(version("lifeboat-tabular"))')
[[ $("$work/venv/bin/lifeboat" --version) == "lifeboat $version" ]] || fail "the program is another version than $version"
echo "ok: $(basename "${wheels[0]}") installs lifeboat $version and nothing else"

echo "$exporters" >"$work/venv/$(cd "$work/venv" && echo lib/python*/site-packages)/exporters.pth"
"$work/venv/bin/python" -B -m unittest discover --start-directory tests/wheel
