//! What one prediction costs in process, part by part: `cargo bench`. What the graph takes is the difference between the features and
//! the features with the graph.

use std::hint::black_box;
use std::sync::Arc;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use jiff::Timestamp;
use lifeboat::identity::Naming;
use lifeboat::package::{self, Package};
use lifeboat::service;
use lifeboat::table::{Record, Schema, json};

/// A passenger whose party is known, so that every feature has work to do.
const PASSENGER: &str = r#"{"PassengerId": 1245, "Pclass": 3, "Name": "Sage, Mr. William Henry", "Sex": "male", "Age": 14.5,
    "SibSp": 8, "Parch": 2, "Ticket": "CA. 2343", "Fare": 69.55, "Cabin": null, "Embarked": "S"}"#;

const BATCH: usize = 1000;

fn parse(schema: &Schema, text: &str) -> Record {
    json::from_slice(schema, text.as_bytes()).expect("JSON").expect("a passenger")
}

fn features(package: &Package, record: &Record, row: &mut [f32]) {
    package.features(record, row);
    black_box(row);
}

fn benches(criterion: &mut Criterion) {
    let package = package::open(None).expect("the package built in");
    let schema = package.schema();
    let passenger = [parse(schema, PASSENGER)];
    let mut row = vec![0.0; package.feature_names().len()];
    criterion.bench_function("load the package", |bench| bench.iter(|| package::open(None)));
    criterion.bench_function("parse", |bench| bench.iter(|| parse(schema, black_box(PASSENGER))));
    criterion.bench_function("features", |bench| {
        bench.iter(|| features(&package, black_box(&passenger[0]), &mut row));
    });
    let naming = Naming::new(Arc::clone(package.version()), package.snapshot().cloned());
    criterion.bench_function("id", |bench| {
        bench.iter(|| naming.name(schema, black_box(&passenger[0])).to_string());
    });
    criterion.bench_function("features and model, one passenger", |bench| {
        bench.iter(|| package.answers(black_box(&passenger)));
    });
    criterion.bench_function("end to end, one passenger", |bench| {
        bench.iter(|| service::predict(&package, &[parse(schema, black_box(PASSENGER))], Timestamp::UNIX_EPOCH));
    });
    let mut group = criterion.benchmark_group("1,000 rows");
    group.throughput(Throughput::Elements(BATCH as u64));
    let [passenger] = passenger;
    let passengers = vec![passenger; BATCH];
    group.bench_function("features", |bench| {
        bench.iter(|| passengers.iter().for_each(|passenger| features(&package, passenger, &mut row)));
    });
    group.bench_function("features and model", |bench| bench.iter(|| package.answers(black_box(&passengers))));
    group.finish();
}

criterion_group!(prediction, benches);
criterion_main!(prediction);
