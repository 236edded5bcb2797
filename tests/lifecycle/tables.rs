//! Baselines and drift of a table that has a field of each type.

use fastrand::Rng;
use lifeboat::lifecycle::answer::{Answer, Outcome};
use lifeboat::lifecycle::baseline::{Baseline, Distribution};
use lifeboat::lifecycle::builder::BaselineBuilder;
use lifeboat::lifecycle::column_drift::ColumnDrift;
use lifeboat::lifecycle::comparison::{Comparison, Pair};
use lifeboat::lifecycle::drift::{Drift, OtherBaseline};
use lifeboat::lifecycle::load;
use lifeboat::lifecycle::watch::{TableCounts, TableWatch, worst};
use lifeboat::table::load as schema_text;
use lifeboat::table::record::Labelled;
use lifeboat::table::{Cell, Draft, Schema};
use serde_json::{Value, json};

const FEATURES: [&str; 2] = ["size", "log_size"];

/// Returns the text of a schema with a field of each type, and with this label.
pub(crate) fn schema_of(label: &Value) -> Value {
    let codes: Vec<String> = (0..400).map(|code| format!("c{code}")).collect();
    json!({
        "fields": [
            {"name": "number", "type": "integer"},
            {"name": "size", "type": "number"},
            {"name": "rooms", "type": "integer"},
            {"name": "region", "type": "string", "categories": ["north", "south", "west"]},
            {"name": "code", "type": "string", "categories": codes},
            {"name": "is_new", "type": "boolean"},
            {"name": "built", "type": "date"},
            {"name": "sold", "type": "datetime"},
            {"name": "street", "type": "string"},
            {"name": "remark", "type": "string"},
            label,
        ],
        "lifeboat": {"label": "label", "key": "number", "time": "sold", "compare_by": ["region", "is_new"]},
    })
}

fn schema() -> Schema {
    let label = json!({"name": "label", "type": "string", "categories": ["low", "middle", "high"]});
    schema_text::schema(schema_of(&label).to_string().as_bytes()).unwrap()
}

/// Reads a record with its label.
fn labelled(schema: &Schema, fields: &Value) -> Labelled {
    let mut draft = Draft::labelled(schema);
    for (name, value) in fields.as_object().unwrap() {
        let cell = match value {
            Value::Null => Cell::Missing,
            Value::Bool(value) => Cell::Boolean(*value),
            Value::String(text) => Cell::Text(text),
            number => number.as_i64().map_or_else(|| Cell::Float(number.as_f64().unwrap()), Cell::Integer),
        };
        draft.set(schema.column(name).unwrap(), cell);
    }
    draft.finish_labelled().unwrap()
}

/// Draws a rank, the first ones most often.
fn zipf(random: &mut Rng, ranks: f64) -> u32 {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a rank is small")]
    let rank = (ranks + 1.0).powf(random.f64()) as u32 - 1;
    rank
}

/// Draws a labelled record; what is shifted is larger, newer, and has other texts.
fn record(schema: &Schema, random: &mut Rng, number: u32, is_shifted: bool) -> (Labelled, [f32; 2]) {
    let size = (random.f64() * 10.0 * if is_shifted { 2.0 } else { 1.0 } * 100.0).round() / 100.0;
    let (code, street) = (zipf(random, 300.0), zipf(random, 200.0));
    let mut fields = json!({
        "number": number,
        "size": size,
        "rooms": random.u32(1..6),
        "region": (["north", "south", "west"][random.usize(..if is_shifted { 2 } else { 3 })]),
        "code": format!("c{}", if is_shifted && random.bool() { 399 } else { code }),
        "is_new": random.f64() < if is_shifted { 0.9 } else { 0.4 },
        "built": format!("{}-{:02}-01", random.u32(1950..2000) + if is_shifted { 50 } else { 0 }, random.u32(1..13)),
        "sold": format!("2024-{:02}-{:02}T{:02}:30:00Z", random.u32(1..13), random.u32(1..29), random.u32(0..24)),
        "street": format!("street {}", if is_shifted { street + 1000 } else { street }),
        "remark": "x".repeat(random.usize(1..30) * if is_shifted { 3 } else { 1 }),
        "label": (["low", "middle", "high"][random.usize(..3)]),
    });
    if random.f64() < if is_shifted { 0.6 } else { 0.1 } {
        fields["rooms"] = Value::Null;
    }
    let labelled = labelled(schema, &fields);
    #[expect(clippy::cast_possible_truncation, reason = "features are numbers of 32 bits")]
    let features = [size as f32, size.ln_1p() as f32];
    (labelled, features)
}

