//! Records as rows of Parquet, as pandas, polars and pyarrow write it.

use lifeboat::table::{ExtraColumns, Options, Schema, Source, load};
use serde_json::{Value as Json, json};

use crate::reading::{bytes, extra, path, plain, read, records, refusal, titanic};

#[test]
fn files_of_other_programs_hold_the_same_records() {
    for name in [
        "pandas.parquet",
        "pandas_zstd.parquet",
        "polars.parquet",
        "pyarrow_gzip.parquet",
        "pyarrow_brotli.parquet",
        "pyarrow_lz4.parquet",
        "pyarrow_none.parquet",
    ] {
        assert_eq!(records(Source::from_path(&path(name)).unwrap()), plain(), "{name}");
        assert_eq!(records(Source::from_bytes(bytes(name))), plain(), "{name} from a stream");
    }
}

fn times() -> Schema {
    let field = |name: &str, kind: &str| json!({"name": name, "type": kind});
    let fields = [
        ("at_ns", "datetime"),
        ("at_us", "datetime"),
        ("at_ms", "datetime"),
        ("day", "date"),
        ("midnight", "date"),
        ("price", "number"),
        ("small_price", "number"),
        ("flag", "boolean"),
        ("number_flag", "boolean"),
        ("big", "integer"),
        ("y", "number"),
    ];
    let schema = json!({
        "fields": fields.map(|(name, kind)| field(name, kind)),
        "lifeboat": {"label": "y", "timezone": "America/New_York"},
    });
    load::schema(schema.to_string().as_bytes()).unwrap()
}

#[test]
fn times_dates_decimals_and_flags_are_read_by_their_types() {
    let schema = times();
    let all = read(Source::from_bytes(bytes("times.parquet")), &schema, &Options::default()).unwrap();
    let written: Vec<Json> = all
        .into_iter()
        .map(|(_, record)| serde_json::from_str::<serde_json::Value>(&record.unwrap().text(&schema)).unwrap())
        .collect();
    assert_eq!(
        written,
        [
            json!({
                "at_ns": "2013-11-03T05:30:00.123Z", "at_us": "2013-11-03T05:30:00.123Z",
                "at_ms": "2013-11-03T10:30:00.123Z", "day": "2013-11-03", "midnight": "2013-11-03",
                "price": 123.45, "small_price": 1.5, "flag": true, "number_flag": true, "big": 9_007_199_254_740_991_i64,
            }),
            json!({
                "at_ns": "2024-02-29T23:59:59Z", "at_us": "2024-02-29T23:59:59Z", "at_ms": "2024-03-01T04:59:59Z",
                "day": "1912-04-15", "midnight": "1912-04-15", "price": -0.05, "small_price": -2.5, "flag": false,
                "number_flag": false, "big": 0,
            }),
            json!({}),
        ]
    );
}

#[test]
fn timestamps_of_96_bits_are_read() {
    let schema = json!({
        "fields": [{"name": "at_us", "type": "datetime"}, {"name": "y", "type": "number"}],
        "lifeboat": {"label": "y"},
    });
    let schema = load::schema(schema.to_string().as_bytes()).unwrap();
    let source = Source::from_bytes(bytes("times_int96.parquet"));
    let all = read(source, &schema, &extra(ExtraColumns::Ignore)).unwrap();
    let written: serde_json::Value = serde_json::from_str(&all[0].1.as_ref().unwrap().text(&schema)).unwrap();
    assert_eq!(written, json!({"at_us": "2013-11-03T05:30:00.123Z"}));
}

#[test]
fn rows_are_told_by_their_number() {
    let all = read(Source::from_bytes(bytes("pyarrow_none.parquet")), &titanic(), &Options::default()).unwrap();
    assert_eq!(all[39].0, "row 40");
}

#[test]
fn nested_columns_are_refused_by_name() {
    assert_eq!(
        refusal(bytes("nested.parquet")),
        "column \"Name\" is nested: give each of its values a column of its own, or leave it out; column \"Cabin\" is nested: give \
         each of its values a column of its own, or leave it out"
    );
}

#[test]
fn a_file_without_known_columns_says_so() {
    let said = refusal(bytes("times.parquet"));
    assert!(said.contains("column \"at_ns\" is not a field of a passenger"), "{said}");
    let ignoring = extra(ExtraColumns::Ignore);
    let said = read(Source::from_bytes(bytes("times.parquet")), &titanic(), &ignoring).unwrap_err();
    assert!(said.to_string().starts_with("no column is a field of a passenger"), "{said}");
}

#[test]
fn a_truncated_file_is_said_to_be_truncated() {
    let whole = bytes("pandas.parquet");
    let said = "the Parquet file is truncated: it does not end as one does, so copy or download it again";
    for length in [4, 10, whole.len() / 2, whole.len() - 1] {
        assert_eq!(refusal(&whole[..length]), said);
    }
}
