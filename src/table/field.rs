//! One field of a table: what its values are, what they are read from and how they are written.

use std::fmt;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::{AmbiguousOffset, TimeZone};
use regex::Regex;
use rustc_hash::FxHashMap;
use serde::{Serialize, Serializer};

use super::decimal::Decimal;
use super::descriptor::{Disambiguation, FieldType, Scalar};
use super::value::{Cell, MAX_INTEGER, Value, trim};

/// Of as many categories, each is looked at; of more, one is found by its hash.
const FEW_CATEGORIES: usize = 8;

/// As many categories are named in a message; of more, the first is.
const MAX_NAMED_CATEGORIES: usize = 10;

/// A field, compiled.
#[derive(Debug)]
pub struct Field {
    /// The name of the column.
    pub name: Box<str>,
    /// The name as a member of a JSON object begins with it: `"Name":`.
    pub(super) member: Box<str>,
    /// What it is called where people read it, where it has another name there.
    pub title: Option<Box<str>>,
    /// What it says of a record.
    pub description: Option<Box<str>>,
    /// The type by the standard.
    pub kind: FieldType,
    /// Whether a record must have a value.
    pub is_required: bool,
    /// Whether it is the label, which is only read where it must be told.
    pub(super) is_label: bool,
    /// Whether no two records of a file may have the same value.
    pub is_unique: bool,
    /// Other names of the column.
    pub aliases: Box<[Box<str>]>,
    /// What a valid value is.
    pub domain: Domain,
    /// A value that documents show.
    pub example: Option<serde_json::Value>,
    pub(super) missing_values: Box<[Box<str>]>,
    pub(super) true_values: Box<[Box<str>]>,
    pub(super) false_values: Box<[Box<str>]>,
}

/// What a valid value of a field is.
#[derive(Debug)]
pub enum Domain {
    /// True or false.
    Boolean,
    /// A whole number within bounds, both included.
    Integer(Bounds<i64>),
    /// A number within bounds.
    Number(Bounds<f64>),
    /// A text.
    Text(TextRule),
    /// One of some values.
    Categories(Categories),
    /// A day within bounds.
    Date(Bounds<Date>),
    /// A moment within bounds.
    Datetime(Bounds<Timestamp>, Zone),
}

/// What values may be: none, one or both of two bounds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bounds<T> {
    /// The lower bound.
    pub low: Option<Bound<T>>,
    /// The upper bound.
    pub high: Option<Bound<T>>,
}

impl<T> Default for Bounds<T> {
    fn default() -> Self {
        Self { low: None, high: None }
    }
}

/// A bound, and whether it is a value itself.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bound<T> {
    /// Where the bound is.
    pub at: T,
    /// Whether a value may be equal to it.
    pub is_inclusive: bool,
}

impl<T: PartialOrd> Bounds<T> {
    fn contain(&self, value: &T) -> bool {
        let is_low = |bound: &Bound<T>| bound.at < *value || bound.is_inclusive && bound.at == *value;
        let is_high = |bound: &Bound<T>| *value < bound.at || bound.is_inclusive && bound.at == *value;
        self.low.as_ref().is_none_or(is_low) && self.high.as_ref().is_none_or(is_high)
    }
}

/// Says the bounds as they follow "a number": ` from 0 to 120`.
impl<T: fmt::Display> fmt::Display for Bounds<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.low, &self.high) {
            (Some(Bound { at: low, is_inclusive: true }), Some(Bound { at: high, is_inclusive: true })) => {
                return write!(f, " from {low} to {high}");
            }
            (Some(Bound { at, is_inclusive: true }), _) => write!(f, " of at least {at}")?,
            (Some(Bound { at, is_inclusive: false }), _) => write!(f, " above {at}")?,
            (None, _) => {}
        }
        let and = if self.low.is_some() { " and" } else { "" };
        match &self.high {
            Some(Bound { at, is_inclusive: true }) => write!(f, "{and} of at most {at}"),
            Some(Bound { at, is_inclusive: false }) => write!(f, "{and} below {at}"),
            None => Ok(()),
        }
    }
}

/// What a valid text is.
#[derive(Debug, Default)]
pub struct TextRule {
    /// The fewest characters.
    pub min_chars: usize,
    /// The most characters.
    pub max_chars: Option<usize>,
    /// What the whole text matches, as the schema writes it.
    pub pattern: Option<Box<str>>,
    pub(super) regex: Option<Regex>,
}

