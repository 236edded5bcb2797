//! Servers that are killed, stopped or run out of disk under load: what was acknowledged is never lost.

use std::collections::HashMap;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use reqwest::{Client, StatusCode};
use rusqlite::Connection;
use serde_json::{Value, json};
use tokio::sync::Notify;
use tokio::task::JoinSet;

use crate::app::stored;
use crate::passengers::numbered;
use crate::server::{Server, client, new_database, predict, serve_on_a_small_disk};

const CLIENTS: usize = 64;

/// What clients were answered, by passenger.
type Acknowledged = HashMap<u64, Value>;

/// Clients that each post one new passenger after another until the server no longer answers.
struct Load {
    clients: JoinSet<()>,
    acknowledged: Arc<Mutex<Acknowledged>>,
    enough: Arc<Notify>,
}

impl Load {
    /// Starts the clients; so many answers are enough.
    fn start(server: &Server, enough_answers: usize) -> Self {
        let acknowledged = Arc::new(Mutex::new(Acknowledged::new()));
        let enough = Arc::new(Notify::new());
        let next = Arc::new(AtomicU64::new(0));
        let clients = (0..CLIENTS)
            .map(|_| {
                let (acknowledged, enough, next) = (Arc::clone(&acknowledged), Arc::clone(&enough), Arc::clone(&next));
                let (client, url) = (client(), server.url("/predict"));
                async move {
                    loop {
                        let number = next.fetch_add(1, Ordering::Relaxed);
                        let Some(answer) = whole_answer(&client, &url, number).await else { break };
                        let mut acknowledged = acknowledged.lock().unwrap();
                        acknowledged.insert(number, answer);
                        if acknowledged.len() == enough_answers {
                            enough.notify_one();
                        }
                    }
                }
            })
            .collect();
        Self { clients, acknowledged, enough }
    }

    /// Waits until there have been enough answers.
    async fn enough(&self) {
        self.enough.notified().await;
    }

    /// Waits until every client has given up, and returns what they were answered.
    async fn end(self) -> Acknowledged {
        self.clients.join_all().await;
        std::mem::take(&mut *self.acknowledged.lock().unwrap())
    }
}

/// Posts a passenger, and returns its answer unless the connection was refused or ended before it.
async fn whole_answer(client: &Client, url: &str, number: u64) -> Option<Value> {
    let answer = predict(client, url, &numbered(number)).await.ok()?;
    assert_eq!(answer.status(), StatusCode::CREATED);
    // A server that is killed may leave an answer in halves: it does not count.
    answer.json().await.ok()
}

/// Checks that each answer that was given is given again by the server that runs now.
async fn still_there(server: &Server, acknowledged: &Acknowledged) {
    let client = client();
    for (number, before) in acknowledged {
        let path = format!("/predictions/{}", before["id"].as_str().unwrap());
        let answer = client.get(server.url(&path)).send().await.unwrap();
        assert_eq!(answer.status(), 200, "passenger {number}");
        let now: Value = answer.json().await.unwrap();
        for (field, value) in before.as_object().unwrap() {
            assert_eq!(&now[field], value, "{field} of passenger {number}");
        }
    }
}

