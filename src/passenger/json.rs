//! A passenger as a JSON object, read in one pass and without a tree in between.

use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::signature::Signature;
use super::{Column, Draft, Fault, Passenger, Value};

/// What a JSON value says of a passenger: the passenger, or every fault of it.
///
/// Deserialising fails only where the text is not JSON; a value that is no passenger is an `Err` inside.
#[derive(Debug)]
pub struct Parsed(pub Result<Passenger, Vec<Fault>>);

impl<'de> Deserialize<'de> for Parsed {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ObjectVisitor)
    }
}

/// Says why a text is not JSON, and what to send instead where that is known.
pub fn fault(error: &serde_json::Error, text: &[u8]) -> String {
    if let Some(signature) = Signature::of(text) {
        return signature.to_string();
    }
    if text.starts_with("\u{feff}".as_bytes()) {
        return "it begins with a byte-order mark: save it as UTF-8 without one".to_owned();
    }
    let line = text.split(|&byte| byte == b'\n').nth(error.line().saturating_sub(1));
    fault_before(error, line.and_then(|line| line.get(error.column()..)).unwrap_or_default())
}

/// Says the same where no more is at hand of the text than what follows the byte that is at fault.
pub fn fault_before(error: &serde_json::Error, rest: &[u8]) -> String {
    let literal = NO_NUMBERS.into_iter().find(|(_, ending)| rest.starts_with(ending.as_bytes()));
    match literal.filter(|_| error.is_syntax()) {
        Some((literal, _)) => format!("{error}: JSON has no {literal}: send null for a missing value"),
        None => error.to_string(),
    }
}

/// What other programs write for a missing number, and what of it is left when the parser stops: behind a minus, it reads a byte more,
/// and from a stream yet another.
const NO_NUMBERS: [(&str, &str); 3] = [("NaN", "aN"), ("Infinity", "nfinity"), ("Infinity", "finity")];

struct ObjectVisitor;

impl<'de> Visitor<'de> for ObjectVisitor {
    type Value = Parsed;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a passenger")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Parsed, A::Error> {
        let mut draft = Draft::default();
        while let Some(key) = map.next_key::<Key>()? {
            match key {
                Key::Known(column) => map.next_value::<Cell<'_>>()?.put(column, &mut draft),
                Key::Unknown(name) => {
                    map.next_value::<IgnoredAny>()?;
                    draft.refuse(&name);
                }
            }
        }
        Ok(Parsed(draft.finish()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Parsed, A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(not_an_object("a list"))
    }

    fn visit_bool<E>(self, _: bool) -> Result<Parsed, E> {
        Ok(not_an_object("true or false"))
    }

    fn visit_i64<E>(self, _: i64) -> Result<Parsed, E> {
        Ok(not_an_object("a number"))
    }

    fn visit_u64<E>(self, _: u64) -> Result<Parsed, E> {
        Ok(not_an_object("a number"))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Parsed, E> {
        Ok(not_an_object("a number"))
    }

    fn visit_str<E>(self, _: &str) -> Result<Parsed, E> {
        Ok(not_an_object("a text"))
    }

    fn visit_unit<E>(self) -> Result<Parsed, E> {
        Ok(not_an_object("null"))
    }
}

fn not_an_object(found: &str) -> Parsed {
    let detail = format!("must be an object with the fields of a passenger, found {found}");
    Parsed(Err(vec![Fault::of_record(detail)]))
}

enum Key {
    Known(Column),
    Unknown(String),
}

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct KeyVisitor;

        impl Visitor<'_> for KeyVisitor {
            type Value = Key;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a field name")
            }

            fn visit_str<E>(self, name: &str) -> Result<Key, E> {
                Ok(Column::from_name(name).map_or_else(|| Key::Unknown(name.to_owned()), Key::Known))
            }
        }

        deserializer.deserialize_str(KeyVisitor)
    }
}

/// A JSON value, of which only what a field can hold is kept; texts without escapes are borrowed.
enum Cell<'de> {
    Plain(Value<'de>),
    Escaped(String),
}

impl Cell<'_> {
    fn put(self, column: Column, draft: &mut Draft) {
        match self {
            Self::Plain(value) => draft.set(column, value),
            Self::Escaped(text) => draft.set(column, Value::Text(&text)),
        }
    }
}

impl<'de> Deserialize<'de> for Cell<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(CellVisitor)
    }
}

struct CellVisitor;

