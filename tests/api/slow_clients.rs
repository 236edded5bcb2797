//! Clients that send or read slowly, or not at all: they cost themselves their connection, and nobody else anything.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::passengers::numbered;
use crate::server::{BINARY, Server, new_database, serve, url};

/// Longer than a server takes that closes a connection in time.
const PATIENCE: Duration = Duration::from_secs(5);

const HALF_A_HEAD: &[u8] = b"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Ty";

const HALF_A_BODY: &[u8] =
    b"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{";

fn connect(server: &Server) -> TcpStream {
    let stream = TcpStream::connect(server.address()).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.set_nodelay(true).unwrap();
    stream
}

fn with(settings: &[(&str, &str)]) -> (Server, tempfile::TempDir) {
    let (folder, database) = new_database();
    let mut command = serve(&database);
    command.envs(settings.iter().copied());
    (Server::run(command), folder)
}

/// Sends a request and reads its answer; the connection stays open. Returns the status.
fn ask(stream: &mut TcpStream, method: &str, path: &str, body: &str) -> u16 {
    let head = format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n");
    stream.write_all(format!("{head}Content-Length: {}\r\n\r\n{body}", body.len()).as_bytes()).unwrap();
    answer(stream).0
}

/// Reads one answer, and returns its status and body.
fn answer(stream: &mut TcpStream) -> (u16, Vec<u8>) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        head.push(byte[0]);
    }
    let head = String::from_utf8(head).unwrap().to_lowercase();
    let length =
        head.split("content-length: ").nth(1).map_or(0, |rest| rest.split('\r').next().unwrap().parse().unwrap());
    let mut body = vec![0; length];
    stream.read_exact(&mut body).unwrap();
    (head[9..12].parse().unwrap(), body)
}

/// Whether the server closes a connection while its client waits.
fn is_closed(stream: &mut TcpStream) -> bool {
    match stream.read(&mut [0]) {
        Ok(count) => count == 0,
        Err(error) => error.kind() == ErrorKind::ConnectionReset,
    }
}

/// Returns the resident memory of a server in MB.
fn memory(server: &Server) -> u64 {
    let pages = std::fs::read_to_string(format!("/proc/{}/statm", server.id())).unwrap();
    pages.split(' ').nth(1).unwrap().parse::<u64>().unwrap() * 4096 / 1_000_000
}

/// Lets this process have many connections, too.
fn raise_limit() {
    let limit = rlimit::increase_nofile_limit(u64::MAX).unwrap();
    assert!(limit > 4096, "this test needs more open files than {limit}: raise the hard limit");
}

/// Stores new passengers at two servers by turns, each on a connection of its own, and returns the median times in milliseconds: what
/// else the machine does meanwhile meets both.
fn medians(servers: [&Server; 2]) -> [f64; 2] {
    let mut times = [Vec::new(), Vec::new()];
    for number in 0..300 {
        let body = numbered(number).to_string();
        for (server, times) in servers.iter().zip(&mut times) {
            let started = Instant::now();
            assert_eq!(ask(&mut connect(server), "POST", "/predict", &body), 201);
            times.push(started.elapsed().as_secs_f64() * 1e3);
        }
    }
    times.map(|mut times| {
        times.sort_by(f64::total_cmp);
        times[times.len() / 2]
    })
}

#[test]
#[expect(clippy::print_stdout, reason = "the figures are worth a look")]
fn two_thousand_waiting_clients_do_not_stop_the_service() {
    raise_limit();
    // As many as the server takes by default, and twice as many as there are.
    for settings in [&[][..], &[("MAX_CONNECTIONS", "4096")]] {
        let ((alone, _folder), (crowded, _other_folder)) = (with(&[]), with(settings));
        let mut waiting: Vec<_> = (0..2000).map(|_| connect(&crowded)).collect();
        for (index, stream) in waiting.iter_mut().enumerate() {
            // The server may have closed it already.
            let _ = stream.write_all([&b""[..], HALF_A_HEAD, HALF_A_BODY][index % 3]);
        }
        for path in ["/health", "/ready", "/v2/health/live", "/v2/health/ready"] {
            assert_eq!(ask(&mut connect(&crowded), "GET", path, ""), 200, "{path}");
        }
        let memory = memory(&crowded);
        let [quiet, among] = medians([&alone, &crowded]);
        println!("{settings:?}: {quiet:.2} ms alone, {among:.2} ms among 2,000, {memory} MB");
        assert!(among < 2.0 * quiet, "{quiet} ms alone, {among} ms among 2,000");
        assert!(memory < 120, "{memory} MB");
    }
}

#[test]
fn a_connection_without_a_whole_head_is_closed_in_time() {
    let (server, _folder) = with(&[("HEADER_TIMEOUT_SECONDS", "0.3")]);
    let (mut silent, mut half, mut slow) = (connect(&server), connect(&server), connect(&server));
    half.write_all(HALF_A_HEAD).unwrap();
    let dribble = HALF_A_HEAD.iter().find(|byte| {
        sleep(Duration::from_millis(50));
        slow.write_all(&[**byte]).is_err()
    });
    assert!(dribble.is_some(), "each byte bought more time");
    assert!(is_closed(&mut silent) && is_closed(&mut half));
    assert_eq!(ask(&mut connect(&server), "GET", "/health", ""), 200);
}

#[test]
fn a_head_beyond_its_limit_is_refused() {
    let (server, _folder) = with(&[]);
    let mut stream = connect(&server);
    let cookie = "c".repeat(20_000);
    let _ = stream.write_all(format!("GET /health HTTP/1.1\r\nHost: localhost\r\nCookie: {cookie}\r\n\r\n").as_bytes());
    assert_eq!(answer(&mut stream).0, 431);
}

