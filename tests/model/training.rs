//! The labelled passengers that the model was trained on, and what training says of them.

use std::path::PathBuf;
use std::sync::LazyLock;

use lifeboat::passenger::Passenger;
use lifeboat::passenger::csv::Header;

/// Every labelled passenger, in the order of the file.
pub(crate) static TRAIN: LazyLock<Vec<(Passenger, bool)>> = LazyLock::new(|| {
    let mut reader = csv::Reader::from_path(file("train.csv")).unwrap();
    let header = Header::parse(reader.byte_headers().unwrap()).unwrap();
    let labelled = |row: csv::ByteRecord| (header.passenger(&row).unwrap(), header.label(&row).unwrap());
    reader.byte_records().map(|row| labelled(row.unwrap())).collect()
});

/// The path of a file in `model/`.
pub(crate) fn file(name: &str) -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "model", name].iter().collect()
}
