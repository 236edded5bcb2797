//! A history of the last days: what it says of a record, whatever way it was made, and what it must never know.

use std::collections::BTreeMap;

use fastrand::Rng;
use jiff::{Timestamp, ToSpan};
use lifeboat::package::recipe::{self, Change, HistoryRecords, Recipe, RecipeDescriptor, Sheet, State};
use lifeboat::table::{Labelled, Schema, Value as Cell, load};
use serde_json::{Value, json};

use crate::neutral;

/// Rides of taxis that are long or not; a day begins at midnight in New York, and a snapshot is as of six.
fn schema(label: &str) -> Schema {
    let schema = json!({
        "fields": [
            {"name": "ride", "type": "integer"},
            {"name": "driver", "type": "string"},
            {"name": "zone", "type": "string", "categories": ["north", "south"]},
            {"name": "start", "type": "datetime"},
            {"name": "long", "type": label},
        ],
        "lifeboat": {"label": "long", "key": "ride", "time": "start", "timezone": "America/New_York"},
    });
    load::schema(schema.to_string().as_bytes()).unwrap()
}

fn steps() -> Value {
    json!([
        {"step": "date_part", "name": "hour", "from": "start", "part": "hour"},
        {"step": "history", "name": "all", "days": 2, "prior": 3, "overall": {"prior": 4, "rate": 0.25}},
        {"step": "history", "name": "driver_5d", "same": ["driver"], "days": 5, "prior": 2},
        {
            "step": "history", "name": "zone_hour", "same": ["zone", "hour"], "days": 3, "prior": 1,
            "expected": {"by": ["hour"], "days": 7, "prior": 2}, "overall": {"prior": 4, "rate": 0.25}
        },
        {
            "step": "history", "name": "zone_4d", "same": ["zone"], "days": 4, "prior": 1,
            "expected": {"by": ["driver"], "days": 6, "prior": 1}
        },
    ])
}

const FEATURES: [&str; 4] = ["all", "driver_5d", "zone_hour", "zone_4d"];

fn descriptor(steps: &Value, features: &[&str]) -> RecipeDescriptor {
    let text = json!({"snapshots": {"at": "06:00"}, "steps": steps, "features": features});
    recipe::parse(text.to_string().as_bytes()).unwrap()
}

/// A ride, and when it became known whether it was long.
#[derive(Debug, Clone)]
struct Ride {
    ride: u32,
    driver: Option<&'static str>,
    zone: Option<&'static str>,
    start: Timestamp,
    long: bool,
    known_at: Option<Timestamp>,
}

impl Ride {
    fn labelled(&self, schema: &Schema) -> Labelled {
        let label =
            if schema.classes().is_some() { json!(self.long) } else { json!(f64::from(u8::from(self.long)) * 1.5) };
        let mut row = neutral::labelled(
            schema,
            &json!({"ride": self.ride, "driver": self.driver, "zone": self.zone, "start": self.start.to_string(), "long": label}),
        );
        row.known_at = self.known_at;
        row
    }
}

/// Draws rides of some weeks: a few are told late, a few twice, and some have no driver.
fn rides(seed: u64, count: u32) -> Vec<Ride> {
    let mut random = Rng::with_seed(seed);
    let begin: Timestamp = "2013-10-20T04:00:00Z".parse().unwrap();
    let mut rides: Vec<Ride> = (0..count)
        .map(|ride| {
            // In it is 3 November, which has 25 hours.
            let start = begin.checked_add(random.i64(0..20 * 24 * 60).minutes()).unwrap();
            let late = random.i64(0..5) * random.i64(0..2) * 24 * 60 + random.i64(1..1200);
            Ride {
                ride,
                driver: [Some("ann"), Some("bob"), Some("cy"), None][random.usize(..4)],
                zone: [Some("north"), Some("south"), None][random.usize(..3)],
                start,
                long: random.f64() < 0.3,
                known_at: random.bool().then(|| start.checked_add(late.minutes()).unwrap()),
            }
        })
        .collect();
    for place in 0..rides.len() / 10 {
        let mut again = rides[place * 7 % rides.len()].clone();
        again.known_at =
            Some(again.known_at.unwrap_or(again.start).checked_add(random.i64(1..5000).minutes()).unwrap());
        (again.long, again.zone) = (!again.long, [Some("north"), Some("south")][random.usize(..2)]);
        rides.push(again);
    }
    rides
}

