//! Checks what a descriptor says of a field, and compiles it.

use std::fmt;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use regex::RegexBuilder;

use super::descriptor::{Disambiguation, FieldDescriptor, FieldType, MissingValue, Scalar, SchemaDescriptor, Timezone};
use super::fault::SchemaFaults;
use super::field::{
    Bound, Bounds, Categories, Domain, Field, TextRule, Zone, exact_integers, parse_date, parse_datetime,
};
use super::value::{MAX_INTEGER, Value};

/// The most bytes that a compiled pattern takes.
const MAX_PATTERN_BYTES: usize = 1 << 20;

const TRUE_VALUES: [&str; 4] = ["true", "True", "TRUE", "1"];
const FALSE_VALUES: [&str; 4] = ["false", "False", "FALSE", "0"];

/// Properties of the standard that would change how a value is read, and the only value of each that is understood.
const FIXED_PROPERTIES: [(&str, &str); 3] = [("decimalChar", "\".\""), ("groupChar", "\"\""), ("bareNumber", "true")];

/// Finds the zone of local times: UTC where none is named.
pub(super) fn zone(timezone: Option<&Timezone>, faults: &mut SchemaFaults) -> Zone {
    let (name, disambiguation) = match timezone {
        None => ("UTC", Disambiguation::default()),
        Some(Timezone::Name(name)) => (name.as_str(), Disambiguation::default()),
        Some(Timezone::Rule { name, disambiguation }) => (name.as_str(), *disambiguation),
    };
    let timezone = TimeZone::get(name).unwrap_or_else(|_| {
        faults.push("/lifeboat/timezone", format!("{name:?} is not the name of a time zone, as America/New_York is"));
        TimeZone::UTC
    });
    Zone { timezone, disambiguation }
}

/// Compiles a field; what is wrong with it is a fault, and the field is then not used.
pub(super) fn field(
    place: usize,
    descriptor: &FieldDescriptor,
    table: &SchemaDescriptor,
    zone: &Zone,
    faults: &mut SchemaFaults,
) -> Field {
    let mut compiler = Compiler { pointer: format!("/fields/{place}"), field: descriptor, zone, faults };
    compiler.refuse_what_is_not_understood();
    let domain = compiler.domain();
    let missing = descriptor.missing_values.as_ref().unwrap_or(&table.missing_values);
    let texts = |given: &Option<Vec<String>>, default: [&str; 4]| match given {
        _ if descriptor.kind != FieldType::Boolean => [].into(),
        Some(texts) => texts.iter().map(|text| text.as_str().into()).collect(),
        None => default.map(Into::into).into(),
    };
    Field {
        name: descriptor.name.as_str().into(),
        member: format!("{}:", serde_json::Value::from(descriptor.name.as_str())).into(),
        title: descriptor.title.as_deref().map(Into::into),
        description: descriptor.description.as_deref().map(Into::into),
        kind: descriptor.kind,
        is_required: descriptor.constraints.required,
        is_label: descriptor.name == table.lifeboat.label,
        is_unique: descriptor.constraints.unique,
        aliases: descriptor.lifeboat.aliases.iter().map(|alias| alias.as_str().into()).collect(),
        domain,
        example: descriptor.example.clone(),
        missing_values: missing.iter().map(MissingValue::text).map(|text| text.trim().into()).collect(),
        true_values: texts(&descriptor.true_values, TRUE_VALUES),
        false_values: texts(&descriptor.false_values, FALSE_VALUES),
    }
}

/// Lists the values of a label that has few, the positive one of two last.
pub(super) fn classes(label: &Field, positive: Option<&Scalar>, faults: &mut SchemaFaults) -> Option<Box<[Value]>> {
    const POINTER: &str = "/lifeboat/positive";
    let mut classes: Vec<Value> = match &label.domain {
        Domain::Boolean => vec![Value::Boolean(false), Value::Boolean(true)],
        Domain::Categories(categories) => (0..).take(categories.values().len()).map(Value::Category).collect(),
        Domain::Integer(_) | Domain::Number(_) => {
            if positive.is_some() {
                faults.push(POINTER, "the label is a number: only one of two categories can be positive");
            }
            return None;
        }
        Domain::Text(_) | Domain::Date(_) | Domain::Datetime(..) => {
            faults.push("/lifeboat/label", format!("{:?} must be a number, a boolean, or have categories", label.name));
            return None;
        }
    };
    if classes.len() < 2 {
        faults.push("/lifeboat/label", format!("{:?} must have two categories at least", label.name));
    }
    if let Some(positive) = positive {
        let found = match (&label.domain, positive) {
            (Domain::Boolean, Scalar::Boolean(value)) => Some(usize::from(*value)),
            (Domain::Categories(categories), value) => categories.find(value).map(|category| category as usize),
            _ => None,
        };
        match found {
            Some(_) if classes.len() > 2 => {
                faults.push(POINTER, "there are more than two categories, so none is positive");
            }
            Some(place) if place + 1 < classes.len() => classes.swap(place, 1),
            Some(_) => {}
            None => faults.push(POINTER, format!("{positive} is not a value of the label {:?}", label.name)),
        }
    }
    Some(classes.into())
}

