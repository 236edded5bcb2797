//! The same requests by everything that calls a function over HTTP: each is answered as an HTTP API's is.

use base64::prelude::{BASE64_STANDARD, Engine};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::bootstrap::{Answer, Function, on_file};
use crate::fixtures::passengers::numbered;

/// The event of each source but that of an HTTP API without a stage, which is `predict`.
pub(crate) const SOURCES: [&str; 6] =
    ["rest_api", "load_balancer", "load_balancer_lists", "function_url", "stage", "custom_domain"];

/// What stands before the service's paths in addresses that clients know.
fn base_path(source: &str) -> &'static str {
    match source {
        "rest_api" | "stage" => "/prod",
        "custom_domain" => "/titanic",
        _ => "",
    }
}

/// A function, and an example of the events that a source sends it.
struct Source {
    name: &'static str,
    function: Function,
    event: Value,
    _folder: TempDir,
}

impl Source {
    async fn start(name: &'static str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut environment = on_file(&folder.path().join("predictions.db"));
        environment.push(("BASE_PATH", "/titanic".to_owned()));
        Self { name, function: Function::start(&environment).await, event: file(name), _folder: folder }
    }

    /// Returns the event of another request. The query is of `name=value`, as a client encodes it.
    fn request(&self, method: &str, path: &str, query: &[&str], body: &str) -> Value {
        let mut event = self.event.clone();
        let decode = |text: &str| percent_encoding::percent_decode_str(text).decode_utf8().unwrap().into_owned();
        let pairs = query.iter().map(|pair| pair.split_once('=').unwrap());
        if event["rawPath"].is_string() {
            event["rawPath"] = json!(format!("{}{path}", base_path(self.name)));
            event["rawQueryString"] = json!(query.join("&"));
            event["requestContext"]["http"]["method"] = json!(method);
        } else {
            event["path"] = json!(path);
            event["httpMethod"] = json!(method);
            if event["requestContext"]["path"].is_string() {
                event["requestContext"]["path"] = json!(format!("/prod{path}"));
            }
            // A load balancer leaves parameters as they are; API Gateway decodes them.
            let is_decoded = self.name == "rest_api";
            let value = |value: &str| if is_decoded { decode(value) } else { value.to_owned() };
            let (mut one, mut all) = (json!({}), json!({}));
            for (name, text) in pairs {
                one[name] = json!(value(text));
                let mut list = all[name].as_array().cloned().unwrap_or_default();
                list.push(json!(value(text)));
                all[name] = json!(list);
            }
            for (member, parameters) in [("queryStringParameters", one), ("multiValueQueryStringParameters", all)] {
                if event.get(member).is_some() {
                    event[member] = if query.is_empty() { Value::Null } else { parameters };
                }
            }
        }
        event["body"] = if body.is_empty() { Value::Null } else { json!(body) };
        event
    }

    async fn send(&self, method: &str, path: &str, query: &[&str], body: &str) -> Answer {
        self.invoke(&self.request(method, path, query, body)).await
    }

    async fn get(&self, path: &str, query: &[&str]) -> Answer {
        self.send("GET", path, query, "").await
    }

    async fn invoke(&self, event: &Value) -> Answer {
        self.read(self.function.invoke(event).await)
    }

    /// Reads an answer as the source does: its headers are texts, or lists of them.
    fn read(&self, mut answer: Value) -> Answer {
        let has_lists = matches!(self.name, "rest_api" | "load_balancer_lists");
        if has_lists {
            let lists = answer["multiValueHeaders"].as_object().unwrap_or_else(|| panic!("{}: {answer}", self.name));
            let joined = |list: &Value| {
                let texts: Vec<_> = list.as_array().unwrap().iter().map(|text| text.as_str().unwrap()).collect();
                json!(texts.join(", "))
            };
            answer["headers"] = lists.iter().map(|(name, list)| (name.clone(), joined(list))).collect();
        }
        Answer::from(answer)
    }
}

