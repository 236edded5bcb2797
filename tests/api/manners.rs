//! What HTTP clients expect of any service: methods, caching, compression, origins, limits.

use std::io::Read;
use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderMap, Method, Request, header};
use brotli::enc::BrotliEncoderParams;
use bytes::Bytes;
use flate2::Compression;
use flate2::read::{GzDecoder, GzEncoder};
use futures_util::stream;
use http_body_util::StreamBody;
use lifeboat::api::ApiConfig;
use serde_json::{Value, json};

use crate::app::{Answer, App};
use crate::passengers::numbered;

async fn ask(app: &App, method: Method, path: &str, headers: &[(header::HeaderName, &str)]) -> Answer {
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(name, *value);
    }
    app.send(request.body(Body::empty()).unwrap()).await
}

async fn post(app: &App, encoding: &str, body: Vec<u8>) -> Answer {
    let request = Request::post("/predict").header(header::CONTENT_TYPE, "application/json");
    app.send(request.header(header::CONTENT_ENCODING, encoding).body(body.into()).unwrap()).await
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut shorter = Vec::new();
    GzEncoder::new(bytes, Compression::best()).read_to_end(&mut shorter).unwrap();
    shorter
}

fn brotli(bytes: &[u8]) -> Vec<u8> {
    let mut shorter = Vec::new();
    brotli::BrotliCompress(&mut &*bytes, &mut shorter, &BrotliEncoderParams::default()).unwrap();
    shorter
}

fn names(header: &str) -> Vec<String> {
    let mut names: Vec<_> = header.split(',').map(|name| name.trim().to_uppercase()).collect();
    names.sort();
    names
}

#[tokio::test]
async fn another_method_is_refused_and_told_which_are_not() {
    let app = App::new();
    for (path, methods) in [("/predict", "POST"), ("/model", "GET,HEAD"), ("/predictions/x", "GET,HEAD")] {
        let answer = ask(&app, Method::DELETE, path, &[]).await;
        answer.problem(405);
        assert_eq!(names(answer.header("allow")), names(methods));
        let options = ask(&app, Method::OPTIONS, path, &[]).await;
        assert_eq!((options.status.as_u16(), options.body.len()), (204, 0));
        assert_eq!(names(options.header("allow")), names(methods));
    }
    ask(&app, Method::OPTIONS, "/nowhere", &[]).await.problem(404);
}

#[tokio::test]
async fn head_is_get_without_its_body() {
    let app = App::new();
    let id = app.predict_value(&numbered(7)).await.json()["id"].as_str().unwrap().to_owned();
    for path in ["/model", "/health", "/ready", &format!("/predictions/{id}"), "/predictions/none"] {
        let (get, head) = (app.get(path).await, ask(&app, Method::HEAD, path, &[]).await);
        assert_eq!((head.status, head.body.len()), (get.status, 0), "{path}");
        let but_ids = |mut headers: HeaderMap| {
            headers.remove("x-request-id");
            headers
        };
        assert_eq!(but_ids(head.headers), but_ids(get.headers), "{path}");
    }
}

#[tokio::test]
async fn what_a_client_has_already_is_not_sent_again() {
    let app = App::new();
    let id = app.predict_value(&numbered(7)).await.json()["id"].as_str().unwrap().to_owned();
    for path in ["/model", &format!("/predictions/{id}")] {
        let first = app.get(path).await;
        let tag = first.header("etag").to_owned();
        assert!(tag.starts_with("W/\"") && tag.ends_with('"'), "{tag}");
        assert_eq!(first.header("cache-control"), "private, no-cache");
        for known in [&tag, "*", &format!("\"other\", {tag}"), tag.trim_start_matches("W/")] {
            let again = ask(&app, Method::GET, path, &[(header::IF_NONE_MATCH, known)]).await;
            assert_eq!((again.status.as_u16(), again.body.len(), again.header("etag")), (304, 0, &*tag), "{known}");
            assert_eq!(again.header("content-type"), "");
        }
        let other = ask(&app, Method::GET, path, &[(header::IF_NONE_MATCH, "\"other\"")]).await;
        assert_eq!((other.status.as_u16(), &other.body), (200, &first.body));
    }
}

