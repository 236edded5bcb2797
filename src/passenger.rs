//! A passenger as a client describes it: parsed, normalised and valid by construction.
//!
//! [`Draft`] takes one field at a time from any format ([`json`], [`csv`]), collects **every** fault, and ends in either a
//! [`Passenger`] or the list of what is wrong with it. The rules stand here and nowhere else.

pub mod csv;
pub mod json;
pub mod signature;

use std::fmt;

/// The largest `PassengerId`: the largest integer that every JSON reader keeps exactly (2^53 − 1).
pub const MAX_PASSENGER_ID: u64 = (1 << 53) - 1;

/// The longest `Name`, `Ticket` or `Cabin`, in characters.
pub const MAX_TEXT_CHARS: usize = 256;

pub(crate) const MAX_AGE_YEARS: f64 = 120.0;
pub(crate) const MAX_RELATIVES: u8 = 20;
pub(crate) const MAX_FARE_POUNDS: f64 = 10_000.0;

/// One passenger of the ship, in Kaggle's terms.
///
/// Texts are trimmed and an empty text is a missing one, so that two spellings of the same passenger are one passenger.
#[derive(Debug, Clone, PartialEq)]
pub struct Passenger {
    pub(crate) passenger_id: Option<u64>,
    pub(crate) class: Class,
    pub(crate) name: Option<String>,
    pub(crate) sex: Sex,
    /// Years, 0 to 120.
    pub(crate) age: Option<f64>,
    /// Siblings and spouses aboard, 0 to 20. Absent is not zero: features take none for zero, the record does not.
    pub(crate) sib_sp: Option<u8>,
    /// Parents and children aboard, 0 to 20, likewise.
    pub(crate) parch: Option<u8>,
    pub(crate) ticket: Option<String>,
    /// Pounds of 1912, 0 to 10,000.
    pub(crate) fare: Option<f64>,
    pub(crate) cabin: Option<String>,
    pub(crate) embarked: Option<Port>,
}

impl Passenger {
    /// The fields that may be missing and say something of the passenger, by Kaggle's names.
    pub const OPTIONAL: [&str; 8] = ["Name", "Age", "SibSp", "Parch", "Ticket", "Fare", "Cabin", "Embarked"];

    /// Returns the `PassengerId`, where the client gave one.
    pub fn passenger_id(&self) -> Option<u64> {
        self.passenger_id
    }

    /// Tells whether no value was given for a field, by Kaggle's name; a field that is required is never missing.
    pub(crate) fn is_missing(&self, field: &str) -> bool {
        match field {
            "Name" => self.name.is_none(),
            "Age" => self.age.is_none(),
            "SibSp" => self.sib_sp.is_none(),
            "Parch" => self.parch.is_none(),
            "Ticket" => self.ticket.is_none(),
            "Fare" => self.fare.is_none(),
            "Cabin" => self.cabin.is_none(),
            "Embarked" => self.embarked.is_none(),
            _ => false,
        }
    }

    /// Returns how many travel together as a family, this passenger included; nobody is added for a field that is not given.
    pub(crate) fn family_size(&self) -> u8 {
        family_size(self.sib_sp, self.parch)
    }
}

/// Returns how many a family is of that many siblings and spouses, parents and children, and the passenger.
pub(crate) fn family_size(sib_sp: Option<u8>, parch: Option<u8>) -> u8 {
    sib_sp.unwrap_or_default() + parch.unwrap_or_default() + 1
}

/// Ticket class.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// `Pclass` 1.
    First = 1,
    /// `Pclass` 2.
    Second = 2,
    /// `Pclass` 3.
    Third = 3,
}

impl Class {
    /// Returns the class that Kaggle writes as this number.
    pub(crate) fn from_number(number: u64) -> Option<Self> {
        match number {
            1 => Some(Self::First),
            2 => Some(Self::Second),
            3 => Some(Self::Third),
            _ => None,
        }
    }

    /// Returns 1, 2 or 3.
    pub fn number(self) -> u8 {
        self as u8
    }
}

/// Sex as the passenger list has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sex {
    /// `female`
    Female,
    /// `male`
    Male,
}

