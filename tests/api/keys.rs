//! API keys: who must show one, and what happens without.

use axum::body::Body;
use axum::http::Request;
use serde_json::json;

use crate::app::App;
use crate::passengers::numbered;
use crate::server::{Server, client, failure, lifeboat, new_database, predict, refusal, serve};

const OLD_KEY: &str = "an-old-key-of-ours";
const NEW_KEY: &str = "a-new-key-of-ours";

fn app() -> App {
    App::with_keys(&format!("{OLD_KEY},{NEW_KEY}"))
}

#[tokio::test]
async fn each_of_the_keys_opens_every_path() {
    let app = app();
    for key in [OLD_KEY, NEW_KEY] {
        for path in ["/model", "/predictions/p.7.0123456789abcdef0123456789abcdef", "/predictions?PassengerId=7"] {
            let request = Request::get(path).header("x-api-key", key).body(Body::empty()).unwrap();
            assert!([200, 404].contains(&app.send(request).await.status.as_u16()), "{path}");
        }
    }
}

#[tokio::test]
async fn without_a_key_nothing_is_answered_and_nothing_is_stored() {
    let app = app();
    let refused = app.predict_value(&numbered(1)).await;
    let problem = refused.problem(401);
    assert_eq!(problem["type"], "urn:lifeboat:problem:unauthenticated");
    assert_eq!(refused.header("www-authenticate"), "ApiKey");
    assert!(!refused.header("x-request-id").is_empty());
    for key in ["", "a-new-key-of-our", "a-new-key-of-ours-", &format!("{OLD_KEY},{NEW_KEY}")] {
        let request = Request::get("/model").header("x-api-key", key).body(Body::empty()).unwrap();
        app.send(request).await.problem(401);
    }
    for path in ["/model", "/nowhere", "/predictions?PassengerId=1"] {
        app.get(path).await.problem(401);
    }
    assert_eq!(app.stored(), 0);
}

#[tokio::test]
async fn whoever_watches_over_the_server_needs_no_key() {
    let app = app();
    for path in ["/health", "/ready"] {
        assert_eq!(app.get(path).await.status, 200, "{path}");
    }
}

#[test]
fn a_server_that_others_can_reach_does_not_start_without_a_key() {
    let (_folder, database) = new_database();
    for host in ["0.0.0.0", "::"] {
        let mut command = serve(&database);
        command.args(["--host", host]);
        let said = refusal(command);
        for advice in ["LIFEBOAT_API_KEY", "x-api-key", "--no-auth"] {
            assert!(said.contains(advice), "{said}");
        }
    }
    let mut command = serve(&database);
    command.env("LIFEBOAT_API_KEY", "hunter2");
    let said = refusal(command);
    assert!(said.contains("LIFEBOAT_API_KEY cannot be used") && !said.contains("hunter2"), "{said}");
}

#[tokio::test]
async fn a_server_asks_for_its_key_unless_it_is_told_not_to() {
    let (_folder, database) = new_database();
    for (arguments, status) in [(&[][..], 401), (&["--no-auth"][..], 201)] {
        let mut command = serve(&database);
        command.env("LIFEBOAT_API_KEY", NEW_KEY).args(arguments);
        let server = Server::run(command);
        let answer = predict(&client(), &server.url("/predict"), &json!({"Pclass": 1, "Sex": "female"})).await.unwrap();
        assert_eq!(answer.status(), status, "{arguments:?}");
    }
}

#[tokio::test]
async fn a_health_check_tells_a_server_that_is_well_from_one_that_is_not() {
    let (_folder, database) = new_database();
    let mut command = serve(&database);
    command.env("LIFEBOAT_API_KEY", NEW_KEY);
    let server = Server::run(command);
    for path in ["/health", "/ready"] {
        let output = lifeboat().args(["health", &server.url(path)]).output().unwrap();
        assert!(output.status.success(), "{path}: {output:?}");
        assert!(String::from_utf8(output.stdout).unwrap().contains("model_version"), "{path}");
    }
    for url in [server.url("/model"), "http://127.0.0.1:1/health".to_owned(), "nonsense".to_owned()] {
        let mut command = lifeboat();
        command.args(["health", &url]);
        assert!(failure(command).contains(&url), "{url}");
    }
}
