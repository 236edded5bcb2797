//! What one prediction costs in process, part by part: `cargo bench`.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use jiff::Timestamp;
use lifeboat::model::Model;
use lifeboat::passenger::Passenger;
use lifeboat::passenger::json::Parsed;
use lifeboat::prediction::PredictionId;
use lifeboat::service;

/// A passenger whose party is known, so that every feature has work to do.
const PASSENGER: &str = r#"{"PassengerId": 1245, "Pclass": 3, "Name": "Sage, Mr. William Henry", "Sex": "male", "Age": 14.5,
    "SibSp": 8, "Parch": 2, "Ticket": "CA. 2343", "Fare": 69.55, "Cabin": null, "Embarked": "S"}"#;

const BATCH: usize = 1000;

fn parse(json: &str) -> Passenger {
    serde_json::from_str::<Parsed>(json).expect("JSON").0.expect("a passenger")
}

fn benches(criterion: &mut Criterion) {
    let model = Model::load(None).expect("the package built in");
    let passenger = parse(PASSENGER);
    let features = model.features(&passenger);
    criterion.bench_function("load the package", |bench| bench.iter(|| Model::load(None)));
    criterion.bench_function("parse", |bench| bench.iter(|| parse(black_box(PASSENGER))));
    criterion.bench_function("features", |bench| bench.iter(|| model.features(black_box(&passenger))));
    criterion.bench_function("id", |bench| bench.iter(|| PredictionId::new(black_box(&passenger), model.version())));
    criterion.bench_function("model, one row", |bench| bench.iter(|| model.probability(black_box(&features))));
    criterion.bench_function("features and model, one passenger", |bench| {
        bench.iter(|| model.probability(&model.features(black_box(&passenger))));
    });
    criterion.bench_function("end to end, one passenger", |bench| {
        bench.iter(|| service::predict(&model, vec![parse(black_box(PASSENGER))], Timestamp::UNIX_EPOCH));
    });
    let mut group = criterion.benchmark_group("1,000 rows");
    group.throughput(Throughput::Elements(BATCH as u64));
    let rows = vec![features; BATCH];
    group.bench_function("model", |bench| bench.iter(|| model.probabilities(black_box(&rows))));
    group.finish();
}

criterion_group!(prediction, benches);
criterion_main!(prediction);