fn fitted(schema: &Schema, rows: &[Labelled]) -> (Recipe, HistoryRecords, Sheet) {
    let descriptor = descriptor(&steps(), &FEATURES);
    let fitted = recipe::fit(&descriptor, schema, rows, "").unwrap();
    let text = serde_json::to_vec(&fitted.state).unwrap();
    let history = fitted.history.unwrap();
    let recipe = Recipe::compile(&descriptor, schema, &State::parse(&text).unwrap(), Some(&history)).unwrap();
    (recipe, history, fitted.sheet.unwrap())
}

/// Returns the features of each row as `lifeboat features` computes them.
fn past(recipe: &Recipe, schema: &Schema, rows: &[Labelled]) -> Vec<Vec<f32>> {
    let (past, mut computer) = (recipe.past(schema, rows).unwrap(), recipe.computer());
    let of_row = |(place, row): (usize, &Labelled)| {
        let mut features = vec![0.0; FEATURES.len()];
        past.features(&mut computer, place, &row.record, &mut features);
        features
    };
    rows.iter().enumerate().map(of_row).collect()
}

/// The definition, in the words of the documentation: a table of days, keys and cells, and loops over it.
struct Definition {
    /// What counts, with its day and the first day at whose moment it is known: `(day, known, until, ride)`.
    events: Vec<(i32, i32, i32, Ride)>,
}

impl Definition {
    fn new(rides: &[Ride]) -> Self {
        let mut told: BTreeMap<u32, Vec<Ride>> = BTreeMap::new();
        for ride in rides {
            told.entry(ride.ride).or_default().push(ride.clone());
        }
        let mut events = Vec::new();
        for mut told in told.into_values() {
            let known = |ride: &Ride| ride.known_at.map_or(day(ride.start) + 1, known_by);
            told.sort_by_key(|ride| ride.known_at.unwrap_or_else(|| moment(day(ride.start) + 1)));
            for (place, ride) in told.iter().enumerate() {
                let until = told.get(place + 1).map_or(i32::MAX, &known);
                events.push((day(ride.start), known(ride), until, ride.clone()));
            }
        }
        Self { events }
    }

    /// Returns what a snapshot of a day counts of so many days: the events, each with its own day.
    fn counted(&self, snapshot: i32, days: i32) -> impl Iterator<Item = (i32, &Ride)> {
        let counts = move |(day, known, until, _): &&(i32, i32, i32, Ride)| {
            (snapshot - days..snapshot).contains(day) && *known <= snapshot && snapshot < *until
        };
        self.events.iter().filter(counts).map(|(day, _, _, ride)| (*day, ride))
    }

    fn mean(&self, snapshot: i32, days: i32, prior: f64, rate: f64, is_one: impl Fn(&Ride) -> bool) -> f64 {
        let of_cell: Vec<f64> =
            self.counted(snapshot, days).filter(|(_, ride)| is_one(ride)).map(|(_, ride)| long(ride)).collect();
        let weight = of_cell.len() as f64 + prior;
        if weight > 0.0 { (of_cell.iter().sum::<f64>() + prior * rate) / weight } else { rate }
    }

