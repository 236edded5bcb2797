#!/usr/bin/env bash
# Validates the training data of every package by its schema with frictionless, the library of those who wrote the standard, and a row
# that the schema refuses: tests/packages/validate.sh
set -euo pipefail
cd "$(dirname "$0")/../.."

validate=(.tools/frictionless/bin/frictionless validate --schema)
for schema in model/*/schema.json tests/packages/*/schema.json; do
    folder=$(dirname "$schema")
    "${validate[@]}" "$schema" "$folder/train.csv" || exit
done

# Absolute paths are unsafe to frictionless.
mkdir -p target
bad=$(mktemp --tmpdir=target XXXXXX.csv)
trap 'rm -f "$bad"' EXIT
sed '2s/.*/1,0,first,"Nobody, Mr. X",male,22,1,0,A,7.25,,S/' model/titanic/train.csv >"$bad"
if said=$("${validate[@]}" model/titanic/schema.json "$bad") || [[ $said != *type-error* ]]; then
    echo "tests/packages/validate.sh: a class that is no number was not refused: $said" >&2
    exit 1
fi
echo "ok: every package's training data is valid by its schema"
