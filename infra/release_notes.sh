#!/usr/bin/env bash
# Prints what CHANGELOG.md says of a version, without its heading. Fails when it says nothing.
#
#   infra/release_notes.sh 0.1.0
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

version=${1:?usage: infra/release_notes.sh VERSION}

# A heading is `## 0.1.0` or `## [0.1.0]`, with a date behind it or none. Empty lines around the section are left out.
notes=$(awk -v version="$version" '
    /^## / { heading = $2; gsub(/[][]/, "", heading); inside = (heading == version); next }
    inside && /^\[[^]]+\]: / { next } # links of the headings, at the end of the file
    inside && (started || NF) { started = 1; print }
' CHANGELOG.md)
if [[ -z $notes ]]; then
    echo "infra/release_notes.sh: CHANGELOG.md has no section $version, or nothing stands in it" >&2
    exit 1
fi
printf '%s\n' "$notes"
