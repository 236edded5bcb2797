//! The real binary over TCP: starting, serving many at once, stopping.

use std::collections::HashSet;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use bytes::Bytes;
use serde_json::Value;
use tokio::sync::Barrier;
use tokio::task::JoinSet;

use crate::app::stored;
use crate::folder::Folder;
use crate::passengers::numbered;
use crate::server::{BINARY, Server, client, failure, lifeboat, new_database, predict, refusal, serve, url};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_identical_requests_at_once_are_stored_once() {
    const CLIENTS: usize = 200;
    let (_folder, database) = new_database();
    let server = Server::start(&database);
    let start = Arc::new(Barrier::new(CLIENTS));
    let client = client();
    let requests: JoinSet<(u16, Bytes)> = (0..CLIENTS)
        .map(|_| {
            let (client, start, url) = (client.clone(), Arc::clone(&start), server.url("/predict"));
            async move {
                start.wait().await;
                let answer = predict(&client, &url, &numbered(7)).await.unwrap();
                (answer.status().as_u16(), answer.bytes().await.unwrap())
            }
        })
        .collect();
    let answers = requests.join_all().await;
    assert_eq!(answers.iter().map(|(_, body)| body).collect::<HashSet<_>>().len(), 1);
    assert_eq!(answers.iter().filter(|(status, _)| *status == 201).count(), 1);
    assert_eq!(answers.iter().filter(|(status, _)| *status == 200).count(), CLIENTS - 1);
    assert_eq!(stored(&database), 1);
}

#[tokio::test]
async fn a_body_that_is_too_large_is_answered_before_the_connection_closes() {
    let (_folder, database) = new_database();
    let server = Server::start(&database);
    let client = client();
    for _ in 0..20 {
        let request = client.post(server.url("/predict")).header("content-type", "application/json");
        let answer = request.body(vec![b' '; 2 << 20]).send().await.unwrap();
        assert_eq!(answer.status(), 413);
        let problem: Value = answer.json().await.unwrap();
        assert_eq!(problem["status"], 413);
    }
}

/// Sends bytes, ends the sending side, and returns all that comes back before the connection is closed or reset.
fn exchange(server: &Server, request: &str) -> String {
    let mut stream = TcpStream::connect(server.address()).unwrap();
    // The server may hang up as soon as it has seen that the request is none.
    let _ = stream.write_all(request.as_bytes()).and_then(|()| stream.shutdown(std::net::Shutdown::Write));
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8(answer).unwrap()
}

