//! How a function starts: what it needs, what it reaches for, and what it says when it cannot.

use crate::bootstrap::{Function, on_file, on_table};
use crate::fixtures::dynamodb::{config, new_table};
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
    assert_eq!(function.get(created.header("location")).await.json()["PassengerId"], 1);
}

#[tokio::test]
async fn a_function_reaches_for_its_table_before_its_first_request() {
    let (network, table) = (Network::start().await, new_table().await);
    let mut environment = on_table(&config(&table, &network.url()));
    for (warm_up, calls) in [("true", 2), ("false", 1)] {
        network.always(Fault::None);
        environment.push(("DATABASE_WARM_UP", warm_up.to_owned()));
        let function = Function::start(&environment).await;
        assert!(function.predict(&numbered(calls)).await.status() < 300);
        assert_eq!(network.calls(), usize::try_from(calls).unwrap(), "with DATABASE_WARM_UP={warm_up}");
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
async fn a_function_that_cannot_start_names_the_setting_that_is_wrong() {
    let environment = [("DATABASE_URL", "dynamodb:predictions".to_owned()), ("AWS_REGION", "eu-central-1".to_owned())];
    let function = Function::start(&environment).await;
    assert_eq!(function.post(&serde_json::json!({})).await, "", "the emulator has no answer");
    for said in ["DATABASE_URL=dynamodb:predictions cannot be used", "AWS_ACCESS_KEY_ID is not set"] {
        assert!(function.log().contains(said), "{}", function.log());
    }
}
