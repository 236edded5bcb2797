//! Servers whose database file is moved, replaced, deleted or backed up under load, or that are killed: what was acknowledged
//! is found again, once.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use lifeboat::start;
use lifeboat::store::sqlite::{SqliteConfig, SqliteStore};
use reqwest::StatusCode;
use rusqlite::Connection;
use serde_json::Value;
use tempfile::TempDir;
use tokio::task::JoinSet;

use crate::app::{package, stored};
use crate::folder::Folder;
use crate::passengers::numbered;
use crate::server::{BINARY, Server, client, failure, lifeboat, new_database, predict, serve, url};

const CLIENTS: usize = 64;

/// So many answers must be given between one misfortune and the next.
const ANSWERS_A_ROUND: usize = 150;

const PATIENCE: Duration = Duration::from_secs(30);

/// Clients that each post one new passenger after another, whatever befalls the server, until they are told to stop.
struct Load {
    clients: JoinSet<()>,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    /// Where the server is now.
    url: Mutex<String>,
    next: AtomicU64,
    /// The ids that were answered, by passenger.
    acknowledged: Mutex<HashMap<u64, String>>,
    refused: AtomicU64,
    is_over: AtomicBool,
}

impl Load {
    /// Starts the clients; `first` is the number of their first passenger.
    fn start(server: &Server, first: u64) -> Self {
        let url = Mutex::new(server.url("/predict"));
        let shared = Arc::new(Shared { url, next: AtomicU64::new(first), ..Shared::default() });
        let clients = (0..CLIENTS).map(|_| post_until_over(Arc::clone(&shared))).collect();
        Self { clients, shared }
    }

    fn acknowledged(&self) -> HashMap<u64, String> {
        self.shared.acknowledged.lock().unwrap().clone()
    }

