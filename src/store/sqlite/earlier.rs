//! A file of an earlier program: one table `predictions` with a column a field and a column a feature, for one table of the world.
//!
//! Layouts 1 to 5 differ in the columns that were added behind: nothing here names a field, since the file tells which it has.

use rusqlite::{Connection, Transaction};

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

/// Takes over all rows, and names the features of each version.
pub(super) fn take_over(transaction: &Transaction<'_>, label: &str) -> rusqlite::Result<()> {
    let columns = columns(transaction)?;
    let fields: Vec<String> =
        fields(&columns, label).map(|name| format!("{}, {}", literal(name), quoted(name))).collect();
    let features: Vec<&String> = columns.iter().filter(|name| name.starts_with(FEATURE)).collect();
    let own = |name: &'static str, absent: &'static str| {
        if columns.iter().any(|column| column == name) { name } else { absent }
    };
    // A merge patch drops what is null: a field that was not given is not in a record.
    let copy = format!(
        "INSERT INTO stored (id, created_at, model_version, record, features, answer, sampled, outcome, outcome_recorded_at, \
             shadow_version, shadow_answer) \
         SELECT id, created_at, model_version, json_patch('{{}}', json_object({fields})), json_array({features}), \
             {answer}, {sampled}, CAST({outcome} AS TEXT), {outcome_recorded_at}, {shadow_version}, \
             CASE WHEN {shadow_version} IS NOT NULL \
                 THEN json_object('label', {shadow_probability} >= 0.5, 'probability', {shadow_probability}) END \
         FROM predictions ORDER BY rowid",
        fields = fields.join(", "),
        features = features.iter().map(|name| quoted(name)).collect::<Vec<_>>().join(", "),
        answer = format_args!("json_object('label', {}, 'probability', probability)", quoted(label)),
        sampled = own("sampled", "1"),
        outcome = own("outcome", "NULL"),
        outcome_recorded_at = own("outcome_recorded_at", "NULL"),
        shadow_version = own("shadow_version", "NULL"),
        shadow_probability = own("shadow_probability", "NULL"),
    );
    transaction.execute(&copy, [])?;
    let names: Vec<&str> = features.iter().map(|name| &name[FEATURE.len()..]).collect();
    let names = serde_json::to_string(&names).map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))?;
    transaction
        .execute("INSERT INTO versions (version, features) SELECT DISTINCT model_version, ?1 FROM stored", [names])?;
    transaction.execute_batch("DROP TABLE predictions")
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
