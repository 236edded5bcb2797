//! What the files of a package that people write may hold, as JSON Schemas (draft 2020-12): for editors, and for those who make packages.

use schemars::{JsonSchema, schema_for};
use serde_json::Value;

use super::files::{MANIFEST, RECIPE, SCHEMA};
use super::manifest::Manifest;
use super::recipe::RecipeDescriptor;
use crate::table::descriptor::SchemaDescriptor;

/// A file of a package that people write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    /// `schema.json`.
    Schema,
    /// `recipe.json`.
    Recipe,
    /// `manifest.json`.
    Manifest,
}

impl Written {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Schema, Self::Recipe, Self::Manifest];

    /// Returns the name of the file.
    pub fn file(self) -> &'static str {
        match self {
            Self::Schema => SCHEMA,
            Self::Recipe => RECIPE,
            Self::Manifest => MANIFEST,
        }
    }

    /// Returns what the file may hold.
    pub fn json_schema(self) -> Value {
        match self {
            Self::Schema => titled::<SchemaDescriptor>(SCHEMA),
            Self::Recipe => titled::<RecipeDescriptor>(RECIPE),
            Self::Manifest => titled::<Manifest>(MANIFEST),
        }
    }
}

/// Returns the JSON Schema of a type under the name of its file.
fn titled<T: JsonSchema>(file: &str) -> Value {
    let mut schema = schema_for!(T);
    schema.insert("title".to_owned(), file.into());
    schema.into()
}
