//! Turns a passenger into the numbers that the model reads: the only place that does.
//!
//! Serving calls [`FeatureState::features`] for each request, and training calls the same code through `lifeboat fit` and
//! `lifeboat features`, so that the two cannot differ.

use std::sync::LazyLock;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use thiserror::Error;

use crate::history::{History, Kind};
use crate::passenger::{Class, Passenger, Port, Sex};

/// Below this age, in years, a boy counts among the children.
pub const CHILD_AGE: f64 = 14.0;

/// A family of at least this many is a large one.
const LARGE_FAMILY: u8 = 5;

/// How many features there are.
pub const FEATURE_COUNT: usize = 39;

/// The features' names, in the order in which the model reads them.
///
/// Flags are 0 or 1, ages are years, fares are the natural logarithm of 1 + pounds, and history features are mean
/// residuals of survival (see [`crate::history::Outcomes`]).
pub const FEATURE_NAMES: [&str; FEATURE_COUNT] = [
    "class_1",
    "class_2",
    "class_3",
    "female",
    "age",
    "age_missing",
    "child",
    "sib_sp",
    "parch",
    "family_size",
    "alone",
    "large_family",
    "log_fare",
    "log_fare_per_person",
    "title_mr",
    "title_mrs",
    "title_miss",
    "title_master",
    "title_rare",
    "port_q",
    "deck_a",
    "deck_b",
    "deck_c",
    "deck_d",
    "deck_e",
    "deck_fg",
    "deck_missing",
    "ticket_number_only",
    "ticket_pc",
    "ticket_ca",
    "ticket_a",
    "female_class_3",
    "man_class_1",
    "female_large_family",
    "history_party_women_children",
    "history_party_women_children_female",
    "history_party_men",
    "history_party",
    "history_ticket_neighbours",
];

/// The SHA-256 of the feature names, one a line, in hexadecimal: a model fits this code only if it was trained on the same.
pub static FEATURE_SET_HASH: LazyLock<String> = LazyLock::new(|| {
    let mut hash = Sha256::new();
    for name in FEATURE_NAMES {
        hash.update(name);
        hash.update(b"\n");
    }
    hex(&hash.finalize())
});

/// Returns bytes in hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    let digit = |nibble: u8| char::from(b"0123456789abcdef"[usize::from(nibble)]);
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

/// The features of one passenger, in the order of [`FEATURE_NAMES`]; always finite when computed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Features(pub [f32; FEATURE_COUNT]);

impl Features {
    /// Returns each feature with its name, in order.
    pub fn named(&self) -> impl Iterator<Item = (&'static str, f32)> {
        FEATURE_NAMES.into_iter().zip(self.0)
    }
}

/// What was fitted to the training data: everything that turns a passenger into features, beside the code.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FeatureState {
    /// The names of the features that this state was fitted for.
    pub feature_names: Vec<String>,
    /// The SHA-256 of those names, as in [`FEATURE_SET_HASH`].
    pub feature_set_hash: String,
    /// The SHA-256 of the training file.
    pub data_hash: String,
    /// How many passengers it was fitted to.
    pub rows: usize,
    age_medians: AgeMedians,
    fare_medians: [f64; 3],
    history: History,
}

/// A training file that no state can be fitted to.
#[derive(Debug, Error)]
pub enum FitError {
    /// There was no passenger at all.
    #[error("there is no passenger to fit to")]
    Empty,
    /// A median needs one value at least.
    #[error("no passenger has a value for {0}")]
    NoValue(&'static str),
}

impl FeatureState {
    /// Fits the state to labelled passengers; `data_hash` names the file that they came from.
    pub fn fit(passengers: &[(Passenger, bool)], data_hash: String) -> Result<Self, FitError> {
        if passengers.is_empty() {
            return Err(FitError::Empty);
        }
        let age_medians = AgeMedians::fit(passengers)?;
        let history = History::fit(passengers.iter().map(|(passenger, survived)| {
            let age = age_medians.age(passenger, Title::of(passenger));
            (passenger, Kind::new(passenger.sex, age), *survived)
        }));
        Ok(Self {
            feature_names: FEATURE_NAMES.map(str::to_owned).to_vec(),
            feature_set_hash: FEATURE_SET_HASH.clone(),
            data_hash,
            rows: passengers.len(),
            age_medians,
            fare_medians: fare_medians(passengers)?,
            history,
        })
    }

    /// Tells whether this state was fitted for the features of this code.
    pub fn fits_this_code(&self) -> bool {
        self.feature_set_hash == *FEATURE_SET_HASH && self.feature_names == FEATURE_NAMES
    }

