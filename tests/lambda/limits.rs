//! The largest answers, against what Lambda (6 MB) and a load balancer (1 MB) take from a function, as JSON and in base64.

use base64::prelude::{BASE64_STANDARD, Engine};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::bootstrap::{Answer, Function, on_file};
use crate::fixtures::passengers::numbered;

const LAMBDA_BYTES: usize = 6 * 1024 * 1024;
const LOAD_BALANCER_BYTES: usize = 1_000_000;

/// A function on a file, and events of a source for it.
struct Source {
    function: Function,
    event: Value,
    most: usize,
    _folder: TempDir,
}

impl Source {
    async fn start(name: &str, more: &[(&'static str, String)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut environment = on_file(&folder.path().join("predictions.db"));
        environment.extend_from_slice(more);
        let file = format!("{}/events/{name}.json", env!("CARGO_MANIFEST_DIR"));
        let event = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
        let most = if name == "load_balancer" { LOAD_BALANCER_BYTES } else { LAMBDA_BYTES };
        Self { function: Function::start(&environment).await, event, most, _folder: folder }
    }

    /// Sends a request; the length of the answer, as Lambda sees it, is within its limit.
    async fn send(&self, path: &str, query: &str, headers: &[(&str, &str)], body: &[u8]) -> (Answer, usize) {
        let mut event = self.event.clone();
        let method = match path {
            _ if body.is_empty() => "GET",
            _ if path.ends_with("/outcome") => "PUT",
            _ => "POST",
        };
        if event["rawPath"].is_string() {
            (event["rawPath"], event["rawQueryString"]) = (json!(path), json!(query));
            event["requestContext"]["http"]["method"] = json!(method);
        } else {
            (event["path"], event["httpMethod"]) = (json!(path), json!(method));
            event["queryStringParameters"] = query
                .split('&')
                .filter_map(|pair| pair.split_once('='))
                .map(|(name, value)| (name.to_owned(), json!(value)))
                .collect();
        }
        for (name, value) in headers {
            event["headers"][name] = json!(value);
        }
        event["isBase64Encoded"] = json!(true);
        event["body"] = json!(BASE64_STANDARD.encode(body));
        let answer = self.function.post(&event).await;
        let length = answer.len();
        assert!(length <= self.most, "{path}?{query} {headers:?}: {length} bytes");
        let answer: Value = serde_json::from_str(&answer).unwrap_or_else(|_| panic!("{}", self.function.log()));
        assert!(answer["statusCode"].is_number(), "{answer}");
        (Answer::from(answer), length)
    }
}

/// Returns passengers whose values are as long as they may be, in characters that escape badly.
fn longest(count: u64) -> Vec<Value> {
    let texts = ["\"".repeat(256), "\\".repeat(256), "\u{1f6a2}".repeat(256), format!("x{}x", "\u{1}".repeat(254))];
    (0..count)
        .map(|number| {
            let mut passenger = numbered(number);
            passenger["PassengerId"] = json!((1_u64 << 53) - 1 - number);
            for (index, name) in ["Name", "Ticket", "Cabin"].into_iter().enumerate() {
                passenger[name] = json!(texts[(index + usize::try_from(number).unwrap()) % texts.len()]);
            }
            passenger
        })
        .collect()
}

fn shortest(count: u64) -> Vec<u8> {
    let passenger =
        |number| json!({"PassengerId": (1_u64 << 53) - 1 - number, "Pclass": 3, "Sex": "male", "Age": number % 100});
    json!((0..count).map(passenger).collect::<Vec<_>>()).to_string().into_bytes()
}

const GZIP: (&str, &str) = ("accept-encoding", "gzip");
const CSV: (&str, &str) = ("accept", "text/csv");

#[tokio::test]
async fn the_largest_answers_of_the_built_in_model_pass_through_an_http_api() {
    let source = Source::start("predict", &[]).await;
    // What explanations of a thousand have is ten times what those of a hundred have, and takes ten times as long.
    for (query, count, share) in [("", 1000, 1), ("explain=true", 100, 10)] {
        for headers in [&[][..], &[CSV], &[GZIP]] {
            let (answer, length) = source.send("/predict", query, headers, &shortest(count)).await;
            assert_eq!(answer.status(), 200, "{query} {headers:?}");
            assert!(length * share <= LOAD_BALANCER_BYTES, "{query} {headers:?}: {length} bytes");
        }
    }
    for passenger in longest(8) {
        let (answer, _) = source.send("/predict", "", &[], passenger.to_string().as_bytes()).await;
        let (full, length) = source.send(answer.header("location"), "", &[], b"").await;
        assert_eq!((full.status(), &full.json()["record"]["Name"]), (200, &passenger["Name"]));
        assert!(length < 10_000, "{length} bytes");
    }
    for cabin in 0..100 {
        let mut passenger = longest(1).remove(0);
        passenger["Cabin"] = json!(format!("C{cabin}"));
        let (answer, _) = source.send("/predict", "", &[], passenger.to_string().as_bytes()).await;
        assert_eq!(answer.status(), 201);
    }
    for (path, query) in [
        ("/predictions", format!("PassengerId={}&limit=100", (1_u64 << 53) - 1).as_str()),
        ("/model", ""),
        ("/monitor", "since=1d"),
        ("/openapi.json", ""),
        ("/", ""),
        ("/docs", ""),
    ] {
        for headers in [&[][..], &[GZIP], &[("accept", "text/html")]] {
            let (answer, length) = source.send(path, query, headers, b"").await;
            assert_eq!(answer.status(), 200, "{path}");
            assert!(length < LOAD_BALANCER_BYTES / 5, "{path}?{query} {headers:?}: {length} bytes");
        }
    }
}

#[tokio::test]
async fn what_a_load_balancer_does_not_take_is_413_and_says_what_became_of_it() {
    let package = package_of_version(10_000);
    let environment = [("MODEL_DIR", package.path().display().to_string())];
    let source = Source::start("load_balancer", &environment).await;
    let many = shortest(100);
    let (refused, _) = source.send("/predict", "explain=true", &[], &many).await;
    assert_eq!((refused.status(), refused.header("content-type")), (413, "application/problem+json"));
    let problem = refused.json();
    assert_eq!((&problem["type"], &problem["status"]), (&json!("urn:lifeboat:problem:answer-too-large"), &json!(413)));
    assert!(problem["detail"].as_str().unwrap().contains("1000000 bytes"), "{problem}");
    assert!(problem["detail"].as_str().unwrap().contains("done"), "{problem}");
    // It was done, as the header says; and all that the problem advises to do instead is answered.
    assert_eq!(refused.header("lifeboat-created"), "100");
    assert_ne!(refused.header("x-request-id"), "");
    for (query, headers, body) in [
        ("explain=true", &[GZIP][..], many),
        ("explain=true", &[], shortest(50)),
        ("", &[], shortest(80)),
        ("", &[CSV], shortest(80)),
    ] {
        let (answer, _) = source.send("/predict", query, headers, &body).await;
        assert_eq!((answer.status(), answer.header("lifeboat-created")), (200, "0"), "{query} {headers:?}");
    }
    assert!(source.function.log().contains("the answer is too large to be sent"), "{}", source.function.log());
}

#[tokio::test]
async fn a_name_that_a_client_gives_its_request_comes_back_or_is_too_large() {
    let source = Source::start("load_balancer", &[]).await;
    let infer = |id: &str| {
        let tensor = |name, datatype, value| json!({"name": name, "shape": [1], "datatype": datatype, "data": [value]});
        let inputs = [tensor("Pclass", "INT64", json!(3)), tensor("Sex", "BYTES", json!("male"))];
        json!({"id": id, "inputs": inputs}).to_string().into_bytes()
    };
    let (refused, _) = source.send("/v2/models/titanic/infer", "", &[], &infer(&"\"".repeat(500_000))).await;
    assert_eq!((refused.status(), refused.header("content-type")), (413, "application/json"));
    assert!(refused.json()["error"].as_str().unwrap().contains("1000000 bytes"), "{refused:?}");
    let (answer, _) = source.send("/v2/models/titanic/infer", "", &[], &infer("mine")).await;
    assert_eq!((answer.status(), &answer.json()["id"]), (200, &json!("mine")));
}

#[tokio::test]
async fn an_answer_of_faults_that_is_too_large_says_that_nothing_was_stored() {
    let source = Source::start("load_balancer", &[]).await;
    let outcome = json!({"\"".repeat(500_000): 1}).to_string();
    let (refused, _) = source.send("/predictions/1/outcome", "", &[], outcome.as_bytes()).await;
    assert_eq!(refused.status(), 413);
    assert!(refused.json()["detail"].as_str().unwrap().contains("nothing was stored"), "{refused:?}");
}

/// Returns a folder with the built-in package under a version of so many characters, which stands in each answer.
fn package_of_version(length: usize) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let version = format!("1.0.0-{}", "a".repeat(length - 6));
    for file in std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/model/titanic")).unwrap() {
        let path = file.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "json" || extension == "onnx") {
            std::fs::copy(&path, folder.path().join(path.file_name().unwrap())).unwrap();
        }
    }
    let file = folder.path().join("manifest.json");
    let mut manifest: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    manifest["semantic_version"] = json!(version);
    std::fs::write(file, manifest.to_string()).unwrap();
    lifeboat::package::seal(folder.path()).unwrap();
    folder
}

