//! Three weeks of trams that are asked about and told of, with all that goes wrong meanwhile, by a clock of their own.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use fastrand::Rng;
use jiff::{SignedDuration, Timestamp};
use lifeboat::identity::{Entity, PredictionId};
use lifeboat::lifecycle::snapshot::{SnapshotError, SnapshotMaker, Told};
use lifeboat::lifecycle::stored;
use lifeboat::outcome::{NewOutcome, Subject};
use lifeboat::package::Package;
use lifeboat::prediction::{Outcome, Prediction};
use lifeboat::service::{LiveService, PredictionService};
use lifeboat::start;
use lifeboat::store::Recording;
use lifeboat::table::descriptor::Scalar;
use lifeboat::table::{Labelled, Record, Value as FieldValue, json};
use serde_json::{Value, json};

use crate::contract::Store;
use crate::fixtures::fitted::{fitted, start as hour};
use crate::fixtures::tram_package::Trams;
use crate::making::{Open, settled};

const PLACES: [&str; 3] = ["north", "south", "east"];

/// What happens at some time.
#[derive(Debug, Clone)]
enum Deed {
    /// A tram is asked about, by one of two versions of the package.
    Ask(Value, usize),
    /// It is told whether a tram was late: by its number, or by the id of what was asked about it first.
    Tell { number: u32, late: bool, corrects: bool, of_first: bool },
    /// Two make the snapshot of a day, at once.
    Make(u32),
}

/// What was asked, and what came of it.
#[derive(Debug)]
pub(crate) struct Asked {
    pub(crate) number: Option<u32>,
    pub(crate) record: Record,
    pub(crate) asked_at: Timestamp,
    pub(crate) starts_at: Timestamp,
    pub(crate) features: Box<[f32]>,
    pub(crate) snapshot: Arc<str>,
    pub(crate) prediction: Prediction,
}

/// What was told, and recorded.
#[derive(Debug)]
pub(crate) struct ToldOf {
    pub(crate) number: u32,
    pub(crate) id: PredictionId,
    pub(crate) outcome: Outcome,
}

/// Two versions of a package, served from one database.
pub(crate) struct World {
    _trams: [Trams; 2],
    pub(crate) packages: [Arc<Package>; 2],
    services: [LiveService; 2],
    pub(crate) store: Store,
    clock: Arc<Mutex<Timestamp>>,
    /// What is still to happen, the next last.
    deeds: Vec<(Timestamp, Deed)>,
    pub(crate) asked: Vec<Asked>,
    pub(crate) told: Vec<ToldOf>,
    pub(crate) made: Vec<Told>,
}

impl World {
    pub(crate) fn new(open: &Open) -> Self {
        let trams = ["1.0.0", "1.1.0"].map(fitted);
        let packages = trams.each_ref().map(|trams| Arc::new(Package::load(trams.path()).unwrap()));
        let clock = Arc::new(Mutex::new(hour(1, 0)));
        let stores = packages.each_ref().map(|package| open(start::owner(package)));
        let service = |version: usize| {
            let (clock, store) = (Arc::clone(&clock), Arc::clone(&stores[version]));
            let service = PredictionService::new(Arc::clone(&packages[version]), store);
            LiveService::new(service.with_clock(Arc::new(move || *clock.lock().unwrap())), Duration::ZERO)
        };
        let mut deeds = deeds();
        deeds.sort_by_key(|(time, _)| *time);
        deeds.reverse();
        let services = [service(0), service(1)];
        let store = Arc::clone(&stores[0]);
        Self { _trams: trams, packages, services, store, clock, deeds, asked: vec![], told: vec![], made: vec![] }
    }

    pub(crate) fn recipe(&self) -> String {
        self.packages[0].living_recipe().unwrap().hash().to_owned()
    }

    pub(crate) fn maker(&self) -> SnapshotMaker {
        SnapshotMaker::new(Arc::clone(&self.packages[0]), Arc::clone(&self.store))
    }

    /// Makes the snapshot of a moment now.
    pub(crate) async fn make(&self, as_of: Option<Timestamp>) -> Result<Told, SnapshotError> {
        let now = *self.clock.lock().unwrap();
        self.maker().make(as_of, now).await
    }