#[tokio::test]
async fn what_may_change_or_is_nobody_elses_business_is_not_kept() {
    let app = App::new();
    let posted = app.predict_value(&numbered(7)).await;
    for answer in [posted, app.get("/ready").await, app.get("/nowhere").await, app.predict("x").await] {
        assert_eq!((answer.header("cache-control"), answer.header("etag")), ("no-store", ""), "{answer:?}");
    }
}

#[tokio::test]
async fn every_answer_forbids_browsers_to_guess_or_run_it() {
    let app = App::new();
    for answer in [app.predict_value(&numbered(7)).await, app.get("/model").await, app.get("/nowhere").await] {
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        assert_eq!(answer.header("content-security-policy"), "default-src 'none'; frame-ancestors 'none'");
        assert_eq!(answer.header("referrer-policy"), "no-referrer");
    }
}

#[tokio::test]
async fn a_long_answer_comes_compressed_to_those_who_take_it() {
    let app = App::new();
    let plain = app.get("/model").await;
    assert_eq!(plain.header("content-encoding"), "");
    for accept in ["gzip", "gzip, br", "br;q=0.1, gzip"] {
        let answer = ask(&app, Method::GET, "/model", &[(header::ACCEPT_ENCODING, accept)]).await;
        assert_eq!((answer.header("content-encoding"), answer.header("vary")), ("gzip", "accept-encoding"));
        assert!(answer.body.len() < plain.body.len() / 2);
        assert_eq!(answer.header("etag"), plain.header("etag"));
        let mut body = Vec::new();
        GzDecoder::new(&*answer.body).read_to_end(&mut body).unwrap();
        assert_eq!(body, plain.body);
    }
    let other = ask(&app, Method::GET, "/model", &[(header::ACCEPT_ENCODING, "br")]).await;
    assert_eq!((other.header("content-encoding"), &other.body), ("", &plain.body));
    let short = ask(&app, Method::GET, "/health", &[(header::ACCEPT_ENCODING, "gzip")]).await;
    assert_eq!(short.header("content-encoding"), "");
}

#[tokio::test]
async fn a_body_may_come_compressed() {
    let app = App::new();
    let plain = app.predict_value(&numbered(7)).await;
    let body = numbered(7).to_string();
    for (encoding, body) in
        [("gzip", gzip(body.as_bytes())), ("BR", brotli(body.as_bytes())), ("identity", body.as_bytes().to_vec())]
    {
        let answer = post(&app, encoding, body).await;
        assert_eq!((answer.status.as_u16(), &answer.body), (200, &plain.body), "{encoding}");
    }
}

#[tokio::test]
async fn a_compressed_body_that_is_none_or_too_much_is_refused() {
    let app = App::new();
    let passengers = json!([numbered(7), numbered(8)]).to_string();
    let bomb = vec![b' '; 100 << 20];
    for (encoding, bomb) in [("gzip", gzip(&bomb)), ("br", brotli(&bomb))] {
        assert!(bomb.len() < 200_000);
        post(&app, encoding, bomb).await.problem(413);
        post(&app, encoding, passengers.clone().into_bytes()).await.problem(400);
    }
    let whole = gzip(passengers.as_bytes());
    post(&app, "gzip", whole[..whole.len() - 5].to_vec()).await.problem(400);
    for encoding in ["deflate", "gzip, gzip", "zstd"] {
        let answer = post(&app, encoding, whole.clone()).await;
        assert_eq!(answer.problem(415)["type"], "urn:lifeboat:problem:unsupported-content-encoding");
        assert_eq!(answer.header("accept-encoding"), "gzip, br");
    }
    assert_eq!(app.stored(), 0);
}

