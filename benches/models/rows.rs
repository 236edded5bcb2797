//! What one row, and a thousand, cost packages of any kind in process, from records to answers: what `benches/models/run.py` compares with
//! onnxruntime. Each argument is a folder with a package and its `rows.csv`; a line of JSON tells of each.

use std::hint::black_box;
use std::io::{Write as _, stdout};
use std::path::Path;
use std::time::{Duration, Instant};

use lifeboat::package::Package;
use lifeboat::table::{ExtraColumns, Options, Reader, Record, Selection, Source};

/// What is measured lasts about so long.
const PART: Duration = Duration::from_millis(200);

fn records(package: &Package, folder: &Path) -> Vec<Record> {
    let source = Source::from_path(&folder.join("rows.csv")).expect("rows.csv");
    let selection = Selection { extra_columns: ExtraColumns::Ignore, ..Selection::default() };
    let mut records = Vec::new();
    let reader = Reader::open(source, package.schema(), &Options { selection, ..Options::default() });
    let read = reader.expect("a table").for_each(|row| {
        records.push(row.record(package.schema()).expect("a record"));
        Ok::<_, lifeboat::table::ReadError>(())
    });
    read.expect("a table");
    records
}

/// Returns the microseconds that a call takes: the median of parts.
fn microseconds(mut call: impl FnMut()) -> f64 {
    let begin = Instant::now();
    call();
    let once = begin.elapsed().max(Duration::from_nanos(100));
    let calls = (PART.as_secs_f64() / 5.0 / once.as_secs_f64()).ceil();
    let mut parts: Vec<f64> = (0..5)
        .map(|_| {
            let begin = Instant::now();
            let mut left = calls;
            while left > 0.0 {
                call();
                left -= 1.0;
            }
            begin.elapsed().as_secs_f64() / calls * 1e6
        })
        .collect();
    parts.sort_by(f64::total_cmp);
    parts[2]
}

fn main() {
    for folder in std::env::args().skip(1).filter(|argument| !argument.starts_with("--")) {
        let folder = Path::new(&folder);
        let package = Package::load(folder).expect("a package");
        let records = records(&package, folder);
        let mut next = 0;
        let one = microseconds(|| {
            next = (next + 1) % records.len();
            black_box(package.answers(&records[next..=next])).expect("an answer");
        });
        let all = microseconds(|| drop(black_box(package.answers(&records)).expect("answers")));
        writeln!(stdout(), "{{\"one\": {one}, \"all\": {all}, \"rows\": {}}}", records.len()).expect("standard output");
    }
}
