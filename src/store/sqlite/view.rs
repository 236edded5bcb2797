//! The view `predictions`, for whoever asks the file by SQL: a column for each field and each feature.

use std::collections::BTreeMap;

use rusqlite::{Connection, OptionalExtension, Row, Transaction};

use super::earlier::{literal, quoted};
use super::row::{from_json, json};
use crate::store::Owner;

const NAME: &str = "predictions";

/// Columns that every table has, each with what it reads.
const OWN: [(&str, &str); 7] = [
    ("id", "beginning || lower(hex(hash))"),
    ("created_at", "strftime('%Y-%m-%dT%H:%M:%fZ', created_at / 1000.0, 'unixepoch')"),
    ("model_version", "versions.name"),
    ("snapshot", "snapshots.name"),
    ("probability", "probability"),
    (
        "outcome",
        "(SELECT outcomes.label ->> '$' FROM outcomes WHERE prediction = stored.number ORDER BY place DESC LIMIT 1)",
    ),
    (
        "known_at",
        "(SELECT strftime('%Y-%m-%dT%H:%M:%fZ', known_at / 1000.0, 'unixepoch') FROM outcomes WHERE prediction = stored.number \
         ORDER BY place DESC LIMIT 1)",
    ),
];

/// What a column reads from. SQLite leaves a table out that no column of a query needs.
const TABLES: &str = "stored LEFT JOIN versions ON versions.number = stored.version \
    LEFT JOIN snapshots ON snapshots.number = stored.snapshot";

/// A version that has written into a file, with the names of its features.
struct Version {
    number: i64,
    name: String,
    features: Vec<String>,
    /// The names of its fields; none where an earlier program wrote.
    fields: Vec<String>,
}

/// Returns whether the view is that of the owner and of all versions that have written into the file.
pub(super) fn is_current(connection: &Connection, owner: &Owner) -> rusqlite::Result<bool> {
    let versions = versions(connection)?;
    let is_known = versions.iter().any(|version| version.name == *owner.version);
    Ok(is_known && current(connection)? == Some(text(owner, &versions)))
}

/// Names the owner's version among those that write into the file, and makes the view anew.
pub(super) fn renew(transaction: &Transaction<'_>, owner: &Owner) -> rusqlite::Result<()> {
    // A version that another one called by its name, as that in its shadow, has no features yet.
    let keep = "INSERT INTO versions (name, features, fields) VALUES (?1, ?2, ?3) ON CONFLICT (name) \
        DO UPDATE SET features = excluded.features, fields = excluded.fields WHERE features IS NULL";
    transaction.execute(keep, [&*owner.version, &json(&owner.features.as_ref())?, &json(&owner.fields.as_ref())?])?;
    let text = text(owner, &versions(transaction)?);
    transaction.execute_batch(&format!("DROP VIEW IF EXISTS {NAME}; {text}"))
}

fn current(connection: &Connection) -> rusqlite::Result<Option<String>> {
    let query = "SELECT sql FROM sqlite_schema WHERE type = 'view' AND name = ?1";
    connection.query_row(query, [NAME], |row| row.get(0)).optional()
}

/// Returns the versions that have written into a file, in the order in which they came.
fn versions(connection: &Connection) -> rusqlite::Result<Vec<Version>> {
    let query = "SELECT number, name, features, coalesce(fields, '[]') FROM versions WHERE features IS NOT NULL ORDER BY number";
    let mut statement = connection.prepare(query)?;
    let version = |row: &Row<'_>| {
        let names = |column| from_json(row.get_ref(column)?.as_str()?, column);
        Ok(Version { number: row.get(0)?, name: row.get(1)?, features: names(2)?, fields: names(3)? })
    };
    statement.query_map([], version)?.collect()
}

/// Writes the view.
fn text(owner: &Owner, versions: &[Version]) -> String {
    let (label, _) = &owner.table.label;
    let fields: Vec<&str> = owner.fields.iter().map(|name| &**name).chain([label.as_str()]).collect();
    let is_field = |name: &str| fields.iter().any(|field| field.eq_ignore_ascii_case(name));
    let mut columns: Vec<String> = Vec::new();
    for (name, value) in OWN {
        // A field has its own name; what is not of the table gives way.
        let name = if is_field(name) { format!("prediction_{name}") } else { name.to_owned() };
        columns.push(format!("{value} AS {}", quoted(&name)));
    }
    columns.push(format!("stored.label ->> '$' AS {}", quoted(label)));
    let read = |name: &&str| {
        let listed = places("stored.record", versions, |version| &version.fields, name);
        let member = literal(&format!("$.{}", json_name(name)));
        format!("coalesce({listed}, record ->> {member}) AS {}", quoted(name))
    };
    columns.extend(fields[..fields.len() - 1].iter().map(read));
    columns.extend(features(versions));
    format!("CREATE VIEW {NAME} AS SELECT {} FROM {TABLES}", columns.join(", "))
}

/// Writes a column for each feature of any version.
fn features(versions: &[Version]) -> Vec<String> {
    let mut names: Vec<&str> = Vec::new();
    for Version { features, .. } in versions {
        names.extend(features.iter().map(String::as_str).filter(|name| !names.contains(name)).collect::<Vec<_>>());
    }
    let column = |name: &str| {
        let place = places("stored.features", versions, |version| &version.features, name);
        format!("{place} AS {}", quoted(&format!("feature_{name}")))
    };
    names.into_iter().map(column).collect()
}

/// Writes where in a list a name's value stands: at the same place for all versions, or at one that its version tells.
fn places(list: &str, versions: &[Version], names: impl Fn(&Version) -> &Vec<String>, name: &str) -> String {
    let mut by_place: BTreeMap<Option<usize>, Vec<String>> = BTreeMap::new();
    for version in versions {
        let place = names(version).iter().position(|other| other == name);
        by_place.entry(place).or_default().push(version.number.to_string());
    }
    let read = |place: Option<usize>| place.map_or("NULL".to_owned(), |place| format!("{list} ->> {place}"));
    if let (1, Some((place, _))) = (by_place.len(), by_place.first_key_value()) {
        return read(*place);
    }
    let cases = by_place
        .into_iter()
        .map(|(place, versions)| format!("WHEN stored.version IN ({}) THEN {}", versions.join(", "), read(place)));
    format!("CASE {} END", cases.collect::<Vec<_>>().join(" "))
}

/// Writes a name as a path of JSON has it.
fn json_name(name: &str) -> String {
    serde_json::Value::from(name).to_string()
}
