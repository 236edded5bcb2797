//! What a history that changes costs in process: `LIFEBOAT_BENCH_PACKAGE=model/flights cargo bench --bench history`. A package whose recipe
//! looks up the last days answers its first example, and takes its own snapshot up as if it were a newer one.

use std::hint::black_box;
use std::path::PathBuf;

use criterion::{Criterion, criterion_group, criterion_main};
use jiff::Timestamp;
use lifeboat::package::Package;
use lifeboat::service;
use lifeboat::table::{Record, json};

fn benches(criterion: &mut Criterion) {
    let folder = PathBuf::from(std::env::var("LIFEBOAT_BENCH_PACKAGE").unwrap_or_else(|_| "model/flights".to_owned()));
    let package = Package::load(&folder).expect("a package");
    let snapshot = std::fs::read(folder.join("history.json")).expect("its snapshot");
    let text = std::fs::read_to_string(folder.join("schema.json")).expect("its schema");
    let schema: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let example = schema["lifeboat"]["examples"][0]["record"].to_string();
    let parse = |text: &str| -> Record {
        json::from_slice(package.schema(), text.as_bytes()).expect("JSON").expect("a record")
    };
    let records = [parse(&example)];
    let mut row = vec![0.0; package.feature_names().len()];
    criterion.bench_function("features with history", |bench| {
        bench.iter(|| package.features(black_box(&records[0]), black_box(&mut row)));
    });
    criterion.bench_function("features with history and model", |bench| {
        bench.iter(|| package.answers(black_box(&records)));
    });
    criterion.bench_function("end to end, with history", |bench| {
        bench.iter(|| service::predict(&package, &[parse(black_box(&example))], Timestamp::UNIX_EPOCH));
    });
    criterion.bench_function("take a snapshot up", |bench| bench.iter(|| package.with_snapshot(black_box(&snapshot))));
}

criterion_group!(history, benches);
criterion_main!(history);
