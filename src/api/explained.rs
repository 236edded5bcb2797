//! Why a model answered so, as a client is told.

use serde::ser::{Serialize, SerializeMap, SerializeSeq, Serializer};

use crate::package::Package;
use crate::package::explanation::{Contribution, Explanation};
use crate::prediction::scalar;

/// An explanation, with the names that a package has for what moved the answer.
#[derive(Debug)]
pub(super) struct Explained<'a> {
    pub(super) package: &'a Package,
    pub(super) explanation: &'a Explanation,
}

impl Serialize for Explained<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { package, explanation } = self;
        let schema = package.schema();
        let mut map = serializer.serialize_map(None)?;
        let class = explanation.class.and_then(|place| schema.classes()?.get(place));
        match class {
            Some(class) => {
                map.serialize_entry("unit", "log_odds")?;
                map.serialize_entry("of", &scalar(schema, class))?;
            }
            None => map.serialize_entry("unit", &*schema.label_field().name)?,
        }
        map.serialize_entry("baseline", &explanation.baseline)?;
        map.serialize_entry("output", &explanation.output)?;
        map.serialize_entry("contributions", &Contributions(package, &explanation.contributions))?;
        map.serialize_entry("method", &explanation.method)?;
        map.end()
    }
}

struct Contributions<'a>(&'a Package, &'a [Contribution]);

impl Serialize for Contributions<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(Some(self.1.len()))?;
        for contribution in self.1 {
            list.serialize_element(&Part(&self.0.groups()[contribution.group], contribution))?;
        }
        list.end()
    }
}

struct Part<'a>(&'a str, &'a Contribution);

impl Serialize for Part<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("group", self.0)?;
        map.serialize_entry("amount", &self.1.amount)?;
        if let Some(error) = self.1.standard_error {
            map.serialize_entry("standard_error", &error)?;
        }
        map.end()
    }
}