    /// Lets happen what happens up to a time; snapshots are made, or nobody makes any.
    pub(crate) async fn live_until(&mut self, time: Timestamp, with_snapshots: bool) {
        while let Some((at, deed)) = self.deeds.pop_if(|(at, _)| *at <= time) {
            *self.clock.lock().unwrap() = at;
            match deed {
                Deed::Ask(tram, version) => self.ask(&tram, version).await,
                Deed::Tell { number, late, corrects, of_first } => self.tell(number, late, corrects, of_first).await,
                Deed::Make(day) if with_snapshots => self.make_twice(day).await,
                Deed::Make(_) => (),
            }
        }
        *self.clock.lock().unwrap() = time;
    }

    async fn ask(&mut self, tram: &Value, version: usize) {
        let service = self.services[version].pinned();
        let record = json::stored(service.package().schema(), &tram.to_string());
        let predicted = service.predict(std::slice::from_ref(&record)).await.unwrap();
        let prediction = predicted.puts[0].prediction().clone();
        self.asked.push(Asked {
            number: tram["number"].as_u64().map(|number| number.try_into().unwrap()),
            record,
            asked_at: service.now(),
            starts_at: tram["starts_at"].as_str().unwrap().parse().unwrap(),
            features: prediction.features.clone().unwrap(),
            snapshot: prediction.snapshot.clone().unwrap(),
            prediction,
        });
    }

    async fn tell(&mut self, number: u32, late: bool, corrects: bool, of_first: bool) {
        let service = self.services[0].pinned();
        let first = self.asked.iter().find(|asked| asked.number == Some(number));
        let subject = match first {
            Some(first) if of_first => Subject::Prediction(first.prediction.id.clone()),
            _ => {
                let schema = service.package().schema();
                let key = (&schema.fields()[schema.key()[0]], &FieldValue::Integer(number.into()));
                Subject::LatestOf(Entity::from_values([key]).unwrap())
            }
        };
        let is_known = first.is_some();
        let told = NewOutcome { subject, label: Scalar::Integer(late.into()), corrects };
        let recorded = service.record_outcomes(vec![told]).await.unwrap().remove(0);
        assert_eq!(recorded.is_some(), is_known, "of what was never asked about nothing is recorded");
        let Some(recorded) = recorded else { return };
        if let Recording::Recorded(outcome) | Recording::Corrected(outcome) = recorded.recording {
            self.told.push(ToldOf { number, id: recorded.id, outcome });
        }
    }

    async fn make_twice(&mut self, day: u32) {
        let (one, other) = (self.maker(), self.maker());
        let now = settled(day);
        let one = tokio::spawn(async move { one.make(None, now).await.unwrap() });
        let other = other.make(None, now).await.unwrap();
        let one = one.await.unwrap();
        assert_eq!((&one.hash, one.is_newest, one.as_of), (&other.hash, other.is_newest, other.as_of));
        assert!(one.is_newest && one.as_of == Trams::moment(day));
        for service in &self.services {
            service.look().await;
            assert_eq!(service.snapshot().unwrap().hash, one.hash);
        }
        self.made.push(one);
    }

    /// Returns what counts, as whoever trains has it: for each outcome the record that was asked about last when it became known.
    pub(crate) fn events(&self) -> Vec<Labelled> {
        let schema = self.packages[0].schema();
        let event = |told: &ToldOf| {
            let asked = self.asked.iter().filter(|asked| asked.number == Some(told.number));
            let latest =
                asked.filter(|asked| asked.asked_at <= told.outcome.known_at).max_by_key(|asked| asked.asked_at);
            let label = stored::label(schema, &told.outcome.label);
            Labelled { record: latest.unwrap().record.clone(), label, known_at: Some(told.outcome.known_at) }
        };
        self.told.iter().map(event).collect()
    }

    /// Returns the package by a snapshot that it came with, or that was published.
    pub(crate) async fn package_by(&self, hash: &Arc<str>) -> Package {
        let package = &self.packages[0];
        if package.snapshot() == Some(hash) {
            return Package::clone(package);
        }
        package.with_snapshot(&self.store.snapshot(hash).await.unwrap().unwrap()).unwrap()
    }
}

