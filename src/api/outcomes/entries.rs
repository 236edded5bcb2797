//! An outcome as a JSON object: its members as they stand, one that stands twice included.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::Value;

use crate::api::json_cell::cell;
use crate::api::whole_key::without_null;
use crate::outcome::{MUST_BE_AN_ID, MUST_BE_BOOLEAN, Names};
use crate::prediction::scalar;
use crate::table::descriptor::Scalar;
use crate::table::{self, Fault, Schema};

/// The members of an object.
pub(in crate::api) struct Entries(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Entries {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct EntriesVisitor;

        impl<'de> Visitor<'de> for EntriesVisitor {
            type Value = Entries;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Entries, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(Entries(entries))
            }
        }

        deserializer.deserialize_map(EntriesVisitor)
    }
}

/// What may stand in an object beside the label and whether it corrects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::api) enum Beside {
    /// Nothing: the path names the prediction.
    Nothing,
    /// What names a prediction; other fields of a labelled row are ignored.
    Subject,
}

/// What stands in an object that tells an outcome.
#[derive(Debug)]
pub(in crate::api) struct Parts {
    /// The values of the fields, by their places in the schema; of others than key and label there is none.
    pub(in crate::api) values: Vec<Option<table::Value>>,
    pub(in crate::api) id: Option<String>,
    pub(in crate::api) corrects: bool,
    /// Every fault, but for what does not name a prediction.
    pub(in crate::api) faults: Vec<Fault>,
    /// Whether what names a prediction is at fault.
    pub(in crate::api) is_subject_wrong: bool,
}

/// What a member's name means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Slot {
    Id,
    Corrects,
    Field(usize),
}

impl Parts {
    /// Reads the members of an object.
    pub(in crate::api) fn new(schema: &Schema, Entries(entries): Entries, beside: Beside) -> Self {
        let names = Names::new(schema);
        let mut parts = Self {
            values: vec![None; schema.fields().len()],
            id: None,
            corrects: false,
            faults: Vec::new(),
            is_subject_wrong: false,
        };
        let mut seen = Vec::new();
        for (name, value) in entries {
            let Some(slot) = slot(schema, &names, &name, beside) else {
                let detail = format!("is not a field of an outcome: expected {}", expected(schema, &names, beside));
                parts.faults.push(Fault::of_field(name, detail));
                continue;
            };
            let read = if seen.contains(&slot) {
                Err("stands more than once".to_owned())
            } else {
                seen.push(slot);
                parts.take(schema, slot, &value)
            };
            if let Err(detail) = read {
                let is_of_subject = slot != Slot::Corrects && slot != Slot::Field(schema.label());
                parts.is_subject_wrong |= is_of_subject;
                parts.faults.push(Fault::of_field(name, detail));
            }
        }
        if !seen.contains(&Slot::Field(schema.label())) {
            parts.faults.push(Fault::of_field(&*schema.label_field().name, "is required"));
        }
        parts
    }

    fn take(&mut self, schema: &Schema, slot: Slot, value: &Value) -> Result<(), String> {
        match (slot, value) {
            (Slot::Id, Value::Null) => {}
            (Slot::Id, Value::String(id)) => self.id = Some(id.clone()),
            (Slot::Id, _) => return Err(MUST_BE_AN_ID.to_owned()),
            (Slot::Corrects, Value::Bool(corrects)) => self.corrects = *corrects,
            (Slot::Corrects, _) => return Err(MUST_BE_BOOLEAN.to_owned()),
            (Slot::Field(place), value) if place == schema.label() => {
                let label = schema.label_field().read(cell(value))?;
                self.values[place] = Some(label.ok_or("must have a value")?);
            }
            (Slot::Field(place), value) if schema.key().contains(&place) && !value.is_null() => {
                let read = schema.fields()[place].read(cell(value));
                self.values[place] = read.map_err(|detail| without_null(&detail))?;
            }
            (Slot::Field(_), _) => {}
        }
        Ok(())
    }

    /// Returns the value of the label, where there is one.
    pub(in crate::api) fn label(&self, schema: &Schema) -> Option<Scalar> {
        self.values[schema.label()].as_ref().map(|value| scalar(schema, value))
    }
}

/// Returns what a name means; nothing where it may not stand here.
fn slot(schema: &Schema, names: &Names, name: &str, beside: Beside) -> Option<Slot> {
    let is_of_many = beside == Beside::Subject;
    match schema.column(name) {
        Some(column) => Some(column.field()).filter(|field| is_of_many || *field == schema.label()).map(Slot::Field),
        None if name == names.corrects => Some(Slot::Corrects),
        None if name == names.id && is_of_many => Some(Slot::Id),
        None => None,
    }
}

/// Lists what may stand in an object.
fn expected(schema: &Schema, names: &Names, beside: Beside) -> String {
    let key = schema.key().iter().map(|&place| &*schema.fields()[place].name);
    let subject = [&*names.id].into_iter().chain(key).filter(|_| beside == Beside::Subject);
    let all: Vec<&str> = subject.chain([&*schema.label_field().name]).collect();
    format!("{} or {}", all.join(", "), names.corrects)
}
