//! What a database belongs to.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::table::Schema;

/// The table whose predictions a database keeps, and the version of the package that writes into it.
///
/// Another version of the package reads what is there; another table's package is refused.
#[derive(Debug, Clone)]
pub struct Owner {
    /// What does not change from version to version.
    pub table: OwnedTable,
    /// The version of the package.
    pub version: Arc<str>,
    /// The features that this version stores, in order; empty where it stores none.
    pub features: Arc<[Box<str>]>,
    /// The names of the fields that a client sends, in the schema's order.
    pub fields: Box<[Box<str>]>,
}

/// What of a table does not change from version to version of its package.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnedTable {
    /// The package's name.
    pub name: String,
    /// The fields of the key, each with its type, in the key's order.
    pub key: Vec<(String, String)>,
    /// The label and its type.
    pub label: (String, String),
}

/// A database that belongs to another table.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("it holds the predictions of {found}, not of {expected}: use another database")]
pub struct NotOwned {
    /// Whose it is.
    pub found: Box<OwnedTable>,
    /// Whose it should be.
    pub expected: Box<OwnedTable>,
}

impl Owner {
    /// Describes a version of a package.
    pub fn new(name: &str, schema: &Schema, version: Arc<str>, features: Arc<[Box<str>]>) -> Self {
        let typed = |place: usize| {
            let field = &schema.fields()[place];
            (field.name.to_string(), field.kind.name().to_owned())
        };
        let key = schema.key().iter().map(|&place| typed(place)).collect();
        let table = OwnedTable { name: name.to_owned(), key, label: typed(schema.label()) };
        Self { table, version, features, fields: schema.inputs().map(|(_, field)| field.name.clone()).collect() }
    }

    /// Refuses a database that another table's package has written.
    pub fn check(&self, found: OwnedTable) -> Result<(), NotOwned> {
        if found == self.table {
            return Ok(());
        }
        Err(NotOwned { found: found.into(), expected: self.table.clone().into() })
    }
}

impl fmt::Display for OwnedTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key: Vec<String> = self.key.iter().map(|(name, kind)| format!("{name} ({kind})")).collect();
        let key = if key.is_empty() { "no key".to_owned() } else { format!("key {}", key.join(", ")) };
        write!(f, "package {} with {key} and label {} ({})", self.name, self.label.0, self.label.1)
    }
}