impl Sex {
    pub(crate) fn from_text(text: &str) -> Option<Self> {
        if text.eq_ignore_ascii_case("female") {
            Some(Self::Female)
        } else if text.eq_ignore_ascii_case("male") {
            Some(Self::Male)
        } else {
            None
        }
    }

    /// Returns `female` or `male`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Female => "female",
            Self::Male => "male",
        }
    }
}

/// Port of embarkation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Port {
    /// `C`
    Cherbourg,
    /// `Q`
    Queenstown,
    /// `S`
    Southampton,
}

impl Port {
    pub(crate) fn from_text(text: &str) -> Option<Self> {
        match text {
            "C" | "c" => Some(Self::Cherbourg),
            "Q" | "q" => Some(Self::Queenstown),
            "S" | "s" => Some(Self::Southampton),
            _ => None,
        }
    }

    /// Returns `C`, `Q` or `S`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Cherbourg => "C",
            Self::Queenstown => "Q",
            Self::Southampton => "S",
        }
    }
}

/// A column of Kaggle's files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are Kaggle's own")]
pub enum Field {
    PassengerId,
    Survived,
    Pclass,
    Name,
    Sex,
    Age,
    SibSp,
    Parch,
    Ticket,
    Fare,
    Cabin,
    Embarked,
}

impl Field {
    /// Every field, in the order of Kaggle's `train.csv`.
    pub const ALL: [Self; 12] = [
        Self::PassengerId,
        Self::Survived,
        Self::Pclass,
        Self::Name,
        Self::Sex,
        Self::Age,
        Self::SibSp,
        Self::Parch,
        Self::Ticket,
        Self::Fare,
        Self::Cabin,
        Self::Embarked,
    ];

    /// Returns the field of this name: Kaggle's spelling, or its `snake_case` alias.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|field| field.name() == name || field.alias() == name)
    }

    /// Returns Kaggle's spelling.
    pub fn name(self) -> &'static str {
        match self {
            Self::PassengerId => "PassengerId",
            Self::Survived => "Survived",
            Self::Pclass => "Pclass",
            Self::Name => "Name",
            Self::Sex => "Sex",
            Self::Age => "Age",
            Self::SibSp => "SibSp",
            Self::Parch => "Parch",
            Self::Ticket => "Ticket",
            Self::Fare => "Fare",
            Self::Cabin => "Cabin",
            Self::Embarked => "Embarked",
        }
    }

    /// Returns the `snake_case` spelling.
    pub fn alias(self) -> &'static str {
        match self {
            Self::PassengerId => "passenger_id",
            Self::Survived => "survived",
            Self::Pclass => "pclass",
            Self::Name => "name",
            Self::Sex => "sex",
            Self::Age => "age",
            Self::SibSp => "sib_sp",
            Self::Parch => "parch",
            Self::Ticket => "ticket",
            Self::Fare => "fare",
            Self::Cabin => "cabin",
            Self::Embarked => "embarked",
        }
    }

    fn bit(self) -> u16 {
        1 << self as u16
    }

    fn is_number(self) -> bool {
        matches!(self, Self::PassengerId | Self::Pclass | Self::Age | Self::SibSp | Self::Parch | Self::Fare)
    }
}

/// A field under the name by which an input calls it, which is the name that a fault of it must show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column {
    /// The field.
    pub field: Field,
    /// Kaggle's spelling or the alias.
    pub spelling: &'static str,
}

impl Column {
    /// Returns the column of this name, where a passenger has one.
    pub fn from_name(name: &str) -> Option<Self> {
        let field = Field::from_name(name)?;
        let spelling = if field.name() == name { field.name() } else { field.alias() };
        Some(Self { field, spelling })
    }
}

impl From<Field> for Column {
    fn from(field: Field) -> Self {
        Self { field, spelling: field.name() }
    }
}

/// What stands in one field of an input, whatever its format.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Value<'a> {
    /// Nothing: JSON's `null`, an empty cell.
    Missing,
    /// A number with no fraction.
    Integer(i64),
    /// Any other number.
    Float(f64),
    /// A text.
    Text(&'a str),
    /// `true` or `false`.
    Boolean,
    /// A list or an object.
    Nested,
}

