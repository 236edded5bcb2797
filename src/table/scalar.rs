//! A single value of JSON, and reading what JSON has in a place where one may stand, or something else.

use std::fmt;
use std::marker::PhantomData;

use schemars::JsonSchema;
use serde::de::{Error, MapAccess, SeqAccess, Unexpected, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

/// A single value as JSON writes it.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum Scalar {
    /// `true` or `false`.
    Boolean(bool),
    /// A number without a fraction.
    Integer(i64),
    /// Any other number.
    Number(f64),
    /// A text.
    Text(String),
}

impl<'de> Deserialize<'de> for Scalar {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        scalar_or(deserializer)
    }
}

impl ScalarOr<'_> for Scalar {
    const EXPECTED: &'static str = "a number, a text, true or false";

    fn of_scalar(scalar: Scalar) -> Self {
        scalar
    }
}

/// A value, or something else that JSON writes otherwise. What is not defined is refused.
///
/// What `derive` writes for such an `untagged` enum keeps all that it finds, and tries one alternative after the other. A recipe has
/// hundreds of these, and a program reads it at each start.
pub(crate) trait ScalarOr<'de>: Sized {
    /// What may stand there, in words.
    const EXPECTED: &'static str;

    /// Takes a value.
    fn of_scalar(scalar: Scalar) -> Self;

    /// Takes `null`.
    fn of_null() -> Option<Self> {
        None
    }

    /// Takes a list.
    fn of_list<A: SeqAccess<'de>>(_: A) -> Result<Self, A::Error> {
        Err(A::Error::invalid_type(Unexpected::Seq, &Self::EXPECTED))
    }

    /// Takes an object.
    fn of_object<A: MapAccess<'de>>(_: A) -> Result<Self, A::Error> {
        Err(A::Error::invalid_type(Unexpected::Map, &Self::EXPECTED))
    }
}

/// Reads whatever stands there.
pub(crate) fn scalar_or<'de, T: ScalarOr<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    deserializer.deserialize_any(Alternatives(PhantomData))
}

struct Alternatives<T>(PhantomData<T>);

impl<'de, T: ScalarOr<'de>> Visitor<'de> for Alternatives<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(T::EXPECTED)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<T, E> {
        Ok(T::of_scalar(Scalar::Boolean(value)))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<T, E> {
        Ok(T::of_scalar(Scalar::Integer(number)))
    }

    #[expect(clippy::cast_precision_loss, reason = "what is beyond an i64 is no whole number of ours")]
    fn visit_u64<E: Error>(self, number: u64) -> Result<T, E> {
        Ok(T::of_scalar(i64::try_from(number).map_or(Scalar::Number(number as f64), Scalar::Integer)))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<T, E> {
        Ok(T::of_scalar(Scalar::Number(number)))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        Ok(T::of_scalar(Scalar::Text(text.to_owned())))
    }

    fn visit_string<E: Error>(self, text: String) -> Result<T, E> {
        Ok(T::of_scalar(Scalar::Text(text)))
    }

    fn visit_unit<E: Error>(self) -> Result<T, E> {
        T::of_null().ok_or_else(|| E::invalid_type(Unexpected::Unit, &self))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<T, A::Error> {
        T::of_list(list)
    }

    fn visit_map<A: MapAccess<'de>>(self, object: A) -> Result<T, A::Error> {
        T::of_object(object)
    }
}
