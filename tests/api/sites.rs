//! Web pages of strangers: what their browsers send here on their behalf is refused.

use std::io::{Read, Write};
use std::net::TcpStream;

use axum::body::Body;
use axum::http::{Method, Request};
use lifeboat::api::ApiConfig;
use serde_json::{Value, json};

use crate::app::{Answer, App};
use crate::passengers::numbered;
use crate::server::{Server, new_database, serve};

const ID: &str = "p.7.0123456789abcdef0123456789abcdef";

/// Everything that writes, with a body that it would take.
fn writes() -> [(Method, String, String); 3] {
    let tensor = |name, datatype, data: Value| json!({"name": name, "datatype": datatype, "shape": [1], "data": data});
    let inputs = [tensor("Pclass", "INT64", json!([3])), tensor("Sex", "BYTES", json!(["male"]))];
    [
        (Method::POST, "/predict".to_owned(), numbered(7).to_string()),
        (Method::POST, "/v2/models/titanic/infer".to_owned(), json!({"inputs": inputs}).to_string()),
        (Method::PUT, format!("/predictions/{ID}/outcome"), json!({"Survived": 1}).to_string()),
    ]
}

async fn write(app: &App, write: &(Method, String, String), headers: &[(&str, &str)]) -> Answer {
    let (method, path, body) = write;
    let request = Request::builder().method(method).uri(path).header("host", "localhost:8080");
    let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
    app.send(request.body(Body::from(body.clone())).unwrap()).await
}

/// Checks that a page was told that it may not, in the form of the path, and returns the text.
fn refusal(path: &str, answer: &Answer, status: u16) -> String {
    if path.starts_with("/v2") {
        assert_eq!((answer.status.as_u16(), answer.header("content-type")), (status, "application/json"), "{path}");
        return answer.json()["error"].as_str().unwrap().to_owned();
    }
    answer.problem(status)["detail"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_page_of_another_site_writes_nothing() {
    let cors = Some("https://example.org".parse().unwrap());
    for app in [App::new(), App::without_metrics(), App::with(&ApiConfig { cors, ..ApiConfig::default() })] {
        for one in writes() {
            for headers in [
                // What a form, or a request that needs no preflight, brings along.
                &[("origin", "https://evil.example"), ("content-type", "text/plain")][..],
                &[("origin", "https://evil.example"), ("sec-fetch-site", "cross-site")],
                &[("origin", "http://localhost:3000"), ("sec-fetch-site", "same-site")],
                &[("origin", "null"), ("content-type", "application/json")],
                &[("sec-fetch-site", "cross-site")],
            ] {
                let answer = write(&app, &one, headers).await;
                let said = refusal(&one.1, &answer, 403);
                assert!(said.contains("CORS_ORIGINS"), "{said}");
            }
        }
        let problem = write(&app, &writes()[0], &[("origin", "null")]).await.problem(403);
        assert_eq!(problem["type"], "urn:lifeboat:problem:cross-site");
        assert_eq!(app.stored(), 0);
    }
}

#[tokio::test]
async fn pages_of_this_host_and_of_named_origins_write_and_so_do_clients_that_are_no_browsers() {
    let cors = Some("https://example.org".parse().unwrap());
    let app = App::with(&ApiConfig { cors, ..ApiConfig::default() });
    for headers in [
        &[][..],
        &[("origin", "http://localhost:8080"), ("sec-fetch-site", "same-origin")],
        &[("origin", "http://localhost:8080")],
        &[("origin", "https://example.org"), ("sec-fetch-site", "cross-site")],
    ] {
        let headers = [headers, &[("content-type", "application/json")]].concat();
        let statuses = [201, 200, 404];
        for (one, status) in writes().iter().zip(statuses) {
            let answer = write(&app, one, &headers).await;
            assert!([status, 200].contains(&answer.status.as_u16()), "{headers:?}: {answer:?}");
        }
    }
    let opened = App::with(&ApiConfig { cors: Some("*".parse().unwrap()), ..ApiConfig::default() });
    let anywhere = [("origin", "null"), ("sec-fetch-site", "cross-site"), ("content-type", "application/json")];
    assert_eq!(write(&opened, &writes()[0], &anywhere).await.status, 201);
}

/// Asks a server as a browser would that found it under a name, and returns the whole answer.
fn ask(server: &Server, request: &str) -> String {
    let mut stream = TcpStream::connect(server.address()).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

fn ask_host(server: &Server, method: &str, path: &str, host: &str) -> String {
    ask(server, &format!("{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"))
}

#[test]
fn a_local_server_answers_for_names_of_its_own_machine_only() {
    let (_folder, database) = new_database();
    let server = Server::run(serve(&database));
    for host in ["localhost", "localhost:8080", "lifeboat.localhost:1", "127.0.0.1:8080", "127.1.2.3", "[::1]:8080"] {
        let answer = ask_host(&server, "GET", "/model", host);
        assert!(answer.starts_with("HTTP/1.1 200 "), "{host}: {answer}");
    }
    for host in
        ["evil.example", "evil.example:8080", "localhost.evil.example", "127.0.0.1.nip.io", "10.0.0.1", "0.0.0.0"]
    {
        for (method, path) in
            [("GET", "/model"), ("HEAD", "/"), ("OPTIONS", "/predict"), ("POST", "/v2/models/titanic/infer")]
        {
            let answer = ask_host(&server, method, path, host);
            assert!(answer.starts_with("HTTP/1.1 421 "), "{method} {host}: {answer}");
        }
        let answer = ask_host(&server, "GET", "/model", host);
        assert!(
            answer.contains("urn:lifeboat:problem:misdirected-request") && answer.contains("ALLOWED_HOSTS"),
            "{answer}"
        );
        let answer = ask_host(&server, "GET", "/v2", host);
        assert!(
            answer.ends_with('}') && answer.contains("{\"error\":\"this service answers for localhost"),
            "{answer}"
        );
    }
    // A browser always names the host.
    assert!(ask(&server, "GET /health HTTP/1.0\r\n\r\n").starts_with("HTTP/1.0 200 "));
}

#[test]
fn who_means_it_has_other_names_answered_for() {
    let (_folder, database) = new_database();
    let key = "0123456789abcdef";
    for (settings, host, is_answered) in [
        (&[("ALLOWED_HOSTS", "lifeboat.example.org, other")][..], "Lifeboat.example.org:80", true),
        (&[("ALLOWED_HOSTS", "lifeboat.example.org, other")], "localhost", true),
        (&[("ALLOWED_HOSTS", "lifeboat.example.org, other")], "evil.example", false),
        (&[("ALLOWED_HOSTS", "*")], "evil.example", true),
        // A page of a stranger knows no key.
        (&[("LIFEBOAT_API_KEY", key)], "evil.example", true),
        (&[("LIFEBOAT_API_KEY", key), ("ALLOWED_HOSTS", "lifeboat.example.org")], "evil.example", false),
    ] {
        let mut command = serve(&database);
        command.envs(settings.iter().copied());
        let answer = ask_host(&Server::run(command), "GET", "/health", host);
        assert_eq!(answer.starts_with("HTTP/1.1 200 "), is_answered, "{settings:?} {host}: {answer}");
    }
}

#[tokio::test]
async fn a_function_answers_for_any_name() {
    let app = App::without_metrics();
    let request = Request::get("/model").header("host", "id.execute-api.eu-central-1.amazonaws.com");
    assert_eq!(app.send(request.body(Body::empty()).unwrap()).await.status, 200);
}
