//! Tables that are written, and read again.

use jiff::Timestamp;
use jiff::civil::date;
use lifeboat::table::cutting::{self, Cutting};
use lifeboat::table::{
    Batch, ColumnType, ExtraColumns, Format, Layout, Options, OutputCell, OutputColumn, Source, TableWriter, load,
};
use serde_json::json;

use crate::reading::{extra, plain, read, titanic};

fn columns() -> Vec<OutputColumn> {
    [
        ("text", ColumnType::Text),
        ("integer", ColumnType::Integer),
        ("number", ColumnType::Number),
        ("a single", ColumnType::Single),
        ("flag", ColumnType::Boolean),
        ("day", ColumnType::Date),
        ("at", ColumnType::Time),
        ("json", ColumnType::Json),
    ]
    .map(|(name, kind)| OutputColumn::new(name, kind))
    .into()
}

fn written(format: Format) -> Vec<u8> {
    let value: Box<serde_json::value::RawValue> = serde_json::from_str("{\"a\": [1]}").unwrap();
    let at = Timestamp::from_millisecond(1_383_456_600_120).unwrap();
    let whole = [
        OutputCell::Text("say \"a, b\"\n"),
        OutputCell::Integer(-7),
        OutputCell::Number(0.1),
        OutputCell::Single(0.1),
        OutputCell::Boolean(true),
        OutputCell::Date(date(2013, 11, 3)),
        OutputCell::Time(at),
        OutputCell::Json(&value),
    ];
    let not_finite =
        [OutputCell::Missing, OutputCell::Missing, OutputCell::Number(f64::NAN), OutputCell::Single(f32::INFINITY)];
    let layout = Layout::new(format, columns()).unwrap();
    let mut writer = TableWriter::new(&layout, Vec::new()).unwrap();
    writer.write_row(&whole).unwrap();
    let mut batch = Batch::new(&layout);
    batch.push(&not_finite).unwrap();
    writer.write(&mut batch).unwrap();
    assert!(batch.is_empty());
    writer.write(&mut batch).unwrap();
    writer.finish().unwrap()
}

#[test]
fn text_is_written_as_it_reads() {
    let text = |format| String::from_utf8(written(format)).unwrap();
    insta::assert_snapshot!(format!("{}\n{}\n{}", text(Format::Csv), text(Format::Json), text(Format::Ndjson)));
    for (format, empty) in [(Format::Csv, "a\n"), (Format::Json, "[]\n"), (Format::Ndjson, "")] {
        let layout = Layout::new(format, vec![OutputColumn::new("a", ColumnType::Text)]).unwrap();
        let whole = TableWriter::new(&layout, Vec::new()).unwrap().finish().unwrap();
        assert_eq!(String::from_utf8(whole).unwrap(), empty);
    }
}

#[test]
fn every_format_is_read_again_as_what_was_written() {
    let schema = json!({
        "fields": [
            {"name": "text"}, {"name": "integer", "type": "integer"}, {"name": "number", "type": "number"},
            {"name": "a single", "type": "number"}, {"name": "flag", "type": "boolean"}, {"name": "day", "type": "date"},
            {"name": "at", "type": "datetime"}, {"name": "json"}, {"name": "y", "type": "number"},
        ],
        "lifeboat": {"label": "y"},
    });
    let schema = load::schema(schema.to_string().as_bytes()).unwrap();
    let expected = json!({
        "text": "say \"a, b\"", "integer": -7, "number": 0.1, "a single": 0.1, "flag": true, "day": "2013-11-03",
        "at": "2013-11-03T05:30:00.12Z", "json": "{\"a\": [1]}",
    });
    for format in [Format::Csv, Format::Parquet] {
        let all = read(Source::from_bytes(written(format)), &schema, &Options::default()).unwrap();
        let records: Vec<_> = all
            .into_iter()
            .map(|(_, record)| serde_json::from_str::<serde_json::Value>(&record.unwrap().text(&schema)).unwrap())
            .collect();
        assert_eq!(records, [expected.clone(), json!({})], "{format}");
    }
}

