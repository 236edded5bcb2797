//! `lifeboat bulk`, as far as it gets without AWS; what it does there is tried in `tests/bulk/command.py`.

use std::process::Command;

use crate::folder::ended_with;
use crate::program::lifeboat;

const MACHINE: &str = "arn:aws:states:eu-central-1:123456789012:stateMachine:bulk";
const PLACES: [&str; 2] = ["s3://data/in/", "s3://data/out/"];

fn bulk(arguments: &[&str]) -> Command {
    let mut command = lifeboat();
    command.arg("bulk").args(arguments).envs([("AWS_ACCESS_KEY_ID", "id"), ("AWS_SECRET_ACCESS_KEY", "secret")]);
    command
}

fn refused(command: &mut Command) -> String {
    ended_with(2, command.output().unwrap())
}

#[test]
fn a_state_machine_must_be_named() {
    for asked in ["start", "status", "wait"] {
        let said = refused(&mut bulk(&[&[asked][..], &PLACES].concat()));
        assert!(
            said.starts_with("error: no state machine is named: give --state-machine ARN, or set LIFEBOAT_"),
            "{said}"
        );
        assert!(said.contains("\nhint: the stack tells its ARN: aws cloudformation describe-stacks"), "{said}");
    }
    for arn in ["bulk", "arn:aws:states:eu-central-1:123456789012:execution:bulk:1"] {
        let said = refused(&mut bulk(&[&["status", "--state-machine", arn][..], &PLACES].concat()));
        assert!(said.starts_with("error: the state machine cannot be used: expected an ARN such as"), "{said}");
        assert_eq!(said, refused(bulk(&[&["status"][..], &PLACES].concat()).env("LIFEBOAT_BULK_STATE_MACHINE", arn)));
    }
}

#[test]
fn keys_must_be_set() {
    let mut command = bulk(&[&["status", "--state-machine", MACHINE][..], &PLACES].concat());
    let said = refused(command.env_remove("AWS_SECRET_ACCESS_KEY"));
    assert!(
        said.starts_with("error: Step Functions cannot be asked: AWS_SECRET_ACCESS_KEY is not set\nhint: keys come"),
        "{said}"
    );
    assert!(said.contains("eval \"$(aws configure export-credentials --format env)\""), "{said}");
}

#[test]
fn places_and_options_that_cannot_be_are_refused_before_anything_is_asked() {
    for (arguments, words) in [
        (&["in/", "s3://data/out/"][..], "invalid value 'in/' for '<INPUT>': expected s3://BUCKET/KEY"),
        (&["s3://data/in/", "s3://data/in/scored/"], "lies within input s3://data/in/: choose a prefix beside it"),
        (&["s3://data/in/", "s3://data"], "output must name a prefix of the bucket"),
        (&[PLACES[0], PLACES[1], "--output-format", "json"], "[possible values: csv, ndjson, parquet]"),
        (&[PLACES[0], PLACES[1], "--tolerate-failed-slices", "101"], "expected a number of 0 to 100"),
        (
            &[PLACES[0], PLACES[1], "--slices", "0"],
            "invalid value '0' for '--slices <N>': expected a whole number of 1 to 100000",
        ),
        (
            &[PLACES[0], PLACES[1], "--max-concurrency", "10001"],
            "invalid value '10001' for '--max-concurrency <N>': expected a whole number of 1 to 10000",
        ),
        (&[PLACES[0], PLACES[1], "--writes-per-second", "9"], "--store"),
    ] {
        let said = refused(&mut bulk(&[&["start", "--state-machine", MACHINE][..], arguments].concat()));
        assert!(said.starts_with("error: ") && said.contains(words), "{said}");
    }
}

#[test]
fn a_service_that_does_not_answer_is_told_with_what_helps() {
    let mut command = bulk(&[&["wait", "--state-machine", MACHINE][..], &PLACES].concat());
    // Nobody serves on the first port.
    let said = ended_with(1, command.env("AWS_ENDPOINT_URL_SFN", "http://127.0.0.1:1").output().unwrap());
    assert!(said.starts_with("error: cannot look for the job: Step Functions does not answer: "), "{said}");
    assert!(said.contains("refused") && said.ends_with("\nhint: a job that runs goes on: try again later\n"), "{said}");
}