impl<'de> Visitor<'de> for CellVisitor {
    type Value = Cell<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Cell::Plain(Value::Missing))
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        Ok(Cell::Plain(Value::Boolean))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Self::Value, E> {
        Ok(Cell::Plain(Value::Integer(number)))
    }

    #[expect(clippy::cast_precision_loss, reason = "larger than any field may be")]
    fn visit_u64<E>(self, number: u64) -> Result<Self::Value, E> {
        Ok(Cell::Plain(i64::try_from(number).map_or(Value::Float(number as f64), Value::Integer)))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Self::Value, E> {
        Ok(Cell::Plain(Value::Float(number)))
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Cell::Plain(Value::Text(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Cell::Escaped(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Cell::Plain(Value::Nested))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Cell::Plain(Value::Nested))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::passenger::Field;
    use proptest::prelude::*;

    fn parse(text: &str) -> Result<Passenger, Vec<Fault>> {
        serde_json::from_str::<Parsed>(text).unwrap().0
    }

    #[test]
    fn kaggle_names_and_aliases_are_one_passenger() {
        let kaggle = parse(r#"{"PassengerId": 7, "Pclass": 1, "Sex": "male", "SibSp": 1, "Age": 54}"#);
        let alias = parse(r#"{"passenger_id": 7, "pclass": 1.0, "sex": "Male", "sib_sp": 1, "age": 54.0}"#);
        assert_eq!(kaggle.unwrap(), alias.unwrap());
    }

    #[test]
    fn an_escaped_text_is_read() {
        let passenger = parse(r#"{"Pclass": 3, "Sex": "male", "Name": "O'Dwyer, Miss. Ellen \"Nellie\""}"#);
        assert_eq!(passenger.unwrap().name.unwrap(), "O'Dwyer, Miss. Ellen \"Nellie\"");
    }

    #[test]
    fn a_typo_is_refused_by_name() {
        let faults = parse(r#"{"Pclass": 3, "Sex": "male", "Agee": 3}"#).unwrap_err();
        assert_eq!(faults[0].field.as_deref(), Some("Agee"));
    }

    #[test]
    fn an_alias_beside_its_field_is_refused() {
        let faults = parse(r#"{"Pclass": 3, "pclass": 3, "Sex": "male"}"#).unwrap_err();
        assert_eq!(faults[0].field.as_deref(), Some("pclass"));
    }

    #[test]
    fn what_is_not_json_is_told_with_what_to_send_instead() {
        let fault = |text: &[u8]| super::fault(&serde_json::from_slice::<Parsed>(text).unwrap_err(), text);
        for (value, literal) in
            [("NaN", "NaN"), ("-Infinity", "Infinity"), ("Infinity", "Infinity"), ("[1, NaN]", "NaN")]
        {
            let said = fault(format!("{{\"Pclass\": 3,\n \"Age\": {value}}}").as_bytes());
            assert!(said.ends_with(&format!(": JSON has no {literal}: send null for a missing value")), "{said}");
            assert!(said.contains(" at line 2 column "), "{said}");
        }
        assert_eq!(fault(b"{\"Age\": Nan}"), "expected value at line 1 column 9");
        assert_eq!(fault(b"{\"Age\": 1"), "EOF while parsing an object at line 1 column 9");
        assert_eq!(fault(b"\xff\xfe{\0"), "it is UTF-16: save it as UTF-8");
        assert_eq!(fault("\u{feff}{}".as_bytes()), "it begins with a byte-order mark: save it as UTF-8 without one");
    }

    #[test]
    fn a_label_is_ignored() {
        assert!(parse(r#"{"Pclass": 3, "Sex": "male", "Survived": 1}"#).is_ok());
    }

    #[test]
    fn a_value_that_is_no_object_says_so() {
        for text in ["null", "3", "-3", "1.5", "true", "\"x\"", "[1, [2]]"] {
            assert_eq!(parse(text).unwrap_err().len(), 1, "{text}");
        }
    }

    fn any_json() -> impl Strategy<Value = serde_json::Value> {
        let leaf = prop_oneof![
            Just(serde_json::Value::Null),
            any::<bool>().prop_map(Into::into),
            any::<i64>().prop_map(Into::into),
            any::<f64>().prop_map(Into::into),
            ".{0,12}".prop_map(Into::into),
        ];
        leaf.prop_recursive(3, 24, 6, |inner| {
            let keys = prop_oneof![
                proptest::sample::select(Field::ALL.map(Field::name).to_vec()).prop_map(str::to_owned),
                ".{0,6}"
            ];
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..4).prop_map(Into::into),
                proptest::collection::hash_map(keys, inner, 0..8)
                    .prop_map(|map| serde_json::Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn whatever_is_json_is_a_passenger_or_has_faults(value in any_json()) {
            match parse(&value.to_string()) {
                Ok(passenger) => prop_assert!(passenger.age.is_none_or(|age| (0.0..=120.0).contains(&age))),
                Err(faults) => prop_assert!(!faults.is_empty()),
            }
        }

        #[test]
        fn no_text_makes_the_parser_panic(text in ".{0,200}") {
            let _ = serde_json::from_str::<Parsed>(&text);
        }
    }
}