#[test]
fn a_connection_that_is_not_used_any_more_is_closed_in_time() {
    let (server, _folder) = with(&[("IDLE_TIMEOUT_SECONDS", "0.4")]);
    let mut stream = connect(&server);
    for _ in 0..4 {
        assert_eq!(ask(&mut stream, "GET", "/health", ""), 200);
        sleep(Duration::from_millis(200));
    }
    assert!(is_closed(&mut stream));
}

#[test]
fn a_body_that_does_not_come_is_the_clients_doing() {
    let (server, _folder) = with(&[("BODY_TIMEOUT_SECONDS", "0.2"), ("MAX_REQUESTS_IN_FLIGHT", "1")]);
    let mut streams = [connect(&server), connect(&server)];
    for stream in &mut streams {
        stream.write_all(HALF_A_BODY).unwrap();
    }
    for stream in &mut streams {
        let (status, body) = answer(stream);
        let problem: Value = serde_json::from_slice(&body).unwrap();
        assert_eq!((status, &problem["type"]), (408, &"urn:lifeboat:problem:request-timeout".into()));
        assert!(is_closed(stream));
        let line = server.wait_for("request not received in time");
        assert_eq!((&line["level"], &line["status"]), (&"INFO".into(), &408.into()));
    }
    let mut stream = connect(&server);
    stream
        .write_all(b"POST /v2/models/titanic/infer HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n{")
        .unwrap();
    let (status, body) = answer(&mut stream);
    assert_eq!((status, body.starts_with(b"{\"error\":")), (408, true));
}

#[test]
fn answers_that_nobody_reads_are_bounded_in_memory_and_time() {
    const REQUESTS: usize = 2000;
    let (server, _folder) = with(&[("ANSWER_TIMEOUT_SECONDS", "0.5")]);
    let mut stream = connect(&server);
    stream.set_write_timeout(Some(Duration::from_millis(200))).unwrap();
    let request = b"GET /model HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let asked = (0..REQUESTS).take_while(|_| stream.write_all(request).is_ok()).count();
    sleep(Duration::from_secs(2));
    assert!(memory(&server) < 60, "{} MB for {asked} requests", memory(&server));
    let mut read = 0;
    let mut buffer = vec![0; 1 << 20];
    while let Ok(count @ 1..) = stream.read(&mut buffer) {
        read += count;
    }
    let whole = usize::try_from(std::fs::metadata("model/titanic/manifest.json").unwrap().len()).unwrap() / 2 * asked;
    assert!(read < whole, "all answers were kept until they were read: {read} bytes");
    assert_eq!(ask(&mut connect(&server), "GET", "/health", ""), 200);
}

#[test]
#[expect(clippy::print_stdout, reason = "the figures are worth a look")]
fn half_sent_bodies_hold_a_bounded_amount_of_memory() {
    let (server, _folder) = with(&[]);
    let part = vec![b' '; 1_000_000];
    let mut streams = Vec::new();
    for _ in 0..200 {
        let mut stream = connect(&server);
        // The server may have closed it already.
        let head = "POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 1000001\r\n\r\n";
        let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&part));
        streams.push(stream);
    }
    sleep(Duration::from_millis(500));
    println!("{} MB for 200 half-sent bodies of a megabyte", memory(&server));
    assert!(memory(&server) < 150, "{} MB", memory(&server));
    assert_eq!(ask(&mut connect(&server), "POST", "/predict", &numbered(1).to_string()), 201);
    server.wait_for(
        "connections are closed: half-sent requests and answers take too much memory; those whose clients were waited for longest give way",
    );
}

#[test]
fn the_connection_that_was_waited_for_longest_gives_way() {
    let (server, _folder) = with(&[("MAX_CONNECTIONS", "4")]);
    let mut streams: Vec<_> = (0..4).map(|_| connect(&server)).collect();
    for stream in &mut streams {
        assert_eq!(ask(stream, "GET", "/health", ""), 200);
        sleep(Duration::from_millis(20));
    }
    // The first has asked since, so that the second has waited longest.
    assert_eq!(ask(&mut streams[0], "GET", "/health", ""), 200);
    let mut fifth = connect(&server);
    assert_eq!(ask(&mut fifth, "POST", "/predict", &numbered(1).to_string()), 201);
    assert!(is_closed(&mut streams[1]));
    for index in [0, 2, 3] {
        assert_eq!(ask(&mut streams[index], "GET", "/health", ""), 200, "{index}");
    }
}

/// Returns `serve` in a process with this soft and hard limit of open files.
fn serve_with_files(soft: u32, hard: u32) -> (Server, tempfile::TempDir) {
    let (folder, database) = new_database();
    let mut command = Command::new("/bin/sh");
    let script = format!("ulimit -Sn {soft} && ulimit -Hn {hard} && exec \"$@\"");
    command.args(["-c", &script, "sh", BINARY, "serve", "--port", "0", "--database-url", &url(&database)]);
    command.env_clear().env("LOG_FORMAT", "json");
    (Server::run(command), folder)
}

#[test]
fn connections_stay_below_the_limit_of_open_files_which_is_raised() {
    let (server, _folder) = serve_with_files(64, 200);
    assert_eq!(ask(&mut connect(&server), "GET", "/health", ""), 200);
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", server.id())).unwrap();
    let files = limits.lines().find(|line| line.starts_with("Max open files")).unwrap();
    assert_eq!(files.split_whitespace().nth(3), Some("200"), "{files}");
    let streams: Vec<_> = (0..400).map(|_| connect(&server)).collect();
    for number in 0..20 {
        assert_eq!(ask(&mut connect(&server), "POST", "/predict", &numbered(number).to_string()), 201);
    }
    drop(streams);
}