    fn features(&self, ride: &Ride) -> Vec<f64> {
        let snapshot = newest_at(ride.start);
        let beyond = |days: i32, prior: f64, is_one: &dyn Fn(&Ride) -> bool, expected: &dyn Fn(i32, &Ride) -> f64| {
            let (mut sum, mut count) = (0.0, 0.0);
            for (day, one) in self.counted(snapshot, days).filter(|(_, one)| is_one(one)) {
                sum += long(one) - expected(day, one);
                count += 1.0;
            }
            if count > 0.0 { sum / (count + prior) } else { 0.0 }
        };
        let all = self.mean(snapshot, 2, 4.0, 0.25, |_| true);
        let plain = self.mean(snapshot, 5, 0.0, 0.0, |_| true);
        let of_hour = |day: i32, one: &Ride| {
            let overall = self.mean(day, 7, 4.0, 0.25, |_| true);
            self.mean(day, 7, 2.0, overall, |other| hour(other) == hour(one))
        };
        let of_driver = |day: i32, one: &Ride| {
            let overall = self.mean(day, 6, 0.0, 0.0, |_| true);
            self.mean(day, 6, 1.0, overall, |other| other.driver == one.driver)
        };
        let same_driver = |one: &Ride| one.driver.is_some() && one.driver == ride.driver;
        let same_zone = |one: &Ride| one.zone.is_some() && one.zone == ride.zone;
        let same_zone_and_hour = |one: &Ride| same_zone(one) && hour(one) == hour(ride);
        vec![
            beyond(2, 3.0, &|_| true, &|_, _| all),
            beyond(5, 2.0, &same_driver, &|_, _| plain),
            beyond(3, 1.0, &same_zone_and_hour, &of_hour),
            beyond(4, 1.0, &same_zone, &of_driver),
        ]
    }
}

fn long(ride: &Ride) -> f64 {
    f64::from(u8::from(ride.long))
}

fn local(time: Timestamp) -> jiff::civil::DateTime {
    jiff::tz::TimeZone::get("America/New_York").unwrap().to_datetime(time)
}

fn day(time: Timestamp) -> i32 {
    let days = local(time).date().since(jiff::civil::date(1970, 1, 1)).unwrap();
    days.get_days()
}

fn hour(ride: &Ride) -> i8 {
    local(ride.start).hour()
}

fn moment(day: i32) -> Timestamp {
    let date = jiff::civil::date(1970, 1, 1).checked_add(day.days()).unwrap();
    date.at(6, 0, 0, 0).in_tz("America/New_York").unwrap().timestamp()
}

fn known_by(time: Timestamp) -> i32 {
    (day(time) - 1..).find(|day| moment(*day) >= time).unwrap()
}

fn newest_at(time: Timestamp) -> i32 {
    let settled = time.checked_sub(15.minutes()).unwrap();
    (0..=day(time)).rev().find(|day| moment(*day) <= settled).unwrap()
}

#[test]
fn rows_see_what_was_known_in_their_time() {
    for seed in 0..6 {
        let (schema, rides) = (schema("boolean"), rides(seed, 300));
        let rows: Vec<Labelled> = rides.iter().map(|ride| ride.labelled(&schema)).collect();
        let (recipe, ..) = fitted(&schema, &rows);
        let definition = Definition::new(&rides);
        let mut with_history = 0;
        for (ride, found) in rides.iter().zip(past(&recipe, &schema, &rows)) {
            let expected = definition.features(ride);
            for ((name, found), expected) in FEATURES.iter().zip(&found).zip(&expected) {
                assert!((f64::from(*found) - expected).abs() < 1e-6, "{seed} {name} {ride:?}: {found}, not {expected}");
            }
            with_history += usize::from(expected.iter().all(|value| *value != 0.0));
        }
        assert!(with_history > 30, "{with_history} rows have all histories");
    }
}

/// Tells each outcome when it was known, as whoever makes snapshots finds it.
fn changes(rides: &[Ride], schema: &Schema, from: i32, to: i32) -> Vec<Change> {
    let change = |ride: &Ride, told, known, takes_back| {
        let Labelled { record, label, .. } = ride.labelled(schema);
        Change { record, label: label.unwrap(), told, known, takes_back }
    };
    let definition = Definition::new(rides);
    let known = definition.events.iter().filter(|(_, known, ..)| (from..=to).contains(known));
    let ended = definition.events.iter().filter(|(_, _, until, _)| (from..=to).contains(until));
    let known = known.map(|(_, known, _, ride)| change(ride, *known, *known, false));
    known.chain(ended.map(|(_, known, until, ride)| change(ride, *known, *until, true))).collect()
}