impl fmt::Display for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => f.write_str("nothing"),
            Self::Integer(number) => write!(f, "{number}"),
            Self::Float(number) => write!(f, "{number}"),
            Self::Text(text) => write!(f, "the text \"{}\"", shorten(text)),
            Self::Boolean => f.write_str("true or false"),
            Self::Nested => f.write_str("a list or an object"),
        }
    }
}

/// One thing that is wrong with an input, in words for the one who sent it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The field's name as the input spells it; none when the record as a whole is at fault.
    pub field: Option<String>,
    /// What was expected and what was found.
    pub detail: String,
}

impl Fault {
    /// Makes a fault of the record as a whole.
    pub fn of_record(detail: impl Into<String>) -> Self {
        Self { field: None, detail: detail.into() }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.field {
            Some(field) => write!(f, "{field} {}", self.detail),
            None => f.write_str(&self.detail),
        }
    }
}

/// Returns faults as a person reads them: `Age must be …; Pclass is required`.
pub(crate) fn in_words(faults: &[Fault]) -> String {
    let words: Vec<String> = faults.iter().map(Fault::to_string).collect();
    words.join("; ")
}

/// A passenger being read: takes fields in any order and remembers every fault.
#[derive(Debug, Default)]
pub struct Draft {
    passenger_id: Option<u64>,
    class: Option<Class>,
    name: Option<String>,
    sex: Option<Sex>,
    age: Option<f64>,
    sib_sp: Option<u8>,
    parch: Option<u8>,
    ticket: Option<String>,
    fare: Option<f64>,
    cabin: Option<String>,
    embarked: Option<Port>,
    seen: u16,
    faults: Vec<Fault>,
}

impl Draft {
    /// Takes the value of one field, refusing a field that came before.
    pub fn set(&mut self, column: Column, value: Value<'_>) {
        let bit = column.field.bit();
        if self.seen & bit != 0 {
            self.fault(column.spelling, "stands more than once".to_owned());
            return;
        }
        self.seen |= bit;
        if let Err(detail) = self.assign(column.field, value) {
            self.fault(column.spelling, detail);
        }
    }

    /// Records a field that no passenger has.
    pub fn refuse(&mut self, name: &str) {
        let known = Field::ALL.map(Field::name).join(", ");
        self.fault(&shorten(name), format!("is not a field of a passenger: expected one of {known}"));
    }

    /// Records a fault of a field.
    pub(crate) fn fault(&mut self, field: &str, detail: String) {
        self.faults.push(Fault { field: Some(field.to_owned()), detail });
    }

    /// Returns the passenger, or every fault that stands in its way.
    pub fn finish(mut self) -> Result<Passenger, Vec<Fault>> {
        for field in [Field::Pclass, Field::Sex] {
            if self.seen & field.bit() == 0 {
                self.fault(field.name(), "is required".to_owned());
            }
        }
        let (Some(class), Some(sex), true) = (self.class, self.sex, self.faults.is_empty()) else {
            return Err(self.faults);
        };
        Ok(Passenger {
            passenger_id: self.passenger_id,
            class,
            name: self.name,
            sex,
            age: self.age,
            sib_sp: self.sib_sp,
            parch: self.parch,
            ticket: self.ticket,
            fare: self.fare,
            cabin: self.cabin,
            embarked: self.embarked,
        })
    }

    fn assign(&mut self, field: Field, value: Value<'_>) -> Result<(), String> {
        match field {
            Field::PassengerId => self.passenger_id = passenger_id(value)?,
            // A labelled row can be posted as it is: the label is nobody's business here.
            Field::Survived => {}
            Field::Pclass => self.class = Some(class(value)?),
            Field::Name => self.name = text(value)?,
            Field::Sex => self.sex = Some(sex(value)?),
            Field::Age => self.age = number(value, MAX_AGE_YEARS)?,
            Field::SibSp => self.sib_sp = count(value)?,
            Field::Parch => self.parch = count(value)?,
            Field::Ticket => self.ticket = text(value)?,
            Field::Fare => self.fare = number(value, MAX_FARE_POUNDS)?,
            Field::Cabin => self.cabin = text(value)?,
            Field::Embarked => self.embarked = port(value)?,
        }
        Ok(())
    }
}

