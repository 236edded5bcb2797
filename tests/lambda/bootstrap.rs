//! The bootstrap as a process under the emulator, and events for it.

use std::fs::File;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use lifeboat::store::dynamodb::DynamoDbConfig;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::Mutex;

/// Where `make test` puts the emulator.
const EMULATOR: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/.tools/rie");

/// Returns the program under test: the one that `LIFEBOAT_BOOTSTRAP` names, as `make test` does with the one that is deployed,
/// else the one that cargo has built for these tests.
fn bootstrap() -> String {
    std::env::var("LIFEBOAT_BOOTSTRAP").unwrap_or_else(|_| env!("CARGO_BIN_EXE_api").to_owned())
}

/// Returns the function that a schedule calls, likewise: `LIFEBOAT_MONITOR_BOOTSTRAP` names it.
fn monitor_bootstrap() -> String {
    std::env::var("LIFEBOAT_MONITOR_BOOTSTRAP").unwrap_or_else(|_| env!("CARGO_BIN_EXE_monitor").to_owned())
}

/// Longer than anything takes that ends at all.
const PATIENCE: Duration = Duration::from_secs(30);

/// A Lambda function; it is gone when this goes out of scope.
pub(crate) struct Function {
    emulator: Child,
    invocations: String,
    client: reqwest::Client,
    /// Lambda gives a function one event at a time; so does whoever holds this.
    turn: Mutex<()>,
    folder: TempDir,
}

/// Returns the environment of a function on a table.
pub(crate) fn on_table(config: &DynamoDbConfig) -> Vec<(&'static str, String)> {
    vec![
        ("DATABASE_URL", format!("dynamodb:{}", config.table)),
        ("AWS_REGION", config.region.clone()),
        ("AWS_ACCESS_KEY_ID", config.credentials.access_key_id.clone()),
        ("AWS_SECRET_ACCESS_KEY", config.credentials.secret_access_key.clone()),
        ("AWS_ENDPOINT_URL_DYNAMODB", config.endpoint.clone().unwrap_or_default()),
    ]
}

/// Returns the environment of a function on a SQLite file.
pub(crate) fn on_file(database: &Path) -> Vec<(&'static str, String)> {
    vec![("DATABASE_URL", format!("sqlite:{}", database.display()))]
}

impl Function {
    /// Sets the function that answers requests up; as on Lambda, its process starts with its first event.
    pub(crate) async fn start(environment: &[(&str, String)]) -> Self {
        Self::start_program(&bootstrap(), environment).await
    }

    /// Sets the function that a schedule calls up.
    pub(crate) async fn start_monitor(environment: &[(&str, String)]) -> Self {
        Self::start_program(&monitor_bootstrap(), environment).await
    }

    async fn start_program(program: &str, environment: &[(&str, String)]) -> Self {
        assert!(Path::new(EMULATOR).exists(), "{EMULATOR} is missing: `make test` sets it up");
        loop {
            // A port that was free may be another test's by the time that the emulator takes it.
            if let Some(function) = Self::try_program(program, environment).await {
                return function;
            }
        }
    }

    /// Starts an emulator on ports that are free; nothing comes of it where somebody else was quicker to take one.
    async fn try_program(program: &str, environment: &[(&str, String)]) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let log = File::create(folder.path().join("log")).unwrap();
        let (invoke, runtime) = (free_port(), free_port());
        let emulator = Command::new(EMULATOR)
            .args(["--runtime-interface-emulator-address", &format!("127.0.0.1:{invoke}")])
            .args(["--runtime-api-address", &format!("127.0.0.1:{runtime}")])
            .arg(program)
            .env_clear()
            .envs(environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        let client = reqwest::Client::builder().no_proxy().timeout(PATIENCE).build().unwrap();
        let invocations = format!("http://127.0.0.1:{invoke}/2015-03-31/functions/function/invocations");
        let function = Self { emulator, invocations, client, turn: Mutex::default(), folder };
        function.listens(invoke).await.then_some(function)
    }

