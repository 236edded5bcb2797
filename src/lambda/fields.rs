//! Parts of events: texts that may be null, headers and query parameters with one value or a list of them.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};

/// A text, taken from the event without a copy where it can be; or null.
#[derive(Debug, Default)]
pub(super) struct Text<'a>(pub(super) Option<Cow<'a, str>>);

impl Text<'_> {
    pub(super) fn is(&self, text: &str) -> bool {
        self.0.as_deref() == Some(text)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Values(mut values) = Values::deserialize(deserializer)?;
        match values.len() {
            0 | 1 => Ok(Self(values.pop())),
            _ => Err(D::Error::custom("expected one text")),
        }
    }
}

/// What stands behind a name: a text, a list of them, or null, which is none.
#[derive(Debug, Default)]
struct Values<'a>(Vec<Cow<'a, str>>);

impl<'de: 'a, 'a> Deserialize<'de> for Values<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ValuesVisitor<'a>(PhantomData<&'a ()>);

        impl<'de: 'a, 'a> Visitor<'de> for ValuesVisitor<'a> {
            type Value = Values<'a>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text, a list of texts or null")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Values<'a>, E> {
                Ok(Values(vec![Cow::Borrowed(text)]))
            }

            fn visit_str<E>(self, text: &str) -> Result<Values<'a>, E> {
                Ok(Values(vec![Cow::Owned(text.to_owned())]))
            }

            fn visit_string<E>(self, text: String) -> Result<Values<'a>, E> {
                Ok(Values(vec![Cow::Owned(text)]))
            }

            fn visit_unit<E>(self) -> Result<Values<'a>, E> {
                Ok(Values::default())
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Values<'a>, A::Error> {
                let mut values = Vec::new();
                while let Some(Text(value)) = list.next_element()? {
                    values.extend(value);
                }
                Ok(Values(values))
            }
        }

        deserializer.deserialize_any(ValuesVisitor(PhantomData))
    }
}

/// Each name with its values, in their order.
#[derive(Debug, Default)]
struct Named<'a>(Option<Vec<(Cow<'a, str>, Values<'a>)>>);

impl<'de: 'a, 'a> Deserialize<'de> for Named<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct NamedVisitor<'a>(PhantomData<&'a ()>);

        impl<'de: 'a, 'a> Visitor<'de> for NamedVisitor<'a> {
            type Value = Named<'a>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object or null")
            }

            fn visit_unit<E>(self) -> Result<Named<'a>, E> {
                Ok(Named::default())
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Named<'a>, A::Error> {
                let mut named = Vec::with_capacity(16);
                while let Some((Text(name), values)) = map.next_entry()? {
                    named.push((name.unwrap_or_default(), values));
                }
                Ok(Named(Some(named)))
            }
        }

        deserializer.deserialize_any(NamedVisitor(PhantomData))
    }
}

impl Named<'_> {
    fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        let named = self.0.iter().flatten();
        named.flat_map(|(name, values)| values.0.iter().map(|value| (&**name, &**value)))
    }
}

/// Headers, without those that HTTP does not know as such: nobody can have sent them.
#[derive(Debug, Default)]
pub(super) struct Headers<'a>(Named<'a>);

impl<'de: 'a, 'a> Deserialize<'de> for Headers<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Named::deserialize(deserializer).map(Self)
    }
}

impl Headers<'_> {
    pub(super) fn is_given(&self) -> bool {
        self.0.0.is_some()
    }

    pub(super) fn into_map(self) -> HeaderMap {
        let mut map = HeaderMap::with_capacity(32);
        for (name, value) in self.0.pairs() {
            let name = HeaderName::from_bytes(name.as_bytes());
            if let (Ok(name), Ok(value)) = (name, HeaderValue::from_bytes(value.as_bytes())) {
                map.append(name, value);
            }
        }
        map
    }
}

/// The parameters of a query.
#[derive(Debug, Default)]
pub(super) struct QueryParameters<'a>(Named<'a>);

impl<'de: 'a, 'a> Deserialize<'de> for QueryParameters<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Named::deserialize(deserializer).map(Self)
    }
}

impl QueryParameters<'_> {
    /// Returns the query of those, or of others where there are none.
    pub(super) fn or(self, other: Self) -> Self {
        if self.0.0.is_some() { self } else { other }
    }

    /// Writes parameters as a query; they are encoded already.
    pub(super) fn joined(&self) -> String {
        let pairs: Vec<_> = self.0.pairs().map(|(name, value)| format!("{name}={value}")).collect();
        pairs.join("&")
    }

    /// Writes decoded parameters as a query.
    pub(super) fn encoded(&self) -> String {
        form_urlencoded::Serializer::new(String::new()).extend_pairs(self.0.pairs()).finish()
    }
}
