//! A report over many predictions: what it costs, and who is answered meanwhile.

use std::fmt::Write as _;
use std::fs;
use std::time::{Duration, Instant};

use rusqlite::Connection;
use serde_json::json;

use crate::folder::Folder;
use crate::passengers::numbered;
use crate::server::{Server, client, serve};

/// A fifth of what the figures in `docs/operation.md` are of, so that it is stored in seconds.
const ROWS: u64 = 60_000;

/// Stores predictions as `lifeboat predict` does: all of one moment.
fn store_many(folder: &Folder, rows: u64) {
    let fields = ["PassengerId", "Pclass", "Name", "Sex", "Age", "SibSp", "Parch", "Ticket", "Fare", "Embarked"];
    let mut table = fields.join(",") + "\n";
    for passenger in (0..rows).map(numbered) {
        let cells = fields.map(|field| match passenger[field].as_str() {
            Some(text) => format!("\"{text}\""),
            None => passenger[field].to_string(),
        });
        writeln!(table, "{}", cells.join(",")).unwrap();
    }
    folder.write("many.csv", table);
    folder.run(&["predict", "many.csv", "--store", "--output", "predicted.csv", "--quiet"]);
}

/// Serves on one thread.
fn serve_what_is_stored(folder: &Folder) -> Server {
    let mut command = serve(&folder.path("titanic.db"));
    command.env("WORKER_THREADS", "1");
    Server::run(command)
}

async fn report(server: &Server) -> u64 {
    let answer = client().get(server.url("/monitor?since=1d")).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    answer.json::<serde_json::Value>().await.unwrap()["rows"].as_u64().unwrap()
}

/// Returns the microseconds of a processor that the thread which serves has taken, and all threads together.
fn processor_time(process: u32) -> (u64, u64) {
    // The first number there is in nanoseconds.
    let taken = |path: String| first_number(&path) / 1000;
    let tasks = fs::read_dir(format!("/proc/{process}/task")).unwrap();
    let all = tasks.map(|task| taken(format!("{}/schedstat", task.unwrap().path().display()))).sum();
    (taken(format!("/proc/{process}/schedstat")), all)
}

fn first_number(path: &str) -> u64 {
    fs::read_to_string(path).unwrap().split_whitespace().next().unwrap().parse().unwrap()
}

/// Returns the microseconds of a processor that this machine takes, busy as it is, to read every column of every prediction.
fn reading_time(folder: &Folder) -> u64 {
    let taken = || first_number("/proc/thread-self/schedstat") / 1000;
    let started = taken();
    let connection = Connection::open(folder.path("titanic.db")).unwrap();
    let mut select = connection.prepare("SELECT * FROM stored WHERE sampled = 1 ORDER BY created_at").unwrap();
    let (columns, mut rows, mut read) = (select.column_count(), select.query([]).unwrap(), 0);
    while let Some(row) = rows.next().unwrap() {
        read += u64::from((0..columns).all(|column| row.get_ref(column).is_ok()));
    }
    assert_eq!(read, ROWS);
    taken() - started
}

/// Returns the most memory that a process has had, in kilobytes.
fn most_memory(process: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

#[tokio::test]
async fn a_report_takes_little_time_beside_the_thread_that_serves_and_the_memory_of_a_page() {
    let folder = Folder::new();
    store_many(&folder, ROWS);
    let server = serve_what_is_stored(&folder);
    // What any request takes is there once there was one.
    let first = client().get(server.url("/monitor?from=2000-01-01&to=2000-01-02")).send().await.unwrap();
    assert_eq!(first.status(), 200);
    let (memory, (serving, all)) = (most_memory(server.id()), processor_time(server.id()));
    assert_eq!(report(&server).await, ROWS);
    let now = processor_time(server.id());
    let (memory, serving, all) = (most_memory(server.id()) - memory, now.0 - serving, now.1 - all);
    assert!(serving < all / 12, "{serving} µs of {all} µs on the thread that serves");
    // Each record is parsed again and counted field by field; three texts are read sooner than they are parsed.
    let reading = reading_time(&folder);
    assert!(all < 12 * reading, "{all} µs for {ROWS} predictions, which are read in {reading} µs");
    assert!(memory < 8000, "{memory} kB more for {ROWS} predictions");
}

#[tokio::test]
async fn whoever_asks_is_answered_while_a_report_is_made() {
    let folder = Folder::new();
    store_many(&folder, ROWS);
    let server = serve_what_is_stored(&folder);
    let clients = async {
        let mut slowest = Duration::ZERO;
        for number in 0.. {
            let started = Instant::now();
            let health = client().get(server.url("/health")).send().await.unwrap();
            slowest = slowest.max(started.elapsed());
            assert_eq!(health.status(), 200);
            let passenger = json!(numbered(1_000_000 + number));
            let predicted = client().post(server.url("/predict")).json(&passenger).send().await.unwrap();
            assert_eq!(predicted.status(), 201);
            tokio::time::sleep(Duration::from_millis(5)).await;
            if slowest > Duration::from_secs(1) {
                break;
            }
        }
        slowest
    };
    tokio::select! {
        rows = report(&server) => assert!(rows >= ROWS, "{rows}"),
        slowest = clients => panic!("{slowest:?} until /health was answered"),
    }
}