/// Checks the file itself: sound, and each prediction in it once.
fn sound(database: &Path) {
    let connection = Connection::open(database).unwrap();
    let verdict: String = connection.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(verdict, "ok");
    let twice: u32 = connection
        .query_row("SELECT count(*) - count(DISTINCT PassengerId) FROM predictions", [], |row| row.get(0))
        .unwrap();
    assert_eq!(twice, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_killed_under_load_loses_nothing_that_it_acknowledged() {
    let (_folder, database) = new_database();
    let mut server = Server::start(&database);
    let load = Load::start(&server, 2000);
    load.enough().await;
    server.kill();
    let acknowledged = load.end().await;
    assert!(acknowledged.len() >= 2000);

    let server = Server::start(&database);
    still_there(&server, &acknowledged).await;
    sound(&database);
    // What was not acknowledged may have been stored; asking again tells, and stores it once.
    let again = predict(&client(), &server.url("/predict"), &(0..1000).map(numbered).collect()).await.unwrap();
    let again: Vec<Value> = again.json().await.unwrap();
    for (number, now) in (0..).zip(&again) {
        assert!(acknowledged.get(&number).is_none_or(|before| before == now));
    }
    sound(&database);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_stopped_under_load_answers_all_that_it_took_in() {
    let (_folder, database) = new_database();
    let server = Server::start(&database);
    let load = Load::start(&server, 1000);
    load.enough().await;
    server.terminate();
    let acknowledged = load.end().await;
    assert_eq!(server.ended().code(), Some(0));
    // Each of the clients may have had one request on its way into a connection that was being closed.
    assert!(usize::try_from(stored(&database)).unwrap() <= acknowledged.len() + CLIENTS);
    sound(&database);
    still_there(&Server::start(&database), &acknowledged).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_killed_among_outcomes_keeps_those_that_it_acknowledged() {
    const PREDICTIONS: u64 = 900;
    let (_folder, database) = new_database();
    let mut server = Server::start(&database);
    let records: Vec<Value> = (0..PREDICTIONS).map(numbered).collect();
    let predicted = predict(&client(), &server.url("/predict"), &Value::from(records)).await.unwrap();
    assert_eq!(predicted.status(), StatusCode::OK);
    let told = |number: u64| json!({"PassengerId": number, "Survived": number % 2});
    let acknowledged = Arc::new(AtomicU64::new(0));
    let mut tellers = JoinSet::new();
    for teller in 0..3 {
        let (client, url, acknowledged) = (client(), server.url("/outcomes"), Arc::clone(&acknowledged));
        tellers.spawn(async move {
            let mut recorded = Vec::new();
            for first in (0..PREDICTIONS).step_by(30).filter(|first| first / 30 % 3 == teller) {
                let list: Vec<Value> = (first..first + 30).map(told).collect();
                let Ok(answer) = predict(&client, &url, &Value::from(list)).await else { break };
                let Ok(answers) = answer.json::<Vec<Value>>().await else { break };
                assert!(answers.iter().all(|answer| answer["result"] == "recorded"), "{answers:?}");
                recorded.extend(first..first + 30);
                acknowledged.fetch_add(1, Ordering::SeqCst);
            }
            recorded
        });
    }
    while acknowledged.load(Ordering::SeqCst) < 6 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    server.kill();
    let recorded: Vec<u64> = tellers.join_all().await.concat();

    let server = Server::start(&database);
    for list in recorded.chunks(1000) {
        let list: Vec<Value> = list.iter().map(|number| told(*number)).collect();
        let again = predict(&client(), &server.url("/outcomes"), &Value::from(list)).await.unwrap();
        let answers: Vec<Value> = again.json().await.unwrap();
        assert!(answers.iter().all(|answer| answer["result"] == "stands"), "{answers:?}");
    }
    sound(&database);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_is_worth_a_retry_and_loses_nothing() {
    const BLOCKS: u32 = 400;
    const PASSENGERS: u64 = 600;
    let (_folder, database) = new_database();
    let mut server = Server::run(serve_on_a_small_disk(&database, BLOCKS));
    let (url, client) = (server.url("/predict"), client());
    let (mut acknowledged, mut refused) = (Acknowledged::new(), Vec::new());
    for number in 0..PASSENGERS {
        let answer = predict(&client, &url, &numbered(number)).await.unwrap();
        match answer.status() {
            StatusCode::CREATED => {
                acknowledged.insert(number, answer.json().await.unwrap());
            }
            status => {
                assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
                assert!(answer.headers().contains_key("retry-after"));
                assert_eq!(answer.headers()["content-type"], "application/problem+json");
                refused.push(number);
            }
        }
    }
    assert!(!acknowledged.is_empty() && !refused.is_empty(), "{} stored", acknowledged.len());
    for _ in 0..2 {
        let answer = client.get(server.url("/ready")).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE, "it is not ready either");
        let problem: Value = answer.json().await.unwrap();
        assert!(problem["detail"].as_str().unwrap().starts_with("the disk of the database"), "{problem}");
        // What the last write told is forgotten, and another one fails.
        tokio::time::sleep(Duration::from_millis(1100)).await;
    }
    still_there(&server, &acknowledged).await;
    server.kill();

    let server = Server::start(&database);
    still_there(&server, &acknowledged).await;
    sound(&database);
    for number in refused {
        let answer = predict(&client, &server.url("/predict"), &numbered(number)).await.unwrap();
        assert!(answer.status().is_success());
    }
    assert_eq!(u64::from(stored(&database)), PASSENGERS);
    sound(&database);
}
