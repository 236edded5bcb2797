//! The real binary as a process of its own, and clients that talk to it over TCP.

use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

pub(crate) use crate::program::{BINARY, lifeboat};

/// Longer than anything takes that ends at all.
const PATIENCE: Duration = Duration::from_secs(30);

/// Returns `serve` on a database and any free port.
pub(crate) fn serve(database: &Path) -> Command {
    let mut command = lifeboat();
    command.args(["serve", "--port", "0", "--database-url", &url(database)]);
    command
}

/// Returns `serve` in a process whose files cannot grow beyond so many blocks of 512 bytes: a disk that fills up.
pub(crate) fn serve_on_a_small_disk(database: &Path, blocks: u32) -> Command {
    let mut command = Command::new("/bin/sh");
    command.env_clear().stdin(Stdio::null());
    // A write beyond the limit fails as on a full disk, once the signal that would end the process is ignored.
    let script = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$@\"");
    command.args(["-c", &script, "sh", BINARY, "serve", "--port", "0", "--database-url", &url(database)]);
    command
}

/// Returns the `DATABASE_URL` of a file.
pub(crate) fn url(database: &Path) -> String {
    format!("sqlite:{}", database.display())
}

/// Returns a place for a database, and the folder that is deleted with it.
pub(crate) fn new_database() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("predictions.db");
    (folder, database)
}

/// Runs a command that must fail, and returns what it said.
pub(crate) fn failure(command: Command) -> String {
    ends_with(1, command)
}

/// Runs a command that asks for what cannot be, and returns what it was told.
pub(crate) fn refusal(command: Command) -> String {
    ends_with(2, command)
}

fn ends_with(code: i32, mut command: Command) -> String {
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let status = end_of(&mut child);
    let mut said = String::new();
    child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    assert_eq!(status.code(), Some(code), "{said}");
    assert!(!said.contains("panicked"), "{said}");
    said
}

/// Waits until a process has ended by itself, which it must.
fn end_of(child: &mut Child) -> ExitStatus {
    let started = Instant::now();
    while started.elapsed() < PATIENCE {
        if let Some(status) = child.try_wait().unwrap() {
            return status;
        }
        thread::sleep(Duration::from_millis(2));
    }
    child.kill().unwrap();
    panic!("the process did not end by itself");
}

/// A running server; it is killed when it goes out of scope.
pub(crate) struct Server {
    child: Child,
    address: SocketAddr,
    log: Receiver<Value>,
}

impl Server {
    /// Serves on a database, and returns once connections are taken.
    pub(crate) fn start(database: &Path) -> Self {
        Self::run(serve(database))
    }

    /// Runs a command that serves, and returns once connections are taken.
    pub(crate) fn run(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let (lines, log) = channel();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        thread::spawn(move || {
            for line in stderr.lines().map_while(Result::ok) {
                // What is not a line of the log, such as a panic, is shown with the test's own output.
                let line = serde_json::from_str(&line).unwrap_or_else(|_| Value::from(line));
                if lines.send(line).is_err() {
                    break;
                }
            }
        });
        let mut server = Self { child, address: SocketAddr::from(([0; 4], 0)), log };
        let serving = server.wait_for("serving");
        server.address = serving["address"].as_str().unwrap().parse().unwrap();
        server
    }

    /// Waits until the server logs this message, and returns the line.
    pub(crate) fn wait_for(&self, message: &str) -> Value {
        self.said_until(message).pop().unwrap()
    }

    /// Waits until the server logs this message, and returns all lines to this one.
    pub(crate) fn said_until(&self, message: &str) -> Vec<Value> {
        let mut lines = Vec::new();
        loop {
            match self.log.recv_timeout(PATIENCE) {
                Ok(line) => lines.push(line),
                Err(error) => panic!("{error} while waiting for {message:?} after {lines:#?}"),
            }
            if lines.last().is_some_and(|line| line["message"] == message) {
                return lines;
            }
        }
    }

    /// Returns the id of the process.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Asks the server to stop, as an operator does.
    pub(crate) fn terminate(&self) {
        let kill = Command::new("/bin/sh").args(["-c", &format!("kill -TERM {}", self.child.id())]).status();
        assert!(kill.unwrap().success());
    }

    /// Ends the server without any warning.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Waits until the server has ended by itself.
    pub(crate) fn ended(mut self) -> ExitStatus {
        end_of(&mut self.child)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Returns a client with connections of its own, which it keeps.
pub(crate) fn client() -> reqwest::Client {
    reqwest::Client::builder().no_proxy().timeout(PATIENCE).build().unwrap()
}

/// Posts JSON to `/predict`.
pub(crate) async fn predict(client: &reqwest::Client, url: &str, body: &Value) -> reqwest::Result<reqwest::Response> {
    client.post(url).json(body).send().await
}
