//! Files of earlier programs, and files of other tables: nothing is lost, and nothing is mixed.
//!
//! `files/layout_4.db` and `files/layout_5.db` were written by the programs that had these layouts: four predictions, one of which has an
//! outcome, and a report.

use std::fs;
use std::sync::Arc;

use futures_util::TryStreamExt;
use lifeboat::prediction::{Answer, Outcome, Prediction};
use lifeboat::store::sqlite::{OpenError, SqliteConfig, SqliteStore};
use lifeboat::store::{Days, Known, Owner, PredictionStore};
use lifeboat::table::load;
use rusqlite::Connection;
use serde_json::{Value, json};

use crate::predictions::{at, entity, label, of_number, of_version, owner};
use crate::sqlite::{new_file, open};

const LAYOUT_4: &[u8] = include_bytes!("files/layout_4.db");
const LAYOUT_5: &[u8] = include_bytes!("files/layout_5.db");

fn record(prediction: &Prediction) -> Value {
    serde_json::from_str(&prediction.record).unwrap()
}

#[tokio::test]
async fn a_file_of_an_earlier_program_keeps_its_predictions_outcomes_and_reports() {
    for (layout, name, known_at, was_given) in [
        (
            LAYOUT_4,
            "1070-555ccf1dc52bd888aa8c71df227e2672",
            "2026-11-25T17:43:53.591Z",
            json!({"SibSp": 0, "Parch": 0}),
        ),
        (LAYOUT_5, "1070-11d08092d515798f5405b9f12c5230ab", "2026-11-25T17:43:56.043Z", json!({})),
    ] {
        let (_folder, path) = new_file();
        fs::write(&path, layout).unwrap();
        let store = open(&path).unwrap();

        let becker = store.get(&name.parse().unwrap()).await.unwrap().unwrap();
        let expected = json!({
            "PassengerId": 1070, "Pclass": 2, "Name": "Becker, Mrs. Allen Oliver (Nellie E Baumgardner)", "Sex": "female", "Age": 36.0,
            "SibSp": 0, "Parch": 3, "Ticket": "230136", "Fare": 39.0, "Cabin": "F4", "Embarked": "S",
        });
        assert_eq!(record(&becker), expected);
        assert_eq!(becker.id.to_string(), name);
        assert_eq!(becker.answer, Answer { label: label(true), probability: Some(0.964_795_3), probabilities: None });
        assert_eq!(becker.outcomes, [Outcome { label: label(true), known_at: known_at.parse().unwrap() }]);
        let day = "2026-11-25".parse().unwrap();
        let known: Vec<Vec<Known>> = store.known(Days { from: day, to: day }).try_collect().await.unwrap();
        let [known] = &*known.concat() else { panic!("{known:?}") };
        assert_eq!((known.place, &known.prediction), (0, &becker));
        let features = becker.features.unwrap();
        let names = store.feature_names(&becker.model_version).await.unwrap().unwrap();
        let of = |wanted: &str| features[names.iter().position(|name| **name == *wanted).unwrap()];
        assert_eq!((features.len(), of("age"), of("female"), of("class_1")), (39, 36.0, 1.0, 0.0));
        assert_eq!(of("log_fare").to_bits(), 40.0_f32.ln().to_bits());

        let history = store.history(&entity(1070), None, 10).await.unwrap();
        assert_eq!(history.len(), 2);
        let mut other =
            json!({"PassengerId": 1070, "Pclass": 2, "Sex": "female", "Name": "O'Dwyer \"x\" é 👻", "Fare": 0.1});
        other.as_object_mut().unwrap().extend(was_given.as_object().unwrap().clone());
        assert_eq!(record(&history[0]), other);
        assert!(store.latest_report().await.unwrap().is_some_and(|report| report.starts_with('{')));
        drop(store);
        assert_eq!(
            open(&path).unwrap().history(&entity(892), None, 10).await.unwrap().len(),
            1,
            "it is opened again as it is now"
        );
        let connection = Connection::open(&path).unwrap();
        let row = "SELECT outcome, known_at FROM predictions WHERE outcome IS NOT NULL";
        let told: (u8, String) = connection.query_row(row, [], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
        assert_eq!(told, (1, known_at.to_owned()));
        let row = "SELECT Name, Survived, feature_age, Age FROM predictions WHERE PassengerId = 892";
        let read = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?));
        let found: (String, u8, f64, f64) = connection.query_row(row, [], read).unwrap();
        assert_eq!(found, ("Kelly, Mr. James".to_owned(), 0, 34.5, 34.5));
    }
}

