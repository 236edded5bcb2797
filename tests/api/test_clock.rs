//! A clock that a test sets: everything is dated by it, and nobody goes by it unawares.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use crate::folder::Folder;
use crate::passengers::numbered;
use crate::server::{Server, client, failure, lifeboat, new_database, predict, refusal, serve};

fn serve_by(clock: &Path, database: &Path) -> Command {
    let mut command = serve(database);
    command.arg("--test-clock").env("TEST_CLOCK", clock);
    command
}

#[tokio::test]
async fn predictions_and_outcomes_are_dated_by_the_file() {
    let (folder, database) = new_database();
    let clock = folder.path().join("now");
    fs::write(&clock, "2013-04-01T06:00:00-04:00\n").unwrap();
    let server = Server::run(serve_by(&clock, &database));
    let client = client();
    let post = async || predict(&client, &server.url("/predict"), &numbered(7)).await.unwrap().json::<Value>().await;
    let first = post().await.unwrap();
    assert_eq!(first["created_at"], "2013-04-01T10:00:00.000Z");
    fs::write(&clock, "2013-04-02T11:30:00Z").unwrap();
    assert_eq!(post().await.unwrap(), first, "what is stored keeps its time");
    let outcome = server.url(&format!("/predictions/{}/outcome", first["id"].as_str().unwrap()));
    let told: Value = client.put(outcome).json(&json!({"Survived": 1})).send().await.unwrap().json().await.unwrap();
    assert_eq!(told["known_at"], "2013-04-02T11:30:00.000Z");
    let report = client.get(server.url("/monitor?since=48h")).send().await.unwrap();
    assert_eq!(report.json::<Value>().await.unwrap()["to"], "2013-04-02T11:30:00.000Z");
    // While the file tells no time, the last one counts.
    fs::write(&clock, "").unwrap();
    let later = predict(&client, &server.url("/predict"), &numbered(8)).await.unwrap().json::<Value>().await.unwrap();
    assert_eq!(later["created_at"], "2013-04-02T11:30:00.000Z");
    server.wait_for("the test clock stands still");
}

#[test]
fn the_log_warns_of_the_clock() {
    let (folder, database) = new_database();
    let clock = folder.path().join("now");
    fs::write(&clock, "2013-04-01T10:00:00Z").unwrap();
    let mut command = serve_by(&clock, &database);
    // An address that no machine has: what is said before it serves is all that is said.
    command.args(["--host", "192.0.2.1", "--no-auth"]);
    let said = failure(command);
    let line = said.lines().find(|line| line.contains("dated by a test's clock")).unwrap_or_else(|| panic!("{said}"));
    assert!(line.contains("WARN") && line.contains("2013-04-01T10:00:00Z"), "{line}");
}

#[test]
fn a_clock_is_refused_without_the_flag_and_the_flag_without_a_clock() {
    let (folder, database) = new_database();
    let clock = folder.path().join("now");
    fs::write(&clock, "2013-04-01T10:00:00Z").unwrap();
    let mut command = serve(&database);
    command.env("TEST_CLOCK", &clock);
    let said = refusal(command);
    let expected =
        format!("TEST_CLOCK={} cannot be used: it is for `lifeboat serve --test-clock` alone", clock.display());
    assert!(said.contains(&expected), "{said}");
    let mut command = serve(&database);
    command.arg("--test-clock");
    assert!(refusal(command).contains("--test-clock needs TEST_CLOCK"));
    let mut command = lifeboat();
    command.args(["monitor"]).current_dir(folder.path()).env("TEST_CLOCK", &clock);
    assert!(refusal(command).contains("TEST_CLOCK"));
}

#[test]
fn a_file_that_tells_no_time_is_refused_at_the_start() {
    let folder = Folder::new();
    folder.write("words", "half past six");
    for (file, reason) in [("words", "does not hold a time"), ("nothing", "cannot read")] {
        let mut command = serve_by(&folder.path(file), &folder.path("predictions.db"));
        command.arg("--quiet");
        let said = failure(command);
        assert!(said.contains("TEST_CLOCK cannot be used") && said.contains(reason), "{said}");
    }
}
