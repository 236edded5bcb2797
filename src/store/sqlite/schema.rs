//! The schema, version by version: `user_version` says how many of the migrations a file has seen.

use std::path::Path;

use rusqlite::{Connection, TransactionBehavior};

use super::OpenError;

/// The schema that this program reads and writes.
const LATEST: u32 = 5;

/// Each brings the schema from the version of its index to the next; what stands here never changes again.
const MIGRATIONS: [&str; LATEST as usize] = [
    include_str!("schema_1.sql"),
    include_str!("schema_2.sql"),
    include_str!("schema_3.sql"),
    include_str!("schema_4.sql"),
    include_str!("schema_5.sql"),
];

/// Marks the file as lifeboat's (`lboa`), so that another program's database is never altered.
const APPLICATION_ID: i32 = 0x6c62_6f61;

/// Brings the file to the latest schema; other processes see the old one or the new one.
pub(super) fn migrate(connection: &mut Connection, path: &Path) -> Result<(), OpenError> {
    let sqlite = |source| OpenError::Sqlite { path: path.to_owned(), source };
    if check(connection, path)? == LATEST {
        return Ok(());
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(sqlite)?;
    let found = check(&transaction, path)?;
    for migration in &MIGRATIONS[found as usize..] {
        transaction.execute_batch(migration).map_err(sqlite)?;
    }
    transaction.pragma_update(None, "application_id", APPLICATION_ID).map_err(sqlite)?;
    transaction.pragma_update(None, "user_version", LATEST).map_err(sqlite)?;
    transaction.commit().map_err(sqlite)
}

/// Returns the version of a file that is lifeboat's or empty; changes nothing in one that is neither.
pub(super) fn check(connection: &Connection, path: &Path) -> Result<u32, OpenError> {
    let sqlite = |source| OpenError::Sqlite { path: path.to_owned(), source };
    let found = version(connection).map_err(sqlite)?;
    if application(connection).map_err(sqlite)? != APPLICATION_ID && !is_empty(connection).map_err(sqlite)? {
        return Err(OpenError::Foreign(path.to_owned()));
    }
    if found > LATEST {
        return Err(OpenError::Newer { path: path.to_owned(), found, known: LATEST });
    }
    Ok(found)
}

fn version(connection: &Connection) -> rusqlite::Result<u32> {
    connection.pragma_query_value(None, "user_version", |row| row.get(0))
}

fn application(connection: &Connection) -> rusqlite::Result<i32> {
    connection.pragma_query_value(None, "application_id", |row| row.get(0))
}

fn is_empty(connection: &Connection) -> rusqlite::Result<bool> {
    connection.query_row("SELECT count(*) = 0 FROM sqlite_schema", [], |row| row.get(0))
}

#[cfg(test)]
mod tests {
    use rusqlite::params;

    use super::super::observation::{SELECT_OBSERVATIONS, add_functions};
    use super::super::row::SELECT_WINDOW;
    use super::*;
    use crate::features::FEATURE_NAMES;

    #[test]
    fn a_new_file_gets_a_column_for_each_feature() {
        let mut connection = Connection::open_in_memory().unwrap();
        migrate(&mut connection, Path::new("new")).unwrap();
        migrate(&mut connection, Path::new("new")).unwrap();
        let columns = connection.prepare("SELECT * FROM predictions").unwrap();
        let columns: Vec<_> = columns.column_names().filter_map(|name| name.strip_prefix("feature_")).collect();
        assert_eq!(columns, FEATURE_NAMES);
    }

    #[test]
    fn a_file_of_an_earlier_schema_keeps_its_rows() {
        let mut connection = Connection::open_in_memory().unwrap();
        connection.execute_batch(MIGRATIONS[0]).unwrap();
        connection
            .execute_batch(
                "INSERT INTO predictions (id, created_at, model_version, probability, Survived, Pclass, Sex, SibSp, Parch) \
                 VALUES ('a', 'b', 'c', 0.5, 1, 1, 'male', 0, 0)",
            )
            .unwrap();
        connection.pragma_update(None, "application_id", APPLICATION_ID).unwrap();
        connection.pragma_update(None, "user_version", 1).unwrap();
        migrate(&mut connection, Path::new("old")).unwrap();
        assert_eq!(version(&connection).unwrap(), LATEST);
        let row = "SELECT count(*) FROM predictions WHERE id = 'a' AND outcome IS NULL AND outcome_recorded_at IS NULL";
        assert_eq!(connection.query_row(row, [], |row| row.get::<_, u32>(0)), Ok(1));
    }

    #[test]
    fn a_table_that_is_made_anew_keeps_every_column_of_every_row_in_its_place() {
        let mut connection = Connection::open_in_memory().unwrap();
        MIGRATIONS[..4].iter().for_each(|migration| connection.execute_batch(migration).unwrap());
        let names: Vec<String> = {
            let statement = connection.prepare("SELECT * FROM predictions").unwrap();
            statement.column_names().map(str::to_owned).collect()
        };
        // Each cell says which column it is in, as far as its type lets it.
        let values: Vec<String> = (0..names.len()).map(|column| format!("'{column}'")).collect();
        let insert = format!("INSERT INTO predictions ({}) VALUES ({})", names.join(", "), values.join(", "));
        connection.execute(&insert, []).unwrap();
        connection.pragma_update(None, "application_id", APPLICATION_ID).unwrap();
        connection.pragma_update(None, "user_version", 4).unwrap();
        migrate(&mut connection, Path::new("old")).unwrap();
        for (column, name) in names.iter().enumerate() {
            let found = format!("SELECT CAST({name} AS REAL) FROM predictions");
            let found: f64 = connection.query_row(&found, [], |row| row.get(0)).unwrap();
            assert!((found - crate::statistics::to_float(column as u64)).abs() < 1e-9, "{name}: {found}");
        }
    }

    #[test]
    fn a_window_is_read_by_its_index_and_never_sorted() {
        let mut connection = Connection::open_in_memory().unwrap();
        migrate(&mut connection, Path::new("new")).unwrap();
        add_functions(&connection).unwrap();
        for [same, later] in [&*SELECT_WINDOW, &*SELECT_OBSERVATIONS] {
            for (query, place) in [(same, "(created_at=? AND rowid>?)"), (later, "(created_at>? AND created_at<?)")] {
                let mut plan = connection.prepare(&format!("EXPLAIN QUERY PLAN {query}")).unwrap();
                let steps = plan.query_map(params!["2026", 0, 10], |row| row.get::<_, String>(3)).unwrap();
                let steps: Vec<String> = steps.map(Result::unwrap).collect();
                assert_eq!(steps, [format!("SEARCH predictions USING INDEX predictions_by_time {place}")]);
            }
        }
    }

    #[test]
    fn another_programs_file_is_left_alone() {
        let mut connection = Connection::open_in_memory().unwrap();
        connection.execute_batch("CREATE TABLE predictions (a)").unwrap();
        assert!(matches!(migrate(&mut connection, Path::new("x")), Err(OpenError::Foreign(_))));
    }

    #[test]
    fn a_later_schema_is_refused() {
        let mut connection = Connection::open_in_memory().unwrap();
        migrate(&mut connection, Path::new("x")).unwrap();
        connection.pragma_update(None, "user_version", 99).unwrap();
        assert!(matches!(migrate(&mut connection, Path::new("x")), Err(OpenError::Newer { found: 99, .. })));
    }
}
