//! The Titanic's numbers are those of the code that knows only the Titanic.

use std::collections::BTreeMap;
use std::sync::Arc;

use fastrand::Rng;
use lifeboat::comparison::Comparison as OldComparison;
use lifeboat::features::{FEATURE_NAMES, FeatureState, Features};
use lifeboat::lifecycle::answer::{Answer, Outcome};
use lifeboat::lifecycle::answers::AnswerWatch;
use lifeboat::lifecycle::baseline::{AnswerBaseline, Baseline, NumberBaseline};
use lifeboat::lifecycle::builder::BaselineBuilder;
use lifeboat::lifecycle::comparison::{Comparison, Pair};
use lifeboat::lifecycle::load;
use lifeboat::lifecycle::performance::binary::BinaryOutcomes;
use lifeboat::lifecycle::performance::expected::Expectation;
use lifeboat::lifecycle::performance::{Performance, ranking::EXACT_ROWS};
use lifeboat::lifecycle::watch::TableWatch;
use lifeboat::model::Model;
use lifeboat::monitor::Monitor;
use lifeboat::monitor::report::Report;
use lifeboat::passenger::Passenger;
use lifeboat::passenger::csv::Header;
use lifeboat::prediction::{Outcome as OldOutcome, Prediction, PredictionId};
use lifeboat::store::Window;
use lifeboat::table::load as schema_text;
use lifeboat::table::record::Labelled;
use lifeboat::table::{Draft, Record, Schema};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// A training row, as the old and as the new code reads it.
struct Row {
    passenger: Passenger,
    survived: bool,
    labelled: Labelled,
}

fn schema() -> Schema {
    schema_text::schema(include_bytes!("../../model/titanic/schema.json")).unwrap()
}

fn rows(schema: &Schema) -> Vec<Row> {
    let mut reader = csv::Reader::from_path("model/train.csv").unwrap();
    let names = reader.headers().unwrap().clone();
    let header = Header::parse(reader.byte_headers().unwrap()).unwrap();
    let row = |row: csv::StringRecord| {
        let mut draft = Draft::labelled(schema);
        for (name, cell) in names.iter().zip(&row) {
            draft.set_from_file(schema.column(name).unwrap(), cell);
        }
        let bytes = row.as_byte_record();
        Row {
            passenger: header.passenger(bytes).unwrap(),
            survived: header.label(bytes).unwrap(),
            labelled: draft.finish_labelled().unwrap(),
        }
    };
    reader.records().map(|found| row(found.unwrap())).collect()
}

fn manifest() -> Value {
    serde_json::from_str(include_str!("../../model/manifest.json")).unwrap()
}

#[test]
fn the_baseline_is_that_of_the_manifest() {
    let (schema, model, manifest) = (schema(), Model::load(None).unwrap(), manifest());
    let rows = rows(&schema);
    let mut builder = BaselineBuilder::new(&schema, &FEATURE_NAMES);
    for row in &rows {
        let features = model.features(&row.passenger);
        let answer = Answer::Binary { probability: model.probability(&features).unwrap(), is_positive: false };
        builder.add(&row.labelled.record, &features.0, row.labelled.label.as_ref(), Some(answer));
    }
    let found = builder.build(None);
    let expected = &manifest["baseline"];
    assert_eq!(serde_json::to_value(&found.features).unwrap(), expected["features"]);
    for (field, rate) in expected["missing_rates"].as_object().unwrap() {
        #[expect(clippy::cast_precision_loss, reason = "it is small")]
        let found = found.fields[field].missing as f64 / found.rows as f64;
        assert!((found - rate.as_f64().unwrap()).abs() < 1e-6, "{field}");
    }
    let text = serde_json::to_vec(&found).unwrap();
    assert_eq!(load::baseline(&text).unwrap(), found);
}

/// Returns the baseline of the manifest in its new form.
fn baseline(schema: &Schema, rows: &[Row]) -> Baseline {
    let mut builder = BaselineBuilder::new(schema, &FEATURE_NAMES);
    for row in rows {
        builder.add(&row.labelled.record, &[], row.labelled.label.as_ref(), None);
    }
    let features: BTreeMap<String, NumberBaseline> =
        serde_json::from_value(manifest()["baseline"]["features"].clone()).unwrap();
    Baseline { features, ..builder.build(None) }
}