/// Returns the event of a file.
fn file(name: &str) -> Value {
    let file = format!("{}/events/{name}.json", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap()
}

async fn sources() -> Vec<Source> {
    let mut sources = vec![Source::start("predict").await];
    for name in SOURCES {
        sources.push(Source::start(name).await);
    }
    sources
}

#[tokio::test]
async fn a_passenger_is_stored_once_whoever_sends_it() {
    for source in sources().await {
        let Source { name, event, .. } = &source;
        let created = source.invoke(event).await;
        assert_eq!(created.status(), 201, "{name}: {created:?}");
        let id = created.json()["id"].as_str().unwrap().to_owned();
        assert!(id.starts_with("p.1070."), "{name}: {id}");
        assert_eq!(created.header("location"), format!("{}/predictions/{id}", base_path(name)), "{name}");
        assert_eq!(created.header("content-type"), "application/json");

        let mut encoded = event.clone();
        encoded["body"] = json!(BASE64_STANDARD.encode(event["body"].as_str().unwrap()));
        encoded["isBase64Encoded"] = json!(true);
        let again = source.invoke(&encoded).await;
        assert_eq!((again.status(), again.body()), (200, created.body()), "{name}");
        assert_eq!(
            source.get(&format!("/predictions/{id}"), &[]).await.json()["key"],
            json!({"PassengerId": 1070}),
            "{name}"
        );
    }
}

#[tokio::test]
async fn the_fields_of_a_key_are_a_query_whoever_asks() {
    for (name, asked) in
        [("predict", "history"), ("rest_api", "rest_api_history"), ("load_balancer", "load_balancer_history")]
    {
        let source = Source::start(name).await;
        let created = source.invoke(&source.event).await.json();
        let history = source.invoke(&file(asked)).await;
        assert_eq!(
            (history.status(), history.json()),
            (200, json!({"predictions": [created], "next": null})),
            "{name}"
        );
    }
}

#[tokio::test]
async fn every_path_method_and_fault_is_answered_alike() {
    let sources = sources().await;
    let (first, others) = sources.split_first().unwrap();
    for (method, path, body, status) in [
        ("GET", "/ready", "", 200),
        ("GET", "/", "", 200),
        ("GET", "/model", "", 200),
        ("GET", "/v2/health/live", "", 200),
        ("HEAD", "/health", "", 200),
        ("DELETE", "/predict", "", 405),
        ("GET", "/nowhere", "", 404),
        ("POST", "/predict", r#"{"Pclass": 4}"#, 422),
        ("POST", "/predict", "{", 400),
        ("POST", "/v2/models/titanic/infer", "{}", 400),
    ] {
        let expected = first.send(method, path, &[], body).await;
        assert_eq!(expected.status(), status, "{method} {path}: {expected:?}");
        for source in others {
            let answer = source.send(method, path, &[], body).await;
            let name = source.name;
            assert_eq!(answer.status(), status, "{name}: {method} {path}: {answer:?}");
            for header in ["allow", "content-type", "cache-control", "x-content-type-options"] {
                assert_eq!(answer.header(header), expected.header(header), "{name}: {method} {path}: {header}");
            }
            if path != "/" {
                assert_eq!(answer.body(), expected.body(), "{name}: {method} {path}");
            }
        }
    }
}

#[tokio::test]
async fn parameters_of_a_query_arrive_whoever_sends_them() {
    for source in sources().await {
        let name = source.name;
        for cabin in ["A1", "A2", "A3"] {
            let mut passenger = numbered(7);
            passenger["Cabin"] = json!(cabin);
            assert_eq!(source.send("POST", "/predict", &[], &passenger.to_string()).await.status(), 201, "{name}");
        }
        let explained =
            source.send("POST", "/predict", &["explain=true", "store=false"], &numbered(7).to_string()).await;
        assert!(explained.json()["explanation"]["contributions"].is_array(), "{name}: {explained:?}");
        // Each parameter may be given once: a second one must not be lost on the way. Where lists are off, the last one is all there is.
        let twice = source.get("/predictions", &["PassengerId=7", "limit=1", "limit=2"]).await;
        assert_eq!(twice.status(), if name == "load_balancer" { 200 } else { 400 }, "{name}: {twice:?}");

        let page = source.get("/predictions", &["PassengerId=7", "limit=2"]).await.json();
        let next = page["next"].as_str().unwrap();
        let query = next.strip_prefix(&format!("{}/predictions?", base_path(name)));
        let query: Vec<_> = query.unwrap_or_else(|| panic!("{name}: {next}")).split('&').collect();
        let rest = source.get("/predictions", &query).await.json();
        assert_eq!((rest["predictions"].as_array().unwrap().len(), &rest["next"]), (1, &Value::Null), "{name}: {rest}");
        // What is encoded is decoded once: this is a percent sign and two digits, and no limit.
        for query in [["PassengerId=7", "limit=%2532"], ["PassengerId=%2537", "limit=2"]] {
            let encoded = source.get("/predictions", &query).await;
            assert_eq!(encoded.status(), 400, "{name}: {encoded:?}");
        }
        let encoded = source.get("/predictions", &["PassengerId=%37", "limit=2"]).await.json();
        assert_eq!(encoded["predictions"], page["predictions"], "{name}: {encoded:?}");
    }
}

#[tokio::test]
async fn headers_come_and_go_as_a_load_balancer_is_set_to_send_them() {
    for (name, there, absent) in
        [("load_balancer", "headers", "multiValueHeaders"), ("load_balancer_lists", "multiValueHeaders", "headers")]
    {
        let source = Source::start(name).await;
        let mut event = source.request("POST", "/predict", &[], &json!([numbered(1)]).to_string());
        event[there]["accept"] =
            if there == "headers" { json!("text/csv") } else { json!(["application/json;q=0.1", "text/csv"]) };
        let answer = source.function.invoke(&event).await;
        assert_eq!(answer["statusDescription"], "200 OK");
        assert!(answer.get(absent).is_none(), "{answer}");
        assert!(source.read(answer).header("content-type").starts_with("text/csv"));
    }
}

#[tokio::test]
async fn a_rest_api_is_not_sent_what_it_may_take_for_text() {
    // Unless every media type is set to be binary, a REST API hands base64 on as it is.
    let source = Source::start("rest_api").await;
    let mut event = source.request("GET", "/model", &[], "");
    event["multiValueHeaders"]["Accept-Encoding"] = json!(["gzip, br"]);
    event["headers"]["Accept-Encoding"] = json!("gzip, br");
    let answer = source.function.invoke(&event).await;
    assert_eq!(answer["isBase64Encoded"], false);
    assert_eq!(source.read(answer).header("content-encoding"), "");
}

#[tokio::test]
async fn below_a_stage_or_a_base_path_every_link_leads_back() {
    for name in ["stage", "rest_api", "custom_domain"] {
        let source = Source::start(name).await;
        let base = base_path(name);
        let contract = source.get("/openapi.json", &[]).await.json();
        assert_eq!(contract["servers"], json!([{"url": base}]), "{name}");
        for page in ["/", "/docs"] {
            let page = source.get(page, &[]).await;
            let links: Vec<_> =
                page.body().split([' ', '>']).filter(|part| part.contains("=\"") && part.contains('/')).collect();
            let links: Vec<_> =
                links.iter().filter(|link| link.starts_with("href") || link.starts_with("src")).collect();
            assert!(links.len() > 4, "{name}: {links:?}");
            for link in links {
                let path = link.split('"').nth(1).unwrap();
                let path = path.strip_prefix(base).unwrap_or_else(|| panic!("{name}: {path}"));
                assert_eq!(source.get(path, &[]).await.status(), 200, "{name}: {path}");
            }
        }
        // The root, with and without the slash at its end.
        if name != "rest_api" {
            let mut event = source.request("GET", "", &[], "");
            assert_eq!(source.invoke(&event).await.status(), 200, "{name}");
            // What begins alike is another path.
            event["rawPath"] = json!(format!("{base}x/health"));
            assert_eq!(source.invoke(&event).await.status(), 404, "{name}");
        }
    }
}

#[tokio::test]
async fn a_stage_may_be_named_as_a_path_is() {
    let source = Source::start("rest_api").await;
    let mut event = source.request("GET", "/model", &[], "");
    event["requestContext"]["stage"] = json!("model");
    event["requestContext"]["path"] = json!("/model/model");
    assert_eq!(source.invoke(&event).await.json()["name"], "titanic");
    let source = Source::start("stage").await;
    let mut event = source.request("GET", "", &[], "");
    event["requestContext"]["stage"] = json!("model");
    event["rawPath"] = json!("/model/model");
    assert_eq!(source.invoke(&event).await.json()["name"], "titanic");
}

#[tokio::test]
async fn a_rest_api_below_a_domain_of_its_own_leaves_the_base_path_in_the_path() {
    let source = Source::start("rest_api").await;
    let mut event = source.event.clone();
    for base in ["/titanic", "/prod"] {
        event["path"] = json!(format!("{base}/predict"));
        event["requestContext"]["path"] = event["path"].clone();
        let answer = source.invoke(&event).await;
        assert!(answer.status() < 300, "{base}: {answer:?}");
    }
}

/// What a stranger can send must not be an error of the function: those raise alarms, and stop a deployment.
#[tokio::test]
async fn an_odd_host_header_or_path_is_answered() {
    for source in sources().await {
        let name = source.name;
        let has_lists = source.event["multiValueHeaders"].is_object();
        let mut event = source.request("GET", "/health", &[], "");
        for (header, value) in
            [("host", "a b["), ("user-agent", "Müller \u{1f6a2}"), ("x-odd", "a\u{1}b"), ("bad name", "x")]
        {
            if has_lists {
                event["multiValueHeaders"][header] = json!([value]);
            }
            event["headers"][header] = json!(value);
        }
        assert_eq!(source.invoke(&event).await.status(), 200, "{name}");
        for path in ["/predictions/ü x\"<>\\^`{|}", "/predictions/%zz", "//", "/\u{1f6a2}?#"] {
            let answer = source.get(path, &[]).await;
            assert_eq!(answer.status(), 404, "{name}: {path}: {answer:?}");
        }
        let answer = source.get("/monitor", &["since=%00%7f\"<>{}"]).await;
        assert_eq!(answer.status(), 400, "{name}: {answer:?}");
        assert_eq!(source.get(&format!("/{}", "x".repeat(70_000)), &[]).await.status(), 400, "{name}");
    }
}
