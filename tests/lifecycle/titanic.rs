//! Two models are compared as the program compared them whose code knew the table: `files/comparison.csv` has the answers of its models
//! to the training rows, `files/comparison.json` what it said of them.

use std::fs;

use lifeboat::lifecycle::answer::{Answer, Outcome};
use lifeboat::lifecycle::comparison::{Comparison, Pair};
use lifeboat::lifecycle::performance::Performance;
use lifeboat::table::record::Labelled;
use lifeboat::table::{Draft, Schema, load};
use serde_json::{Value, json};

const THRESHOLD: f32 = 0.5;

fn schema() -> Schema {
    load::schema(&fs::read("model/titanic/schema.json").unwrap()).unwrap()
}

fn rows(schema: &Schema) -> Vec<Labelled> {
    let mut reader = csv::Reader::from_path("model/titanic/train.csv").unwrap();
    let names = reader.headers().unwrap().clone();
    let row = |row: csv::StringRecord| {
        let mut draft = Draft::labelled(schema);
        for (name, cell) in names.iter().zip(&row) {
            draft.set_from_file(schema.column(name).unwrap(), cell);
        }
        draft.finish_labelled().unwrap()
    };
    reader.records().map(|found| row(found.unwrap())).collect()
}

fn probabilities() -> Vec<[f32; 2]> {
    let reader = csv::Reader::from_path("tests/lifecycle/files/comparison.csv").unwrap();
    reader.into_deserialize().map(Result::unwrap).collect()
}

/// Compares the champion and the challenger of each row, by their places among its probabilities.
fn compare(schema: &Schema, rows: &[Labelled], champion: usize, challenger: usize) -> Comparison {
    let probabilities = probabilities();
    assert_eq!(probabilities.len(), rows.len());
    let answer = |probability: f32| Answer::Binary { probability, is_positive: probability >= THRESHOLD };
    let pairs = rows.iter().zip(&probabilities).map(|(row, probabilities)| Pair {
        record: &row.record,
        champion: answer(probabilities[champion]),
        challenger: answer(probabilities[challenger]),
        outcome: Outcome::from_label(schema, row.label.as_ref().unwrap()).unwrap(),
    });
    Comparison::from_pairs(schema, None, pairs).unwrap()
}

fn scores(performance: &Performance) -> Value {
    match performance {
        Performance::Binary(found) => {
            json!({"accuracy": found.accuracy, "auc": found.auc, "log_loss": found.log_loss, "brier": found.brier})
        }
        other => panic!("{other:?}"),
    }
}

fn groups(comparison: &Comparison) -> Value {
    let mut groups: Vec<Value> = comparison
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
    json!(groups)
}

#[test]
fn models_are_compared_as_the_earlier_program_compares_them() {
    let schema = schema();
    let rows = rows(&schema);
    let told: Value = serde_json::from_slice(&fs::read("tests/lifecycle/files/comparison.json").unwrap()).unwrap();
    for (name, champion, challenger) in [("promoted_or_not", 0, 1), ("other_way", 1, 0), ("itself", 0, 0)] {
        let (found, expected) = (compare(&schema, &rows, champion, challenger), &told[name]);
        for (model, found) in [("champion", &found.champion), ("challenger", &found.challenger)] {
            let mut expected = expected[model].clone();
            expected.as_object_mut().unwrap().remove("version");
            assert_eq!(scores(found), expected, "{name}: {model}");
        }
        assert_eq!(serde_json::to_value(found.gain).unwrap(), expected["gain"], "{name}");
        assert_eq!(groups(&found), expected["groups"], "{name}");
        assert_eq!((json!(found.rows), json!(found.promote)), (expected["rows"].clone(), expected["promote"].clone()));
        let objections = expected["objections"].as_array().unwrap();
        assert_eq!(found.objections.len(), objections.len(), "{name}: {:?}", found.objections);
        if let Some(first) = found.objections.first() {
            assert_eq!(first, objections[0].as_str().unwrap(), "{name}");
        }
    }
}