/// The values of a field that has few.
#[derive(Debug)]
pub struct Categories {
    values: Box<[Scalar]>,
    labels: Box<[Option<Box<str>>]>,
    by_text: FxHashMap<Box<str>, u32>,
    by_integer: FxHashMap<i64, u32>,
    /// Empty where upper and lower case differ.
    by_lower_case: FxHashMap<Box<str>, u32>,
}

impl Categories {
    /// Compiles texts or integers of which no two are equal; the first that is equal to an earlier one is an error.
    pub(super) fn new(values: Vec<(Scalar, Option<String>)>, ignore_case: bool) -> Result<Self, Scalar> {
        let (values, labels): (Vec<_>, Vec<_>) =
            values.into_iter().map(|(value, label)| (value, label.map(Into::into))).unzip();
        let (mut by_text, mut by_integer, mut by_lower_case) =
            (FxHashMap::default(), FxHashMap::default(), FxHashMap::default());
        for (value, place) in values.iter().zip(0..) {
            let earlier = match value {
                Scalar::Text(text) => {
                    let same_in_lower_case =
                        ignore_case.then(|| by_lower_case.insert(text.to_lowercase().into(), place)).flatten();
                    by_text.insert(text.as_str().into(), place).or(same_in_lower_case)
                }
                Scalar::Integer(number) => by_integer.insert(*number, place),
                Scalar::Boolean(_) | Scalar::Number(_) => None,
            };
            if earlier.is_some() {
                return Err(value.clone());
            }
        }
        Ok(Self { values: values.into(), labels: labels.into(), by_text, by_integer, by_lower_case })
    }

    /// Returns the values, in the schema's order.
    pub fn values(&self) -> &[Scalar] {
        &self.values
    }

    /// Returns a category's value.
    pub fn value(&self, category: u32) -> &Scalar {
        &self.values[category as usize]
    }

    /// Returns what a category is called where people read it, where that is said.
    pub fn label(&self, category: u32) -> Option<&str> {
        self.labels[category as usize].as_deref()
    }

    /// Returns the category of a value.
    pub fn find(&self, value: &Scalar) -> Option<u32> {
        match value {
            Scalar::Text(text) => self.find_text(text),
            Scalar::Integer(number) => self.by_integer.get(number).copied(),
            Scalar::Boolean(_) | Scalar::Number(_) => None,
        }
    }

    fn find_text(&self, text: &str) -> Option<u32> {
        let exact = if self.values.len() <= FEW_CATEGORIES {
            let is_it = |value: &Scalar| matches!(value, Scalar::Text(one) if one == text);
            self.values.iter().zip(0..).find(|(value, _)| is_it(value)).map(|(_, place)| place)
        } else {
            self.by_text.get(text).copied()
        };
        exact.or_else(|| {
            if self.by_lower_case.is_empty() { None } else { self.by_lower_case.get(&*text.to_lowercase()).copied() }
        })
    }

    fn find_cell(&self, cell: Cell<'_>) -> Option<u32> {
        match cell {
            Cell::Text(text) => self.find_text(trim(text)),
            cell => self.by_integer.get(&cell.integer()?).copied(),
        }
    }
}

/// The zone of local times, and what those mean that its clocks show twice or never.
#[derive(Debug, Clone)]
pub struct Zone {
    /// The zone.
    pub timezone: TimeZone,
    /// The rule.
    pub disambiguation: Disambiguation,
}

impl Zone {
    /// Returns the moment of a local time, or why it is none.
    fn moment(&self, local: DateTime) -> Result<Timestamp, String> {
        let ambiguous = self.timezone.to_ambiguous_timestamp(local);
        let what = match ambiguous.offset() {
            AmbiguousOffset::Unambiguous { .. } => "is out of range",
            AmbiguousOffset::Gap { .. } => "never comes: the clocks are moved over it",
            AmbiguousOffset::Fold { .. } => "comes twice: write its offset, as in -04:00",
        };
        let moment = match self.disambiguation {
            Disambiguation::Compatible => ambiguous.compatible(),
            Disambiguation::Earlier => ambiguous.earlier(),
            Disambiguation::Later => ambiguous.later(),
            Disambiguation::Reject => ambiguous.unambiguous(),
        };
        moment.map_err(|_| format!("{local} {what}"))
    }
}