    /// Waits until as many further answers were given as a round takes.
    async fn a_round(&self) {
        let (started, enough) = (Instant::now(), self.acknowledged().len() + ANSWERS_A_ROUND);
        while self.shared.acknowledged.lock().unwrap().len() < enough {
            assert!(
                started.elapsed() < PATIENCE,
                "too few answers: {} refused",
                self.shared.refused.load(Ordering::Relaxed)
            );
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }

    fn goes_on_at(&self, server: &Server) {
        *self.shared.url.lock().unwrap() = server.url("/predict");
    }

    async fn end(self) -> HashMap<u64, String> {
        self.shared.is_over.store(true, Ordering::Relaxed);
        self.clients.join_all().await;
        std::mem::take(&mut *self.shared.acknowledged.lock().unwrap())
    }
}

async fn post_until_over(shared: Arc<Shared>) {
    let client = client();
    while !shared.is_over.load(Ordering::Relaxed) {
        let number = shared.next.fetch_add(1, Ordering::Relaxed);
        let url = shared.url.lock().unwrap().clone();
        let Ok(answer) = predict(&client, &url, &numbered(number)).await else {
            // The server was killed, and another is about to start.
            tokio::time::sleep(Duration::from_millis(5)).await;
            continue;
        };
        if answer.status() == StatusCode::SERVICE_UNAVAILABLE {
            shared.refused.fetch_add(1, Ordering::Relaxed);
            continue;
        }
        assert_eq!(answer.status(), StatusCode::CREATED);
        // A server that is killed may leave an answer in halves: it does not count.
        if let Ok(answer) = answer.json::<Value>().await {
            shared.acknowledged.lock().unwrap().insert(number, answer["id"].as_str().unwrap().to_owned());
        }
    }
}

/// Returns the ids in a sound file by passenger, each passenger once.
fn contents(database: &Path) -> HashMap<u64, String> {
    let connection = Connection::open(database).unwrap();
    let verdict: String = connection.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(verdict, "ok", "{}", database.display());
    let mut all = connection.prepare("SELECT PassengerId, id FROM predictions").unwrap();
    let rows = all.query_map([], |row| Ok((row.get::<_, u32>(0)?.into(), row.get(1)?))).unwrap();
    let rows: Vec<(u64, String)> = rows.map(Result::unwrap).collect();
    let (count, contents) = (rows.len(), HashMap::from_iter(rows));
    assert_eq!(count, contents.len(), "a passenger stands twice in {}", database.display());
    contents
}

/// A database, and all files that were made of it.
struct Files {
    folder: TempDir,
    database: PathBuf,
    moved: Vec<PathBuf>,
    backups: Vec<PathBuf>,
}

impl Files {
    fn new() -> Self {
        let (folder, database) = new_database();
        Self { folder, database, moved: Vec::new(), backups: Vec::new() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Moves the database away, without what stands beside it.
    fn r#move(&mut self, round: usize) {
        let moved = self.path(&format!("moved-{round}.db"));
        fs::rename(&self.database, &moved).unwrap();
        self.moved.push(moved);
    }

    /// Puts an empty database in the place of this one.
    fn replace(&self) {
        let fresh = self.path("fresh.db");
        drop(SqliteStore::open(SqliteConfig::new(fresh.clone()), start::owner(package())).unwrap());
        fs::rename(fresh, &self.database).unwrap();
    }

    /// Backs the database up, and checks that nothing is missing that was acknowledged before and stands there.
    fn back_up(&mut self, round: usize, load: &Load) {
        let before = load.acknowledged();
        let elsewhere = self.left();
        let backup = self.path(&format!("backup-{round}.db"));
        let mut command = lifeboat();
        let said = command.arg("backup").arg(&backup).args(["--database-url", &url(&self.database)]).output().unwrap();
        assert!(said.status.success(), "{said:?}");
        let found = contents(&backup);
        let missing = before.keys().filter(|number| !elsewhere.contains_key(number) && !found.contains_key(number));
        assert_eq!(missing.count(), 0, "in the backup of round {round}");
        self.backups.push(backup);
    }

    /// Returns what is in the files that the server has left, each passenger in one of them.
    fn left(&self) -> HashMap<u64, String> {
        let mut all = HashMap::new();
        for file in self.moved.iter().chain(&self.rescued()) {
            for (number, id) in contents(file) {
                assert_eq!(
                    all.insert(number, id),
                    None,
                    "passenger {number} stands in a second file too: {}",
                    file.display()
                );
            }
        }
        all
    }

    fn rescued(&self) -> Vec<PathBuf> {
        let files = fs::read_dir(self.folder.path()).unwrap().map(|file| file.unwrap().path());
        let is_rescued = |file: &PathBuf| file.file_name().unwrap().to_str().unwrap().contains(".rescued-");
        files.filter(is_rescued).collect()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twenty_rounds_of_misfortune_under_load_lose_nothing_and_store_nothing_twice() {
    const ROUNDS: usize = 20;
    let mut files = Files::new();
    let mut server = Server::start(&files.database);
    let load = Load::start(&server, 0);
    for round in 0..ROUNDS {
        load.a_round().await;
        match round % 5 {
            0 => {
                server.kill();
                server = Server::start(&files.database);
                load.goes_on_at(&server);
            }
            1 => files.r#move(round),
            2 => files.replace(),
            3 => fs::remove_file(&files.database).unwrap(),
            _ => files.back_up(round, &load),
        }
    }
    load.a_round().await;
    let refused = load.shared.refused.load(Ordering::Relaxed);
    let acknowledged = load.end().await;
    // The last move is seen by nobody but the server that stops.
    files.r#move(ROUNDS);
    server.terminate();
    assert_eq!(server.ended().code(), Some(0));

    assert_eq!(
        (files.moved.len(), files.rescued().len(), files.backups.len()),
        (ROUNDS / 5 + 1, 2 * ROUNDS / 5, ROUNDS / 5)
    );
    let found = files.left();
    for (number, id) in &acknowledged {
        assert_eq!(found.get(number), Some(id), "passenger {number} of {}, {refused} refused", acknowledged.len());
    }
    assert!(acknowledged.len() >= ROUNDS * ANSWERS_A_ROUND);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_moved_under_two_servers_keeps_what_both_acknowledged() {
    const MOVES: usize = 4;
    let mut files = Files::new();
    let servers = [(); 2].map(|()| Server::start(&files.database));
    let loads = [(&servers[0], 0), (&servers[1], 1_000_000)].map(|(server, first)| Load::start(server, first));
    for round in 0..MOVES {
        for load in &loads {
            load.a_round().await;
        }
        files.r#move(round);
    }
    let mut acknowledged = HashMap::new();
    for load in loads {
        load.a_round().await;
        acknowledged.extend(load.end().await);
    }
    files.r#move(MOVES);
    for server in servers {
        server.terminate();
        assert_eq!(server.ended().code(), Some(0));
    }
    let found = files.left();
    let lost = acknowledged.iter().filter(|(number, id)| found.get(number) != Some(id));
    assert_eq!(lost.count(), 0, "of {}", acknowledged.len());
}

/// Moves the database of a server that has answered once, and kills the server after a while.
async fn moved_then_killed(database: &Path, moved: &Path, after: Duration) {
    let mut server = Server::start(database);
    let answer = predict(&client(), &server.url("/predict"), &numbered(1)).await.unwrap();
    assert_eq!(answer.status(), StatusCode::CREATED);
    fs::rename(database, moved).unwrap();
    tokio::time::sleep(after).await;
    server.kill();
}

#[tokio::test]
async fn a_file_moved_a_second_before_its_server_is_killed_is_whole() {
    let (folder, database) = new_database();
    let moved = folder.path().join("moved.db");
    moved_then_killed(&database, &moved, Duration::from_secs(1)).await;
    assert_eq!(stored(&moved), 1);
    Server::start(&database);
}

/// Returns the commands of a message, which stand in brackets, with the name of the file in their place for it.
fn commands(message: &str, moved: &Path) -> Vec<String> {
    let brackets = message.split('(').skip(1).map(|rest| rest.split(')').next().unwrap());
    brackets.map(|command| command.replace("OTHER", moved.to_str().unwrap())).collect()
}

/// Runs a command as an operator does who copies it from a message.
fn follow(command: &str) {
    let binaries = Path::new(BINARY).parent().unwrap().display();
    let path = format!("{binaries}:/usr/bin:/bin");
    let said = Command::new("/bin/sh").args(["-c", command]).env_clear().env("PATH", path).output().unwrap();
    assert!(said.status.success(), "{command}: {said:?}");
}

#[tokio::test]
async fn a_file_moved_just_before_its_server_is_killed_is_made_whole_by_what_the_next_start_says() {
    for moves_back in [true, false] {
        let (folder, database) = new_database();
        let moved = folder.path().join("moved.db");
        moved_then_killed(&database, &moved, Duration::ZERO).await;
        let log = fs::read(database.with_extension("db-wal")).unwrap();
        let said = failure(serve(&database));
        assert!(fs::read(database.with_extension("db-wal")).unwrap() == log, "the log was altered");
        let [back, log_follows, open, delete] = &commands(&said, &moved)[..] else { panic!("{said}") };
        assert!(delete.starts_with("rm "), "{delete}");
        if moves_back {
            follow(back);
            let server = Server::start(&database);
            let answer = predict(&client(), &server.url("/predict"), &numbered(1)).await.unwrap();
            assert_eq!(answer.status(), StatusCode::OK, "it was stored before");
        } else {
            follow(log_follows);
            follow(open);
            assert_eq!(stored(&moved), 1);
            Server::start(&database);
        }
    }
}

#[tokio::test]
async fn every_command_refuses_a_log_without_its_file() {
    let folder = Folder::new();
    moved_then_killed(&folder.path("titanic.db"), &folder.path("moved.db"), Duration::ZERO).await;
    folder.write("outcomes.csv", "PassengerId,Survived\n1,0\n");
    folder.write("passengers.json", numbered(1).to_string());
    let before = folder.files();
    let refuses = |said: &str| said.contains("titanic.db is missing or empty, but");
    let said = failure(serve(&folder.path("titanic.db")));
    assert!(refuses(&said), "{said}");
    for arguments in [
        &["export", "--format", "csv"][..],
        &["monitor"],
        &["replay"],
        &["outcomes", "outcomes.csv"],
        &["backup", "backup.db"],
        &["predict", "passengers.json", "--store", "--output", "/dev/null"],
    ] {
        let said = folder.fails(arguments);
        assert!(refuses(&said), "{arguments:?}: {said}");
        assert_eq!(folder.files(), before, "{arguments:?}");
    }
}
