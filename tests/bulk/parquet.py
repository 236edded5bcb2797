"""Writes and reads Parquet for the tests of bulk scoring, by the library that most people have.

    .tools/train/bin/python -B tests/bulk/parquet.py write TABLE.csv TABLE.parquet ROWS_A_GROUP
    .tools/train/bin/python -B tests/bulk/parquet.py read TABLE.parquet...       # a JSON object a row, to standard output
    .tools/train/bin/python -B tests/bulk/parquet.py same WHOLE.parquet PART.parquet...
"""

import json
import sys

import pyarrow as pa
from pyarrow import csv, parquet

# Texts that look like numbers to who guesses.
TEXTS = {name: pa.string() for name in ("Name", "Sex", "Ticket", "Cabin", "Embarked")}


def main():
    verb, *names = sys.argv[1:]
    if verb == "write":
        source, target, rows = names
        options = csv.ConvertOptions(column_types=TEXTS, strings_can_be_null=True)
        table = csv.read_csv(source, parse_options=csv.ParseOptions(newlines_in_values=True), convert_options=options)
        parquet.write_table(table, target, row_group_size=int(rows), compression="zstd")
        return
    if verb == "same":
        whole, *parts = map(parquet.read_table, names)
        if not pa.concat_tables(parts).equals(whole):
            sys.exit(f"{len(parts)} parts with {sum(part.num_rows for part in parts)} rows are not {names[0]} with {whole.num_rows}")
        return
    for name in names:
        for batch in parquet.ParquetFile(name).iter_batches():
            sys.stdout.writelines(json.dumps(row) + "\n" for row in batch.to_pylist())


if __name__ == "__main__":
    main()
