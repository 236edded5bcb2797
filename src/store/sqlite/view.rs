//! The view `predictions`, for whoever asks the file by SQL: a column for each field and each feature.

use std::collections::BTreeMap;

use rusqlite::{Connection, OptionalExtension, Transaction};

use super::earlier::{literal, quoted};
use super::row::{json, parsed};
use crate::store::Owner;

const NAME: &str = "predictions";

/// Columns that every table has, each with what it reads.
const OWN: [(&str, &str); 7] = [
    ("id", "id"),
    ("created_at", "created_at"),
    ("model_version", "model_version"),
    ("snapshot", "snapshot"),
    ("probability", "answer ->> '$.probability'"),
    ("outcome", "outcome ->> '$'"),
    ("outcome_recorded_at", "outcome_recorded_at"),
];

/// The names of the features of each version.
type Versions = BTreeMap<String, Vec<String>>;

/// Returns whether the view is that of the owner and of all versions that have written into the file.
pub(super) fn is_current(connection: &Connection, owner: &Owner) -> rusqlite::Result<bool> {
    let versions = versions(connection)?;
    Ok(versions.contains_key(&*owner.version) && current(connection)? == Some(text(owner, &versions)))
}

/// Names the owner's version among those that write into the file, and makes the view anew.
pub(super) fn renew(transaction: &Transaction<'_>, owner: &Owner) -> rusqlite::Result<()> {
    let keep = "INSERT OR IGNORE INTO versions (version, features) VALUES (?1, ?2)";
    transaction.execute(keep, [&*owner.version, &json(&owner.features.as_ref())?])?;
    let text = text(owner, &versions(transaction)?);
    transaction.execute_batch(&format!("DROP VIEW IF EXISTS {NAME}; {text}"))
}

fn current(connection: &Connection) -> rusqlite::Result<Option<String>> {
    let query = "SELECT sql FROM sqlite_schema WHERE type = 'view' AND name = ?1";
    connection.query_row(query, [NAME], |row| row.get(0)).optional()
}

/// Returns the names of the features of each version that has written into a file.
pub(super) fn versions(connection: &Connection) -> rusqlite::Result<Versions> {
    let mut statement = connection.prepare("SELECT version, features FROM versions")?;
    let rows = statement.query_map([], |row| {
        let names = parsed(row, 1, |text| serde_json::from_str(text).ok())?;
        Ok((row.get(0)?, names))
    })?;
    rows.collect()
}

/// Writes the view.
fn text(owner: &Owner, versions: &Versions) -> String {
    let (label, _) = &owner.table.label;
    let fields: Vec<&str> = owner.fields.iter().map(|name| &**name).chain([label.as_str()]).collect();
    let is_field = |name: &str| fields.iter().any(|field| field.eq_ignore_ascii_case(name));
    let mut columns: Vec<String> = Vec::new();
    for (name, value) in OWN {
        // A field has its own name; what is not of the table gives way.
        let name = if is_field(name) { format!("prediction_{name}") } else { name.to_owned() };
        columns.push(format!("{value} AS {}", quoted(&name)));
    }
    columns.push(format!("answer ->> '$.label' AS {}", quoted(label)));
    let read = |name: &&str| format!("record ->> {} AS {}", literal(&format!("$.{}", json_name(name))), quoted(name));
    columns.extend(fields[..fields.len() - 1].iter().map(read));
    columns.extend(features(versions));
    format!("CREATE VIEW {NAME} AS SELECT {} FROM stored", columns.join(", "))
}

/// Writes a column for each feature of any version.
fn features(versions: &Versions) -> Vec<String> {
    let mut names: Vec<&str> = Vec::new();
    for features in versions.values() {
        names.extend(features.iter().map(String::as_str).filter(|name| !names.contains(name)).collect::<Vec<_>>());
    }
    let column = |name: &str| format!("{} AS {}", places(versions, name), quoted(&format!("feature_{name}")));
    names.into_iter().map(column).collect()
}

/// Writes where a feature stands: at the same place for all versions, or at one that its version tells.
fn places(versions: &Versions, name: &str) -> String {
    let place = |features: &Vec<String>| features.iter().position(|feature| feature == name);
    let mut by_place: BTreeMap<Option<usize>, Vec<String>> = BTreeMap::new();
    for (version, features) in versions {
        by_place.entry(place(features)).or_default().push(literal(version));
    }
    let read = |place: Option<usize>| place.map_or("NULL".to_owned(), |place| format!("features ->> {place}"));
    if let (1, Some((place, _))) = (by_place.len(), by_place.first_key_value()) {
        return read(*place);
    }
    let cases = by_place
        .into_iter()
        .map(|(place, versions)| format!("WHEN model_version IN ({}) THEN {}", versions.join(", "), read(place)));
    format!("CASE {} END", cases.collect::<Vec<_>>().join(" "))
}

/// Writes a name as a path of JSON has it.
fn json_name(name: &str) -> String {
    serde_json::Value::from(name).to_string()
}
