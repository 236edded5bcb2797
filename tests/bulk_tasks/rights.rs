//! What a job is told that asks for places which the role of the function does not reach.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::thread;

use lifeboat::bulk::failure::Failure;
use serde_json::json;

use crate::Job;
use crate::fixtures::s3;

/// Listens as an S3 that has `in/a.csv`, and forbids all else.
fn forbidding() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let asked: Vec<String> =
                BufReader::new(&stream).lines().map(Result::unwrap).take_while(|line| !line.is_empty()).collect();
            let answer = if asked[0].starts_with("HEAD ") && asked[0].contains("/in/a.csv") {
                "200 OK\r\netag: \"a\"\r\ncontent-length: 10"
            } else {
                "403 Forbidden\r\ncontent-length: 0"
            };
            write!(stream, "HTTP/1.1 {answer}\r\nconnection: close\r\n\r\n").unwrap();
        }
    });
    url
}

#[test]
fn a_place_that_the_role_does_not_reach_is_told_with_those_that_it_does() {
    let mut job = Job::new(&json!({}));
    job.bulk.objects = s3::objects(&s3::settings(&forbidding()));
    job.reach =
        serde_json::from_value(json!({"reads": "s3://stack/in/", "writes": format!("s3://{}/out/", job.bucket)}))
            .unwrap();
    let mut said = |input: &str, output: &str| {
        job.asked =
            json!({"input": format!("s3://{}/{input}", job.bucket), "output": format!("s3://{}/{output}", job.bucket)});
        match job.cut() {
            Err(Failure::InvalidInput(said)) => said.replace(&job.bucket, "BUCKET"),
            other => panic!("{other:?}"),
        }
    };
    let role = "The rights are those of the role of the stack's function, whoever starts the job";
    assert_eq!(
        said("in/", "out/"),
        format!(
            "no permission to read s3://BUCKET/in/: jobs of this stack read below s3://stack/in/, as its parameters BulkInputBucket and \
             BulkInputPrefix say. {role}"
        )
    );
    assert_eq!(
        said("in/a.csv", "elsewhere/"),
        format!(
            "no permission to write s3://BUCKET/elsewhere/: jobs of this stack write below s3://BUCKET/out/, as its parameter \
             BulkOutputPrefix says. {role}"
        )
    );
    let within = said("in/a.csv", "out/a/");
    assert!(
        within.contains("s3://BUCKET/out/a/_JOB: the credentials need s3:GetObject") && within.ends_with(role),
        "{within}"
    );
}
