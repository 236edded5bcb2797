#!/usr/bin/env bash
# Validates the training data of every package by its schema with frictionless, the library of those who wrote the standard, and a row
# that the schema refuses: tests/packages/validate.sh. Of data that `records.py` joins, it is one row in fifty.
set -euo pipefail
cd "$(dirname "$0")/../.."

# Absolute paths are unsafe to frictionless.
mkdir -p target
work=$(mktemp --directory --tmpdir=target)
trap 'rm -rf "$work"' EXIT

validate=(.tools/frictionless/bin/frictionless validate --schema)
for schema in model/*/schema.json tests/packages/*/schema.json; do
    folder=$(dirname "$schema")
    data=$folder/train.csv
    if [[ -f $folder/records.py ]]; then
        data=$work/$(basename "$folder").csv
        .tools/train/bin/python -B "$folder/records.py" --every 50 --output "$data"
    fi
    "${validate[@]}" "$schema" "$data" || exit
done

bad=$work/bad.csv
sed '2s/.*/1,0,first,"Nobody, Mr. X",male,22,1,0,A,7.25,,S/' model/titanic/train.csv >"$bad"
if said=$("${validate[@]}" model/titanic/schema.json "$bad") || [[ $said != *type-error* ]]; then
    echo "tests/packages/validate.sh: a class that is no number was not refused: $said" >&2
    exit 1
fi
echo "ok: every package's training data is valid by its schema"
