//! What a record of a table is, checked and compiled.

use std::fmt;

use rustc_hash::FxHashMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

use super::compile;
use super::descriptor::SchemaDescriptor;
use super::fault::{SchemaError, SchemaFaults, shorten};
use super::field::{Domain, Field};
use super::value::Value;

/// As many fields are named in a message that says which there are.
const MAX_NAMED_FIELDS: usize = 30;

/// What a record of a table is: the fields, which of them is predicted, and which name what a record is about.
#[derive(Debug)]
pub struct Schema {
    title: Option<Box<str>>,
    description: Option<Box<str>>,
    fields: Box<[Field]>,
    /// The places of those that a record must have.
    required: Box<[usize]>,
    columns: FxHashMap<Box<str>, Column>,
    label: usize,
    classes: Option<Box<[Value]>>,
    key: Box<[usize]>,
    time: Option<usize>,
    compare_by: Box<[usize]>,
    unique_keys: Box<[Box<[usize]>]>,
    noun: Noun,
    examples: Box<[ExampleRecord]>,
}

/// A record that documents show, and its title.
pub type ExampleRecord = (Box<str>, Map<String, Json>);

/// A field under the name by which an input calls it, which is the name that a fault of it shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column {
    field: u32,
    /// 0 for the name, else so many-th alias.
    spelling: u32,
}

impl Column {
    /// Returns the field's place in the schema.
    pub fn field(self) -> usize {
        self.field as usize
    }
}

/// What a record is called where people read it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Noun {
    /// One: `flower`.
    pub one: Box<str>,
    /// Several: `flowers`.
    pub many: Box<str>,
}

impl Noun {
    /// Returns the singular with its article: `a flower`.
    pub fn one_with_article(&self) -> String {
        let article = if self.one.starts_with(['a', 'e', 'i', 'o', 'u', 'A', 'E', 'I', 'O', 'U']) { "an" } else { "a" };
        format!("{article} {}", self.one)
    }
}

/// What kind of label is predicted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Task {
    /// One of two classes.
    Binary,
    /// One of three or more classes.
    Multiclass,
    /// A number.
    Regression,
}

impl Task {
    /// Returns the name by which a manifest calls it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Binary => "binary",
            Self::Multiclass => "multiclass",
            Self::Regression => "regression",
        }
    }
}

impl Schema {
    /// Checks and compiles a descriptor.
    pub(super) fn new(descriptor: &SchemaDescriptor) -> Result<Self, SchemaError> {
        let mut faults = SchemaFaults::default();
        let zone = compile::zone(descriptor.lifeboat.timezone.as_ref(), &mut faults);
        let compiled = descriptor.fields.iter().enumerate();
        let fields: Box<[Field]> =
            compiled.map(|(place, field)| compile::field(place, field, descriptor, &zone, &mut faults)).collect();
        let columns = columns(&fields, &mut faults);
        let own = &descriptor.lifeboat;
        let mut find = |pointer: String, name: &str| {
            let place = fields.iter().position(|field| *field.name == *name);
            if place.is_none() {
                faults.push(&pointer, format!("{name:?} is not a field"));
            }
            place
        };
        let label = find("/lifeboat/label".to_owned(), &own.label);
        let mut find_all = |what: &str, names: &[String]| -> Box<[usize]> {
            names.iter().enumerate().filter_map(|(index, name)| find(format!("{what}/{index}"), name)).collect()
        };
        let key = find_all("/lifeboat/key", own.key.as_slice());
        let compare_by = find_all("/lifeboat/compare_by", &own.compare_by);
        let unique_keys = descriptor.unique_keys.iter().enumerate();
        let unique_keys = unique_keys.map(|(index, names)| find_all(&format!("/uniqueKeys/{index}"), names)).collect();
        let time = own.time.as_ref().and_then(|name| find("/lifeboat/time".to_owned(), name));
        let mut faults = check_roles(&fields, label, &key, &compare_by, time, faults);
        let classes = label.and_then(|label| compile::classes(&fields[label], own.positive.as_ref(), &mut faults));
        let (Some(label), true) = (label, faults.is_empty()) else { return Err(faults.into()) };
        let one = own.record.as_deref().unwrap_or("record");
        let many = own.records.clone().unwrap_or_else(|| format!("{one}s"));
        let examples = own.examples.iter();
        Ok(Self {
            title: descriptor.title.as_deref().map(Into::into),
            description: descriptor.description.as_deref().map(Into::into),
            noun: Noun { one: one.into(), many: many.into() },
            examples: examples.map(|example| (example.title.as_str().into(), example.record.clone())).collect(),
            required: (0..fields.len()).filter(|&place| fields[place].is_required).collect(),
            fields,
            columns,
            label,
            classes,
            key,
            time,
            compare_by,
            unique_keys,
        })
    }

    /// Returns what a page about the table is called, where the schema says it.
    pub fn title(&self) -> Option<&str> {
        self.title.as_deref()
    }

    /// Returns what the table is about, where the schema says it.
    pub fn description(&self) -> Option<&str> {
        self.description.as_deref()
    }

    /// Returns the fields, the label among them.
    pub fn fields(&self) -> &[Field] {
        &self.fields
    }

    /// Returns the places of the fields that a record must have.
    pub(super) fn required(&self) -> &[usize] {
        &self.required
    }

    /// Returns the fields that a client sends: all but the label, each with its place.
    pub fn inputs(&self) -> impl Iterator<Item = (usize, &Field)> {
        self.fields.iter().enumerate().filter(|(place, _)| *place != self.label)
    }

    /// Returns a field of this name, by its place.
    pub fn place(&self, name: &str) -> Option<usize> {
        self.column(name).filter(|column| column.spelling == 0).map(Column::field)
    }