fn records(schema: &Schema, seed: u64, rows: u32, is_shifted: bool) -> Vec<(Labelled, [f32; 2])> {
    let mut random = Rng::with_seed(seed);
    (0..rows).map(|number| record(schema, &mut random, number, is_shifted)).collect()
}

fn builder(schema: &Schema, records: &[(Labelled, [f32; 2])]) -> BaselineBuilder {
    let mut builder = BaselineBuilder::new(schema, &FEATURES);
    for (labelled, features) in records {
        let answer = Answer::Multiclass { probabilities: &[0.5, 0.25, 0.25], predicted: 0 };
        builder.add(&labelled.record, features, labelled.label.as_ref(), Some(answer));
    }
    builder
}

fn watch(schema: &Schema, baseline: &Baseline, records: &[(Labelled, [f32; 2])]) -> TableWatch {
    let mut watch = TableWatch::new(schema, &FEATURES, baseline);
    for (labelled, features) in records {
        watch.observe_record(&labelled.record);
        watch.observe_features(features);
        watch.observe_outcome(labelled.label.as_ref().unwrap());
    }
    watch
}

fn columns(watch: &TableWatch) -> Vec<ColumnDrift> {
    [watch.features(), watch.fields(), watch.outcomes().into_iter().collect()].concat()
}

#[test]
fn a_baseline_is_the_same_in_parts_and_survives_its_text() {
    let schema = schema();
    let records = records(&schema, 1, 900, false);
    let whole = builder(&schema, &records).build(Some("training data"));
    let (left, right) = records.split_at(333);
    let mut merged = builder(&schema, right);
    merged.merge(builder(&schema, left));
    assert_eq!(merged.build(Some("training data")), whole);
    let text = serde_json::to_string(&whole).unwrap();
    assert_eq!(load::baseline(text.as_bytes()).unwrap(), whole);
    assert_eq!((whole.rows, whole.fields.len(), whole.features.len()), (900, 9, 2));
    let Distribution::Category(codes) = &whole.fields["code"].values else { panic!("{text}") };
    assert_eq!((codes.top.len(), codes.rows()), (20, 900));
    let Distribution::Text(streets) = &whole.fields["street"].values else { panic!("{text}") };
    assert!(streets.known.is_some(), "{streets:?}");
    assert!(!text.contains("street 1"), "a baseline must not tell texts");
}

#[test]
fn the_training_data_itself_has_not_shifted() {
    let schema = schema();
    let records = records(&schema, 2, 900, false);
    let baseline = builder(&schema, &records).build(None);
    for column in columns(&watch(&schema, &baseline, &records)) {
        let index = column.index.unwrap();
        assert!(index.psi < 1e-12 && index.judged == 0.0, "{column:?}");
        assert_eq!((column.missing_rate, column.unseen.unwrap_or(0)), (column.baseline_missing_rate, 0), "{column:?}");
        assert!(
            column.mean.unwrap_or(0.0) == 0.0
                || (column.mean.unwrap() / column.baseline_mean.unwrap() - 1.0).abs() < 1e-5
        );
    }
}

