//! Several functions on one table, as Lambda runs them under load.

use std::sync::Arc;

use tokio::task::JoinSet;

use crate::bootstrap::{Answer, Function, on_table};
use crate::fixtures::dynamodb::{config, items, new_table, url};
use crate::fixtures::passengers::numbered;

#[tokio::test]
async fn of_200_equal_requests_at_two_functions_one_stores_and_all_get_its_answer() {
    let table = new_table().await;
    let environment = on_table(&config(&table, &url()));
    let functions = [Arc::new(Function::start(&environment).await), Arc::new(Function::start(&environment).await)];
    let requests: JoinSet<Answer> = (0..200)
        .map(|request| {
            let function = Arc::clone(&functions[request % 2]);
            async move { function.predict(&numbered(7)).await }
        })
        .collect();
    let answers = requests.join_all().await;
    assert_eq!(items(&table).await, 1);
    assert_eq!(answers.iter().filter(|answer| answer.status() == 201).count(), 1);
    assert_eq!(answers.iter().filter(|answer| answer.status() == 200).count(), 199);
    assert!(answers.iter().all(|answer| answer.body() == answers[0].body()));
}