    /// Returns the field that an input calls so: by its name or an alias.
    pub fn column(&self, name: &str) -> Option<Column> {
        self.columns.get(name).copied()
    }

    /// Returns the name by which an input calls a field.
    pub fn spelling(&self, column: Column) -> &str {
        let field = &self.fields[column.field()];
        match column.spelling {
            0 => &field.name,
            alias => &field.aliases[alias as usize - 1],
        }
    }

    /// Says of a name that it is no field, and which there are.
    pub fn unknown(&self, name: &str) -> String {
        self.unknown_beside(name, &mut false)
    }

    /// Says of a name that it is no field, and which there are, unless they are listed already in the same message.
    pub fn unknown_beside(&self, name: &str, are_listed: &mut bool) -> String {
        let said = self.not_a_field();
        let mut names = self.inputs().map(|(_, field)| &*field.name);
        if let Some(known) = names.find(|known| known.eq_ignore_ascii_case(name)) {
            return format!("{said}: did you mean {known}?");
        }
        if std::mem::replace(are_listed, true) {
            return said;
        }
        let names: Vec<&str> = self.inputs().map(|(_, field)| &*field.name).collect();
        match names.get(..MAX_NAMED_FIELDS) {
            Some(some) if some.len() < names.len() => {
                format!("{said}: expected one of {} names, as {}", names.len(), some.join(", "))
            }
            _ => format!("{said}: expected one of {}", names.join(", ")),
        }
    }

    /// Returns whether what is said of an input names something that is no field.
    pub fn is_unknown_in(&self, said: &str) -> bool {
        said.contains(&self.not_a_field())
    }

    fn not_a_field(&self) -> String {
        format!("is not a field of {}", self.noun.one_with_article())
    }

    /// Returns the place of the field that is predicted.
    pub fn label(&self) -> usize {
        self.label
    }

    /// Returns the field that is predicted.
    pub fn label_field(&self) -> &Field {
        &self.fields[self.label]
    }

    /// Returns what kind of label it is.
    pub fn task(&self) -> Task {
        match self.classes.as_deref() {
            None => Task::Regression,
            Some([_, _]) => Task::Binary,
            Some(_) => Task::Multiclass,
        }
    }

    /// Returns the values of the label where it has few; of two, the second is the positive one.
    pub fn classes(&self) -> Option<&[Value]> {
        self.classes.as_deref()
    }

    /// Returns the places of the fields that name what a record is about.
    pub fn key(&self) -> &[usize] {
        &self.key
    }

    /// Returns the place of the field that tells when what a record is about takes place.
    pub fn time(&self) -> Option<usize> {
        self.time
    }

    /// Returns the places of the fields by whose values models are compared.
    pub fn compare_by(&self) -> &[usize] {
        &self.compare_by
    }

    /// Returns the places of fields whose values no two records of a file have together.
    pub fn unique_keys(&self) -> &[Box<[usize]>] {
        &self.unique_keys
    }

    /// Returns what a record is called where people read it.
    pub fn noun(&self) -> &Noun {
        &self.noun
    }

    /// Returns records that documents show, each with its title.
    pub fn examples(&self) -> &[ExampleRecord] {
        &self.examples
    }
}

/// Gathers the names of all fields, and refuses two that differ in case only: databases take those for one.
fn columns(fields: &[Field], faults: &mut SchemaFaults) -> FxHashMap<Box<str>, Column> {
    let mut columns = FxHashMap::default();
    let mut lower_case: FxHashMap<String, &str> = FxHashMap::default();
    for (place, field) in fields.iter().enumerate() {
        let aliases = field.aliases.iter().zip(1..);
        for (name, spelling) in std::iter::once((&field.name, 0)).chain(aliases) {
            let pointer = || format!("/fields/{place}{}", if spelling == 0 { "/name" } else { "/lifeboat/aliases" });
            if name.is_empty() || name.trim() != &**name {
                faults.push(&pointer(), format!("{name:?} must be a name without space around it"));
            }
            match lower_case.insert(name.to_lowercase(), &field.name) {
                Some(other) if other == &*field.name && spelling > 0 && **name != *field.name => {}
                Some(other) => {
                    faults.push(
                        &pointer(),
                        format!("{:?} is also a name of the field {other:?}; case does not count", shorten(name)),
                    );
                }
                None => {}
            }
            let field = u32::try_from(place).unwrap_or(u32::MAX);
            columns.insert(name.clone(), Column { field, spelling });
        }
    }
    columns
}

/// Checks that each field can be what the table takes it for.
fn check_roles(
    fields: &[Field],
    label: Option<usize>,
    key: &[usize],
    compare_by: &[usize],
    time: Option<usize>,
    mut faults: SchemaFaults,
) -> SchemaFaults {
    for (index, place) in key.iter().enumerate() {
        if key[..index].contains(place) {
            faults.push(&format!("/lifeboat/key/{index}"), format!("{:?} stands twice", fields[*place].name));
        }
    }
    for (what, places) in [("key", key), ("compare_by", compare_by), ("time", time.as_slice())] {
        if label.is_some_and(|label| places.contains(&label)) {
            faults.push(
                &format!("/lifeboat/{what}"),
                "is the label, which is not known when a prediction is made".to_owned(),
            );
        }
    }
    if let Some(place) = time
        && !matches!(fields[place].domain, Domain::Date(_) | Domain::Datetime(..))
    {
        faults.push("/lifeboat/time", format!("{:?} must be a date or a datetime", fields[place].name));
    }
    faults
}

impl fmt::Display for Noun {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.one)
    }
}