#[test]
fn records_pass_through_every_format() {
    let schema = titanic();
    let columns: Vec<_> =
        schema.inputs().map(|(_, field)| OutputColumn::new(&*field.name, ColumnType::of(field))).collect();
    for format in Format::ALL {
        let layout = Layout::new(format, columns.clone()).unwrap();
        let mut writer = TableWriter::new(&layout, Vec::new()).unwrap();
        for record in plain() {
            let cells: Vec<_> = schema
                .inputs()
                .map(|(place, field)| record.get(place).map(|value| field.written(value)).into())
                .collect();
            writer.write_row(&cells).unwrap();
        }
        let table = writer.finish().unwrap();
        let again = read(Source::from_bytes(table), &schema, &Options::default()).unwrap();
        let again: Vec<_> = again.into_iter().map(|(_, record)| record.unwrap()).collect();
        assert_eq!(again, plain(), "{format}");
    }
}

#[test]
fn groups_of_parquet_follow_each_other() {
    let layout = Layout::new(
        Format::Parquet,
        vec![
            OutputColumn::new("PassengerId", ColumnType::Integer),
            OutputColumn::new("Pclass", ColumnType::Integer),
            OutputColumn::new("Sex", ColumnType::Text),
        ],
    )
    .unwrap();
    let mut writer = TableWriter::new(&layout, Vec::new()).unwrap();
    for id in 0..150_000 {
        writer.write_row(&[OutputCell::Integer(id), OutputCell::Integer(3), OutputCell::Text("male")]).unwrap();
    }
    let table = writer.finish().unwrap();
    let all = read(Source::from_bytes(table), &titanic(), &Options::default()).unwrap();
    assert_eq!(all.len(), 150_000);
    assert_eq!(all[149_999].0, "row 150000");
    assert!(all.iter().all(|(_, record)| record.is_ok()));
}

#[test]
fn groups_of_a_wide_table_have_fewer_rows() {
    let names = ["Pclass", "Sex"].map(|name| OutputColumn::new(name, ColumnType::Text)).into_iter();
    let numbers = (0..200).map(|place| OutputColumn::new(format!("x{place}"), ColumnType::Number));
    let layout = Layout::new(Format::Parquet, names.chain(numbers).collect()).unwrap();
    let mut writer = TableWriter::new(&layout, Vec::new()).unwrap();
    let mut row = vec![OutputCell::Text("3"), OutputCell::Text("male")];
    row.resize(202, OutputCell::Number(0.5));
    for _ in 0..20_000 {
        writer.write_row(&row).unwrap();
    }
    let source = Source::from_bytes(writer.finish().unwrap());
    let Cutting::Rows { groups } = cutting::open(source, &titanic(), &extra(ExtraColumns::Ignore)).unwrap() else {
        panic!("a Parquet file is cut by its rows");
    };
    assert_eq!(groups.iter().sum::<u64>(), 20_000);
    assert!(groups.iter().all(|rows| *rows < 10_000), "{groups:?}");
}

#[test]
fn what_does_not_fit_is_refused() {
    let column = |name: &str, kind| OutputColumn::new(name, kind);
    let twice = Layout::new(Format::Csv, vec![column("a", ColumnType::Text), column("a", ColumnType::Text)]);
    assert_eq!(twice.unwrap_err().to_string(), "the table would have two columns \"a\"");
    let layout = Layout::new(Format::Parquet, vec![column("a", ColumnType::Text)]).unwrap();
    let mut batch = Batch::new(&layout);
    let said = batch.push(&[OutputCell::Integer(1)]).unwrap_err().to_string();
    assert_eq!(said, "column \"a\" is Text, but a cell is Integer(1)");
    assert!(batch.push(&[OutputCell::Missing, OutputCell::Missing]).is_err());
}

#[test]
fn a_row_of_one_empty_cell_is_a_row() {
    let layout = Layout::new(Format::Csv, vec![OutputColumn::new("a", ColumnType::Text)]).unwrap();
    let mut writer = TableWriter::new(&layout, Vec::new()).unwrap();
    writer.write_row(&[]).unwrap();
    assert_eq!(writer.finish().unwrap(), b"a\n\"\"\n");
}