/// Lambda itself, or here its emulator, would answer an error in place of one byte more.
#[tokio::test]
async fn what_lambda_does_not_take_is_413_to_the_byte() {
    let package = package_of_version(8000);
    let environment = [("MODEL_DIR", package.path().display().to_string())];
    let source = Source::start("predict", &environment).await;
    let (refused, _) = source.send("/predict", "", &[], &shortest(1000)).await;
    assert_eq!(refused.status(), 413);
    let (answer, length) = source.send("/predict", "", &[], &shortest(700)).await;
    assert_eq!((answer.status(), answer.header("lifeboat-created")), (200, "0"));
    assert!(length > LAMBDA_BYTES / 10 * 8, "{length}");
    let (compressed, length) = source.send("/predict", "", &[GZIP], &shortest(1000)).await;
    assert_eq!(compressed.status(), 200);
    assert!(length < LAMBDA_BYTES / 10, "{length}");
}

/// So small a request must not have so large an answer: a gigabyte, if each of 25,000 outputs were of 1,000 rows.
#[tokio::test]
async fn an_output_is_asked_for_once() {
    let source = Source::start("predict", &[]).await;
    let tensor =
        |name, datatype, value| json!({"name": name, "shape": [100], "datatype": datatype, "data": vec![value; 100]});
    let inputs = [tensor("Pclass", "INT64", json!(3)), tensor("Sex", "BYTES", json!("male"))];
    let outputs = vec![json!({"name": "id", "parameters": {"binary_data": true}}); 2000];
    let body = json!({"inputs": inputs, "outputs": outputs}).to_string();
    let (answer, _) = source.send("/v2/models/titanic/infer", "", &[], body.as_bytes()).await;
    assert_eq!(answer.status(), 400, "{answer:?}");
    assert!(answer.json()["error"].as_str().unwrap().contains("/outputs/1/name stands more than once"), "{answer:?}");
}
