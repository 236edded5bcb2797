//! The function that a schedule calls makes snapshots of a history that changes, and the function that answers takes them up.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp, ToSpan};
use serde_json::{Value, json};

use crate::bootstrap::{Function, on_table};
use crate::fixtures::dynamodb::{client, config, holding, new_table, url};
use crate::fixtures::faulty::{Fault, Network};
use crate::fixtures::trams::Trams;

/// So many trams run in a day.
const TRAMS: u32 = 12;

/// How late the trams of each day are: of so many, one.
const LATE_ONES: [u32; 3] = [1, 3, 2];

fn serving(trams: &Trams, table: &str, endpoint: &str) -> Vec<(&'static str, String)> {
    let mut environment = on_table(&config(table, endpoint));
    environment.push(("MODEL_DIR", trams.path().display().to_string()));
    environment.push(("POWERTOOLS_METRICS_NAMESPACE", "Lifeboat".to_owned()));
    environment.push(("SNAPSHOT_REFRESH_SECONDS", "0.2".to_owned()));
    environment
}

/// Returns the newest day whose snapshot can be made for some hours.
fn newest_day() -> Date {
    let settled = Timestamp::now() - SignedDuration::from_hours(8);
    settled.in_tz("Europe/Berlin").unwrap().date()
}

/// Returns a moment of a day by the clocks of the table's zone.
fn at(day: Date, hour: i8) -> Timestamp {
    day.at(hour, 0, 0, 0).in_tz("Europe/Berlin").unwrap().timestamp()
}

fn tram(day: Date, number: u32) -> Value {
    let place = ["north", "south", "east"][number as usize % 3];
    json!({"number": number, "place": place, "starts_at": at(day, 17).to_string()})
}

/// Posts the trams of a day, and tells how late they were; returns the snapshots by which they were answered.
async fn run(api: &Function, day: Date, first: u32, late_one_of: u32) -> Vec<Value> {
    let trams: Vec<Value> = (first..first + TRAMS).map(|number| tram(day, number)).collect();
    let answered = api.predict(&json!(trams)).await;
    assert_eq!((answered.status(), answered.header("lifeboat-created")), (200, "12"), "{answered:?}");
    let answers = answered.json();
    let answers = answers.as_array().unwrap();
    let late = |place: u32| u32::from(place.is_multiple_of(late_one_of));
    let outcomes = (0..).zip(answers).map(|(place, answer)| json!({"id": answer["id"], "late": late(place)}));
    let told = api.post_json("/outcomes", &outcomes.collect()).await;
    assert_eq!(told.status(), 200, "{told:?}");
    answers.iter().map(|answer| answer["snapshot"].clone()).collect()
}

/// Dates all that was stored since a moment back to six in the evening of a day, as nobody can wait for one to pass.
async fn date_back(table: &str, since: Timestamp, day: Date) {
    let since = since.to_string();
    let evening = at(day, 18).strftime("%Y-%m-%dT%H:%M:%S.000Z").to_string();
    let mut pages = client().scan().table_name(table).consistent_read(true).into_paginator().send();
    while let Some(page) = pages.next().await {
        for mut item in page.unwrap().items.unwrap_or_default() {
            if !is_newer(&item, &since) {
                continue;
            }
            for (name, value) in &mut item {
                match value {
                    AttributeValue::S(time) if name.ends_with("_at") => time.clone_from(&evening),
                    AttributeValue::S(part) if name.ends_with("day_part") => part.replace_range(..10, &evening[..10]),
                    AttributeValue::L(outcomes) => outcomes.iter_mut().for_each(|outcome| tell_at(outcome, &evening)),
                    _ => {}
                }
            }
            client().put_item().table_name(table).set_item(Some(item)).send().await.unwrap();
        }
    }
}

/// Returns whether an item is a prediction that was made since then.
fn is_newer(item: &HashMap<String, AttributeValue>, since: &str) -> bool {
    item.get("created_at").and_then(|time| time.as_s().ok()).is_some_and(|time| time.as_str() >= since)
}

/// Lets an outcome have become known then.
fn tell_at(outcome: &mut AttributeValue, time: &str) {
    let mut told: Value = serde_json::from_str(outcome.as_s().unwrap()).unwrap();
    told["known_at"] = json!(time);
    *outcome = AttributeValue::S(told.to_string());
}