#[test]
fn a_request_that_breaks_off_stores_nothing() {
    let (_folder, database) = new_database();
    let server = Server::start(&database);
    let body = r#"{"Pclass": 3, "Sex": "male"}"#;
    for (length, body) in [(body.len() + 1, body), (body.len(), &body[..9]), (100, "")] {
        let head = "POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n";
        let answer = exchange(&server, &format!("{head}Content-Length: {length}\r\n\r\n{body}"));
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 400 "), "{answer}");
        let answer = exchange(&server, &format!("{head}Transfer-Encoding: chunked\r\n\r\n{length:x}\r\n{body}"));
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 400 "), "{answer}");
    }
    for garbage in ["", "\r\n\r\n", "GET\r\n\r\n", "\u{16}\u{3}\u{1}", "POST /predict HTTP/9.9\r\n\r\n"] {
        exchange(&server, garbage);
    }
    let mut whole = TcpStream::connect(server.address()).unwrap();
    whole.write_all(b"GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    whole.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    assert_eq!(stored(&database), 0);
}

/// A request that the server has begun to read: it asked for the body.
fn request_under_way(server: &Server, body: &str) -> BufReader<TcpStream> {
    let mut stream = BufReader::new(TcpStream::connect(server.address()).unwrap());
    let head = format!(
        "POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\
         Expect: 100-continue\r\n\r\n",
        body.len()
    );
    stream.get_mut().write_all(head.as_bytes()).unwrap();
    let mut line = String::new();
    stream.read_line(&mut line).unwrap();
    assert_eq!(line, "HTTP/1.1 100 Continue\r\n");
    stream.read_line(&mut line).unwrap();
    stream
}

#[test]
fn a_request_under_way_is_finished_before_the_server_stops() {
    let (_folder, database) = new_database();
    let server = Server::start(&database);
    let bodies: Vec<String> = (0..20).map(|number| numbered(number).to_string()).collect();
    let requests: Vec<_> = bodies.iter().map(|body| request_under_way(&server, body)).collect();
    server.terminate();
    server.wait_for("stopping: finishing requests under way");
    for (mut request, body) in requests.into_iter().zip(&bodies) {
        request.get_mut().write_all(body.as_bytes()).unwrap();
        let mut answer = String::new();
        request.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.1 201 "), "{head}");
        serde_json::from_str::<Value>(body).unwrap();
    }
    assert_eq!(server.ended().code(), Some(0));
    assert_eq!(stored(&database), 20);
}

#[test]
fn a_request_that_never_ends_does_not_keep_the_server() {
    let (_folder, database) = new_database();
    let mut command = serve(&database);
    command.env("SHUTDOWN_TIMEOUT_SECONDS", "0.2");
    let server = Server::run(command);
    let _request = request_under_way(&server, &numbered(1).to_string());
    server.terminate();
    assert_eq!(server.ended().code(), Some(0));
}

#[test]
fn a_body_that_never_comes_is_answered_when_its_time_is_up() {
    let (_folder, database) = new_database();
    let mut command = serve(&database);
    command.env("BODY_TIMEOUT_SECONDS", "0.2");
    let server = Server::run(command);
    let mut request = request_under_way(&server, &numbered(1).to_string());
    let mut line = String::new();
    request.read_line(&mut line).unwrap();
    assert_eq!(line, "HTTP/1.1 408 Request Timeout\r\n");
}

#[test]
fn a_port_in_use_is_named() {
    let (_folder, database) = new_database();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let mut command = serve(&database);
    command.args(["--host", "127.0.0.1"]).env("PORT", "1");
    // The option goes before the variable; the last of two options would be refused.
    let mut command_on_taken_port = lifeboat();
    command_on_taken_port.args(["serve", "--port", &address.port().to_string(), "--database-url", &url(&database)]);
    let said = failure(command_on_taken_port);
    assert!(said.contains(&format!("cannot listen on {address}")), "{said}");
    drop(Server::run(command));
}

#[test]
fn a_file_that_is_no_database_is_named() {
    let (_folder, database) = new_database();
    fs::write(&database, "not a database, but longer than its header, which has one hundred bytes. ".repeat(3))
        .unwrap();
    let said = failure(serve(&database));
    assert!(said.contains(database.to_str().unwrap()), "{said}");
    assert!(said.contains("not a database"), "{said}");
}

#[test]
fn a_setting_that_cannot_be_is_named() {
    let (_folder, database) = new_database();
    for (name, value) in [("REQUEST_TIMEOUT_SECONDS", "soon"), ("WORKER_THREADS", "0"), ("LOG_LEVEL", "lifeboat=loud")]
    {
        let mut command = serve(&database);
        command.env(name, value);
        let said = refusal(command);
        assert!(said.contains(&format!("{name}={value}")), "{said}");
    }
    let mut command = lifeboat();
    command.args(["serve", "--database-url", "postgres://somewhere"]);
    let said = refusal(command);
    assert!(said.contains("DATABASE_URL=postgres://somewhere") && said.contains("sqlite:FILE"), "{said}");
}

/// Makes a command that runs the binary as somebody whom permissions bind: root, as a test may be, ignores them.
fn serve_as_nobody(folder: &Path, database: &Path) -> Command {
    const NOBODY: u32 = 65534;
    if fs::metadata(folder).unwrap().uid() != 0 {
        return serve(database);
    }
    let binary = folder.join("lifeboat");
    // By a process of its own: a file that this one writes cannot be run while another thread starts a process, which has it open.
    assert!(Command::new("cp").arg(BINARY).arg(&binary).status().unwrap().success());
    fs::set_permissions(&binary, fs::Permissions::from_mode(0o755)).unwrap();
    let mut command = Command::new(binary);
    command.env_clear().current_dir("/").uid(NOBODY).gid(NOBODY);
    command.args(["serve", "--port", "0", "--database-url", &url(database)]);
    command
}

#[test]
fn a_file_that_cannot_be_written_is_refused_at_the_start() {
    let (folder, database) = new_database();
    drop(Server::start(&database));
    for (file, mode) in [(folder.path(), 0o555), (&database, 0o444)] {
        fs::set_permissions(file, fs::Permissions::from_mode(mode)).unwrap();
    }
    let said = failure(serve_as_nobody(folder.path(), &database));
    assert!(said.contains(database.to_str().unwrap()), "{said}");
    assert!(said.contains("read-only"), "{said}");
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
}

#[tokio::test]
async fn the_package_of_a_folder_is_served_and_keeps_its_predictions_in_a_file_of_its_name() {
    for (package, name, label) in [
        ("breast_cancer", "breast-cancer", "diagnosis"),
        ("regression", "diabetes-progression", "progression"),
        ("classes", "iris-species", "species"),
    ] {
        let folder = Folder::new();
        let package = format!("{}/tests/packages/{package}", env!("CARGO_MANIFEST_DIR"));
        let mut command = lifeboat();
        command.args(["serve", &package, "--port", "0"]).current_dir(folder.path("")).env("LOG_FORMAT", "json");
        let server = Server::run(command);
        let table = fs::read(format!("{package}/train.csv")).unwrap();
        let request = client().post(server.url("/predict")).header("content-type", "text/csv");
        let answer = request.header("accept", "application/json").body(table).send().await.unwrap();
        assert_eq!((answer.status().as_u16(), &answer.headers()["lifeboat-created"]), (200, &"36".parse().unwrap()));
        let answers: Vec<Value> = answer.json().await.unwrap();
        assert!(!answers[0]["prediction"][label].is_null(), "{}", answers[0]);
        let stored_answer = client().get(server.url(&format!("/predictions/{}", answers[0]["id"].as_str().unwrap())));
        let stored_answer: Value = stored_answer.send().await.unwrap().json().await.unwrap();
        assert_eq!(stored_answer["prediction"], answers[0]["prediction"]);
        assert_eq!(stored(&folder.path(&format!("{name}.db"))), 36);
    }
    let said = Folder::new().refuses(&["serve", "one", "--package", "two"]);
    assert!(said.contains("cannot be used with"), "{said}");
}
