//! What is read piece after piece is what is read at once: the same rows in the same places, with the same faults.

use std::io::Cursor;
use std::ops::Range;
use std::path::Path;
use std::sync::{Arc, Mutex};

use lifeboat::table::cutting::{self, Cutting, Mark, Piece, TextCutter};
use lifeboat::table::{
    Chunk, ColumnType, ExtraColumns, Format, Layout, Options, OutputCell, OutputColumn, RandomAccess, ReadError,
    Reader, Schema, Source, Span, TableWriter, fault, load,
};
use proptest::prelude::*;

use crate::reading::{bytes, extra, of_format, titanic};

/// A row: its place, its record or its faults, and the cells that are kept.
type Seen = (String, Result<String, String>, String);

/// Reads rows, and why the rest cannot be read.
fn seen(source: Source, schema: &Schema, options: &Options) -> (Vec<Seen>, Option<String>) {
    let mut all = Vec::new();
    let read = |all: &mut Vec<Seen>| -> Result<(), ReadError> {
        let mut reader = Reader::open(source, schema, options)?;
        let mut chunk = Chunk::default();
        while reader.next_chunk(&mut chunk)? {
            all.extend(chunk.rows().map(|row| {
                let record = row.record(schema).map(|record| record.text(schema));
                let record = record.map_err(|faults| fault::in_words(&faults));
                (row.place().to_string(), record, format!("{:?}", row.extras()))
            }));
        }
        Ok(())
    };
    let failure = read(&mut all).err().map(|error| error.to_string());
    (all, failure)
}

fn cutter(text: &[u8], schema: &Schema, options: &Options) -> Result<Box<TextCutter>, ReadError> {
    match cutting::open(Source::from_bytes(text), schema, options)? {
        Cutting::Text(cutter) => Ok(cutter),
        other => panic!("{other:?}"),
    }
}

/// Returns the header of a text and a part behind it.
fn part(text: &[u8], header_bytes: u64, bytes: Range<u64>) -> Source {
    let at = |place: u64| usize::try_from(place).unwrap();
    Source::from_bytes([&text[..at(header_bytes)], &text[at(bytes.start)..at(bytes.end)]].concat())
}

/// Cuts all of a text, anew behind every piece where `stops`.
fn pieces(
    text: &[u8],
    schema: &Schema,
    options: &Options,
    at_least: u64,
    stops: bool,
) -> Result<(Format, u64, Vec<Piece>), ReadError> {
    let mut cutter = cutter(text, schema, options)?;
    let (format, header_bytes, mut pieces) = (cutter.format(), cutter.header_bytes(), Vec::new());
    while let Some(piece) = cutter.next(at_least)? {
        pieces.push(piece);
        if stops {
            let (mark, end) = (cutter.mark(), text.len() as u64);
            let rest = part(text, header_bytes, mark.offset..end);
            let options = Options { format: Some(format), ..options.clone() };
            *cutter = cutting::go_on(rest, schema, &options, header_bytes, mark)?;
            assert_eq!(cutter.mark(), mark);
        }
    }
    Ok((format, header_bytes, pieces))
}

/// Checks that the pieces of a text hold what the text holds.
fn check(text: &[u8], schema: &Schema, options: &Options, at_least: u64) {
    let whole = seen(Source::from_bytes(text), schema, options);
    let (format, header_bytes, pieces) = match pieces(text, schema, options, at_least, false) {
        Ok(found) => found,
        Err(error) => {
            assert_eq!(whole.1, Some(error.to_string()));
            return;
        }
    };
    assert_eq!(whole.1, None);
    assert_eq!(self::pieces(text, schema, options, at_least, true).unwrap().2, pieces);
    let (mut all, mut next) = (Vec::new(), None);
    for Piece { bytes, first_line, rows } in pieces {
        assert!(next.is_none_or(|next| next == bytes.start));
        next = Some(bytes.end);
        let options = Options { format: Some(format), span: Span::Lines { first_line }, ..options.clone() };
        let (seen, failure) = seen(part(text, header_bytes, bytes), schema, &options);
        assert_eq!((seen.len() as u64, failure), (rows, None));
        all.extend(seen);
    }
    assert_eq!(all, whole.0);
}

fn keeping() -> Options {
    Options { members: Some(Arc::from(["note".to_owned()])), ..extra(ExtraColumns::Keep) }
}