    /// Returns whether this state was fitted to this very passenger, as far as it keeps who that was.
    pub fn was_fitted_to(&self, passenger: &Passenger) -> bool {
        self.history.is_known(passenger)
    }

    /// Computes the features of a passenger.
    pub fn features(&self, passenger: &Passenger) -> Features {
        let title = Title::of(passenger);
        let age = self.age_medians.age(passenger, title);
        let kind = Kind::new(passenger.sex, age);
        let mut row = Row::new();
        row.person(passenger, title, age);
        row.family(passenger);
        row.fare(passenger.fare.unwrap_or(self.fare_medians[class_index(passenger.class)]), passenger);
        row.title(title);
        row.port(passenger.embarked);
        row.deck(passenger.cabin.as_deref());
        row.ticket(passenger.ticket.as_deref().unwrap_or_default());
        row.crossings(passenger, kind);
        row.history(passenger, &self.history);
        row.finish()
    }
}

/// A row of features being filled, in the order of [`FEATURE_NAMES`].
struct Row {
    values: [f32; FEATURE_COUNT],
    filled: usize,
}

impl Row {
    fn new() -> Self {
        Self { values: [0.0; FEATURE_COUNT], filled: 0 }
    }

    #[expect(clippy::cast_possible_truncation, reason = "the model reads f32")]
    fn push(&mut self, value: f64) {
        self.values[self.filled] = value as f32;
        self.filled += 1;
    }

    fn flag(&mut self, flag: bool) {
        self.push(f64::from(u8::from(flag)));
    }

    /// Pushes a flag for each choice: 1 for the one that is so, 0 for the others.
    fn one_hot<T: PartialEq>(&mut self, choices: impl IntoIterator<Item = T>, actual: &T) {
        for choice in choices {
            self.flag(choice == *actual);
        }
    }

    fn finish(self) -> Features {
        debug_assert_eq!(self.filled, FEATURE_COUNT, "every feature is filled once");
        Features(self.values)
    }

    fn person(&mut self, passenger: &Passenger, title: Title, age: f64) {
        self.one_hot([Class::First, Class::Second, Class::Third], &passenger.class);
        self.flag(passenger.sex == Sex::Female);
        self.push(age);
        self.flag(passenger.age.is_none());
        self.flag(age < CHILD_AGE || title == Title::Master);
    }

    fn family(&mut self, passenger: &Passenger) {
        let size = passenger.family_size();
        self.push(passenger.sib_sp.unwrap_or_default().into());
        self.push(passenger.parch.unwrap_or_default().into());
        self.push(size.into());
        self.flag(size == 1);
        self.flag(size >= LARGE_FAMILY);
    }

    fn fare(&mut self, fare: f64, passenger: &Passenger) {
        // The logarithm comes from `libm`, not from the platform, so that every machine computes the same bits.
        let log_fare = libm::log1p(fare);
        let persons = passenger.family_size();
        self.push(log_fare);
        self.push(if persons == 1 { log_fare } else { libm::log1p(fare / f64::from(persons)) });
    }

    fn title(&mut self, title: Title) {
        self.one_hot(Title::ALL, &title);
    }

    fn port(&mut self, port: Option<Port>) {
        // Cherbourg and Southampton differ by class and fare, which are features already.
        self.flag(port == Some(Port::Queenstown));
    }

    fn deck(&mut self, cabin: Option<&str>) {
        let deck = cabin.and_then(|cabin| cabin.chars().next()).map(|deck| match deck.to_ascii_uppercase() {
            'G' => 'F',
            deck => deck,
        });
        self.one_hot(['A', 'B', 'C', 'D', 'E', 'F'].map(Some), &deck);
        self.flag(deck.is_none());
    }

    fn ticket(&mut self, ticket: &str) {
        let prefix = TicketPrefix::of(ticket);
        self.one_hot([TicketPrefix::None, TicketPrefix::Pc, TicketPrefix::Ca, TicketPrefix::A].map(Some), &prefix);
    }

    fn crossings(&mut self, passenger: &Passenger, kind: Kind) {
        let third = passenger.class == Class::Third;
        self.flag(third && passenger.sex == Sex::Female);
        self.flag(passenger.class == Class::First && kind == Kind::Man);
        self.flag(passenger.sex == Sex::Female && passenger.family_size() >= LARGE_FAMILY);
    }

    fn history(&mut self, passenger: &Passenger, history: &History) {
        let outcomes = history.outcomes(passenger);
        self.push(outcomes.party_women_and_children);
        // A woman shares the fate of her party's women and children more than a man does.
        self.push(if passenger.sex == Sex::Female { outcomes.party_women_and_children } else { 0.0 });
        self.push(outcomes.party_men);
        self.push(outcomes.party);
        self.push(outcomes.neighbours);
    }
}

/// The title in a name, in five groups.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Title {
    Mr,
    Mrs,
    Miss,
    Master,
    /// Officers, doctors, clergymen and nobility.
    Rare,
}