    /// Waits until the emulator listens; returns false where a port is taken.
    async fn listens(&self, port: u16) -> bool {
        let started = Instant::now();
        while tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_err() {
            let log = self.log();
            if log.contains("address already in use") {
                return false;
            }
            assert!(started.elapsed() < PATIENCE, "the emulator does not listen: {log}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        true
    }

    /// Hands over an event, and returns what the function makes of it.
    pub(crate) async fn invoke(&self, event: &Value) -> Value {
        let answer = self.post(event).await;
        serde_json::from_str(&answer).unwrap_or_else(|_| panic!("{answer:?} is no answer: {}", self.log()))
    }

    /// Hands over an event, and returns what the emulator says then.
    pub(crate) async fn post(&self, event: &Value) -> String {
        let _mine = self.turn.lock().await;
        let answer = self.client.post(&self.invocations).body(event.to_string()).send().await.unwrap();
        answer.text().await.unwrap()
    }

    /// Posts passengers to `/predict`.
    pub(crate) async fn predict(&self, passengers: &Value) -> Answer {
        Answer(self.invoke(&event("POST", "/predict", &passengers.to_string())).await)
    }

    /// Posts JSON to a path.
    pub(crate) async fn post_json(&self, path: &str, body: &Value) -> Answer {
        Answer(self.invoke(&event("POST", path, &body.to_string())).await)
    }

    /// Asks for a path.
    pub(crate) async fn get(&self, path: &str) -> Answer {
        Answer(self.invoke(&event("GET", path, "")).await)
    }

    /// Returns the lines of metrics that the function has written so far, once there are so many.
    pub(crate) async fn metrics(&self, count: usize) -> Vec<Value> {
        let started = Instant::now();
        loop {
            let log = self.log();
            let lines = log.lines().filter_map(|line| line.find("{\"_aws\"").map(|start| &line[start..]));
            let lines: Vec<Value> = lines.map(|line| serde_json::from_str(line).unwrap()).collect();
            if lines.len() >= count {
                return lines;
            }
            assert!(started.elapsed() < PATIENCE, "{} lines of metrics, not {count}: {log}", lines.len());
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Returns what function and emulator have said so far.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap()
    }
}

impl Drop for Function {
    fn drop(&mut self) {
        // The emulator ends its function when it is asked to end, not when it is killed.
        let _ = Command::new("kill").arg(self.emulator.id().to_string()).status();
        let asked = Instant::now();
        while matches!(self.emulator.try_wait(), Ok(None)) {
            if asked.elapsed() > Duration::from_secs(5) {
                let _ = self.emulator.kill();
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

/// What API Gateway would make an HTTP response of.
#[derive(Debug)]
pub(crate) struct Answer(Value);

impl From<Value> for Answer {
    fn from(answer: Value) -> Self {
        Self(answer)
    }
}

impl Answer {
    pub(crate) fn status(&self) -> u64 {
        self.0["statusCode"].as_u64().unwrap_or_else(|| panic!("{self:?}"))
    }

    /// Returns a header's text; empty where there is none.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.0["headers"][name].as_str().unwrap_or_default()
    }

    pub(crate) fn body(&self) -> &str {
        self.0["body"].as_str().unwrap()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(self.body()).unwrap()
    }
}

/// Returns an event of an HTTP API; the path may end in a query.
fn event(method: &str, path: &str, body: &str) -> Value {
    let event = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/events/predict.json")).unwrap();
    let mut event: Value = serde_json::from_str(&event).unwrap();
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    event["rawPath"] = json!(path);
    event["rawQueryString"] = json!(query);
    event["requestContext"]["http"]["path"] = json!(path);
    event["requestContext"]["http"]["method"] = json!(method);
    event["headers"]["content-length"] = json!(body.len().to_string());
    event["body"] = json!(body);
    event
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}