fn passenger_id(value: Value<'_>) -> Result<Option<u64>, String> {
    if value == Value::Missing {
        return Ok(None);
    }
    match integer(value).and_then(|number| u64::try_from(number).ok()) {
        Some(number) if number <= MAX_PASSENGER_ID => Ok(Some(number)),
        _ => Err(format!("must be an integer from 0 to {MAX_PASSENGER_ID} or null, found {value}")),
    }
}

fn class(value: Value<'_>) -> Result<Class, String> {
    integer(value)
        .and_then(|number| u64::try_from(number).ok())
        .and_then(Class::from_number)
        .ok_or_else(|| format!("must be 1, 2 or 3, found {value}"))
}

fn sex(value: Value<'_>) -> Result<Sex, String> {
    match value {
        Value::Text(text) => Sex::from_text(text),
        _ => None,
    }
    .ok_or_else(|| format!("must be \"female\" or \"male\", found {value}"))
}

fn port(value: Value<'_>) -> Result<Option<Port>, String> {
    match value {
        Value::Missing => return Ok(None),
        Value::Text(text) => Port::from_text(text),
        _ => None,
    }
    .map(Some)
    .ok_or_else(|| format!("must be \"C\", \"Q\", \"S\" or null, found {value}"))
}

fn text(value: Value<'_>) -> Result<Option<String>, String> {
    let text = match value {
        Value::Missing => return Ok(None),
        Value::Text(text) => text.trim(),
        _ => return Err(format!("must be a text or null, found {value}")),
    };
    // A text of few bytes has few characters: most are never counted.
    if text.len() > MAX_TEXT_CHARS && text.chars().count() > MAX_TEXT_CHARS {
        let count = text.chars().count();
        return Err(format!("must be at most {MAX_TEXT_CHARS} characters, found {count}"));
    }
    Ok((!text.is_empty()).then(|| text.to_owned()))
}

fn count(value: Value<'_>) -> Result<Option<u8>, String> {
    if value == Value::Missing {
        return Ok(None);
    }
    match integer(value).and_then(|number| u8::try_from(number).ok()) {
        Some(count) if count <= MAX_RELATIVES => Ok(Some(count)),
        _ => Err(format!("must be an integer from 0 to {MAX_RELATIVES} or null, found {value}")),
    }
}

fn number(value: Value<'_>, max: f64) -> Result<Option<f64>, String> {
    #[expect(clippy::cast_precision_loss, reason = "an integer this large is out of range anyway")]
    let number = match value {
        Value::Missing => return Ok(None),
        Value::Integer(number) => number as f64,
        Value::Float(number) => number,
        _ => f64::NAN,
    };
    if (0.0..=max).contains(&number) {
        // Negative zero is zero, or one passenger would have two identities.
        Ok(Some(number + 0.0))
    } else {
        Err(format!("must be a number from 0 to {max} or null, found {value}"))
    }
}

/// Returns the integer a value stands for: `3` and `3.0` are the same number, as JSON Schema has it.
fn integer(value: Value<'_>) -> Option<i64> {
    match value {
        Value::Integer(number) => Some(number),
        #[expect(clippy::cast_possible_truncation, reason = "whole and small enough, as just checked")]
        Value::Float(number) if number.fract() == 0.0 && number.abs() <= MAX_EXACT => Some(number as i64),
        _ => None,
    }
}

/// The largest magnitude below which every whole `f64` is exact.
const MAX_EXACT: f64 = 9_007_199_254_740_991.0;