impl Title {
    const ALL: [Self; 5] = [Self::Mr, Self::Mrs, Self::Miss, Self::Master, Self::Rare];

    /// Returns the title that a name shows, or the likeliest one where it shows none.
    fn of(passenger: &Passenger) -> Self {
        passenger.name.as_deref().and_then(Self::in_name).unwrap_or_else(|| match passenger.sex {
            Sex::Female
                if passenger.sib_sp.is_some_and(|count| count > 0)
                    && passenger.age.is_none_or(|age| age >= CHILD_AGE) =>
            {
                Self::Mrs
            }
            Sex::Female => Self::Miss,
            Sex::Male if passenger.age.is_some_and(|age| age < CHILD_AGE) => Self::Master,
            Sex::Male => Self::Mr,
        })
    }

    /// Reads `Surname, Title. Given names`.
    fn in_name(name: &str) -> Option<Self> {
        let (title, _) = name.split_once(',')?.1.split_once('.')?;
        // "the Countess" ends in the word that counts.
        match title.split_whitespace().next_back()? {
            "Mr" => Some(Self::Mr),
            "Mrs" | "Mme" => Some(Self::Mrs),
            "Miss" | "Ms" | "Mlle" => Some(Self::Miss),
            "Master" => Some(Self::Master),
            "Capt" | "Col" | "Countess" | "Don" | "Dona" | "Dr" | "Jonkheer" | "Lady" | "Major" | "Rev" | "Sir" => {
                Some(Self::Rare)
            }
            _ => None,
        }
    }
}

/// What stands before the number of a ticket, for the prefixes that tell something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum TicketPrefix {
    None,
    Pc,
    Ca,
    A,
}

impl TicketPrefix {
    fn of(ticket: &str) -> Option<Self> {
        let mut letters = ticket.bytes().filter(u8::is_ascii_alphanumeric).map(|byte| byte.to_ascii_uppercase());
        match (letters.next()?, letters.next()) {
            (first, _) if first.is_ascii_digit() => Some(Self::None),
            (b'P', Some(b'C')) => Some(Self::Pc),
            (b'C', Some(b'A')) => Some(Self::Ca),
            (b'A', Some(b'4' | b'5')) => Some(Self::A),
            _ => None,
        }
    }
}

/// Median ages in years by title and class, for passengers whose age is unknown.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct AgeMedians {
    mr: [f64; 3],
    mrs: [f64; 3],
    miss: [f64; 3],
    master: [f64; 3],
    rare: [f64; 3],
}

impl AgeMedians {
    /// Takes the median of each title and class, else of the title, else of everyone.
    fn fit(passengers: &[(Passenger, bool)]) -> Result<Self, FitError> {
        let ages: Vec<(Title, Class, f64)> = passengers
            .iter()
            .filter_map(|(passenger, _)| Some((Title::of(passenger), passenger.class, passenger.age?)))
            .collect();
        let median_where = |keep: &dyn Fn(Title, Class) -> bool| {
            median(ages.iter().filter(|(title, class, _)| keep(*title, *class)).map(|(_, _, age)| *age))
        };
        let overall = median_where(&|_, _| true).ok_or(FitError::NoValue("Age"))?;
        let by_class = |title: Title| {
            let of_title = median_where(&|other, _| other == title).unwrap_or(overall);
            [Class::First, Class::Second, Class::Third]
                .map(|class| median_where(&|t, c| (t, c) == (title, class)).unwrap_or(of_title))
        };
        let [mr, mrs, miss, master, rare] = Title::ALL.map(by_class);
        Ok(Self { mr, mrs, miss, master, rare })
    }

    /// Returns the passenger's age, or the median one of its like.
    fn age(&self, passenger: &Passenger, title: Title) -> f64 {
        let medians = match title {
            Title::Mr => &self.mr,
            Title::Mrs => &self.mrs,
            Title::Miss => &self.miss,
            Title::Master => &self.master,
            Title::Rare => &self.rare,
        };
        passenger.age.unwrap_or(medians[class_index(passenger.class)])
    }
}

fn fare_medians(passengers: &[(Passenger, bool)]) -> Result<[f64; 3], FitError> {
    let fares = |keep: &dyn Fn(Class) -> bool| {
        let kept = passengers.iter().filter(|(passenger, _)| keep(passenger.class));
        median(kept.filter_map(|(passenger, _)| passenger.fare))
    };
    let overall = fares(&|_| true).ok_or(FitError::NoValue("Fare"))?;
    Ok([Class::First, Class::Second, Class::Third].map(|class| fares(&|other| other == class).unwrap_or(overall)))
}