#[test]
fn a_snapshot_says_the_same_whatever_it_is_made_of() {
    for label in ["boolean", "number"] {
        let (schema, rides) = (schema(label), rides(7, 400));
        let rows: Vec<Labelled> = rides.iter().map(|ride| ride.labelled(&schema)).collect();
        let (recipe, ..) = fitted(&schema, &rows);
        let of_rows = past(&recipe, &schema, &rows);
        let first = day(rides.iter().map(|ride| ride.start).min().unwrap());
        // The first days come with the package, then there is a sheet a day, but for three that nobody made.
        let mut sheets = vec![recipe.sheet(&schema, &changes(&rides, &schema, 0, first + 5), first + 5).unwrap()];
        let mut covered = first + 5;
        let mut compared = 0;
        for snapshot in first + 5..first + 22 {
            if (first + 9..first + 12).contains(&snapshot) {
                continue;
            }
            if snapshot > covered {
                let sheet = recipe.sheet(&schema, &changes(&rides, &schema, covered + 1, snapshot), snapshot).unwrap();
                let text = serde_json::to_vec(&sheet).unwrap();
                sheets.push(Sheet::parse(&text).unwrap());
                covered = snapshot;
            }
            let text = serde_json::to_vec(&recipe.snapshot(&schema, &sheets, snapshot).unwrap()).unwrap();
            let serving = recipe.with_snapshot(&schema, &text).unwrap();
            assert_eq!(serving.as_of(), Some(moment(snapshot)));
            let seen = |(place, _): &(usize, &Ride)| newest_at(rides[*place].start) == snapshot;
            for (place, _) in rides.iter().enumerate().filter(seen) {
                neutral::assert_numbers(&neutral::features_of(&serving, &rows[place].record), &of_rows[place]);
                compared += 1;
            }
            sheets.reverse();
            let again = serde_json::to_vec(&recipe.snapshot(&schema, &sheets, snapshot).unwrap()).unwrap();
            assert_eq!(text, again, "an order of sheets shows in the snapshot");
        }
        assert!(compared > 200, "{compared} rows were compared");
    }
}

#[test]
fn what_becomes_known_later_leaves_no_trace() {
    let (schema, mut rides) = (schema("boolean"), rides(11, 300));
    let rows = |rides: &[Ride]| rides.iter().map(|ride| ride.labelled(&schema)).collect::<Vec<_>>();
    let before = rows(&rides);
    let (recipe, ..) = fitted(&schema, &before);
    let told = past(&recipe, &schema, &before);
    let from = moment(day(rides.iter().map(|ride| ride.start).min().unwrap()) + 10);
    // Every ride is corrected after that moment, and many more happen: all were long.
    let later = rides.clone().into_iter().map(|ride| Ride {
        long: true,
        known_at: Some(from.checked_add(1.hours()).unwrap()),
        ..ride
    });
    let new = rides.clone().into_iter().map(|ride| Ride {
        ride: ride.ride + 10_000,
        start: from,
        long: true,
        known_at: None,
        ..ride
    });
    let planted: Vec<Ride> = later.chain(new).collect();
    rides.extend(planted);
    let planted = past(&recipe, &schema, &rows(&rides));
    let mut unchanged = 0;
    for (place, ride) in rides[..told.len()].iter().enumerate() {
        if moment(newest_at(ride.start)) <= from {
            neutral::assert_numbers(&planted[place], &told[place]);
            unchanged += 1;
        }
    }
    assert!((50..250).contains(&unchanged), "{unchanged} rows are before the moment");
    assert!(told.iter().zip(&planted).any(|(told, planted)| told != planted), "nothing was planted");
}

