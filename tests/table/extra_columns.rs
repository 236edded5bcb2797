//! Columns that the schema does not know: refused, ignored or carried along.

use lifeboat::table::{
    ColumnType, ExtraColumns, Format, Layout, Options, OutputColumn, Purpose, Reader, Selection, Source, TableWriter,
    fault,
};

use crate::reading::{bytes, extra, read, titanic};

const CSV: &str = "note,Pclass,Sex,amount\n\"a, b\",3,male,7\n,1,female,\n";
const JSON: &str = r#"[{"note": "a, b", "Pclass": 3, "Sex": "male", "amount": 7}, {"Pclass": 1, "Sex": "female", "list": [1, {"x": null}]}]"#;

/// Writes what is kept, as one table of the format.
fn kept(text: &str, format: Format) -> String {
    let schema = titanic();
    let reader = Reader::open(Source::from_bytes(text), &schema, &extra(ExtraColumns::Keep)).unwrap();
    let layout = Layout::new(format, reader.extra_columns().to_vec()).unwrap();
    let mut writer = TableWriter::new(&layout, Vec::new()).unwrap();
    reader
        .for_each(|row| {
            row.record(&schema).unwrap_or_else(|faults| panic!("{}", fault::in_words(&faults)));
            writer.write_row(&row.extras()).unwrap();
            Ok::<_, lifeboat::table::ReadError>(())
        })
        .unwrap();
    String::from_utf8(writer.finish().unwrap()).unwrap()
}

#[test]
fn cells_are_carried_along_in_every_format() {
    assert_eq!(kept(CSV, Format::Csv), "note,amount\n\"a, b\",7\n,\n");
    assert_eq!(kept(CSV, Format::Ndjson), "{\"note\":\"a, b\",\"amount\":\"7\"}\n{\"note\":null,\"amount\":null}\n");
    assert_eq!(kept(JSON, Format::Csv), "note,amount,list\n\"a, b\",7,\n,,\"[1, {\"\"x\"\": null}]\"\n");
    assert_eq!(
        kept(JSON, Format::Ndjson),
        "{\"note\":\"a, b\",\"amount\":7,\"list\":null}\n{\"note\":null,\"amount\":null,\"list\":[1, {\"x\": null}]}\n"
    );
}

#[test]
fn ignored_columns_are_not_read() {
    for text in [CSV, JSON] {
        let records = read(Source::from_bytes(text), &titanic(), &extra(ExtraColumns::Ignore)).unwrap();
        assert!(records.iter().all(|(_, record)| record.is_ok()), "{records:?}");
    }
}

#[test]
fn when_a_label_became_known_is_read_even_where_other_columns_are_not() {
    let selection = Selection { extra_columns: ExtraColumns::Ignore, purpose: Purpose::Labels };
    let options = Options { selection, ..Options::default() };
    let json = r#"[{"note": 1, "Pclass": 3, "Sex": "male", "Survived": 1, "known_at": "2013-11-04T06:00:00Z"}]"#;
    for text in ["note,Pclass,Sex,Survived,known_at\n1,3,male,1,2013-11-04T06:00:00Z\n", json] {
        let reader = Reader::open(Source::from_bytes(text), &titanic(), &options).unwrap();
        let names: Vec<&str> = reader.extra_columns().iter().map(|column| &*column.name).collect();
        assert_eq!(names, ["known_at"]);
        let mut told = Vec::new();
        reader
            .for_each(|row| {
                row.labelled(&titanic()).unwrap();
                told.push(format!("{:?}", row.extras()));
                Ok::<_, lifeboat::table::ReadError>(())
            })
            .unwrap();
        assert!(told.len() == 1 && told[0].contains("2013-11-04T06:00:00Z"), "{told:?}");
    }
}

#[test]
fn refused_columns_are_all_named() {
    let said = read(Source::from_bytes(CSV), &titanic(), &Options::default()).unwrap_err();
    assert_eq!(said.faults().len(), 2);
    let said = read(Source::from_bytes(JSON), &titanic(), &Options::default()).unwrap();
    assert!(said[0].1.as_ref().unwrap_err().starts_with("note is not a field of a passenger"));
    assert!(said[1].1.as_ref().unwrap_err().starts_with("list is not a field of a passenger"));
}

#[test]
fn two_kept_columns_of_one_name_are_refused() {
    let said = read(Source::from_bytes("Pclass,Sex,x,x\n"), &titanic(), &extra(ExtraColumns::Keep)).unwrap_err();
    assert_eq!(said.to_string(), "column \"x\" stands twice");
}

#[test]
fn a_member_that_comes_late_is_not_lost_without_a_word() {
    let first = "{\"Pclass\": 3, \"Sex\": \"male\", \"a\": 1}\n".repeat(1024);
    let text = first + "{\"Pclass\": 3, \"Sex\": \"male\", \"b\": 1}\n{\"Pclass\": 3, \"Sex\": \"male\"}\n";
    let all = read(Source::from_bytes(text), &titanic(), &extra(ExtraColumns::Keep)).unwrap();
    assert_eq!(all.len(), 1026);
    let said = all[1024].1.as_ref().unwrap_err();
    assert!(said.starts_with("b is not a field, and no record of the first thousand has it"), "{said}");
    assert!(all[1025].1.is_ok());
}

#[test]
fn columns_of_parquet_keep_their_types() {
    let fields = r#"{"fields": [{"name": "y", "type": "number"}], "lifeboat": {"label": "y"}}"#;
    let schema = lifeboat::table::load::schema(fields.as_bytes()).unwrap();
    let options = extra(ExtraColumns::Keep);
    let reader = Reader::open(Source::from_bytes(bytes("times.parquet")), &schema, &options).unwrap();
    let columns = reader.extra_columns().to_vec();
    let expected = [
        ("at_ns", ColumnType::Time),
        ("at_us", ColumnType::Time),
        ("at_ms", ColumnType::LocalTime),
        ("day", ColumnType::Date),
        ("midnight", ColumnType::LocalTime),
        ("price", ColumnType::Number),
        ("small_price", ColumnType::Number),
        ("flag", ColumnType::Boolean),
        ("number_flag", ColumnType::Number),
        ("big", ColumnType::Integer),
    ];
    assert_eq!(columns, expected.map(|(name, kind)| OutputColumn::new(name, kind)));
    let layout = Layout::new(Format::Csv, columns).unwrap();
    let mut writer = TableWriter::new(&layout, Vec::new()).unwrap();
    reader
        .for_each(|row| writer.write_row(&row.extras()).map_err(|_| lifeboat::table::ReadError::Header(Vec::new())))
        .unwrap();
    let written = String::from_utf8(writer.finish().unwrap()).unwrap();
    assert_eq!(
        written.lines().nth(1).unwrap(),
        "2013-11-03T05:30:00.123Z,2013-11-03T05:30:00.123Z,2013-11-03T05:30:00.123,2013-11-03,2013-11-03T00:00:00,123.45,1.5,\
         true,1.0,9007199254740991"
    );
    assert_eq!(written.lines().nth(3).unwrap(), ",,,,,,,,,");
}
