//! Parquet files of many columns that are carried along: they take no more memory than files of few.

use std::fs::{self, File};
use std::process::{Child, Stdio};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use bytes::Bytes;
use parquet::basic::{Compression, LogicalType, Type as Physical};
use parquet::column::reader::get_typed_column_reader;
use parquet::data_type::{ByteArray, ByteArrayType, DataType, DoubleType, FloatType, Int64Type};
use parquet::file::properties::WriterProperties;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::types::Type;

use crate::folder::{Folder, succeeded};
use crate::program::lifeboat;

const ROWS: i64 = 25_000;
const KEPT: i64 = 200;

/// Every so many-th row has a class that no passenger has.
const INVALID: i64 = 7;

fn number(row: i64, column: i64) -> f64 {
    let mixed = row.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(column) >> 12;
    f64::from(i32::try_from(mixed & 0x3fff_ffff).unwrap()) / 1e3
}

fn text(row: i64, column: i64) -> ByteArray {
    format!("{:.0}", number(row, column)).as_str().into()
}

/// Whether a cell is a missing one.
fn is_missing(row: i64, column: i64) -> bool {
    (row + column) % 11 == 0
}

/// A file of one group, whose kept columns are numbers and texts by turns.
static WIDE: LazyLock<Vec<u8>> = LazyLock::new(wide);

fn wide() -> Vec<u8> {
    let of = Type::primitive_type_builder;
    let text_type = Some(LogicalType::String);
    let mut fields = vec![
        of("Pclass", Physical::INT64).build().unwrap(),
        of("Sex", Physical::BYTE_ARRAY).with_logical_type(text_type.clone()).build().unwrap(),
    ];
    for column in 0..KEPT {
        let name = format!("x{column}");
        fields.push(if column % 2 == 0 {
            of(&name, Physical::DOUBLE).build().unwrap()
        } else {
            of(&name, Physical::BYTE_ARRAY).with_logical_type(text_type.clone()).build().unwrap()
        });
    }
    let schema =
        Type::group_type_builder("rows").with_fields(fields.into_iter().map(Arc::new).collect()).build().unwrap();
    let properties = WriterProperties::builder().set_compression(Compression::SNAPPY).build();
    let mut writer = SerializedFileWriter::new(Vec::new(), Arc::new(schema), Arc::new(properties)).unwrap();
    let mut group = writer.next_row_group().unwrap();
    column::<Int64Type>(&mut group, |row| Some(if row % INVALID == 0 { 9 } else { row % 3 + 1 }));
    column::<ByteArrayType>(&mut group, |_| Some("male".into()));
    for kept in 0..KEPT {
        if kept % 2 == 0 {
            column::<DoubleType>(&mut group, |row| (!is_missing(row, kept)).then(|| number(row, kept)));
        } else {
            column::<ByteArrayType>(&mut group, |row| (!is_missing(row, kept)).then(|| text(row, kept)));
        }
    }
    group.close().unwrap();
    writer.into_inner().unwrap()
}

fn column<T: DataType>(group: &mut SerializedRowGroupWriter<'_, Vec<u8>>, cell: impl Fn(i64) -> Option<T::T>) {
    let cells: Vec<Option<T::T>> = (0..ROWS).map(cell).collect();
    let levels: Vec<i16> = cells.iter().map(|cell| cell.is_some().into()).collect();
    let values: Vec<T::T> = cells.into_iter().flatten().collect();
    let mut column = group.next_column().unwrap().unwrap();
    column.typed::<T>().write_batch(&values, Some(&levels), None).unwrap();
    column.close().unwrap();
}

/// Returns the cells of a column of the output, of all groups.
fn read<T: DataType>(file: &SerializedFileReader<File>, name: &str) -> Vec<Option<T::T>> {
    let mut cells = Vec::new();
    for place in 0..file.num_row_groups() {
        let group = file.get_row_group(place).unwrap();
        let columns = group.metadata().columns();
        let leaf = columns.iter().position(|column| column.column_path().string() == name).unwrap();
        let mut reader = get_typed_column_reader::<T>(group.get_column_reader(leaf).unwrap());
        let (mut levels, mut values) = (Vec::new(), Vec::new());
        reader.read_records(usize::MAX, Some(&mut levels), None, &mut values).unwrap();
        let mut values = values.into_iter();
        cells.extend(levels.iter().map(|level| if *level == 1 { values.next() } else { None }));
    }
    cells
}