/// Text that is likely to be a table, with what makes cutting hard.
fn csv() -> impl Strategy<Value = String> {
    let cell = prop_oneof![
        4 => "[0-9a-c]{0,3}",
        2 => "\"([a-c,\n\r]|\"\"){0,6}\"",
        1 => "[a-c\"\n\r ]{0,6}",
        1 => Just("male".to_owned()),
    ];
    let end = prop::sample::select(vec!["\n", "\r\n", "\n\n", "\r\n\r\n", "\r", ""]);
    let row = (prop::collection::vec(cell, 1..5), end.clone()).prop_map(|(cells, end)| cells.join(",") + end);
    let header = prop::sample::select(vec![
        "Pclass,Sex,Name,note",
        "\"Pclass\",\"Sex\",\"Name\",\"no\nte\"",
        "\u{feff}Pclass,Sex,Name,a\"b",
        "\n\nSex,Pclass",
        "note;Pclass;Sex;\"x",
        "Pclass,Sex,\";x",
    ]);
    (header, end, prop::collection::vec(row, 0..12))
        .prop_map(|(header, end, rows)| header.to_owned() + end + &rows.concat())
}

/// Lines of JSON and of what is none.
fn ndjson() -> impl Strategy<Value = String> {
    let line = prop::sample::select(vec![
        "{\"Pclass\": 3, \"Sex\": \"male\"}",
        "{\"Pclass\": 3, \"Sex\": \"male\", \"note\": [1, \"\\n\"]}",
        "{\"Pclass\": 9, \"Sex\": \"male\", \"other\": 1}",
        "\u{feff}{\"Pclass\": 3, \"Sex\": \"male\"}",
        "PK\u{3}\u{4}",
        "a\0",
        "[1,",
        "  \t",
        "",
    ]);
    let end = prop::sample::select(vec!["\n", "\r\n"]);
    let rows = prop::collection::vec((line, end), 0..12);
    (rows, "(\u{feff})?", "\\{?").prop_map(|(rows, mark, last)| {
        let rows: String = rows.into_iter().flat_map(|(line, end)| [line, end]).collect();
        mark + "{\"Pclass\": 3, \"Sex\": \"male\"}\n" + &rows + &last
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn a_csv_file_is_the_sum_of_its_pieces(text in csv(), at_least in 0_u64..60) {
        let schema = titanic();
        for options in [extra(ExtraColumns::Ignore), keeping()] {
            check(text.as_bytes(), &schema, &options, at_least);
        }
    }

    #[test]
    fn lines_of_json_are_the_sum_of_their_pieces(text in ndjson(), at_least in 0_u64..80) {
        let schema = titanic();
        for options in [of_format(Format::Ndjson), Options { format: Some(Format::Ndjson), ..keeping() }] {
            check(text.as_bytes(), &schema, &options, at_least);
        }
    }
}

#[test]
fn files_of_other_programs_are_the_sum_of_their_pieces() {
    for name in ["plain.csv", "index.csv", "tabs.tsv", "bars.csv", "utf8_bom.csv"] {
        for at_least in [1, 100, 1000, 1 << 20] {
            check(&bytes(name), &titanic(), &Options::default(), at_least);
        }
    }
}

#[test]
fn a_line_break_in_quotation_marks_is_not_cut() {
    let text = "Pclass,Sex,Name\r\n3,male,\"a\r\nb\"\r\n\r\n3,male,c\r\n3,male,d";
    let (format, header_bytes, pieces) = pieces(text.as_bytes(), &titanic(), &Options::default(), 1, false).unwrap();
    assert_eq!((format, header_bytes), (Format::Csv, 16));
    let found: Vec<_> = pieces.iter().map(|piece| (piece.bytes.clone(), piece.first_line, piece.rows)).collect();
    assert_eq!(found, [(16..31, 2, 1), (31..43, 4, 1), (43..52, 6, 1)]);
}

#[test]
fn a_file_without_records_has_no_piece() {
    for text in ["Pclass,Sex", "Pclass,Sex\n", "Pclass,Sex\r\n\r\n\n"] {
        assert_eq!(
            cutter(text.as_bytes(), &titanic(), &Options::default()).unwrap().next(10).unwrap(),
            None,
            "{text:?}"
        );
    }
    let lines = cutter(b"\n \n", &titanic(), &of_format(Format::Ndjson)).unwrap().next(10).unwrap();
    assert_eq!(lines, None);
    let empty = cutting::open(Source::from_bytes(""), &titanic(), &Options::default()).unwrap_err();
    assert_eq!(empty.to_string(), "the input is empty: expected a table");
}

#[test]
fn what_cannot_be_cut_says_why() {
    for (name, said) in [
        ("pandas.csv.gz", "it is compressed by gzip"),
        ("pandas.csv.zst", "it is compressed by zstd"),
        ("utf16.csv", "it is UTF-16"),
        ("records.json", "it is one value of JSON"),
    ] {
        match cutting::open(Source::from_bytes(bytes(name)), &titanic(), &Options::default()) {
            Ok(Cutting::Whole(reason)) => assert_eq!(reason, said, "{name}"),
            other => panic!("{name}: {other:?}"),
        }
    }
}

#[test]
fn what_is_no_table_is_not_cut() {
    let refused = |bytes: Vec<u8>, options: &Options| {
        cutting::open(Source::from_bytes(bytes), &titanic(), options).unwrap_err().to_string()
    };
    assert!(refused(b"a,b\n1,2\n".to_vec(), &Options::default()).contains("column \"a\" is not a field"));
    assert_eq!(
        refused(bytes("pandas.parquet"), &of_format(Format::Csv)),
        "the input is Parquet, but is said to be CSV: name its format as parquet"
    );
    assert_eq!(
        refused(bytes("plain.csv"), &of_format(Format::Parquet)),
        "the input is said to be Parquet, but does not begin as such a file does: name its own format"
    );
    assert!(refused(bytes("workbook.xlsx"), &Options::default()).contains("an Excel workbook"));
    let long = "Pclass,Sex,Name\n3,male,\"".to_owned() + &"x,".repeat(6 << 20);
    let said = cutter(long.as_bytes(), &titanic(), &Options::default()).unwrap().next(1).unwrap_err();
    assert_eq!(said.to_string(), "line 2 begins a row of more than 8 MB: is a quotation mark not closed?");
    let options = Options { span: Span::Lines { first_line: 2 }, ..Options::default() };
    let said = Reader::open(Source::from_bytes(bytes("plain.csv")), &titanic(), &options).unwrap_err();
    assert_eq!(said.to_string(), "a part of a text can be read of CSV and NDJSON: name which of both it is");
}

#[test]
fn members_that_are_known_beforehand_are_kept_whatever_the_first_records_have() {
    let text = "{\"Pclass\": 3, \"Sex\": \"male\", \"b\": 1}\n{\"Pclass\": 3, \"Sex\": \"male\", \"note\": [1]}\n";
    let mut reader = Reader::open(Source::from_bytes(text), &titanic(), &keeping()).unwrap();
    assert_eq!(reader.extra_columns(), [OutputColumn::new("note", ColumnType::Json)]);
    let mut chunk = Chunk::default();
    assert!(reader.next_chunk(&mut chunk).unwrap());
    let faults: Vec<_> = chunk.rows().map(|row| row.record(&titanic()).is_err()).collect();
    assert_eq!(faults, [true, false]);
}

/// Bytes in memory, with a list of which were read; they fail from a place on.
struct Watched {
    bytes: Vec<u8>,
    fails_from: Option<u64>,
    read: Mutex<Vec<Range<u64>>>,
}

impl Watched {
    fn new(bytes: Vec<u8>) -> Arc<Self> {
        Arc::new(Self { bytes, fails_from: None, read: Mutex::default() })
    }

    fn source(self: &Arc<Self>) -> Source {
        let access: Arc<dyn RandomAccess> = self.clone();
        Source::of_object(Box::new(Cursor::new(self.bytes.clone())), Some(access), Path::new("a/table.parquet"))
    }
}

impl RandomAccess for Watched {
    fn len(&self) -> u64 {
        self.bytes.len() as u64
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = buffer.len().min(5000).min(self.bytes.len() - usize::try_from(offset).unwrap());
        let end = offset + count as u64;
        if self.fails_from.is_some_and(|from| offset < from) {
            return Err(std::io::Error::new(std::io::ErrorKind::ConnectionReset, "cut off"));
        }
        self.read.lock().unwrap().push(offset..end);
        let start = usize::try_from(offset).unwrap();
        buffer[..count].copy_from_slice(&self.bytes[start..start + count]);
        Ok(count)
    }
}

/// Writes a table of Parquet in groups of 65,536 rows.
fn parquet(rows: i64) -> Vec<u8> {
    let columns = [("PassengerId", ColumnType::Integer), ("Pclass", ColumnType::Integer), ("Sex", ColumnType::Text)];
    let columns = columns.into_iter().chain([("Name", ColumnType::Text), ("note", ColumnType::Number)]);
    let columns = columns.map(|(name, kind)| OutputColumn::new(name, kind)).collect();
    let mut writer = TableWriter::new(&Layout::new(Format::Parquet, columns).unwrap(), Vec::new()).unwrap();
    for id in 0..rows {
        let name = format!("passenger {id}");
        let name = if id % 7 == 0 { OutputCell::Missing } else { OutputCell::Text(&name) };
        let number = OutputCell::Number(f64::from(u32::try_from(id % 1000).unwrap()));
        writer
            .write_row(&[OutputCell::Integer(id), OutputCell::Integer(3), OutputCell::Text("male"), name, number])
            .unwrap();
    }
    writer.finish().unwrap()
}

fn of_rows(rows: Range<u64>) -> Options {
    Options { span: Span::Rows(rows), ..extra(ExtraColumns::Keep) }
}

#[test]
fn rows_of_parquet_are_the_same_in_any_pieces() {
    let (table, schema) = (Watched::new(parquet(150_000)), titanic());
    let Ok(Cutting::Rows { groups }) = cutting::open(table.source(), &schema, &extra(ExtraColumns::Keep)) else {
        panic!("cut otherwise");
    };
    assert_eq!(groups, [65_536, 65_536, 18_928]);
    let (whole, failure) = seen(table.source(), &schema, &extra(ExtraColumns::Keep));
    assert_eq!((whole.len(), failure), (150_000, None));
    for bounds in
        [&[0, 150_000][..], &[0, 1, 65_535, 65_536, 65_537, 131_072, 149_999, 150_000], &[0, 40_000, 140_000, 150_000]]
    {
        let mut all = Vec::new();
        for bounds in bounds.windows(2) {
            let (seen, failure) = seen(table.source(), &schema, &of_rows(bounds[0]..bounds[1]));
            assert_eq!((seen.len() as u64, failure), (bounds[1] - bounds[0], None));
            all.extend(seen);
        }
        assert!(all == whole, "{bounds:?}");
    }
    assert_eq!(seen(table.source(), &schema, &of_rows(7..7)), (vec![], None));
    let (_, failure) = seen(table.source(), &schema, &of_rows(149_999..150_001));
    assert_eq!(failure.unwrap(), "the Parquet file has 150000 rows, but rows 150000 to 150001 are asked for");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn any_rows_of_any_file_are_read(
        name in prop::sample::select(vec!["pandas.parquet", "polars.parquet", "pyarrow_gzip.parquet", "pyarrow_lz4.parquet"]),
        start in 0_u64..=40,
        length in 0_u64..=40,
    ) {
        let (schema, end) = (titanic(), (start + length).min(40));
        let (whole, _) = seen(Source::from_bytes(bytes(name)), &schema, &Options::default());
        let options = Options { span: Span::Rows(start..end), ..Options::default() };
        let (found, failure) = seen(Source::from_bytes(bytes(name)), &schema, &options);
        let at = |place: u64| usize::try_from(place).unwrap();
        prop_assert_eq!(failure, None);
        prop_assert_eq!(&found[..], &whole[at(start)..at(end)]);
    }
}

#[test]
fn groups_outside_are_not_touched() {
    let (table, schema) = (Watched::new(parquet(200_000)), titanic());
    let footer = table.bytes.len() as u64 - (1 << 16);
    let (found, failure) = seen(table.source(), &schema, &of_rows(70_000..80_000));
    assert_eq!((found.len(), failure), (10_000, None));
    assert_eq!(found[0].0, "row 70001");
    let read: u64 = table
        .read
        .lock()
        .unwrap()
        .iter()
        .filter(|range| range.start < footer)
        .map(|range| range.end - range.start)
        .sum();
    let group = table.bytes.len() as u64 * 65_536 / 200_000;
    assert!(read < group * 11 / 10, "{read} of {group}");
}

#[test]
fn bytes_that_do_not_arrive_are_no_damage() {
    let whole = parquet(70_000);
    let fails_from = Some(whole.len() as u64 - (1 << 16));
    let table = Arc::new(Watched { bytes: whole, fails_from, read: Mutex::default() });
    let schema = titanic();
    let mut reader = Reader::open(table.source(), &schema, &of_rows(0..70_000)).unwrap();
    match reader.next_chunk(&mut Chunk::default()) {
        Err(ReadError::Io(error)) => assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_cutter_goes_on_where_another_stopped() {
    let text = bytes("plain.csv");
    let mut cutter = cutter(&text, &titanic(), &Options::default()).unwrap();
    let first = cutter.next(500).unwrap().unwrap();
    let Mark { offset, line } = cutter.mark();
    assert_eq!((offset, line), (first.bytes.end, first.first_line + first.rows));
}

#[test]
fn a_table_of_one_text_column_is_cut() {
    let fields = r#"{"fields": [{"name": "a"}, {"name": "y", "type": "number"}], "lifeboat": {"label": "y"}}"#;
    let schema = load::schema(fields.as_bytes()).unwrap();
    check(b"a\n\"\"\n\"\"\nx\n\n\"\n\"\n", &schema, &Options::default(), 1);
}
