//! How a function starts: what it needs, what it reaches for, and what it says when it cannot.

use crate::bootstrap::{Function, on_file, on_table};
use crate::fixtures::dynamodb::{config, new_table, url};
use crate::fixtures::faulty::{Fault, Network};
use crate::fixtures::passengers::numbered;

#[tokio::test]
async fn a_function_on_a_file_needs_no_table_and_no_credentials() {
    let folder = tempfile::tempdir().unwrap();
    let function = Function::start(&on_file(&folder.path().join("predictions.db"))).await;
    let created = function.predict(&numbered(1)).await;
    let again = function.predict(&numbered(1)).await;
    assert_eq!((created.status(), again.status()), (201, 200));
    assert_eq!(created.body(), again.body());
    assert_eq!(function.get(created.header("location")).await.json()["key"], serde_json::json!({"PassengerId": 1}));
}

/// What a stranger can ask for must not be an error of the table's.
#[tokio::test]
async fn a_name_longer_than_a_key_of_the_table_is_unknown() {
    let function = Function::start(&on_table(&config(&new_table().await, &url()))).await;
    for length in [2000, 3000] {
        let path = format!("/predictions/p.{}.{}", "x".repeat(length), "0".repeat(32));
        assert_eq!(function.get(&path).await.status(), 404, "{length} bytes: {}", function.log());
    }
}

#[tokio::test]
async fn a_function_reaches_for_its_table_before_its_first_request() {
    let (network, table) = (Network::start().await, new_table().await);
    let mut environment = on_table(&config(&table, &network.url()));
    // The first function of a version tells the table of it.
    assert_eq!(Function::start(&environment).await.predict(&numbered(0)).await.status(), 201);
    for (number, warm_up, calls) in [(1, "true", 1), (2, "false", 0)] {
        network.always(Fault::None);
        environment.push(("DATABASE_WARM_UP", warm_up.to_owned()));
        let function = Function::start(&environment).await;
        assert_eq!(function.get("/health").await.status(), 200);
        assert_eq!(network.calls(), calls, "at the start, with DATABASE_WARM_UP={warm_up}");
        assert_eq!(function.predict(&numbered(number)).await.status(), 201);
        assert_eq!(network.calls(), 2, "with DATABASE_WARM_UP={warm_up}");
    }
}

#[tokio::test]
async fn a_function_starts_without_its_table_and_says_so() {
    let (network, table) = (Network::start().await, new_table().await);
    network.always(Fault::Hang);
    let function = Function::start(&on_table(&config(&table, &network.url()))).await;
    assert_eq!(function.get("/health").await.status(), 200);
    assert!(function.log().contains("could not be reached while the function started"), "{}", function.log());
    network.always(Fault::None);
    assert_eq!(function.predict(&numbered(1)).await.status(), 201);
}

#[tokio::test]
async fn a_function_goes_by_no_clock_of_a_test() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("now"), "2013-04-01T06:00:00Z").unwrap();
    let mut environment = on_file(&folder.path().join("predictions.db"));
    environment.push(("TEST_CLOCK", folder.path().join("now").display().to_string()));
    let function = Function::start(&environment).await;
    assert_eq!(function.post(&serde_json::json!({})).await, "", "the emulator has no answer");
    assert!(function.log().contains("it is for `lifeboat serve --test-clock` alone"), "{}", function.log());
}

#[tokio::test]
async fn a_function_that_cannot_start_names_the_setting_that_is_wrong() {
    let environment = [("DATABASE_URL", "dynamodb:predictions".to_owned()), ("AWS_REGION", "eu-central-1".to_owned())];
    let function = Function::start(&environment).await;
    assert_eq!(function.post(&serde_json::json!({})).await, "", "the emulator has no answer");
    for said in ["DATABASE_URL=dynamodb:predictions cannot be used", "AWS_ACCESS_KEY_ID is not set"] {
        assert!(function.log().contains(said), "{}", function.log());
    }
}