/// Draws predictions: features of the training data, some moved, and any probabilities.
fn draw<'a>(random: &mut Rng, model: &Model, rows: &'a [Row], count: usize) -> Vec<(Prediction, &'a Record)> {
    let prediction = |random: &mut Rng| {
        let row = &rows[random.usize(..rows.len())];
        let mut features = model.features(&row.passenger);
        for feature in &mut features.0 {
            match random.u8(..12) {
                0 => *feature += random.f32(),
                1 => *feature = f32::NAN,
                2 => *feature *= 2.0,
                _ => {}
            }
        }
        let probability = random.f32();
        let outcome = random
            .bool()
            .then(|| OldOutcome { survived: row.survived, recorded_at: "2026-11-23T10:00Z".parse().unwrap() });
        let prediction = Prediction {
            id: PredictionId::new(&row.passenger, model.version()),
            passenger: row.passenger.clone(),
            features: Features(features.0),
            probability,
            survived: model.survives(probability),
            model_version: Arc::clone(model.version()),
            created_at: "2026-11-23T09:00Z".parse().unwrap(),
            outcome,
            shadow: None,
        };
        (prediction, &row.labelled.record)
    };
    (0..count).map(|_| prediction(random)).collect()
}

fn old_report(model: &Model, predictions: &[(Prediction, &Record)]) -> Report {
    let (from, to) = ("2026-11-23T00:00Z".parse().unwrap(), "2026-11-24T00:00Z".parse().unwrap());
    let mut monitor = Monitor::new(model, Window { from, to }).unwrap();
    for (prediction, _) in predictions {
        monitor.observe(prediction);
    }
    monitor.report()
}

#[test]
fn drift_is_what_the_old_monitor_reports() {
    let (schema, model) = (schema(), Model::load(None).unwrap());
    let rows = rows(&schema);
    let baseline = baseline(&schema, &rows);
    let mut random = Rng::with_seed(1912);
    for count in [0, 1, 150, 400, 3_000] {
        let predictions = draw(&mut random, &model, &rows, count);
        let old = old_report(&model, &predictions);
        let mut watch = TableWatch::new(&schema, &FEATURE_NAMES, &baseline);
        for (prediction, record) in &predictions {
            watch.observe_features(&prediction.features.0);
            watch.observe_record(record);
        }
        let features = watch.features();
        assert_eq!(features.len(), old.features.len());
        for (new, old) in features.iter().zip(&old.features) {
            assert_eq!((&new.name, new.index.map(|index| index.psi)), (&old.name, old.psi));
            assert_eq!((new.mean, new.baseline_mean), (old.mean, Some(old.baseline_mean)));
            assert_eq!((new.out_of_range_rate, new.unseen_rate), (Some(old.out_of_range_rate), old.unseen_rate));
            assert_eq!(serde_json::to_value(new.test).unwrap(), serde_json::to_value(old.test).unwrap());
            let bins = json!({"edges": new.bins.edges, "baseline": new.bins.baseline, "window": new.bins.window});
            assert_eq!(bins, serde_json::to_value(&old.bins).unwrap());
        }
        let fields = watch.fields();
        for missing in &old.missing {
            let field = fields.iter().find(|field| field.name == missing.field).unwrap();
            let rate = field.missing_rate.unwrap();
            assert!((rate - missing.rate).abs() < 1e-12, "{}: {rate}, {}", missing.field, missing.rate);
        }
    }
}

#[test]
fn answers_are_judged_as_the_old_monitor_judges_them() {
    let (schema, model, manifest) = (schema(), Model::load(None).unwrap(), manifest());
    let rows = rows(&schema);
    let counts = serde_json::from_value(manifest["baseline"]["prediction_histogram"]["counts"].clone()).unwrap();
    let answers = AnswerBaseline::Binary { counts, mean_probability: Some(0.384_287) };
    let mut random = Rng::with_seed(5);
    for count in [1, 150, 400, 3_000] {
        let predictions = draw(&mut random, &model, &rows, count);
        let old = old_report(&model, &predictions);
        let (mut watch, mut expectation, mut outcomes) =
            (AnswerWatch::new(answers.clone(), vec![]), Expectation::default(), BinaryOutcomes::default());
        for (prediction, _) in &predictions {
            let answer = Answer::Binary { probability: prediction.probability, is_positive: prediction.survived };
            watch.observe(answer);
            expectation.add(answer);
            if let Some(outcome) = &prediction.outcome {
                outcomes.add(prediction.probability, prediction.survived, outcome.survived);
            }
        }
        let drift = watch.drift("predictions");
        assert_eq!(
            (drift.index.map(|index| index.psi), drift.mean),
            (old.predictions.psi, old.predictions.mean_probability)
        );
        assert_eq!(
            (&drift.bins.window, watch.positive_rate()),
            (&old.predictions.bins.window, old.predictions.survivors_rate)
        );
        assert_eq!(serde_json::to_value(expectation.expected()).unwrap(), serde_json::to_value(old.expected).unwrap());
        let (Some(new), Some(old)) = (outcomes.performance(), old.observed) else { continue };
        assert_eq!((new.rows, new.accuracy, new.auc, new.auc_error), (old.rows, old.accuracy, old.auc, old.auc_error));
        assert_eq!((new.log_loss, new.brier), (old.log_loss, old.brier));
        let bins = |bin: &lifeboat::monitor::report::CalibrationBin| {
            (bin.from, bin.rows, bin.mean_probability, bin.survival_rate)
        };
        let old: Vec<_> = old.calibration.iter().map(bins).collect();
        let new: Vec<_> =
            new.calibration.iter().map(|bin| (bin.from, bin.rows, bin.mean_probability, bin.rate)).collect();
        assert_eq!(new, old);
    }
}