impl Field {
    /// Returns what the field is called where people read it.
    pub fn title(&self) -> &str {
        self.title.as_deref().unwrap_or(&self.name)
    }

    /// Returns whether its values are numbers, as a file writes them.
    pub fn is_numeric(&self) -> bool {
        matches!(self.kind, FieldType::Integer | FieldType::Number)
    }

    /// Returns whether JSON writes its values without quotation marks.
    pub fn is_written_bare(&self) -> bool {
        self.is_numeric() || self.kind == FieldType::Boolean
    }

    /// Returns the zone by whose clocks moments of the field have days and hours; a field of anything else has none.
    pub fn timezone(&self) -> Option<&TimeZone> {
        match &self.domain {
            Domain::Datetime(_, zone) => Some(&zone.timezone),
            _ => None,
        }
    }

    /// Returns the categories, where the field has some.
    pub fn categories(&self) -> Option<&Categories> {
        match &self.domain {
            Domain::Categories(categories) => Some(categories),
            _ => None,
        }
    }

    /// Returns whether a text of a file stands for a missing value here.
    pub fn is_missing(&self, text: &str) -> bool {
        text.is_empty() || self.missing_values.iter().any(|missing| **missing == *text)
    }

    /// Returns the value that a cell stands for, none for a missing one, or what was expected in its place.
    pub fn read(&self, cell: Cell<'_>) -> Result<Option<Value>, String> {
        let mut value = None;
        self.read_into(cell, &mut value)?;
        Ok(value)
    }

    /// Puts the value that a cell stands for in the place of another, of which a text leaves its memory to the next one.
    ///
    /// What stands there after an error means nothing.
    #[inline]
    pub(super) fn read_into(&self, cell: Cell<'_>, value: &mut Option<Value>) -> Result<(), String> {
        let is_missing = match cell {
            Cell::Missing => true,
            // Where a number or a category is expected, an empty text is a value of the wrong type, and JSON has null.
            Cell::Text(text) => matches!(self.domain, Domain::Text(_)) && trim(text).is_empty(),
            _ => false,
        };
        if is_missing {
            *value = None;
            return if self.is_required { Err(self.expected(cell)) } else { Ok(()) };
        }
        let read = match &self.domain {
            Domain::Boolean => boolean(cell),
            Domain::Integer(bounds) => cell.integer().filter(|number| bounds.contain(number)).map(Value::Integer),
            // Negative zero is zero, or one record would have two identities.
            Domain::Number(bounds) => cell
                .number()
                .filter(|number| number.is_finite() && bounds.contain(number))
                .map(|number| Value::Number(number + 0.0)),
            Domain::Text(rule) => return self.read_text(rule, cell, value),
            Domain::Categories(categories) => categories.find_cell(cell).map(Value::Category),
            Domain::Date(bounds) => date(cell).filter(|date| bounds.contain(date)).map(Value::Date),
            Domain::Datetime(bounds, zone) => match datetime(cell, zone)? {
                Some(moment) if bounds.contain(&moment) => Some(Value::Datetime(moment)),
                _ => None,
            },
        };
        if read.is_none() {
            return Err(self.expected(cell));
        }
        *value = read;
        Ok(())
    }

    /// Returns the value that a text of a file stands for: there, everything is a text, and some texts stand for a missing value.
    pub fn read_from_file(&self, text: &str) -> Result<Option<Value>, String> {
        let mut value = None;
        self.read_from_file_into(text, &mut value)?;
        Ok(value)
    }

    /// Does the same in the place of another value, as [`Self::read_into`] does.
    pub(super) fn read_from_file_into(&self, text: &str, value: &mut Option<Value>) -> Result<(), String> {
        let text = trim(text);
        let is_one_of = |texts: &[Box<str>]| texts.iter().any(|one| **one == *text);
        let cell = match self.kind {
            _ if self.is_missing(text) => Cell::Missing,
            FieldType::Boolean if is_one_of(&self.true_values) => Cell::Boolean(true),
            FieldType::Boolean if is_one_of(&self.false_values) => Cell::Boolean(false),
            FieldType::Integer | FieldType::Number => number(text),
            _ => Cell::Text(text),
        };
        self.read_into(cell, value)
    }