#[test]
fn chance_is_no_drift_of_any_column_and_drift_is_found_in_each() {
    let schema = schema();
    let (mut alarms, mut raw_alarms, mut judged) = (0_u32, 0_u32, 0_u32);
    for seed in 0..40 {
        let baseline = builder(&schema, &records(&schema, 1_000 + seed, 891, false)).build(None);
        for column in columns(&watch(&schema, &baseline, &records(&schema, 2_000 + seed, 200, false))) {
            judged += 1;
            alarms += u32::from(column.drift > Some(Drift::None));
            raw_alarms += u32::from(column.index.unwrap().psi >= 0.1);
        }
        let shifted = watch(&schema, &baseline, &records(&schema, 3_000 + seed, 400, true));
        for column in columns(&shifted).iter().filter(|column| !["sold", "label"].contains(&&*column.name)) {
            assert!(column.drift > Some(Drift::None), "seed {seed}: {column:?}");
        }
        assert_eq!(worst(&columns(&shifted)), Some(Drift::Major));
    }
    assert!(alarms * 20 < judged && raw_alarms > 2 * alarms, "{alarms} and {raw_alarms} of {judged}");
}

#[test]
fn what_is_unseen_is_counted_and_time_is_not_judged() {
    let schema = schema();
    let baseline = builder(&schema, &records(&schema, 4, 900, false)).build(None);
    let fields = watch(&schema, &baseline, &records(&schema, 5, 400, true)).fields();
    let field = |name: &str| fields.iter().find(|field| field.name == name).unwrap();
    let (code, street, sold) = (field("code"), field("street"), field("sold"));
    assert!(code.unseen > Some(150) && code.unseen_rate > Some(0.4), "{code:?}");
    assert!(street.unseen == Some(400), "{street:?}");
    assert!(sold.drift.is_none() && sold.index.is_some(), "{sold:?}");
    assert!(field("rooms").missing_rate > Some(0.5) && field("rooms").baseline_missing_rate < Some(0.2));
    assert!(fields.iter().all(|field| field.name != "number"), "a key is new for each record");
    let few = watch(&schema, &baseline, &records(&schema, 6, 199, true));
    assert!(columns(&few).iter().all(|column| column.index.is_none() && column.drift.is_none()));
}

#[test]
fn counts_of_parts_are_merged_to_those_of_the_whole_and_others_are_refused() {
    let schema = schema();
    let baseline = builder(&schema, &records(&schema, 7, 900, false)).build(None);
    let window = records(&schema, 8, 500, true);
    let whole = watch(&schema, &baseline, &window);
    let (left, right) = window.split_at(123);
    // Counts are stored as JSON between the parts.
    let text = serde_json::to_string(&watch(&schema, &baseline, left).counts()).unwrap();
    let counts: TableCounts = serde_json::from_str(&text).unwrap();
    let mut merged = watch(&schema, &baseline, right);
    merged.merge(&counts).unwrap();
    assert_eq!(columns(&merged), columns(&whole));
    let backwards: Vec<_> = window.iter().rev().cloned().collect();
    assert_eq!(columns(&watch(&schema, &baseline, &backwards)), columns(&whole));
    let other = builder(&schema, &records(&schema, 9, 300, false)).build(None);
    assert_eq!(watch(&schema, &other, &window).merge(&counts), Err(OtherBaseline));
}

#[test]
fn models_are_compared_by_their_task_and_by_groups() {
    let label = json!({"name": "label", "type": "number"});
    let schema = schema_text::schema(schema_of(&label).to_string().as_bytes()).unwrap();
    let classes = self::schema();
    let mut random = Rng::with_seed(11);
    let rows: Vec<_> = (0..600)
        .map(|number| {
            let (labelled, _) = record(&classes, &mut random, number, false);
            (labelled.record, 1e6 + random.f64() * 100.0, random.f64() - 0.5)
        })
        .collect();
    let compare = |champion: f64, challenger: f64| {
        let pairs = rows.iter().map(|(record, outcome, noise)| Pair {
            record,
            champion: Answer::Regression(outcome + noise * champion),
            challenger: Answer::Regression(outcome - noise * challenger),
            outcome: Outcome::Number(*outcome),
        });
        Comparison::from_pairs(&schema, None, pairs).unwrap()
    };
    let better = compare(40.0, 10.0);
    assert!(better.promote && better.gain.lower > 0.0 && better.groups.len() == 6, "{better:?}");
    let values: Vec<&Value> = better.groups.iter().map(|group| &group.values["region"]).collect();
    assert_eq!(values, ["north", "north", "south", "south", "west", "west"]);
    let worse = compare(10.0, 80.0);
    assert!(!worse.promote && worse.objections.len() == 7, "{:?}", worse.objections);
    assert!(worse.objections[1].starts_with("its squared error for is_new false, region north is higher by"));
    assert_eq!(Comparison::from_pairs(&schema, None, []), None);
    let several = rows.iter().map(|(record, _, noise)| Pair {
        record,
        champion: Answer::Multiclass { probabilities: &[0.4, 0.3, 0.3], predicted: 0 },
        challenger: Answer::Multiclass { probabilities: &[0.8, 0.1, 0.1], predicted: 0 },
        outcome: Outcome::Class(usize::from(*noise > 0.45)),
    });
    assert!(Comparison::from_pairs(&classes, None, several).unwrap().promote);
}