#[test]
fn fit_leaves_a_snapshot_and_what_the_next_one_is_made_of() {
    let (schema, rides) = (schema("boolean"), rides(3, 200));
    let rows: Vec<Labelled> = rides.iter().map(|ride| ride.labelled(&schema)).collect();
    let (recipe, history, sheet) = fitted(&schema, &rows);
    let last = Definition::new(&rides).events.iter().map(|(_, known, ..)| *known).max().unwrap();
    assert_eq!(recipe.as_of(), Some(moment(last)));
    let again = recipe.snapshot(&schema, std::slice::from_ref(&sheet), last).unwrap();
    assert_eq!(serde_json::to_string(&again).unwrap(), serde_json::to_string(&history).unwrap());
    // The next day nothing is known but what was, and the oldest day is out.
    let next = recipe.snapshot(&schema, &[sheet], last + 1).unwrap();
    let events = |history: &HistoryRecords| history.summary()["all"].events;
    assert!(events(&next) < events(&history) || events(&history) == 0);
    assert!(!recipe.can_know());
}

#[test]
fn unseen_and_missing_keys_have_no_history() {
    let (schema, rides) = (schema("boolean"), rides(5, 200));
    let rows: Vec<Labelled> = rides.iter().map(|ride| ride.labelled(&schema)).collect();
    let (recipe, ..) = fitted(&schema, &rows);
    let asked = |fields: Value| neutral::features_of(&recipe, &neutral::record(&schema, &fields));
    let all = asked(json!({}))[0];
    neutral::assert_numbers(
        &asked(json!({"driver": "zoe", "start": "2013-11-09T12:00:00-05:00"})),
        &[all, 0.0, 0.0, 0.0],
    );
    neutral::assert_numbers(&asked(json!({"zone": "north"})), &[all, 0.0, 0.0, asked(json!({"zone": "north"}))[3]]);
}

#[test]
fn a_row_without_a_time_is_told() {
    let schema = schema("boolean");
    let rows: Vec<Labelled> = rides(1, 3).iter().map(|ride| ride.labelled(&schema)).collect();
    let (recipe, ..) = fitted(&schema, &rows);
    let without = neutral::labelled(&schema, &json!({"ride": 1, "long": true}));
    let error = recipe.past(&schema, &[rows[0].clone(), without.clone()]).unwrap_err();
    assert_eq!(error.to_string(), "row 2 has no start: a snapshot of the history is found by it");
    let error = recipe::fit(&descriptor(&steps(), &FEATURES), &schema, &[without], "").unwrap_err();
    assert_eq!(error.to_string(), "row 1 has no start: a snapshot of the history is found by it");
}

#[test]
fn every_fault_of_a_history_of_days_is_named() {
    let said = |schema: &Schema, recipe: Value| {
        let row = neutral::labelled(schema, &json!({}));
        match recipe::fit(&recipe::parse(recipe.to_string().as_bytes()).unwrap(), schema, &[row], "") {
            Ok(_) => "nothing".to_owned(),
            Err(error) => error.to_string().replace("; recipe.json", "\nrecipe.json"),
        }
    };
    let step = |more: Value| {
        let mut step = json!({"step": "history", "name": "h", "prior": 1});
        step.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({"snapshots": {"at": "06:00"}, "steps": [step], "features": ["h"]})
    };
    let rides = schema("boolean");
    let all = [
        said(&rides, json!({"steps": step(json!({"days": 1}))["steps"], "features": ["h"]})),
        said(
            &rides,
            json!({"snapshots": {"at": "25:00"}, "steps": step(json!({"days": 0}))["steps"], "features": ["h"]}),
        ),
        said(&rides, step(json!({"days": 4000, "same": ["x", "start"], "prior": -1}))),
        said(
            &rides,
            step(json!({"days": 3, "among": [{"same": ["zone"]}], "identity": ["ride"], "only": {"zone": "north"}})),
        ),
        said(
            &rides,
            step(json!({"days": 3, "expected": {"by": ["zone"], "prior": 1}, "overall": {"prior": -1, "rate": 0}})),
        ),
        said(
            &rides,
            step(
                json!({"same": ["zone"], "among": [{"same": ["zone"]}], "identity": ["ride"], "overall": {"prior": 1, "rate": 0}}),
            ),
        ),
        said(
            &rides,
            json!({"snapshots": {"at": "06:00"}, "steps": [
                {"step": "number", "name": "z", "scale": "ride"},
                {"step": "number", "name": "more", "sum": ["z", 1]},
                {"step": "history", "name": "h", "prior": 1, "days": 1, "same": ["more"]},
                {"step": "history", "name": "old", "prior": 1, "among": [{"same": ["zone"]}], "identity": ["ride"]},
            ], "features": ["h"]}),
        ),
        said(&neutral::binary(), step(json!({"days": 1}))),
        said(&neutral::multiclass(), step(json!({"days": 1}))),
    ];
    insta::assert_snapshot!(all.join("\n\n"));
}