/// Runs the program on the file, and returns what it said and the most memory that it had, in MB.
fn run(folder: &Folder, arguments: &[&str]) -> (String, u64) {
    let mut command = lifeboat();
    command.args(["predict", "wide.parquet", "--skip-invalid"]).args(arguments).current_dir(folder.path(""));
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut most = 0;
    while child.try_wait().unwrap().is_none() {
        most = peak(&child).unwrap_or(most);
        std::thread::sleep(Duration::from_millis(5));
    }
    (succeeded(child.wait_with_output().unwrap()).1, most)
}

fn peak(child: &Child) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{}/status", child.id())).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().trim_end_matches(" kB").parse::<u64>().ok().map(|kilobytes| kilobytes >> 10)
}

#[test]
fn columns_that_are_kept_take_no_memory_and_stay_with_their_rows() {
    let folder = Folder::new();
    folder.write("wide.parquet", &*WIDE);
    let (_, narrow) = run(&folder, &["--extra-columns", "ignore", "--output", "narrow.parquet"]);
    let (said, wide) = run(&folder, &["--extra-columns", "keep", "--output", "wide_scored.parquet"]);
    let rows: Vec<i64> = (0..ROWS).filter(|row| row % INVALID != 0).collect();
    assert!(
        said.contains(&format!("{} predicted, {} left out", rows.len(), ROWS - i64::try_from(rows.len()).unwrap())),
        "{said}"
    );
    // All columns at once would take 100 MB more.
    assert!(wide <= narrow + 20, "{wide} MB with the columns, {narrow} MB without");

    let file = SerializedFileReader::new(File::open(folder.path("wide_scored.parquet")).unwrap()).unwrap();
    let alone = SerializedFileReader::new(File::open(folder.path("narrow.parquet")).unwrap()).unwrap();
    assert_eq!(read::<FloatType>(&file, "probability"), read::<FloatType>(&alone, "probability"));
    for kept in 0..KEPT {
        let name = format!("x{kept}");
        let there = |row: &&i64| !is_missing(**row, kept);
        if kept % 2 == 0 {
            let expected: Vec<_> =
                rows.iter().map(|row| Some(row).filter(there).map(|row| number(*row, kept))).collect();
            assert!(read::<DoubleType>(&file, &name) == expected, "{name}");
        } else {
            let expected: Vec<_> = rows.iter().map(|row| Some(row).filter(there).map(|row| text(*row, kept))).collect();
            assert!(read::<ByteArrayType>(&file, &name) == expected, "{name}");
        }
    }
}

#[test]
fn text_of_many_columns_is_written_row_by_row_in_little_memory() {
    let folder = Folder::new();
    folder.write("wide.parquet", &*WIDE);
    let (_, narrow) = run(&folder, &["--extra-columns", "ignore", "--output", "narrow.csv"]);
    let (_, wide) = run(&folder, &["--extra-columns", "keep", "--output", "wide.csv"]);
    // A page of each column, and chunks of a thousand whole rows, would take 150 MB more.
    assert!(wide <= narrow + 60, "{wide} MB with the columns, {narrow} MB without");

    let written = folder.read("wide.csv");
    let mut lines = written.lines();
    let names: Vec<&str> = lines.next().unwrap().split(',').collect();
    let first = names.iter().position(|name| *name == "x0").unwrap();
    let rows = (0..ROWS).filter(|row| row % INVALID != 0);
    for (row, line) in rows.zip(lines.by_ref()) {
        let mut cells = line.split(',').skip(first).zip(0..);
        let is_right = |(cell, kept): (&str, i64)| match (is_missing(row, kept), kept % 2) {
            (true, _) => cell.is_empty(),
            (false, 0) => cell.parse::<f64>().unwrap().total_cmp(&number(row, kept)).is_eq(),
            (false, _) => cell.as_bytes() == text(row, kept).data(),
        };
        assert!(cells.all(is_right), "row {row}: {line}");
    }
    assert_eq!(lines.next(), None);
}

#[test]
fn a_kept_column_that_is_damaged_is_told_and_nothing_is_written() {
    let folder = Folder::new();
    let mut bytes = WIDE.clone();
    let file = SerializedFileReader::new(Bytes::from(bytes.clone())).unwrap();
    let (start, _) = file.metadata().row_group(0).columns().last().unwrap().byte_range();
    let start = usize::try_from(start).unwrap();
    bytes[start..start + 256].fill(0xff);
    folder.write("wide.parquet", bytes);
    let keep = ["predict", "wide.parquet", "--skip-invalid", "--extra-columns", "keep", "--output", "scored.parquet"];
    let said = folder.fails(&keep);
    assert!(said.contains("the Parquet file is damaged"), "{said}");
    assert!(!said.contains("cannot write"), "{said}");
    assert_eq!(folder.files(), ["wide.parquet"]);
}