struct Compiler<'a> {
    pointer: String,
    field: &'a FieldDescriptor,
    zone: &'a Zone,
    faults: &'a mut SchemaFaults,
}

impl Compiler<'_> {
    fn fault(&mut self, place: &str, detail: impl fmt::Display) {
        self.faults.push(&format!("{}{place}", self.pointer), detail);
    }

    /// Refuses what would be read otherwise than the schema says.
    fn refuse_what_is_not_understood(&mut self) {
        if let Some(format) = self.field.format.as_deref().filter(|format| *format != "default") {
            self.fault("/format", format!("{format:?} is not understood: only \"default\" is"));
        }
        for (property, understood) in FIXED_PROPERTIES {
            let written = self.field.others.get(property).map(ToString::to_string);
            if let Some(value) = written.filter(|written| written != understood) {
                self.fault(&format!("/{property}"), format!("{value} is not understood: only {understood} is"));
            }
        }
    }

    fn domain(&mut self) -> Domain {
        let kind = self.field.kind;
        let choices = self.choices();
        let constraints = &self.field.constraints;
        let has_bounds = [
            &constraints.minimum,
            &constraints.maximum,
            &constraints.exclusive_minimum,
            &constraints.exclusive_maximum,
        ]
        .iter()
        .any(|bound| bound.is_some());
        let has_text_rule =
            constraints.min_length.is_some() || constraints.max_length.is_some() || constraints.pattern.is_some();
        let is_bare = choices.is_some() || matches!(kind, FieldType::Boolean);
        if has_bounds && (is_bare || kind == FieldType::String) {
            self.fault("/constraints", format!("bounds mean nothing to {}", self.kind_of_field(choices.is_some())));
        }
        if has_text_rule && (is_bare || kind != FieldType::String) {
            self.fault(
                "/constraints",
                format!("lengths and patterns mean nothing to {}", self.kind_of_field(choices.is_some())),
            );
        }
        let ignore_case = self.field.lifeboat.ignore_case;
        if ignore_case && !(choices.is_some() && kind == FieldType::String) {
            self.fault("/lifeboat/ignore_case", "means something to texts with categories only");
        }
        if let Some((place, choices)) = choices {
            return self.categories(place, choices, ignore_case);
        }
        match kind {
            FieldType::Boolean => Domain::Boolean,
            FieldType::String => Domain::Text(self.text_rule()),
            FieldType::Integer => Domain::Integer(self.integers()),
            FieldType::Number => Domain::Number(self.bounds("a number", |scalar| match scalar {
                #[expect(clippy::cast_precision_loss, reason = "a bound beyond 2^53 is a bound still")]
                Scalar::Integer(number) => Some(*number as f64),
                Scalar::Number(number) => Some(*number),
                _ => None,
            })),
            FieldType::Date => Domain::Date(self.bounds("a date", |scalar| match scalar {
                Scalar::Text(text) => parse_date(text),
                _ => None,
            })),
            FieldType::Datetime => {
                let zone = self.zone;
                Domain::Datetime(self.bounds("a datetime", |scalar| moment(scalar, zone)), zone.clone())
            }
        }
    }

    fn kind_of_field(&self, has_categories: bool) -> String {
        if has_categories {
            "a field with categories".to_owned()
        } else {
            format!("a field of type {}", self.field.kind.name())
        }
    }

    /// Returns the values of a field that has few, with their place in the schema.
    #[expect(clippy::type_complexity, reason = "values and their labels, once")]
    fn choices(&mut self) -> Option<(&'static str, Vec<(Scalar, Option<String>)>)> {
        let labelled = self.field.categories.as_ref().map(|categories| {
            let labelled = categories.iter().map(|one| (one.value().clone(), one.label().map(str::to_owned)));
            ("/categories", labelled.collect())
        });
        let bare = self.field.constraints.choices.as_ref().map(|choices| {
            ("/constraints/enum", choices.iter().map(|value| (value.clone(), None)).collect::<Vec<_>>())
        });
        if labelled.is_some() && bare.is_some() {
            self.fault("/constraints/enum", "stands beside categories: one of the two is enough");
        }
        labelled.or(bare)
    }

    fn categories(&mut self, place: &str, choices: Vec<(Scalar, Option<String>)>, ignore_case: bool) -> Domain {
        let kind = self.field.kind;
        if choices.is_empty() {
            self.fault(place, "must name one value at least");
        }
        if !matches!(kind, FieldType::String | FieldType::Integer) {
            self.fault(place, format!("a field of type {} has no categories: texts and integers have", kind.name()));
        }
        for (index, (value, _)) in choices.iter().enumerate() {
            let problem = match (kind, value) {
                (FieldType::Integer, Scalar::Integer(number)) if number.abs() <= MAX_INTEGER => continue,
                (FieldType::String, Scalar::Text(text)) if text.trim() == text && !text.is_empty() => continue,
                (FieldType::String, Scalar::Text(_)) => "must be a text without space around it",
                (FieldType::Integer, _) => "must be an integer",
                (FieldType::String, _) => "must be a text",
                _ => continue,
            };
            self.fault(&format!("{place}/{index}"), format!("{value} {problem}"));
        }
        match Categories::new(choices, ignore_case) {
            Ok(categories) => Domain::Categories(categories),
            Err(twice) => {
                self.fault(place, format!("{twice} stands twice"));
                Domain::Text(TextRule::default())
            }
        }
    }

    fn text_rule(&mut self) -> TextRule {
        let constraints = &self.field.constraints;
        let (min_chars, max_chars) = (constraints.min_length.unwrap_or_default(), constraints.max_length);
        if max_chars.is_some_and(|max| max < min_chars.max(1)) {
            self.fault("/constraints/maxLength", "is below minLength, or 0: no text is this short");
        }
        let pattern = constraints.pattern.as_deref();
        let regex = pattern.and_then(|pattern| match whole(pattern).size_limit(MAX_PATTERN_BYTES).build() {
            Ok(regex) => Some(regex),
            Err(error) => {
                self.fault(
                    "/constraints/pattern",
                    format!("{pattern:?} is not a pattern that is understood: {}", last_line(&error)),
                );
                None
            }
        });
        TextRule { min_chars, max_chars, pattern: pattern.map(Into::into), regex }
    }

    fn integers(&mut self) -> Bounds<i64> {
        let given = self.bounds("an integer", |scalar| match scalar {
            Scalar::Integer(number) if number.abs() <= MAX_INTEGER => Some(*number),
            _ => None,
        });
        if given == Bounds::default() {
            exact_integers()
        } else {
            Bounds { low: given.low.or(exact_integers().low), high: given.high.or(exact_integers().high) }
        }
    }

    fn bounds<T: PartialOrd + Copy>(&mut self, what: &str, read: impl Fn(&Scalar) -> Option<T>) -> Bounds<T> {
        let constraints = &self.field.constraints;
        let mut bound = |inclusive: (&str, &Option<Scalar>), exclusive: (&str, &Option<Scalar>)| {
            let (name, scalar, is_inclusive) = match (inclusive, exclusive) {
                ((name, Some(scalar)), (_, None)) => (name, scalar, true),
                ((_, None), (name, Some(scalar))) => (name, scalar, false),
                ((_, None), (_, None)) => return None,
                ((name, Some(_)), (other, Some(_))) => {
                    self.faults.push(
                        &format!("{}/constraints/{name}", self.pointer),
                        format!("stands beside {other}: one of the two is enough"),
                    );
                    return None;
                }
            };
            let at = read(scalar);
            if at.is_none() {
                self.faults.push(&format!("{}/constraints/{name}", self.pointer), format!("{scalar} must be {what}"));
            }
            Some(Bound { at: at?, is_inclusive })
        };
        let low = bound(("minimum", &constraints.minimum), ("exclusiveMinimum", &constraints.exclusive_minimum));
        let high = bound(("maximum", &constraints.maximum), ("exclusiveMaximum", &constraints.exclusive_maximum));
        if let (Some(low), Some(high)) = (&low, &high) {
            let is_both_inclusive = low.is_inclusive && high.is_inclusive;
            if low.at > high.at || low.at == high.at && !is_both_inclusive {
                self.fault("/constraints", "the minimum is above the maximum: no value is valid");
            }
        }
        Bounds { low, high }
    }
}

/// Makes a pattern one of the whole value, as XML Schema means it; the engine never backtracks.
fn whole(pattern: &str) -> RegexBuilder {
    RegexBuilder::new(&format!("^(?:{pattern})$"))
}

/// Returns what is wrong with a pattern, without the picture of where.
fn last_line(error: &regex::Error) -> String {
    let error = error.to_string();
    error.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned()
}

fn moment(scalar: &Scalar, zone: &Zone) -> Option<Timestamp> {
    match scalar {
        Scalar::Text(text) => parse_datetime(text, zone).ok().flatten(),
        _ => None,
    }
}