fn another_table() -> Owner {
    let schema = json!({
        "fields": [{"name": "id"}, {"name": "probability", "type": "number"}, {"name": "o'clock\"", "type": "integer"}, {"name": "label", "type": "boolean"}],
        "lifeboat": {"label": "label", "key": "id"},
    });
    let schema = load::schema(schema.to_string().as_bytes()).unwrap();
    Owner::new("clocks", &schema, "1.0.0-00000000".into(), Arc::default())
}

#[tokio::test]
async fn a_database_of_another_table_is_refused() {
    let (_folder, path) = new_file();
    drop(open(&path).unwrap());
    let error = SqliteStore::open(SqliteConfig::new(path.clone()), another_table()).unwrap_err();
    let OpenError::Owned { source, .. } = error else { panic!("{error}") };
    assert_eq!(
        source.to_string(),
        "it holds the predictions of package titanic with key PassengerId (integer) and label Survived (integer), \
         not of package clocks with key id (string) and label label (boolean): use another database"
    );
    fs::write(&path, LAYOUT_5).unwrap();
    let error = SqliteStore::open(SqliteConfig::new(path.clone()), another_table()).unwrap_err();
    assert!(matches!(error, OpenError::OtherColumns(_)), "{error}");
    assert!(fs::read(&path).unwrap() == LAYOUT_5, "the file was altered");
}

#[tokio::test]
async fn fields_that_are_called_as_columns_are_columns() {
    let (_folder, path) = new_file();
    drop(SqliteStore::open(SqliteConfig::new(path.clone()), another_table()).unwrap());
    let connection = Connection::open(&path).unwrap();
    let view = connection.prepare("SELECT * FROM predictions").unwrap();
    assert_eq!(
        view.column_names().collect::<Vec<_>>(),
        [
            "prediction_id",
            "created_at",
            "model_version",
            "snapshot",
            "prediction_probability",
            "outcome",
            "known_at",
            "label",
            "id",
            "probability",
            "o'clock\"",
        ]
    );
}

#[tokio::test]
async fn another_version_of_the_table_reads_what_is_there() {
    let (_folder, path) = new_file();
    let old = of_number(2, at(0));
    open(&path).unwrap().put(vec![old.clone()]).await.unwrap();
    let later =
        Owner { version: "2.0.0-0123abcd".into(), features: ["fare", "female"].map(Into::into).into(), ..owner() };
    let store = SqliteStore::open(SqliteConfig::new(path.clone()), later.clone()).unwrap();
    assert_eq!(store.get(&old.id).await.unwrap(), Some(old.clone()));
    let mut new = of_version(&later.version, &old);
    new.features = Some([8.0, 0.0].into());
    store.put(vec![new.clone()]).await.unwrap();
    assert_eq!(store.get(&new.id).await.unwrap(), Some(new));
    let connection = Connection::open(&path).unwrap();
    let mut rows = connection
        .prepare("SELECT feature_female, feature_fare, feature_age FROM predictions ORDER BY model_version")
        .unwrap();
    let rows = rows.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).unwrap();
    let rows: Vec<(f32, f32, Option<f32>)> = rows.map(Result::unwrap).collect();
    let values = old.features.unwrap();
    assert_eq!(rows, [(values[0], values[2], Some(values[1])), (0.0, 8.0, None)]);
}