#[tokio::test]
async fn pages_of_other_origins_may_not_call_unless_they_are_named() {
    let preflight = [
        (header::ORIGIN, "https://example.org"),
        (header::ACCESS_CONTROL_REQUEST_METHOD, "POST"),
        (header::ACCESS_CONTROL_REQUEST_HEADERS, "content-type,inference-header-content-length,x-api-key"),
    ];
    let closed = App::new();
    let answer = ask(&closed, Method::OPTIONS, "/predict", &preflight).await;
    assert_eq!(answer.header("access-control-allow-origin"), "");

    let keys = Some("0123456789abcdef".parse().unwrap());
    let cors = Some("https://example.org".parse().unwrap());
    let open = App::with(&ApiConfig { keys, cors, ..ApiConfig::default() });
    let answer = ask(&open, Method::OPTIONS, "/predict", &preflight).await;
    assert!(answer.status.is_success(), "a preflight shows no key: {answer:?}");
    assert_eq!(answer.header("access-control-allow-origin"), "https://example.org");
    for name in ["x-api-key", "inference-header-content-length"] {
        assert!(answer.header("access-control-allow-headers").contains(name), "{name}");
    }
    let answer = ask(&open, Method::GET, "/health", &[(header::ORIGIN, "https://example.org")]).await;
    assert_eq!(answer.header("access-control-allow-origin"), "https://example.org");
    for name in ["lifeboat-created", "inference-header-content-length"] {
        assert!(answer.header("access-control-expose-headers").contains(name), "{name}");
    }
    let answer = ask(&open, Method::GET, "/health", &[(header::ORIGIN, "https://elsewhere.org")]).await;
    assert_eq!(answer.header("access-control-allow-origin"), "");
}

fn endless() -> Request<Body> {
    let body = Body::new(StreamBody::new(stream::pending::<Result<http_body::Frame<Bytes>, std::io::Error>>()));
    Request::post("/predict").header(header::CONTENT_TYPE, "application/json").body(body).unwrap()
}

#[tokio::test]
async fn a_client_that_is_waited_for_takes_no_room() {
    let app = App::with(&ApiConfig { max_requests_in_flight: 1, ..ApiConfig::default() });
    let (one, two) = (app.send(endless()), app.send(endless()));
    let others = async {
        // Both are under way once they have been asked for the first time.
        tokio::task::yield_now().await;
        (app.predict_value(&numbered(7)).await, app.get("/ready").await)
    };
    let (answer, ready) = tokio::select! {
        biased;
        _ = one => unreachable!("its body never ends"),
        _ = two => unreachable!("its body never ends"),
        answers = others => answers,
    };
    assert_eq!((answer.status.as_u16(), ready.status.as_u16()), (201, 200));
}

#[tokio::test]
async fn a_time_limit_holds_for_a_body_that_does_not_come() {
    let app = App::with(&ApiConfig { body_timeout: Duration::from_millis(50), ..ApiConfig::default() });
    let answer = app.send(endless()).await;
    assert_eq!(answer.problem(408)["type"], "urn:lifeboat:problem:request-timeout");
    assert_eq!(answer.header("connection"), "close");
}

#[tokio::test]
async fn a_body_is_not_received_of_who_may_not_send_it() {
    let keys = Some("0123456789abcdef".parse().unwrap());
    let app = App::with(&ApiConfig { keys, body_timeout: Duration::from_mins(1), ..ApiConfig::default() });
    app.send(endless()).await.problem(401);
    let (mut parts, body) = endless().into_parts();
    parts.headers.insert("sec-fetch-site", "cross-site".parse().unwrap());
    app.send(Request::from_parts(parts, body)).await.problem(403);
}

#[tokio::test]
async fn a_list_comes_compressed_too() {
    let app = App::new();
    let passengers: Value = (0..50).map(numbered).collect();
    let request = Request::post("/predict").header(header::CONTENT_TYPE, "application/json");
    let request = request.header(header::ACCEPT_ENCODING, "gzip").body(passengers.to_string().into()).unwrap();
    let answer = app.send(request).await;
    assert_eq!((answer.header("content-encoding"), answer.header("lifeboat-created")), ("gzip", "50"));
    let list: Vec<Value> = serde_json::from_reader(GzDecoder::new(&*answer.body)).unwrap();
    assert_eq!(list.len(), 50);
}