fn class_index(class: Class) -> usize {
    usize::from(class.number()) - 1
}

fn median(values: impl Iterator<Item = f64>) -> Option<f64> {
    let mut values: Vec<f64> = values.collect();
    values.sort_unstable_by(f64::total_cmp);
    let upper = *values.get(values.len() / 2)?;
    if values.len() % 2 == 1 { Some(upper) } else { Some(f64::midpoint(values[values.len() / 2 - 1], upper)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::passenger::json::Parsed;
    use proptest::prelude::*;

    fn passenger(json: &str) -> Passenger {
        serde_json::from_str::<Parsed>(json).unwrap().0.unwrap()
    }

    fn named(name: &str) -> Passenger {
        passenger(&format!(r#"{{"Pclass": 1, "Sex": "female", "Name": "{name}"}}"#))
    }

    fn state() -> FeatureState {
        let rows = [
            (passenger(r#"{"Pclass":3,"Sex":"male","Name":"A, Mr. B","Age":20,"Ticket":"1","Fare":7}"#), false),
            (passenger(r#"{"Pclass":3,"Sex":"male","Name":"C, Mr. D","Age":31,"Ticket":"2","Fare":9}"#), false),
            (passenger(r#"{"Pclass":1,"Sex":"female","Name":"E, Mrs. F","Age":40,"Ticket":"3","Fare":80}"#), true),
        ];
        FeatureState::fit(&rows, String::new()).unwrap()
    }

    fn feature(features: &Features, name: &str) -> f32 {
        features.named().find(|(other, _)| *other == name).unwrap().1
    }

    #[test]
    fn titles_are_read_from_names() {
        for (name, title) in [
            ("Braund, Mr. Owen Harris", Title::Mr),
            ("Rothes, the Countess. of (Lucy Noel)", Title::Rare),
            ("Aubart, Mme. Leontine Pauline", Title::Mrs),
            ("Simonius-Blumer, Col. Oberst Alfons", Title::Rare),
            ("no comma", Title::Miss),
        ] {
            assert_eq!(Title::of(&named(name)), title, "{name}");
        }
    }

    #[test]
    fn ticket_prefixes_are_read_whatever_their_dots() {
        for (ticket, prefix) in [
            ("113803", Some(TicketPrefix::None)),
            ("PC 17599", Some(TicketPrefix::Pc)),
            ("C.A. 2343", Some(TicketPrefix::Ca)),
            ("A/5 21171", Some(TicketPrefix::A)),
            ("A.5. 18509", Some(TicketPrefix::A)),
            ("STON/O2. 3101282", None),
            ("", None),
        ] {
            assert_eq!(TicketPrefix::of(ticket), prefix, "{ticket}");
        }
    }

    #[test]
    fn missing_values_are_imputed_by_title_and_class() {
        let features = state().features(&passenger(r#"{"Pclass": 3, "Sex": "male", "Name": "X, Mr. Y"}"#));
        assert!((feature(&features, "age") - 25.5).abs() < 1e-6);
        assert!((feature(&features, "age_missing") - 1.0).abs() < 1e-6);
        assert!((feature(&features, "log_fare") - 9.0_f32.ln()).abs() < 1e-6);
    }

    #[test]
    fn nothing_to_fit_to_is_an_error() {
        assert!(matches!(FeatureState::fit(&[], String::new()), Err(FitError::Empty)));
        let ageless = [(passenger(r#"{"Pclass": 3, "Sex": "male"}"#), true)];
        assert!(matches!(FeatureState::fit(&ageless, String::new()), Err(FitError::NoValue("Age"))));
    }

    proptest! {
        #[test]
        fn features_are_finite_and_flags_are_flags(
            class in 1_u8..=3, female: bool, age in proptest::option::of(0.0..=120.0_f64), name in ".{0,20}",
            fare in proptest::option::of(0.0..=10_000.0_f64), sib_sp in 0_u8..=20, cabin in ".{0,4}", ticket in ".{0,9}",
        ) {
            let json = serde_json::json!({
                "Pclass": class, "Sex": if female { "female" } else { "male" }, "Age": age, "Fare": fare,
                "SibSp": sib_sp, "Name": name, "Cabin": cabin, "Ticket": ticket,
            });
            let features = state().features(&passenger(&json.to_string()));
            prop_assert!(features.0.iter().all(|value| value.is_finite()));
            for group in ["class_", "title_"] {
                let sum: f32 = features.named().filter(|(name, _)| name.starts_with(group)).map(|(_, v)| v).sum();
                prop_assert!((sum - 1.0).abs() < 1e-6, "{} flags sum to {}", group, sum);
            }
        }
    }
}
