//! A file of an earlier program: one table `predictions` with a column a field and a column a feature, for one table of the world.
//!
//! Layouts 1 to 5 differ in the columns that were added behind: nothing here names a field, since the file tells which it has.

use rusqlite::{Connection, Transaction};

use super::row::json;
use crate::store::Owner;

/// The columns that are no field and no feature.
const OWN: [&str; 9] = [
    "id",
    "created_at",
    "model_version",
    "probability",
    "outcome",
    "outcome_recorded_at",
    "sampled",
    "shadow_version",
    "shadow_probability",
];

/// How many digits an id ends with.
const HASH_DIGITS: usize = 32;

/// What the columns of features begin with.
const FEATURE: &str = "feature_";

/// Returns whether the fields of a file are among those of a table.
pub(super) fn is_of(connection: &Connection, owner: &Owner) -> rusqlite::Result<bool> {
    let columns = columns(connection)?;
    let (label, _) = &owner.table.label;
    let mut fields = fields(&columns, label);
    let is_field = |name: &String| owner.fields.iter().any(|field| **field == **name);
    Ok(columns.contains(label) && fields.by_ref().all(is_field))
}

/// Names the features of each version, and takes over all rows.
pub(super) fn take_over(transaction: &Transaction<'_>, label: &str) -> rusqlite::Result<()> {
    let columns = columns(transaction)?;
    keep_versions(transaction, &columns)?;
    let fields: Vec<String> =
        fields(&columns, label).map(|name| format!("{}, {}", literal(name), quoted(name))).collect();
    let features: Vec<&String> = columns.iter().filter(|name| name.starts_with(FEATURE)).collect();
    let own = |name: &'static str, absent: &'static str| {
        if columns.iter().any(|column| column == name) { name } else { absent }
    };
    // A merge patch drops what is null: a field that was not given is not in a record.
    let copy = format!(
        "INSERT INTO stored (beginning, hash, created_at, version, record, features, label, probability, sampled, \
             shadow_version, shadow_answer) \
         SELECT substr(id, 1, length(id) - {HASH_DIGITS}), unhex(substr(id, -{HASH_DIGITS})), {created_at}, {version}, \
             json_patch('{{}}', json_object({fields})), json_array({features}), json_quote({label}), probability, {sampled}, \
             {shadow_version}, \
             CASE WHEN {shadow} IS NOT NULL \
                 THEN json_object('label', {shadow_probability} >= 0.5, 'probability', {shadow_probability}) END \
         FROM predictions ORDER BY rowid",
        created_at = milliseconds("created_at"),
        version = number("model_version"),
        fields = fields.join(", "),
        features = features.iter().map(|name| quoted(name)).collect::<Vec<_>>().join(", "),
        label = quoted(label),
        sampled = own("sampled", "1"),
        shadow_version = number(own("shadow_version", "NULL")),
        shadow = own("shadow_version", "NULL"),
        shadow_probability = own("shadow_probability", "NULL"),
    );
    transaction.execute(&copy, [])?;
    if columns.iter().any(|column| column == "outcome") {
        take_over_outcomes(transaction)?;
    }
    transaction.execute_batch("DROP TABLE predictions")
}

/// Takes over what really happened, known since it was recorded.
fn take_over_outcomes(transaction: &Transaction<'_>) -> rusqlite::Result<()> {
    let copy = format!(
        "INSERT INTO outcomes (prediction, place, label, known_at) \
         SELECT number, 0, CAST(outcome AS TEXT), {known_at} FROM predictions JOIN stored \
             ON beginning = substr(id, 1, length(id) - {HASH_DIGITS}) AND hash = unhex(substr(id, -{HASH_DIGITS})) \
         WHERE outcome IS NOT NULL",
        known_at = milliseconds("outcome_recorded_at"),
    );
    transaction.execute(&copy, []).map(drop)
}

/// Gives each version a number, those that answered with the names of the features.
fn keep_versions(transaction: &Transaction<'_>, columns: &[String]) -> rusqlite::Result<()> {
    let names: Vec<&str> = columns.iter().filter_map(|name| name.strip_prefix(FEATURE)).collect();
    let keep = "INSERT INTO versions (name, features) SELECT DISTINCT model_version, ?1 FROM predictions";
    transaction.execute(keep, [json(&names)?])?;
    if columns.iter().any(|column| column == "shadow_version") {
        let keep = "INSERT OR IGNORE INTO versions (name) SELECT shadow_version FROM predictions WHERE shadow_version IS NOT NULL";
        transaction.execute(keep, [])?;
    }
    Ok(())
}

/// Writes how a time reads as a number of milliseconds; it was a text with three decimals.
fn milliseconds(column: &str) -> String {
    format!("unixepoch({column}) * 1000 + substr({column}, 21, 3)")
}

/// Writes how the name of a version reads as its number.
fn number(column: &str) -> String {
    format!("(SELECT number FROM versions WHERE name = {column})")
}

fn columns(connection: &Connection) -> rusqlite::Result<Vec<String>> {
    let mut statement = connection.prepare("SELECT name FROM pragma_table_info('predictions')")?;
    statement.query_map([], |row| row.get(0))?.collect()
}

/// Returns the columns that are fields of a record.
fn fields<'a>(columns: &'a [String], label: &'a str) -> impl Iterator<Item = &'a String> {
    let is_field =
        move |name: &&String| !OWN.contains(&name.as_str()) && !name.starts_with(FEATURE) && name.as_str() != label;
    columns.iter().filter(is_field)
}

/// Writes a name as SQL has it.
pub(super) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// Writes a text as SQL has it.
pub(super) fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}