/// Returns what happens, in any order.
fn deeds() -> Vec<(Timestamp, Deed)> {
    let mut random = Rng::with_seed(17);
    let mut deeds: Vec<(Timestamp, Deed)> = (15..=36).map(|day| (settled(day), Deed::Make(day))).collect();
    let minutes = |time: Timestamp, minutes: i64| time.checked_add(SignedDuration::from_mins(minutes)).unwrap();
    for number in 1000..1320_u32 {
        // In it is the night of 29 March, which lacks an hour.
        let day = 15 + (number - 1000) / 16;
        // What was known before the package's own snapshot is in it.
        let first = if day == 15 { 7 } else { 0 };
        let starts_at = minutes(hour(day, random.u32(first..24)), [7, 27, 47][random.usize(0..3)]);
        let place = PLACES[random.usize(0..3)];
        let late = random.f64() < if place == "east" { 0.6 } else { 0.25 };
        let key = (number % 11 != 0).then_some(number);
        let tram = |place: &str| json!({"number": key, "place": place, "starts_at": starts_at.to_string()});
        let version = random.usize(0..2);
        deeds.push((minutes(starts_at, -20), Deed::Ask(tram(place), version)));
        if number % 5 == 0 {
            deeds.push((minutes(starts_at, -10), Deed::Ask(tram(place), 1 - version)));
        }
        if number % 7 == 0 {
            deeds.push((minutes(starts_at, -180), Deed::Ask(tram(PLACES[random.usize(0..3)]), version)));
        }
        if number % 17 == 0 {
            continue;
        }
        let days = [3, 0, 0, 8, 0, 0, 0][number as usize % 7];
        let told_at = minutes(starts_at, days * 24 * 60 + random.i64(30..1200));
        let tell = |late, corrects| Deed::Tell { number, late, corrects, of_first: number % 6 == 0 };
        deeds.push((told_at, tell(late, false)));
        // The same again, which changes nothing, and the contrary without saying so, which is refused.
        deeds.push((minutes(told_at, 1), tell(late, false)));
        deeds.push((minutes(told_at, 2), tell(!late, false)));
        if number % 10 == 3 {
            deeds.push((minutes(told_at, 5), Deed::Ask(tram(PLACES[random.usize(0..3)]), version)));
        }
        if number % 4 == 3 {
            deeds.push((minutes(told_at, random.i64(10..3000)), tell(!late, true)));
        }
        if number % 8 == 3 {
            deeds.push((minutes(told_at, random.i64(3000..9000)), tell(late, true)));
        }
    }
    deeds.extend(strange());
    deeds
}

/// Returns what should not happen, and does.
fn strange() -> Vec<(Timestamp, Deed)> {
    let tram = |number: u32, starts_at: &str| json!({"number": number, "place": "east", "starts_at": starts_at});
    let tell = |number, late, corrects| Deed::Tell { number, late, corrects, of_first: false };
    vec![
        // Of a tram of a year ago it is told now, and corrected twice.
        ("2025-03-20T10:00:00Z".parse().unwrap(), Deed::Ask(tram(2000, "2025-03-20T12:00:00Z"), 0)),
        (hour(17, 9), tell(2000, true, false)),
        (hour(18, 9), tell(2000, false, true)),
        (hour(20, 9), tell(2000, true, true)),
        // Of a tram that never was.
        (hour(17, 10), tell(2001, true, false)),
        (hour(18, 10), tell(2001, true, true)),
        // Of trams that are still to come: tomorrow, and at Christmas; corrected when the first has come.
        (hour(19, 9), Deed::Ask(tram(2002, "2026-03-20T17:00:00+01:00"), 0)),
        (hour(19, 10), tell(2002, true, false)),
        (hour(21, 10), tell(2002, false, true)),
        (hour(19, 9), Deed::Ask(tram(2003, "2026-12-24T17:00:00+01:00"), 1)),
        (hour(19, 11), tell(2003, true, false)),
        // Its time was a mistake, as is told later.
        (hour(22, 9), Deed::Ask(tram(2003, "2026-03-19T17:00:00+01:00"), 1)),
        (hour(22, 10), tell(2003, false, true)),
    ]
}