#[test]
fn a_snapshot_that_cannot_be_looked_up_in_is_refused() {
    let (schema, rides) = (schema("boolean"), rides(2, 100));
    let rows: Vec<Labelled> = rides.iter().map(|ride| ride.labelled(&schema)).collect();
    let (recipe, history, sheet) = fitted(&schema, &rows);
    let whole = serde_json::to_value(&history).unwrap();
    let said = |change: &dyn Fn(&mut Value)| {
        let mut changed = whole.clone();
        change(&mut changed);
        match recipe.with_snapshot(&schema, changed.to_string().as_bytes()) {
            Ok(_) => "nothing".to_owned(),
            Err(error) => error.faults().join("\n"),
        }
    };
    let text = whole.to_string();
    let truncated = recipe.with_snapshot(&schema, &text.as_bytes()[..text.len() / 2]).unwrap_err().to_string();
    let mut all = vec![
        said(&|_| ()),
        truncated[..60].to_owned(),
        said(&|history| history["recipe_hash"] = json!("0")),
        said(&|history| drop(history.as_object_mut().unwrap().remove("recent"))),
        said(&|history| history["recent"]["as_of"] = json!("2013-11-11T12:00:00Z")),
        said(&|history| drop(history["recent"]["steps"].as_object_mut().unwrap().remove("all"))),
        said(&|history| history["recent"]["steps"]["stranger"] = history["recent"]["steps"]["all"].clone()),
        said(&|history| history["recent"]["steps"]["all"]["counts"] = json!("1 2")),
        said(&|history| history["recent"]["steps"]["all"]["counts"] = json!("0")),
        said(&|history| history["recent"]["steps"]["zone_4d"]["keys"] = json!([])),
        said(&|history| history["recent"]["steps"]["zone_4d"]["keys"] = json!([{"nothing": 2}])),
        said(&|history| history["recent"]["steps"]["zone_4d"]["keys"][0]["codes"] = json!("0 0")),
        said(&|history| history["recent"]["steps"]["zone_4d"]["keys"][0]["texts"] = json!("northwestx")),
    ];
    let of_sheet = |change: &dyn Fn(&mut Value)| {
        let mut changed = serde_json::to_value(&sheet).unwrap();
        change(&mut changed);
        let sheet = Sheet::parse(changed.to_string().as_bytes()).unwrap();
        recipe
            .snapshot(&schema, &[sheet], day("2013-11-11T12:00:00Z".parse().unwrap()))
            .map_or_else(|error| error.to_string(), |_| "nothing".to_owned())
    };
    all.extend([
        of_sheet(&|_| ()),
        of_sheet(&|sheet| sheet["recipe_hash"] = json!("0")),
        of_sheet(&|sheet| sheet["counts"] = json!("2")),
        of_sheet(&|sheet| drop(sheet["columns"].as_object_mut().unwrap().remove("zone"))),
    ]);
    insta::assert_snapshot!(all.join("\n"));
}

/// The label is a value, as a store has it.
#[test]
fn a_change_without_a_time_tells_nothing() {
    let schema = schema("boolean");
    let rows: Vec<Labelled> = rides(2, 10).iter().map(|ride| ride.labelled(&schema)).collect();
    let (recipe, ..) = fitted(&schema, &rows);
    let record = neutral::record(&schema, &json!({"ride": 1, "zone": "north"}));
    let change = Change { record, label: Cell::Boolean(true), told: 3, known: 3, takes_back: false };
    assert!(recipe.sheet(&schema, &[change], 3).unwrap().is_empty());
}
