//! The members of an object that are no fields.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::table::output_cell::OutputCell;
use crate::table::schema::Schema;

/// Adds the names of the members that are no fields; a text that is no object has none.
pub(super) fn gather(text: &[u8], schema: &Schema, names: &mut Vec<String>) {
    each_member(text, |name, _| {
        if schema.column(name).is_none() && !names.iter().any(|known| known == name) {
            names.push(name.to_owned());
        }
    });
}

/// Hands on the members of these names.
pub(super) fn find<'a>(text: &'a [u8], names: &[String], cells: &mut Vec<OutputCell<'a>>) {
    let first = cells.len();
    cells.resize(first + names.len(), OutputCell::Missing);
    each_member(text, |name, value| {
        if let Some(place) = names.iter().position(|kept| kept == name)
            && value.get() != "null"
        {
            cells[first + place] = OutputCell::Json(value);
        }
    });
}

/// Calls for each member of an object; what is not JSON is told by the one who reads its record.
fn each_member<'a>(text: &'a [u8], call: impl FnMut(&str, &'a RawValue)) {
    let _ = serde_json::Deserializer::from_slice(text).deserialize_map(Members(call));
}

struct Members<F>(F);

impl<'de, F: FnMut(&str, &'de RawValue)> Visitor<'de> for Members<F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        while let Some((name, value)) = map.next_entry::<Cow<'_, str>, &RawValue>()? {
            (self.0)(&name, value);
        }
        Ok(())
    }
}
