//! `lifeboat backup`: a whole copy of the database, in a file of its own.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::Path;
use std::process::Command;

use rusqlite::Connection;
use serde_json::json;

use crate::app::stored;
use crate::folder::Folder;
use crate::passengers::numbered;
use crate::server::{BINARY, Server, client, predict};
use crate::training::training_passengers;

/// Stores the training passengers in a new folder.
fn folder_of_predictions() -> Folder {
    let folder = Folder::new();
    folder.write("passengers.json", json!(training_passengers()).to_string());
    folder.run(&["predict", "passengers.json", "--store", "--output", "/dev/null"]);
    folder
}

fn mode(file: &Path) -> u32 {
    file.metadata().unwrap().mode() & 0o777
}

#[tokio::test]
async fn a_backup_has_what_was_acknowledged_and_is_a_database() {
    let folder = Folder::new();
    let server = Server::start(&folder.path("titanic.db"));
    let (client, predictions) = (client(), server.url("/predict"));
    predict(&client, &predictions, &(0..500).map(numbered).collect()).await.unwrap();
    let (out, said) = folder.run(&["backup", "backup.db"]);
    assert_eq!((out.as_str(), said.as_str()), ("", "500 predictions backed up to backup.db\n"));
    let another = predict(&client, &predictions, &numbered(500)).await.unwrap();
    assert_eq!(another.status(), 201, "the server goes on");

    // One file is all of it, and needs nothing beside it to be read from a disk that cannot be written.
    assert_eq!(folder.files(), ["backup.db", "titanic.db", "titanic.db-shm", "titanic.db-wal"]);
    assert_eq!(fs::read(folder.path("backup.db")).unwrap()[18..20], [1, 1], "it has no write-ahead log");
    let uri = format!("file:{}?immutable=1", folder.path("backup.db").display());
    let rows = "SELECT count(*) FROM predictions";
    assert_eq!(Connection::open(uri).unwrap().query_row(rows, [], |row| row.get(0)), Ok(500));
    let (table, _) = folder.run(&["export", "--format", "csv", "--database-url", "sqlite:backup.db"]);
    assert_eq!(table.lines().count(), 501);
    let restored = Server::start(&folder.path("backup.db"));
    assert_eq!(predict(&client, &restored.url("/predict"), &numbered(1)).await.unwrap().status(), 200);
}

#[test]
fn a_backup_replaces_a_file_only_if_it_is_told_to() {
    let folder = folder_of_predictions();
    folder.write("backup.db", "an earlier one");
    fs::set_permissions(folder.path("backup.db"), fs::Permissions::from_mode(0o640)).unwrap();
    let said = folder.refuses(&["backup", "backup.db"]);
    assert!(said.contains("backup.db exists: --force replaces it"), "{said}");
    assert_eq!(folder.read("backup.db"), "an earlier one");
    symlink("backup.db", folder.path("latest.db")).unwrap();
    folder.run(&["backup", "latest.db", "--force"]);
    assert_eq!((stored(&folder.path("backup.db")), mode(&folder.path("backup.db"))), (891, 0o640));
    assert!(folder.path("latest.db").is_symlink());
}

#[test]
fn a_backup_is_as_private_as_the_umask_says() {
    let folder = folder_of_predictions();
    for (umask, expected) in [("022", 0o644), ("077", 0o600)] {
        let name = format!("backup-{umask}.db");
        let script = format!("umask {umask} && exec {BINARY} backup {name} --database-url sqlite:titanic.db");
        let mut command = Command::new("/bin/sh");
        command.args(["-c", &script]).env_clear().current_dir(folder.path("."));
        assert!(command.output().unwrap().status.success());
        assert_eq!(mode(&folder.path(&name)), expected);
    }
}

#[test]
fn a_backup_that_would_destroy_or_mix_is_refused() {
    let folder = folder_of_predictions();
    symlink("titanic.db", folder.path("link.db")).unwrap();
    for same in ["titanic.db", "./titanic.db", "link.db"] {
        let said = folder.refuses(&["backup", same, "--force"]);
        assert!(said.contains("is the database itself"), "{said}");
    }
    folder.write("other.db-wal", "what another database was given last");
    let said = folder.refuses(&["backup", "other.db"]);
    assert!(said.contains("other.db-wal is the log of another database"), "{said}");
    assert_eq!(stored(&folder.path("titanic.db")), 891);
    assert!(!folder.path("other.db").exists());
}

#[test]
fn a_backup_that_fails_leaves_nothing_and_replaces_nothing() {
    let folder = folder_of_predictions();
    folder.write("backup.db", "an earlier one");
    let before = folder.files();
    let said = folder.fails(&["backup", "backup.db", "--force", "--database-url", "sqlite:typo.db"]);
    assert!(said.contains("typo.db does not exist"), "{said}");
    let said = folder.fails(&["backup", "none/backup.db"]);
    assert!(said.contains("cannot back up titanic.db: cannot write the copy"), "{said}");
    // A disk that is too small for it.
    let script = format!("trap '' XFSZ; ulimit -f 100; exec {BINARY} backup backup.db --force");
    let mut command = Command::new("/bin/sh");
    let tried = command.args(["-c", &script]).env_clear().current_dir(folder.path(".")).output().unwrap();
    assert_eq!(tried.status.code(), Some(1), "{tried:?}");
    let files: Vec<_> = folder.files().into_iter().filter(|file| !file.starts_with("titanic.db-")).collect();
    assert_eq!(files, before);
    assert_eq!(folder.read("backup.db"), "an earlier one");
}

#[test]
fn a_damaged_database_does_not_replace_its_last_backup() {
    let folder = folder_of_predictions();
    folder.run(&["backup", "backup.db"]);
    let mut bytes = fs::read(folder.path("titanic.db")).unwrap();
    let middle = bytes.len() / 2 / 4096 * 4096;
    bytes[middle..middle + 3 * 4096].fill(0xff);
    folder.write("titanic.db", bytes);
    let said = folder.fails(&["backup", "backup.db", "--force"]);
    assert!(said.contains("the database is damaged"), "{said}");
    assert_eq!(stored(&folder.path("backup.db")), 891);
}

#[test]
fn a_table_of_dynamodb_is_backed_up_by_aws() {
    let folder = Folder::new();
    let said = folder.refuses(&["backup", "backup.db", "--database-url", "dynamodb:predictions"]);
    assert!(said.contains("aws dynamodb create-backup --table-name predictions"), "{said}");
    assert!(said.contains("point-in-time recovery"), "{said}");
}