    fn read_text(&self, rule: &TextRule, cell: Cell<'_>, value: &mut Option<Value>) -> Result<(), String> {
        let Cell::Text(text) = cell else { return Err(self.expected(cell)) };
        let text = trim(text);
        // A text of few bytes has few characters: most are never counted.
        let is_long = rule.max_chars.is_some_and(|max| text.len() > max && text.chars().count() > max);
        if is_long || rule.min_chars > 1 && text.chars().count() < rule.min_chars {
            return Err(format!("must be {}, found {}", rule.length(), text.chars().count()));
        }
        if let (Some(regex), Some(pattern)) = (&rule.regex, &rule.pattern)
            && !regex.is_match(text)
        {
            return Err(format!("must match {pattern}, found {cell}"));
        }
        if let Some(Value::Text(old)) = value {
            old.clear();
            old.push_str(text);
        } else {
            *value = Some(Value::Text(text.into()));
        }
        Ok(())
    }

    /// Says what was expected in the place of a cell.
    #[cold]
    fn expected(&self, cell: Cell<'_>) -> String {
        let or_null = if self.takes_null() { " or null" } else { "" };
        let expected = match &self.domain {
            Domain::Boolean => "true or false".to_owned(),
            Domain::Integer(bounds) => format!("an integer{bounds}"),
            Domain::Number(bounds) => format!("a number{bounds}"),
            Domain::Text(_) => "a text".to_owned(),
            Domain::Categories(categories) => return format!("must be {}, found {cell}", self.one_of(categories)),
            Domain::Date(bounds) => format!("a date{bounds}"),
            Domain::Datetime(bounds, _) => format!("a date and time{bounds}"),
        };
        let example = match &self.domain {
            Domain::Date(_) => ", as in 2013-11-03",
            Domain::Datetime(..) => ", as in 2013-11-03T01:30:00-05:00",
            _ => "",
        };
        format!("must be {expected}{or_null}{example}, found {cell}")
    }

    /// Returns whether null helps: a record of which the label is told does not lack it.
    fn takes_null(&self) -> bool {
        !self.is_required && !self.is_label
    }

    fn one_of(&self, categories: &Categories) -> String {
        let count = categories.values.len();
        let named = if count > MAX_NAMED_CATEGORIES { 1 } else { count };
        let mut choices: Vec<String> = categories.values[..named].iter().map(Scalar::to_string).collect();
        if count > MAX_NAMED_CATEGORIES {
            choices = vec![format!("one of {count} values, as {}", choices[0])];
        }
        choices.extend(self.takes_null().then(|| "null".to_owned()));
        let last = choices.pop().unwrap_or_default();
        if choices.is_empty() { last } else { format!("{} or {last}", choices.join(", ")) }
    }

    /// Returns what a value of this field is called where people read it: the label of its category, or the value.
    pub fn called(&self, value: &Value) -> String {
        let label = match value {
            Value::Category(category) => self.categories().and_then(|categories| categories.label(*category)),
            _ => None,
        };
        label.map_or_else(|| self.written(value).to_string(), str::to_owned)
    }

    /// Returns a value of this field as it is written: in JSON, and as the text of a cell.
    pub fn written<'a>(&'a self, value: &'a Value) -> Written<'a> {
        match (value, &self.domain) {
            (Value::Category(category), Domain::Categories(categories)) => categories.value(*category).into(),
            (Value::Boolean(value), _) => Written::Boolean(*value),
            (Value::Integer(number), _) => Written::Integer(*number),
            (Value::Number(number), _) => Written::Number(*number),
            (Value::Text(text), _) => Written::Text(text),
            (Value::Date(date), _) => Written::Date(*date),
            (Value::Datetime(moment), _) => Written::Datetime(*moment),
            (Value::Category(category), _) => Written::Integer((*category).into()),
        }
    }
}

impl TextRule {
    fn length(&self) -> String {
        match (self.min_chars, self.max_chars) {
            (0 | 1, Some(max)) => format!("at most {max} characters"),
            (min, Some(max)) => format!("{min} to {max} characters"),
            (min, None) => format!("at least {min} characters"),
        }
    }
}

/// A value as it is written: `Serialize` for JSON, `Display` for the cell of a file.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Written<'a> {
    /// True or false.
    Boolean(bool),
    /// A whole number.
    Integer(i64),
    /// Any other number.
    Number(f64),
    /// A text.
    Text(&'a str),
    /// A day.
    Date(Date),
    /// A moment.
    Datetime(Timestamp),
}

