//! Programs that are killed while they make, publish or take up a snapshot, under load: no request is answered by a half, and nothing that
//! was acknowledged is lost. The fifth part of the contract: `killed!(place)`, where `place` also tells the settings of a program.

use std::collections::{HashMap, HashSet};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use fastrand::Rng;
use futures_util::TryStreamExt;
use jiff::Timestamp;
use lifeboat::lifecycle::snapshot::SnapshotMaker;
use lifeboat::package::Package;
use lifeboat::prediction::Prediction;
use lifeboat::store::sqlite::{SqliteConfig, SqliteStore};
use lifeboat::store::{ToldOutcome, Window};
use lifeboat::table::json::stored;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::task::JoinSet;

use crate::contract::Store;
use crate::fixtures::fitted::{fitted, start};
use crate::fixtures::program::lifeboat;
use crate::fixtures::tram_package::Trams;
use crate::making::{Open, settled};

/// What a program is told of a database.
pub(crate) type Settings = Vec<(&'static str, String)>;

/// Makes a test of it.
macro_rules! killed {
    ($place:path) => {
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn programs_that_are_killed_leave_whole_snapshots_and_every_answer() {
            let (_kept, open, settings) = $place().await;
            $crate::killed::programs_that_are_killed_leave_whole_snapshots_and_every_answer(open, settings).await;
        }
    };
}
pub(crate) use killed;

const CLIENTS: u32 = 4;

/// The days of March whose snapshots are made; each day's maker is killed so often before it may end.
const DAYS: std::ops::RangeInclusive<u32> = 16..=21;
const KILLS: u32 = 5;

pub(crate) async fn programs_that_are_killed_leave_whole_snapshots_and_every_answer(open: Open, settings: Settings) {
    let trams = fitted("1.0.0");
    let package = Arc::new(Package::load(trams.path()).unwrap());
    let store = open(lifeboat::start::owner(&package));
    let programs = Programs::new(&trams, settings);
    let mut random = Rng::with_seed(29);
    let mut server = programs.serve();
    let load = Load::start(&server);
    let (mut killed, mut whole) = (0, Duration::from_millis(300));
    let mut published = HashSet::from([package.snapshot().unwrap().clone()]);
    for day in DAYS {
        load.answers(20).await;
        programs.set_clock(settled(day));
        for _ in 0..KILLS {
            killed += u32::from(programs.kill_maker(day, whole.mul_f64(random.f64() * 1.1)).await);
            newest_is_whole(&store, &package, &trams.recipe).await;
        }
        let begun = Instant::now();
        let made = programs.maker(day).output().unwrap();
        assert!(made.status.success(), "{made:?}");
        whole = begun.elapsed();
        let newest = newest_is_whole(&store, &package, &trams.recipe).await;
        assert_eq!(newest.1, Some(Trams::moment(day)));
        published.insert(newest.0);
        // Within this second it looks, and reads, and takes up: or is killed meanwhile.
        if day % 2 == 0 {
            tokio::time::sleep(Duration::from_millis(random.u64(0..1500))).await;
            server.kill();
            server = programs.serve();
            load.go_on_with(&server);
        }
        programs.set_clock(start(day, 12));
    }
    load.answers(20).await;
    let answers = load.end().await;
    assert!(killed >= KILLS, "{killed} makers were killed");
    answers_are_by_their_snapshots(&store, &package, &answers, &published).await;
    made_anew_it_is_the_same(&store, &trams, package).await;
}

/// Checks that each answer is stored once, and that its features are those of the very snapshot that it names.
async fn answers_are_by_their_snapshots(
    store: &Store,
    package: &Package,
    answers: &[Value],
    published: &HashSet<Arc<str>>,
) {
    let mut by_snapshot: HashMap<Arc<str>, Package> = HashMap::new();
    let mut numbers = HashSet::new();
    for request in answers {
        for answer in request.as_array().unwrap() {
            assert_eq!(answer["snapshot"], request[0]["snapshot"], "one request, one snapshot");
            let id = answer["id"].as_str().unwrap().parse().unwrap();
            let found = store.get(&id).await.unwrap().expect("what was acknowledged is there");
            let hash = found.snapshot.clone().unwrap();
            assert_eq!((answer["snapshot"].as_str(), published.contains(&hash)), (Some(&*hash), true));
            if !by_snapshot.contains_key(&hash) {
                let by = if package.snapshot() == Some(&hash) {
                    package.clone()
                } else {
                    package.with_snapshot(&store.snapshot(&hash).await.unwrap().unwrap()).unwrap()
                };
                by_snapshot.insert(Arc::clone(&hash), by);
            }
            let record = stored(package.schema(), &found.record);
            let again = by_snapshot[&hash].answers(std::slice::from_ref(&record)).unwrap().remove(0);
            assert_eq!(bits(found.features.as_deref()), bits(again.features.as_deref()), "{answer}");
            let probability: f32 = serde_json::from_value(answer["probability"].clone()).unwrap();
            assert_eq!(found.answer.probability.map(f32::to_bits), Some(probability.to_bits()));
            numbers.insert((answer["key"]["number"].as_u64().unwrap(), hash));
        }
    }
    assert!(by_snapshot.len() > 3, "{} snapshots served", by_snapshot.len());
    // Each tram was stored once by a snapshot, however often it was asked about.
    let all = everything(store).await;
    let ids: HashSet<_> = all.iter().map(|prediction| &prediction.id).collect();
    assert_eq!(ids.len(), all.len());
    assert!(numbers.len() <= all.len(), "{} answers, {} predictions", numbers.len(), all.len());
}

/// Checks that another maker, which nobody killed, finds the same in another database.
async fn made_anew_it_is_the_same(store: &Store, trams: &Trams, package: Arc<Package>) {
    let folder = tempfile::tempdir().unwrap();
    let config = SqliteConfig::new(folder.path().join("copy.db"));
    let copy: Store = Arc::new(SqliteStore::open(config, lifeboat::start::owner(&package)).unwrap());
    let mut all = everything(store).await;
    let told = all.iter_mut().flat_map(|prediction| {
        let id = prediction.id.clone();
        let outcomes = std::mem::take(&mut prediction.outcomes).into_iter();
        outcomes.map(move |outcome| ToldOutcome { id: id.clone(), outcome, corrects: true })
    });
    let told: Vec<ToldOutcome> = told.collect();
    assert!(told.len() > 30, "{} outcomes", told.len());
    copy.put(all).await.unwrap();
    copy.record_outcomes(told).await.unwrap();
    let told =
        SnapshotMaker::new(package, copy).make(Some(Trams::moment(*DAYS.end())), settled(*DAYS.end())).await.unwrap();
    let newest = store.newest_snapshot(&trams.recipe).await.unwrap().unwrap();
    assert_eq!(told.hash, newest.hash);
}

async fn everything(store: &Store) -> Vec<Prediction> {
    let window = Window { from: start(1, 0), to: start(40, 0) };
    let pages: Vec<Vec<Prediction>> = store.window(window).try_collect().await.unwrap();
    pages.concat()
}

/// Returns the hash and the moment of the newest snapshot, which must be whole.
async fn newest_is_whole(store: &Store, package: &Package, recipe: &str) -> (Arc<str>, Option<Timestamp>) {
    let Some(newest) = store.newest_snapshot(recipe).await.unwrap() else {
        return (package.snapshot().unwrap().clone(), package.as_of());
    };
    let text = store.snapshot(&newest.hash).await.unwrap().expect("what is published is there");
    let by = package.with_snapshot(&text).unwrap();
    assert_eq!(by.as_of(), Some(newest.as_of));
    (newest.hash, by.as_of())
}

fn bits(features: Option<&[f32]>) -> Vec<u32> {
    features.unwrap().iter().map(|feature| feature.to_bits()).collect()
}

/// How programs are run.
struct Programs {
    folder: TempDir,
    settings: Settings,
}

impl Programs {
    fn new(trams: &Trams, mut settings: Settings) -> Self {
        settings.push(("MODEL_DIR", trams.path().display().to_string()));
        let programs = Self { folder: tempfile::tempdir().unwrap(), settings };
        programs.set_clock(start(15, 12));
        programs
    }

    /// Sets the clock of the server, in one step.
    fn set_clock(&self, time: Timestamp) {
        let (new, clock) = (self.folder.path().join("new"), self.clock());
        std::fs::write(&new, time.to_string()).unwrap();
        std::fs::rename(new, clock).unwrap();
    }

    fn clock(&self) -> std::path::PathBuf {
        self.folder.path().join("clock")
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = lifeboat();
        command.args(arguments).envs(self.settings.iter().cloned()).current_dir::<&Path>(self.folder.path());
        command
    }

    fn serve(&self) -> Server {
        let mut command = self.command(&["serve", "--port", "0", "--test-clock"]);
        Server::run(command.env("TEST_CLOCK", self.clock()).env("SNAPSHOT_REFRESH_SECONDS", "1"))
    }

    /// Returns what makes the snapshot of a day.
    fn maker(&self, day: u32) -> Command {
        self.command(&["snapshot", "--as-of", &Trams::moment(day).to_string(), "--quiet"])
    }

    /// Kills a maker after a while; returns whether it had not ended by itself.
    async fn kill_maker(&self, day: u32, after: Duration) -> bool {
        let mut maker = self.maker(day).stderr(Stdio::null()).spawn().unwrap();
        tokio::time::sleep(after).await;
        let was_running = maker.try_wait().unwrap().is_none();
        let _ = maker.kill();
        maker.wait().unwrap();
        was_running
    }
}

/// A running server; it is killed when it goes out of scope.
struct Server {
    child: Child,
    url: String,
}

impl Server {
    fn run(command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let mut log = BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok);
        let serving = log.by_ref().filter_map(|line| serde_json::from_str::<Value>(&line).ok());
        let serving = serving.take_while(|line| line["level"] != "ERROR").find(|line| line["message"] == "serving");
        let url = format!("http://{}", serving.expect("it serves")["address"].as_str().unwrap());
        // Nobody else reads what it logs.
        std::thread::spawn(move || log.for_each(drop));
        Self { child, url }
    }

    /// Ends the server without any warning.
    fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Clients that ask about three trams a request, and tell later what became of one of them; each asks again until it is answered.
struct Load {
    clients: JoinSet<Vec<Value>>,
    shared: Arc<Shared>,
}

struct Shared {
    url: Mutex<String>,
    next: AtomicU32,
    answered: AtomicU32,
    ends: AtomicBool,
}

impl Load {
    fn start(server: &Server) -> Self {
        let url = Mutex::new(server.url.clone());
        let (next, answered, ends) = (AtomicU32::new(1000), AtomicU32::new(0), AtomicBool::new(false));
        let shared = Arc::new(Shared { url, next, answered, ends });
        let clients = (0..CLIENTS).map(|_| Arc::clone(&shared).ask()).collect();
        Self { clients, shared }
    }

    fn go_on_with(&self, server: &Server) {
        self.shared.url.lock().unwrap().clone_from(&server.url);
    }

    /// Waits for so many more answers.
    async fn answers(&self, count: u32) {
        let enough = self.shared.answered.load(Ordering::SeqCst) + count;
        while self.shared.answered.load(Ordering::SeqCst) < enough {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    async fn end(self) -> Vec<Value> {
        self.shared.ends.store(true, Ordering::SeqCst);
        self.clients.join_all().await.concat()
    }
}

impl Shared {
    async fn ask(self: Arc<Self>) -> Vec<Value> {
        let client = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(30)).build().unwrap();
        let mut answers = Vec::new();
        while !self.ends.load(Ordering::SeqCst) {
            let number = self.next.fetch_add(3, Ordering::SeqCst);
            let place = |number: u32| ["north", "south", "east"][number as usize % 3];
            let tram = |number: u32| {
                let starts_at = start(15 + number % 5, number % 24).to_string();
                json!({"number": number, "place": place(number), "starts_at": starts_at})
            };
            let trams: Value = (number..number + 3).map(tram).collect();
            answers.push(self.answer(&client, "/predict", &trams).await);
            let outcomes = json!([{"number": number, "late": u32::from(place(number) == "east")}]);
            let told = self.answer(&client, "/outcomes", &outcomes).await;
            assert!(["recorded", "stands"].contains(&told[0]["result"].as_str().unwrap()), "{told}");
            self.answered.fetch_add(1, Ordering::SeqCst);
        }
        answers
    }

    /// Posts until there is a whole answer.
    async fn answer(&self, client: &reqwest::Client, path: &str, body: &Value) -> Value {
        loop {
            let url = format!("{}{path}", self.url.lock().unwrap());
            if let Ok(answer) = client.post(url).json(body).send().await {
                let status = answer.status();
                // A server that is killed may leave an answer in halves: it does not count.
                if let Ok(answer) = answer.json().await {
                    assert!(status.is_success(), "{status} {answer}");
                    return answer;
                }
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}