#[test]
fn a_challenger_is_judged_by_eight_days_at_least() {
    let schema = schema();
    let mut random = Rng::with_seed(12);
    for (days, is_judged) in [(7, false), (8, true)] {
        let rows: Vec<Labelled> = (0..400)
            .map(|number| {
                let region = ["north", "south"][random.usize(..2)];
                let fields = json!({"number": number, "region": region, "sold": format!("2024-05-{:02}T10:00:00Z", number % days + 1)});
                labelled(&schema, &fields)
            })
            .collect();
        let pairs = rows.iter().map(|row| Pair {
            record: &row.record,
            champion: Answer::Multiclass { probabilities: &[0.4, 0.3, 0.3], predicted: 0 },
            challenger: Answer::Multiclass { probabilities: &[0.9, 0.05, 0.05], predicted: 0 },
            outcome: Outcome::Class(0),
        });
        let found = Comparison::from_pairs(&schema, None, pairs).unwrap();
        assert_eq!((found.rows, found.days, found.judged, found.promote), (400, Some(days), is_judged, is_judged));
        let told = "not judged: the rows are of 7 days, and must be of 8 at least";
        assert_eq!(found.objections, if is_judged { vec![] } else { vec![told] });
        assert!(found.gain.share_better > 0.999, "{found:?}");
    }
}

/// Puts something else in the place of one value of a text.
fn mutated(text: &Value, random: &mut Rng) -> Value {
    let others = [
        json!(null),
        json!(-1),
        json!(0),
        json!(1e308),
        json!([]),
        json!([3, 1]),
        json!({}),
        json!("text"),
        json!(true),
    ];
    match text {
        Value::Object(map) if !map.is_empty() && random.u8(..8) > 0 => {
            let place = random.usize(..map.len());
            let pairs = map.iter().enumerate();
            pairs
                .map(|(at, (name, one))| (name.clone(), if at == place { mutated(one, random) } else { one.clone() }))
                .collect()
        }
        Value::Array(list) if !list.is_empty() && random.u8(..8) > 0 => {
            let mut list = list.clone();
            let place = random.usize(..list.len());
            match random.u8(..3) {
                0 => drop(list.remove(place)),
                1 => list.insert(place, list[place].clone()),
                _ => list[place] = mutated(&list[place], random),
            }
            list.into()
        }
        _ => others[random.usize(..others.len())].clone(),
    }
}

#[test]
fn a_baseline_that_was_tampered_with_is_refused_or_compared_with() {
    let schema = schema();
    let text = serde_json::to_value(builder(&schema, &records(&schema, 12, 300, false)).build(None)).unwrap();
    let window = records(&schema, 13, 250, true);
    let mut random = Rng::with_seed(14);
    let (mut refused, mut compared) = (0, 0);
    for _ in 0..400 {
        let mut text = text.clone();
        for _ in 0..random.u8(1..4) {
            text = mutated(&text, &mut random);
        }
        match load::baseline(text.to_string().as_bytes()) {
            Ok(baseline) => {
                columns(&watch(&schema, &baseline, &window));
                compared += 1;
            }
            Err(error) => {
                assert!(!error.to_string().is_empty());
                refused += 1;
            }
        }
    }
    assert!(refused > 100 && compared > 20, "{refused} refused, {compared} compared");
}
