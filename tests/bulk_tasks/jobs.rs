//! What a job comes to, and that it comes to it once.

use lifeboat::bulk::failure::Failure;
use serde_json::{Value, json};

use crate::fixtures::s3;
use crate::{HEADER, Job, ids, table};

#[test]
fn a_job_that_is_done_again_is_the_same_job() {
    let job = Job::new(&json!({"slices": 4}));
    job.put("in/a.csv", table(0..1000));
    let (summary, rows) = job.run().unwrap();
    assert_eq!((summary.rows, summary.invalid, ids(&rows)), (1000, 0, (0..1000).collect()));
    let drift = summary.drift.clone().expect("the package has a baseline");
    assert_eq!(drift.predictions.window.iter().sum::<u64>(), 1000);
    assert!(summary.mean.is_some_and(|mean| mean > 0.0) && summary.cost_usd > 0.0);

    let cut = job.cut().unwrap();
    let again: Vec<bool> =
        job.slices(&cut).into_iter().map(|slice| job.score(&cut, slice).unwrap().was_there).collect();
    assert!(again.len() >= 3 && again.iter().all(|was_there| *was_there));
    assert_eq!(job.run().unwrap(), (summary, rows));
    assert_eq!(s3::uploads(&job.bucket), 0, "nothing is left half-way");
}

#[test]
fn another_job_does_not_get_the_prefix() {
    let mut job = Job::new(&json!({}));
    job.put("in/a.csv", table(0..10));
    job.run().unwrap();
    job.asked["explain"] = true.into();
    let refused = job.cut().unwrap_err();
    assert!(
        matches!(refused, Failure::OtherJob(_)) && refused.to_string().contains("its options were others"),
        "{refused}"
    );
    job.asked["explain"] = false.into();
    job.put("in/a.csv", table(0..11));
    let refused = job.cut().unwrap_err();
    assert!(
        refused.to_string().contains("its input was s3://") && refused.to_string().contains("1 files"),
        "{refused}"
    );
}

#[test]
fn rows_that_are_no_records_are_named_with_file_and_line() {
    let mut job = Job::new(&json!({"slices": 3}));
    let bad = "7,9,\"Doe\nJohn\",male\n";
    job.put("in/a.csv", table(0..100) + bad + "8,1,Roe,female\n");
    let cut = job.cut().unwrap();
    let mut refused = None;
    for slice in job.slices(&cut) {
        refused = refused.or(job.score(&cut, slice).err());
    }
    let refused = refused.expect("a row is no record");
    assert!(matches!(refused, Failure::InvalidRows(_)), "{refused:?}");
    assert!(refused.to_string().contains("/in/a.csv, line 202: Pclass must be 1, 2 or 3, found 9"), "{refused}");
    let missing = job.summarise(&cut).unwrap_err();
    assert!(missing.to_string().contains("has no part"), "{missing}");
    assert!(job.get("out/_SUCCESS").is_none());

    job.asked["tolerated_invalid_rows"] = 1.into();
    let (summary, rows) = job.run().unwrap();
    assert_eq!((summary.rows, summary.invalid), (101, 1));
    assert_eq!(ids(&rows).last(), Some(&8));
    let listed = job.bulk.objects.list(&lifeboat::objects::Location::new(&job.bucket, "out/_invalid/")).unwrap();
    let line: Value = serde_json::from_str(&job.text(&listed[0].key)).unwrap();
    assert_eq!((listed.len(), &line["line"], line["faults"].as_array().unwrap().len()), (1, &json!(202), 1));
}

#[test]
fn a_file_that_is_replaced_is_not_mixed() {
    let job = Job::new(&json!({"slices": 3}));
    job.put("in/a.csv", table(0..1000));
    let cut = job.cut().unwrap();
    let slices = job.slices(&cut);
    job.score(&cut, slices[0].clone()).unwrap();
    job.put("in/a.csv", table(0..1000).replace("Doe", "Roe"));
    let refused = job.score(&cut, slices[1].clone()).unwrap_err();
    assert!(matches!(refused, Failure::ObjectChanged(_)) && refused.to_string().contains("in/a.csv"), "{refused:?}");
    let refused = job.cut().unwrap_err();
    assert!(refused.to_string().contains("replaced"), "{refused}");
}

#[test]
fn columns_are_carried_through_or_the_files_that_lack_them_are_named() {
    let job = Job::new(&json!({"extra_columns": "keep", "output_format": "csv"}));
    job.put("in/a.csv", "PassengerId,Pclass,Sex,cabin_no\n1,1,male,007\n");
    job.put("in/b.csv", "cabin_no,PassengerId,Pclass,Sex\n8,2,1,male\n");
    let (_, rows) = job.run().unwrap();
    assert!(rows[0].ends_with(",007") && rows[1].ends_with(",8"), "{rows:?}");
    let job = Job::new(&json!({"extra_columns": "keep", "output_format": "csv"}));
    job.put("in/a.ndjson", "{\"PassengerId\": 1, \"Pclass\": 1, \"Sex\": \"male\", \"cabin_no\": [7]}\n");
    job.put("in/b.ndjson", "{\"PassengerId\": 2, \"Pclass\": 1, \"Sex\": \"male\"}\n");
    let (_, rows) = job.run().unwrap();
    assert!(rows[0].ends_with(",[7]") && rows[1].ends_with(','), "what the first file has is kept of all: {rows:?}");
    let job = Job::new(&json!({"extra_columns": "keep"}));
    job.put("in/a.csv", "PassengerId,Pclass,Sex,cabin_no\n1,1,male,007\n");
    job.put("in/b.csv", HEADER.to_owned() + "2,1,Doe,male\n");
    let refused = job.cut().unwrap_err();
    assert!(refused.to_string().contains("the columns to keep are none, but those of"), "{refused}");
}
