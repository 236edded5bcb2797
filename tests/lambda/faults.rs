//! Misfortune between a function and its table, and what clients are told then.

use std::time::{Duration, Instant};

use serde_json::Value;

use crate::bootstrap::{Answer, Function, on_table};
use crate::fixtures::dynamodb::{config, items, new_table};
use crate::fixtures::faulty::{Fault, Network};
use crate::fixtures::passengers::numbered;

/// A function that is stopped after so many seconds, a network, and a table behind it.
async fn function_of_seconds(seconds: u32) -> (Function, Network, String) {
    let (network, table) = (Network::start().await, new_table().await);
    let mut environment = on_table(&config(&table, &network.url()));
    environment.push(("AWS_LAMBDA_FUNCTION_TIMEOUT", seconds.to_string()));
    let function = Function::start(&environment).await;
    assert_eq!(function.get("/ready").await.status(), 200);
    (function, network, table)
}

/// Checks that this is a 503 that tells when to come back and nothing of what is inside.
fn is_worth_a_retry(answer: &Answer) {
    assert_eq!(answer.status(), 503, "{answer:?}");
    assert_eq!(answer.header("content-type"), "application/problem+json");
    assert_eq!(answer.header("retry-after"), "1");
    let text = answer.body().to_lowercase();
    for inside in ["dynamo", "table", "exception", "credential", "timeout", "127.0.0.1"] {
        assert!(!text.contains(inside), "{inside} in {text}");
    }
}

/// Checks that the same request, once all is well, leads to one stored prediction that is then answered again and again.
async fn recovers(function: &Function, network: &Network, table: &str, passenger: &Value) {
    network.always(Fault::None);
    let mended = function.predict(passenger).await;
    assert!([200, 201].contains(&mended.status()), "{mended:?}");
    assert_eq!(function.predict(passenger).await.body(), mended.body());
    assert_eq!(items(table).await, 1);
}

#[tokio::test]
async fn a_lost_answer_is_answered_as_if_it_had_not_been() {
    let (function, network, table) = function_of_seconds(10).await;
    network.first(&[Fault::AnswerLost]);
    let created = function.predict(&numbered(1)).await;
    assert_eq!(created.status(), 201);
    let again = function.predict(&numbered(1)).await;
    assert_eq!((again.status(), again.body()), (200, created.body()));
    assert_eq!(items(&table).await, 1);
}

#[tokio::test]
async fn a_table_that_is_slow_is_waited_for_within_three_seconds() {
    let (function, network, table) = function_of_seconds(3).await;
    network.always(Fault::Slow(Duration::from_secs(2)));
    let created = function.predict(&numbered(1)).await;
    assert_eq!(created.status(), 201);
    assert_eq!(items(&table).await, 1);
    let again = function.predict(&numbered(1)).await;
    assert_eq!((again.status(), again.body()), (200, created.body()));
}

#[tokio::test]
async fn a_table_that_hangs_is_given_up_before_the_function_is_stopped() {
    let (function, network, table) = function_of_seconds(3).await;
    network.always(Fault::Hang);
    let started = Instant::now();
    let answer = function.predict(&numbered(1)).await;
    is_worth_a_retry(&answer);
    assert!(started.elapsed() < Duration::from_secs(3), "{:?}", started.elapsed());
    assert_eq!(items(&table).await, 0);
    recovers(&function, &network, &table, &numbered(1)).await;
}

#[tokio::test]
async fn a_table_slower_than_the_function_may_run_is_not_acknowledged_and_not_doubled() {
    let (function, network, table) = function_of_seconds(2).await;
    network.always(Fault::Slow(Duration::from_secs(5)));
    is_worth_a_retry(&function.predict(&numbered(1)).await);
    recovers(&function, &network, &table, &numbered(1)).await;
}

/// Calls this down on every call until it is over, and checks what clients are told and what the log knows.
async fn comes_and_goes(fault: Fault, in_the_log: &str) {
    let (function, network, table) = function_of_seconds(10).await;
    network.always(fault);
    is_worth_a_retry(&function.predict(&numbered(1)).await);
    is_worth_a_retry(&function.predict(&Value::from(vec![numbered(1), numbered(2)])).await);
    for path in ["/ready", "/predictions/p.1.00000000000000000000000000000000", "/predictions?PassengerId=1"] {
        is_worth_a_retry(&function.get(path).await);
    }
    assert_eq!(function.get("/health").await.status(), 200);
    assert!(function.log().contains(in_the_log), "{}", function.log());
    assert!(!function.log().contains("Doe, Mr."), "a name in the log: {}", function.log());
    recovers(&function, &network, &table, &numbered(1)).await;
}

#[tokio::test]
async fn a_storm_of_throttles_comes_and_goes() {
    let throttled = Fault::Refused(400, "ProvisionedThroughputExceededException");
    comes_and_goes(throttled, "ProvisionedThroughputExceededException").await;
}

#[tokio::test]
async fn errors_of_the_server_come_and_go() {
    comes_and_goes(Fault::Refused(500, "InternalServerError"), "InternalServerError").await;
}

#[tokio::test]
async fn connections_that_are_reset_come_and_go() {
    comes_and_goes(Fault::Reset, "dispatch failure").await;
}

#[tokio::test]
async fn credentials_that_are_refused_come_and_go() {
    comes_and_goes(Fault::Refused(400, "UnrecognizedClientException"), "UnrecognizedClientException").await;
}

#[tokio::test]
async fn a_missing_table_comes_and_goes() {
    comes_and_goes(Fault::Refused(400, "ResourceNotFoundException"), "ResourceNotFoundException").await;
}

#[tokio::test]
async fn the_loser_of_a_race_answers_with_the_winner_though_it_is_not_told() {
    let (function, network, table) = function_of_seconds(10).await;
    let other = Function::start(&on_table(&config(&table, &network.url()))).await;
    let winner = other.predict(&numbered(1)).await;
    network.always(Fault::OldItemLeftOut);
    let loser = function.predict(&numbered(1)).await;
    assert_eq!((winner.status(), loser.status()), (201, 200));
    assert_eq!(loser.body(), winner.body());
    assert_eq!(items(&table).await, 1);
}