impl<'a> From<&'a Scalar> for Written<'a> {
    fn from(scalar: &'a Scalar) -> Self {
        match scalar {
            Scalar::Boolean(value) => Self::Boolean(*value),
            Scalar::Integer(number) => Self::Integer(*number),
            Scalar::Number(number) => Self::Number(*number),
            Scalar::Text(text) => Self::Text(text),
        }
    }
}

impl From<Written<'_>> for Scalar {
    fn from(written: Written<'_>) -> Self {
        match written {
            Written::Boolean(value) => Self::Boolean(value),
            Written::Integer(number) => Self::Integer(number),
            Written::Number(number) => Self::Number(number),
            other => Self::Text(other.to_string()),
        }
    }
}

impl Serialize for Written<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Boolean(value) => serializer.serialize_bool(*value),
            Self::Integer(number) => serializer.serialize_i64(*number),
            Self::Number(number) => serializer.serialize_f64(*number),
            Self::Text(text) => serializer.serialize_str(text),
            Self::Date(date) => serializer.collect_str(date),
            Self::Datetime(moment) => serializer.collect_str(moment),
        }
    }
}

impl fmt::Display for Written<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Boolean(value) => value.fmt(f),
            Self::Integer(number) => number.fmt(f),
            Self::Number(number) => number.fmt(f),
            Self::Text(text) => f.write_str(text),
            Self::Date(date) => date.fmt(f),
            Self::Datetime(moment) => moment.fmt(f),
        }
    }
}

impl Scalar {
    /// Returns the value as a file writes it: a text without quotation marks.
    pub fn text(&self) -> String {
        Written::from(self).to_string()
    }
}

/// Writes the value as a message shows it: texts in quotation marks.
impl fmt::Display for Scalar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => write!(f, "\"{text}\""),
            other => Written::from(other).fmt(f),
        }
    }
}

fn boolean(cell: Cell<'_>) -> Option<Value> {
    match cell {
        Cell::Boolean(value) => Some(Value::Boolean(value)),
        _ => None,
    }
}

/// Returns the number that a text of a file is; one that is no number stays the text that a message shows.
fn number(text: &str) -> Cell<'_> {
    if let Some(decimal) = Decimal::parse(text) {
        return decimal.whole().map_or_else(|| Cell::Float(decimal.number()), |whole| Cell::Integer(whole.into()));
    }
    if let Ok(number) = text.parse() {
        return Cell::Integer(number);
    }
    match text.parse::<f64>() {
        // `nan` and `inf` parse, but no record has one.
        Ok(number) if number.is_finite() => Cell::Float(number),
        _ => Cell::Text(text),
    }
}

fn date(cell: Cell<'_>) -> Option<Date> {
    match cell {
        Cell::Text(text) => parse_date(trim(text)),
        _ => None,
    }
}

/// Parses a date in the one form that the standard has by default.
pub(super) fn parse_date(text: &str) -> Option<Date> {
    let is_iso = text.len() == 10 && text.as_bytes().get(4) == Some(&b'-');
    if is_iso { text.parse().ok() } else { None }
}

fn datetime(cell: Cell<'_>, zone: &Zone) -> Result<Option<Timestamp>, String> {
    match cell {
        Cell::Text(text) => parse_datetime(trim(text), zone),
        _ => Ok(None),
    }
}

/// Parses a moment; a local time is one of the zone, or it is told why it is none.
pub(super) fn parse_datetime(text: &str, zone: &Zone) -> Result<Option<Timestamp>, String> {
    if let Ok(moment) = text.parse::<Timestamp>() {
        return Ok(Some(moment));
    }
    match text.parse::<DateTime>() {
        Ok(local) => zone.moment(local).map(Some),
        Err(_) => Ok(None),
    }
}

/// Returns whether a text is a date.
pub(super) fn is_date(text: &str) -> bool {
    parse_date(text).is_some()
}

/// Returns whether a text is a moment, with or without a zone.
pub(super) fn is_datetime(text: &str) -> bool {
    !is_date(text) && (text.parse::<Timestamp>().is_ok() || text.parse::<DateTime>().is_ok())
}

/// Returns the default bounds of an integer.
pub fn exact_integers() -> Bounds<i64> {
    let bound = |at| Some(Bound { at, is_inclusive: true });
    Bounds { low: bound(-MAX_INTEGER), high: bound(MAX_INTEGER) }
}
