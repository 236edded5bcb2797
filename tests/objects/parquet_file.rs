//! A Parquet file of S3, as a reader of tables reads it.

use std::path::Path;
use std::sync::Arc;

use lifeboat::table::{Chunk, Options, Reader, Source, load};
use parquet::basic::Type;
use parquet::data_type::Int64Type;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::Type as Column;
use serde_json::json;

use crate::{behind_a_network, put};

const COLUMNS: usize = 4;
const ROWS: i64 = 1_000_000;

/// Returns a file of one group, each of whose columns has 8 MB.
fn file() -> Vec<u8> {
    let column = |number: usize| Column::primitive_type_builder(&format!("c{number}"), Type::INT64).build().unwrap();
    let columns = (0..COLUMNS).map(|number| Arc::new(column(number))).collect();
    let schema = Column::group_type_builder("rows").with_fields(columns).build().unwrap();
    let settings = parquet::file::properties::WriterProperties::builder().set_dictionary_enabled(false).build();
    let mut bytes = Vec::new();
    let mut writer = SerializedFileWriter::new(&mut bytes, Arc::new(schema), Arc::new(settings)).unwrap();
    let mut group = writer.next_row_group().unwrap();
    let rows: Vec<i64> = (0..ROWS).collect();
    let present = vec![1; rows.len()];
    while let Some(mut column) = group.next_column().unwrap() {
        column.typed::<Int64Type>().write_batch(&rows, Some(&present), None).unwrap();
        column.close().unwrap();
    }
    group.close().unwrap();
    writer.close().unwrap();
    bytes
}

#[test]
fn its_columns_are_few_requests() {
    let (network, objects, bucket) = behind_a_network();
    let object = put(&bucket, "in/a.parquet", &file());
    let names = (0..COLUMNS).map(|number| format!("c{number}")).chain(["y".to_owned()]);
    let fields: Vec<_> = names.map(|name| json!({"name": name, "type": "integer"})).collect();
    let schema = json!({"fields": fields, "lifeboat": {"label": "y"}});
    let schema = load::schema(schema.to_string().as_bytes()).unwrap();

    let stream = Box::new(objects.read(&bucket, &object, 0..object.size));
    let access = Arc::new(objects.file(&bucket, &object));
    let source = Source::of_object(stream, Some(access), Path::new("in/a.parquet"));
    let mut reader = Reader::open(source, &schema, &Options::default()).unwrap();
    let (mut chunk, mut rows) = (Chunk::default(), 0);
    while reader.next_chunk(&mut chunk).unwrap() {
        rows += chunk.len();
    }
    assert_eq!(rows, usize::try_from(ROWS).unwrap());
    // Its beginning, its end, and of each column 1, 2, 4 and at last 8 MB, up to its end.
    let ranges: Vec<_> = network.calls().into_iter().filter_map(|call| call.range).collect();
    assert!(ranges.len() <= 2 + 4 * COLUMNS, "{} requests: {ranges:#?}", ranges.len());
}
