"""Writes the files of this folder, as other programs write tables: pandas, polars, pyarrow, zstandard, openpyxl.

    python3 -m venv .venv && .venv/bin/pip install pandas pyarrow polars zstandard openpyxl
    .venv/bin/python tests/table/files/make.py

All but times.* and nested.parquet hold the first rows of the Titanic's training set, so that each is read as the same records.
"""

import datetime
import decimal
import gzip
import pathlib

import pandas
import polars
import pyarrow
import pyarrow.parquet
import zstandard

ROWS = 40

here = pathlib.Path(__file__).parent
train = here.parents[2] / "model" / "titanic" / "train.csv"

frame = pandas.read_csv(train).head(ROWS)
frame.to_csv(here / "plain.csv", index=False)

# CSV as pandas and spreadsheets write it
frame.to_csv(here / "index.csv")
pandas.read_csv(here / "index.csv").to_csv(here / "index_twice.csv", index=False)
frame.to_csv(here / "pandas.csv.gz", index=False)
frame.to_csv(here / "pandas.csv.zst", index=False)
frame.to_csv(here / "utf16.csv", index=False, sep=";", decimal=",", encoding="utf-16", lineterminator="\r\n")
frame.to_csv(here / "utf8_bom.csv", index=False, sep=";", decimal=",", encoding="utf-8-sig", lineterminator="\r\n")
frame.to_csv(here / "tabs.tsv", index=False, sep="\t")
frame.to_csv(here / "bars.csv", index=False, sep="|")
frame.to_excel(here / "workbook.xlsx", index=False)
text = (here / "plain.csv").read_bytes()
half = len(text) // 2
(here / "members.csv.gz").write_bytes(gzip.compress(text[:half], mtime=0) + gzip.compress(text[half:], mtime=0))
compress = zstandard.ZstdCompressor().compress
(here / "frames.csv.zst").write_bytes(compress(text[:half]) + compress(text[half:]))
(here / "truncated.csv.gz").write_bytes(gzip.compress(text, mtime=0)[:1000])

# JSON
frame.to_json(here / "records.json", orient="records")
frame.to_json(here / "lines.jsonl.gz", orient="records", lines=True)

# Parquet by pandas: integers that may be missing, categories, an index of its own
nullable = frame.astype({"PassengerId": "Int64", "SibSp": "Int8", "Sex": "category", "Embarked": "category"})
nullable[::-1][::-1].set_index(pandas.Index(range(100, 100 + ROWS))).to_parquet(here / "pandas.parquet", compression="snappy")
nullable.to_parquet(here / "pandas_zstd.parquet", compression="zstd", index=False)
for codec in ["gzip", "brotli", "lz4", "none"]:
    table = pyarrow.Table.from_pandas(frame, preserve_index=False)
    pyarrow.parquet.write_table(table, here / f"pyarrow_{codec}.parquet", compression=codec, row_group_size=25, data_page_version="2.0")

# Parquet by polars: small integers, FP32, categories
columns = [
    polars.col("Pclass").cast(polars.UInt8),
    polars.col("Fare").cast(polars.Float32),
    polars.col("Sex").cast(polars.Categorical),
    polars.col("Survived").cast(polars.Int64),
]
polars.read_csv(train).head(ROWS).with_columns(columns).write_parquet(here / "polars.parquet", compression="zstd")

# Times and decimals
utc = datetime.timezone.utc
moments = [datetime.datetime(2013, 11, 3, 5, 30, 0, 123000, tzinfo=utc), datetime.datetime(2024, 2, 29, 23, 59, 59, tzinfo=utc), None]
local = [moment and moment.replace(tzinfo=None) for moment in moments]
table = pyarrow.table({
    "at_ns": pyarrow.array(moments, pyarrow.timestamp("ns", "America/New_York")),
    "at_us": pyarrow.array(moments, pyarrow.timestamp("us", "UTC")),
    "at_ms": pyarrow.array(local, pyarrow.timestamp("ms")),
    "day": pyarrow.array([datetime.date(2013, 11, 3), datetime.date(1912, 4, 15), None], pyarrow.date32()),
    "midnight": pyarrow.array([datetime.datetime(2013, 11, 3), datetime.datetime(1912, 4, 15), None], pyarrow.timestamp("us")),
    "price": pyarrow.array([decimal.Decimal("123.45"), decimal.Decimal("-0.05"), None], pyarrow.decimal128(9, 2)),
    "small_price": pyarrow.array([decimal.Decimal("1.5"), decimal.Decimal("-2.5"), None], pyarrow.decimal128(30, 1)),
    "flag": pyarrow.array([True, False, None]),
    "number_flag": pyarrow.array([1.0, 0.0, float("nan")]),
    "big": pyarrow.array([2**53 - 1, 0, None], pyarrow.uint64()),
    "y": pyarrow.array([1.5, 2.5, 3.5]),
})
pyarrow.parquet.write_table(table, here / "times.parquet")
pyarrow.parquet.write_table(table, here / "times_int96.parquet", use_deprecated_int96_timestamps=True)

# What is refused
nested = pyarrow.table({"Pclass": [1, 2], "Sex": ["male", "female"], "Name": [["a"], ["b", "c"]], "Cabin": [{"deck": "A"}, None]})
pyarrow.parquet.write_table(nested, here / "nested.parquet")