/// Asks until a tram is answered by a snapshot, and returns what is stored of it then.
async fn answered_by(api: &Function, snapshot: &Value, tram: &Value) -> Value {
    let started = Instant::now();
    loop {
        let answer = api.predict(tram).await;
        if answer.json()["snapshot"] == *snapshot {
            return api.get(&format!("/predictions/{}", answer.json()["id"].as_str().unwrap())).await.json();
        }
        assert!(started.elapsed() < Duration::from_secs(10), "{snapshot} was never taken up: {}", api.log());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn each_day_a_schedule_has_a_snapshot_made_that_the_next_answers_come_from() {
    let (trams, table) = (Trams::new(), new_table().await);
    let environment = serving(&trams, &table, &url());
    let (api, monitor) = (Function::start(&environment).await, Function::start_monitor(&environment).await);
    let mut serves = json!(*Trams::published(&trams.snapshot(1, 0), 1).hash);
    let (mut events, mut late) = (0, 0);
    for (place, late_one_of) in LATE_ONES.into_iter().enumerate() {
        let days_ago = i64::try_from(LATE_ONES.len() - 1 - place).unwrap();
        let day = newest_day().checked_sub(days_ago.days()).unwrap();
        let began = Timestamp::now();
        let first = 100 * u32::try_from(place).unwrap();
        let answers = run(&api, day.yesterday().unwrap(), first, late_one_of).await;
        assert!(answers.iter().all(|snapshot| *snapshot == serves), "{answers:?} are not all by {serves}");
        date_back(&table, began, day.yesterday().unwrap()).await;

        // The last day is the newest, which the schedule need not name.
        let event = if days_ago == 0 { json!({"snapshot": {}}) } else { json!({"snapshot": {"as_of": at(day, 6)}}) };
        let made = monitor.invoke(&event).await["snapshot"].clone();
        (events, late) = (events + TRAMS, late + TRAMS.div_ceil(late_one_of));
        assert_eq!((&made["added"], &made["is_newest"]), (&json!(TRAMS), &json!(true)), "{made} {}", monitor.log());
        assert_eq!(made["steps"][1]["events"], events, "{made}");

        serves = made["hash"].clone();
        let stored = answered_by(&api, &serves, &tram(day, 1000 + first)).await;
        // Beyond the rate of the same days, of which the recipe says what it is drawn to.
        let (events, late) = (f64::from(events), f64::from(late));
        let expected = (late - events * (late + 2.0 * 0.3) / (events + 2.0)) / (events + 2.0);
        let found = stored["features"]["all_7d"].as_f64().unwrap();
        assert!((found - expected).abs() < 1e-6, "{found} is not {expected}: {stored}");

        // A schedule that comes twice, or is tried again, changes nothing.
        let before = (holding(&table, "hash").await, holding(&table, "text").await);
        assert_eq!(monitor.invoke(&event).await["snapshot"]["hash"], serves);
        assert_eq!((holding(&table, "hash").await, holding(&table, "text").await), before);
    }
    let lines = monitor.metrics(6).await;
    let counts: Vec<(u64, u64)> = lines
        .iter()
        .map(|line| ["SnapshotsMade", "SnapshotOutcomes"].map(|name| line[name].as_u64().unwrap_or_default()).into())
        .collect();
    assert_eq!(counts, [(1, 12); 6]);
    assert_eq!(api.log().matches("answering by a newer snapshot").count(), 3, "{}", api.log());
}

#[tokio::test]
async fn a_day_without_outcomes_has_its_snapshot_and_is_worth_a_look() {
    let (trams, table) = (Trams::new(), new_table().await);
    let monitor = Function::start_monitor(&serving(&trams, &table, &url())).await;
    let made = monitor.invoke(&json!({"snapshot": {}})).await["snapshot"].clone();
    assert_eq!((&made["added"], &made["is_newest"]), (&json!(0), &json!(true)), "{made}");
    assert!(made["warnings"][0].as_str().unwrap().starts_with("no outcome is known of any of the days"), "{made}");
    assert!(monitor.log().contains("something about the snapshot is worth a look"), "{}", monitor.log());
    let line = monitor.metrics(1).await.remove(0);
    assert_eq!((&line["SnapshotsMade"], line.get("SnapshotOutcomes")), (&json!(1), None), "{line}");
}

#[tokio::test]
async fn a_snapshot_that_cannot_be_made_is_an_error_of_the_function_and_the_last_one_serves_on() {
    let (trams, network, table) = (Trams::new(), Network::start().await, new_table().await);
    let monitor = Function::start_monitor(&serving(&trams, &table, &network.url())).await;
    let made = monitor.invoke(&json!({"snapshot": {"as_of": at(newest_day().yesterday().unwrap(), 6)}})).await;
    network.always(Fault::Hang);
    let failed = monitor.invoke(&json!({"snapshot": {}})).await;
    assert_eq!(failed["errorMessage"], "the prediction store is unavailable", "{failed}");
    assert_eq!(monitor.log().matches("no snapshot could be made").count(), 1, "{}", monitor.log());
    network.always(Fault::None);
    let tomorrow = newest_day().checked_add(3.days()).unwrap();
    let early = monitor.invoke(&json!({"snapshot": {"as_of": at(tomorrow, 6)}})).await;
    assert!(early["errorMessage"].as_str().unwrap().contains("can be made from"), "{early}");
    let api = Function::start(&serving(&trams, &table, &url())).await;
    assert_eq!(api.predict(&tram(tomorrow, 1)).await.json()["snapshot"], made["snapshot"]["hash"]);
    // What was not done is made up for.
    let next = monitor.invoke(&json!({"snapshot": {}})).await["snapshot"]["hash"].clone();
    answered_by(&api, &next, &tram(tomorrow, 2)).await;
}

#[tokio::test]
async fn a_package_whose_history_does_not_change_has_no_snapshot_to_make_and_does_not_fail() {
    let monitor = Function::start_monitor(&on_table(&config(&new_table().await, &url()))).await;
    let answer = monitor.invoke(&json!({"snapshot": {}})).await;
    assert_eq!(answer["snapshot"], Value::Null, "{answer}");
    assert!(answer["reason"].as_str().unwrap().contains("looks up no last days"), "{answer}");
    assert!(monitor.log().contains("leave its schedule out"), "{}", monitor.log());
    let mixed = monitor.invoke(&json!({"snapshot": {}, "since": "24h"})).await;
    assert!(mixed["errorMessage"].as_str().unwrap().contains("either snapshot, or"), "{mixed}");
}