/// Returns the start of a text, for messages: what the client sent is echoed, but not at any length.
fn shorten(text: &str) -> String {
    const KEEP: usize = 40;
    let mut start: String = text.chars().take(KEEP).collect();
    if start.len() < text.len() {
        start.push('…');
    }
    start
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn draft(fields: &[(Field, Value<'_>)]) -> Result<Passenger, Vec<Fault>> {
        let mut draft = Draft::default();
        for (field, value) in fields {
            draft.set((*field).into(), *value);
        }
        draft.finish()
    }

    const CLASS: (Field, Value<'_>) = (Field::Pclass, Value::Integer(3));
    const SEX: (Field, Value<'_>) = (Field::Sex, Value::Text("MALE"));

    #[test]
    fn class_and_sex_are_enough() {
        let passenger = draft(&[CLASS, SEX]).unwrap();
        assert_eq!((passenger.class, passenger.sex), (Class::Third, Sex::Male));
        assert_eq!((passenger.age, passenger.sib_sp, passenger.name), (None, None, None));
    }

    #[test]
    fn every_fault_is_named() {
        let faults = draft(&[
            (Field::PassengerId, Value::Integer(-1)),
            (Field::Pclass, Value::Integer(4)),
            (Field::Name, Value::Integer(7)),
            (Field::Age, Value::Float(120.5)),
            (Field::SibSp, Value::Float(1.5)),
            (Field::Parch, Value::Text("2")),
            (Field::Ticket, Value::Nested),
            (Field::Fare, Value::Float(f64::NAN)),
            (Field::Cabin, Value::Text(&"x".repeat(257))),
            (Field::Embarked, Value::Text("X")),
        ])
        .unwrap_err();
        let fields: Vec<_> = faults.iter().map(|fault| fault.field.as_deref().unwrap_or_default()).collect();
        assert_eq!(
            fields,
            ["PassengerId", "Pclass", "Name", "Age", "SibSp", "Parch", "Ticket", "Fare", "Cabin", "Embarked", "Sex"]
        );
    }

    #[test]
    fn a_field_given_twice_is_refused() {
        let faults = draft(&[CLASS, SEX, CLASS]).unwrap_err();
        assert_eq!(faults[0].detail, "stands more than once");
    }

    #[test]
    fn texts_are_trimmed_and_empty_ones_are_missing() {
        let passenger = draft(&[
            CLASS,
            SEX,
            (Field::Name, Value::Text("  Kelly, Mr. James ")),
            (Field::Ticket, Value::Text("   ")),
        ])
        .unwrap();
        assert_eq!(passenger.name.as_deref(), Some("Kelly, Mr. James"));
        assert_eq!(passenger.ticket, None);
    }

    #[test]
    fn length_is_counted_in_characters() {
        let longest = "ø".repeat(MAX_TEXT_CHARS);
        assert!(draft(&[CLASS, SEX, (Field::Name, Value::Text(&longest))]).is_ok());
    }

    #[test]
    fn negative_zero_is_zero() {
        let passenger = draft(&[CLASS, SEX, (Field::Fare, Value::Float(-0.0))]).unwrap();
        assert_eq!(passenger.fare.unwrap().to_bits(), 0.0_f64.to_bits());
    }

    #[test]
    fn bounds_are_inclusive() {
        for age in [0.0, 120.0] {
            assert!(draft(&[CLASS, SEX, (Field::Age, Value::Float(age))]).is_ok());
        }
        #[expect(clippy::cast_possible_wrap, reason = "2^53 − 1 fits")]
        let largest = Value::Integer(MAX_PASSENGER_ID as i64);
        assert!(draft(&[CLASS, SEX, (Field::PassengerId, largest)]).is_ok());
    }

    proptest! {
        #[test]
        fn any_number_is_in_range_or_refused(number in proptest::num::f64::ANY) {
            let result = draft(&[CLASS, SEX, (Field::Age, Value::Float(number))]);
            prop_assert_eq!(result.is_ok(), (0.0..=120.0).contains(&number));
        }

        #[test]
        fn whole_floats_are_integers(number in -1000_i64..1000) {
            #[expect(clippy::cast_precision_loss, reason = "small")]
            let float = draft(&[CLASS, SEX, (Field::SibSp, Value::Float(number as f64))]);
            let integer = draft(&[CLASS, SEX, (Field::SibSp, Value::Integer(number))]);
            prop_assert_eq!(float.is_ok(), integer.is_ok());
        }
    }
}
