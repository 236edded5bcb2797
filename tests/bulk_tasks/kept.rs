//! Columns that are carried along from large Parquet files to Parquet.

use std::ops::Range;

use bytes::Bytes;
use lifeboat::bulk::failure::Failure;
use lifeboat::table::{ColumnType, Format, Layout, OutputCell, OutputColumn, TableWriter};
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::Field;
use serde_json::json;

use crate::Job;

const KEPT: u32 = 10;

/// Every so many-th row has a class that no passenger has.
const INVALID: u32 = 7;

fn number(id: u32, column: u32) -> f64 {
    f64::from(id) + f64::from(column) / 16.0
}

/// Returns a table that is large enough for its columns to be read one by one.
fn table(ids: Range<u32>) -> Vec<u8> {
    let own = [("PassengerId", ColumnType::Integer), ("Pclass", ColumnType::Integer), ("Sex", ColumnType::Text)];
    let own = own.map(|(name, kind)| OutputColumn::new(name, kind)).into_iter();
    let kept = (0..KEPT).map(|column| OutputColumn::new(format!("x{column}"), ColumnType::Number));
    let layout = Layout::new(Format::Parquet, own.chain(kept).collect()).unwrap();
    let mut writer = TableWriter::new(&layout, Vec::new()).unwrap();
    for id in ids {
        let class = if id % INVALID == 0 { 9 } else { i64::from(id % 3 + 1) };
        let mut cells = vec![OutputCell::Integer(id.into()), OutputCell::Integer(class), OutputCell::Text("male")];
        cells.extend((0..KEPT).map(|column| OutputCell::Number(number(id, column))));
        writer.write_row(&cells).unwrap();
    }
    writer.finish().unwrap()
}

fn job() -> Job {
    Job::new(&json!({"slices": 1, "extra_columns": "keep", "tolerated_invalid_rows": 1_000_000}))
}

#[test]
fn columns_that_are_kept_of_several_files_stay_with_their_rows() {
    let job = job();
    job.put("in/a.parquet", table(0..110_000));
    job.put("in/b.parquet", table(110_000..110_100));
    job.put("in/c.parquet", table(110_100..220_000));
    let cut = job.cut().unwrap();
    let mut expected = (0..220_000).filter(|id| id % INVALID != 0);
    for slice in job.slices(&cut) {
        let done = job.score(&cut, slice).unwrap();
        let part = SerializedFileReader::new(Bytes::from(job.get(&done.part).unwrap())).unwrap();
        for row in part.get_row_iter(None).unwrap() {
            let row = row.unwrap();
            let cell = |name: &str| row.get_column_iter().find(|(other, _)| *other == name).unwrap().1.clone();
            let id = expected.next().unwrap();
            assert_eq!(cell("PassengerId"), Field::Long(id.into()));
            for column in [0, KEPT - 1] {
                assert_eq!(cell(&format!("x{column}")), Field::Double(number(id, column)), "{id}");
            }
        }
    }
    assert_eq!(expected.next(), None);
}

#[test]
fn a_kept_column_that_is_damaged_is_told_with_its_file() {
    let job = job();
    let mut damaged = table(0..110_000);
    let file = SerializedFileReader::new(Bytes::from(damaged.clone())).unwrap();
    let (start, _) = file.metadata().row_group(0).columns().last().unwrap().byte_range();
    let start = usize::try_from(start).unwrap();
    damaged[start..start + 256].fill(0xff);
    job.put("in/a.parquet", table(0..100));
    job.put("in/b.parquet", damaged);
    job.put("in/c.parquet", table(0..100));
    let cut = job.cut().unwrap();
    let failures = job.slices(&cut).into_iter().filter_map(|slice| job.score(&cut, slice).err());
    let failures: Vec<Failure> = failures.collect();
    let [Failure::NotReadable(said)] = &failures[..] else { panic!("{failures:?}") };
    assert!(said.contains("/in/b.parquet: the Parquet file is damaged"), "{said}");
}