#[test]
fn ranks_of_many_are_those_of_the_old_ranking() {
    let mut random = Rng::with_seed(8);
    let (mut new, mut old) = (BinaryOutcomes::default(), lifeboat::statistics::Ranking::default());
    for _ in 0..EXACT_ROWS + 30_000 {
        let probability = random.f32();
        let happened = random.f32() < probability;
        new.add(probability, false, happened);
        old.add(probability, happened);
    }
    let (new, old) = (new.performance().unwrap(), old.area().unwrap());
    assert_eq!((new.auc, new.auc_error), (Some(old.value), old.error));
    let line = new.recalibration.unwrap();
    assert!((line.slope - 1.0).abs() < 0.03 && line.intercept.abs() < 0.03, "{line:?}");
}

/// Makes another model: the same graph, with features fitted to half of the passengers.
fn challenger(rows: &[Row]) -> Model {
    let mut manifest = manifest();
    let half: Vec<(Passenger, bool)> =
        rows.iter().step_by(2).map(|row| (row.passenger.clone(), row.survived)).collect();
    let state = FeatureState::fit(&half, manifest["data_hash"].as_str().unwrap().to_owned()).unwrap();
    let (graph, state) = (include_bytes!("../../model/survival.onnx"), serde_json::to_vec(&state).unwrap());
    let hash = Sha256::new().chain_update(graph).chain_update(&state).finalize();
    let hash: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
    manifest["version"] = json!(format!("{}-{}", manifest["semantic_version"].as_str().unwrap(), &hash[..8]));
    manifest["content_hash"] = json!(hash);
    Model::from_package(graph, &state, manifest.to_string().as_bytes()).unwrap()
}

fn new_comparison(schema: &Schema, champion: &Model, challenger: &Model, rows: &[Row]) -> Comparison {
    let answer = |model: &Model, row: &Row| {
        let probability = model.probability(&model.features(&row.passenger)).unwrap();
        Answer::Binary { probability, is_positive: model.survives(probability) }
    };
    let pairs = rows.iter().map(|row| Pair {
        record: &row.labelled.record,
        champion: answer(champion, row),
        challenger: answer(challenger, row),
        outcome: Outcome::from_label(schema, row.labelled.label.as_ref().unwrap()).unwrap(),
    });
    Comparison::from_pairs(schema, None, pairs).unwrap()
}

fn scores(performance: &Performance) -> (f64, Option<f64>, f64, f64) {
    match performance {
        Performance::Binary(found) => (found.accuracy, found.auc, found.log_loss, found.brier),
        other => panic!("{other:?}"),
    }
}

#[test]
fn models_are_compared_as_the_old_rule_compares_them() {
    let schema = schema();
    let rows = rows(&schema);
    let (serving, other) = (Model::load(None).unwrap(), challenger(&rows));
    let labelled: Vec<(Passenger, bool)> = rows.iter().map(|row| (row.passenger.clone(), row.survived)).collect();
    for (champion, challenger) in [(&serving, &other), (&other, &serving), (&serving, &serving)] {
        let old = OldComparison::of(champion, challenger, &labelled).unwrap().unwrap();
        let new = new_comparison(&schema, champion, challenger, &rows);
        let old_scores = [&old.champion, &old.challenger].map(|one| (one.accuracy, one.auc, one.log_loss, one.brier));
        assert_eq!([&new.champion, &new.challenger].map(scores), old_scores);
        assert_eq!(serde_json::to_value(new.gain).unwrap(), serde_json::to_value(old.gain).unwrap());
        assert_eq!((new.rows, new.promote, new.objections.len()), (old.rows as u64, old.promote, old.objections.len()));
        let mut groups: Vec<Value> = new
            .groups
            .iter()
            .map(|group| {
                json!({
                    "Pclass": group.values["Pclass"], "Sex": group.values["Sex"], "rows": group.rows,
                    "champion_log_loss": group.champion_loss, "challenger_log_loss": group.challenger_loss,
                })
            })
            .collect();
        groups.sort_by_key(|group| group["Pclass"].as_u64());
        assert_eq!(json!(groups), serde_json::to_value(&old.groups).unwrap());
        if let (Some(new), Some(old)) = (new.objections.first(), old.objections.first()) {
            assert_eq!(new, old);
        }
    }
}
