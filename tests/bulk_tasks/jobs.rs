//! What a job comes to, and that it comes to it once.

use std::thread;

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
        matches!(refused, Failure::OtherJob(_)) && refused.to_string().ends_with(": explain false, not true"),
        "{refused}"
    );
    job.asked["output_format"] = "parquet".into();
    let refused = job.cut().unwrap_err();
    assert!(
        refused.to_string().ends_with(": explain false, not true, output_format the default, not parquet"),
        "{refused}"
    );
    job.asked["output_format"] = Value::Null;
    job.asked["explain"] = false.into();
    job.put("in/a.csv", table(0..11));
    let refused = job.cut().unwrap_err();
    assert!(
        refused.to_string().contains("its input was s3://") && refused.to_string().contains("/in/ (files: 1, bytes: "),
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
    let said = refused.to_string();
    assert!(said.contains("/in/a.csv, line 202: Pclass must be 1, 2 or 3, found 9"), "{said}");
    assert!(said.contains("no records: 1 of ") && said.contains("and the job tolerates 0"), "{said}");
    let listed = job.keys("out/_invalid/");
    assert!(listed.len() == 1 && said.contains(&listed[0]), "{listed:?}: {said}");
    let missing = job.summarise(&cut).unwrap_err();
    assert!(missing.to_string().contains("has no part"), "{missing}");
    assert!(job.get("out/_SUCCESS").is_none());

    job.asked["tolerated_invalid_rows"] = 1.into();
    let (summary, rows) = job.run().unwrap();
    assert_eq!((summary.rows, summary.invalid), (101, 1));
    assert_eq!(ids(&rows).last(), Some(&8));
    assert_eq!(job.keys("out/_invalid/"), listed);
    let line: Value = serde_json::from_str(&job.text(&listed[0])).unwrap();
    assert_eq!((&line["line"], line["faults"].as_array().unwrap().len()), (&json!(202), 1));
}

#[test]
fn a_slice_that_fails_at_its_first_row_lists_all_that_are_no_records() {
    let mut job = Job::new(&json!({"slices": 1}));
    let bad = |ids: std::ops::Range<u32>| ids.map(|id| format!("{id},9,Doe,male\n")).collect::<String>();
    // More than a chunk, so that the failure comes before the rest is read; and another file of the same slice.
    job.put("in/a.csv", HEADER.to_owned() + &bad(0..3000) + "1,1,Doe,male\n");
    job.put("in/b.csv", HEADER.to_owned() + &bad(0..1));
    let cut = job.cut().unwrap();
    let [slice] = &job.slices(&cut)[..] else { panic!("one slice") };
    let said = job.score(&cut, slice.clone()).unwrap_err().to_string();
    assert!(said.starts_with("rows of slice 0 that are no records: 3001 of 3002, and the job tolerates 0. "), "{said}");
    assert!(said.ends_with("/in/a.csv, line 2: Pclass must be 1, 2 or 3, found 9"), "{said}");
    let list = job.text("out/_invalid/part-00000.ndjson");
    assert_eq!(list.lines().count(), 3001);
    assert!(list.lines().last().is_some_and(|line| line.contains("/in/b.csv")), "{list}");
    assert_eq!(job.keys("out/part-"), Vec::<String>::new());

    job.asked["tolerated_invalid_rows"] = 3001.into();
    let (summary, rows) = job.run().unwrap();
    assert_eq!((summary.invalid, ids(&rows)), (3001, vec![1]));
    assert_eq!(job.text("out/_invalid/part-00000.ndjson"), list);
}

#[test]
fn what_fails_before_it_is_cut_leaves_nothing_and_may_be_asked_for_otherwise() {
    let mut job = Job::new(&json!({"slices": 2}));
    job.put("in/a.csv", "PassengerId,Pclass,Sex,note,other\n1,1,male,x,y\n");
    let refused = job.cut().unwrap_err();
    assert!(matches!(refused, Failure::OtherColumns(_)), "{refused:?}");
    let said = refused.to_string();
    assert!(said.contains("column \"note\" is not a field of a passenger: expected one of PassengerId, "), "{said}");
    assert!(said.ends_with("; column \"other\" is not a field of a passenger"), "{said}");
    job.put("in/b.csv", "");
    assert!(matches!(job.cut(), Err(Failure::NotReadable(_))), "one that is empty has no columns");
    assert_eq!(job.keys("out/"), Vec::<String>::new());

    job.bulk.objects.delete(&job.bucket, "in/b.csv").unwrap();
    job.asked["extra_columns"] = "ignore".into();
    assert_eq!(ids(&job.run().unwrap().1), [1]);
    job.asked["extra_columns"] = "keep".into();
    assert!(matches!(job.cut(), Err(Failure::OtherJob(_))), "what is scored holds its place");
}

#[test]
fn of_jobs_that_begin_at_once_in_one_place_one_gets_it() {
    let mut job = Job::new(&json!({"slices": 3}));
    job.put("in/a.csv", table(0..2000));
    let ended: Vec<(bool, Result<_, Failure>)> = thread::scope(|scope| {
        let job = &job;
        let begun: Vec<_> = [true, false, true, false]
            .into_iter()
            .map(|explain| {
                let asked = json!({"input": job.asked["input"], "output": job.asked["output"], "slices": 3, "explain": explain});
                let one = Job { bulk: job.bulk.clone(), bucket: job.bucket.clone(), asked, reach: job.reach.clone() };
                scope.spawn(move || (explain, one.cut()))
            })
            .collect();
        begun.into_iter().map(|one| one.join().unwrap()).collect()
    });
    let got: Vec<_> =
        ended.iter().filter_map(|(explain, cut)| cut.as_ref().ok().map(|cut| (explain, &cut.plan.key))).collect();
    assert!(!got.is_empty() && got.iter().all(|one| *one == got[0]), "{got:?}");
    let refused = ended.iter().filter(|(explain, _)| explain != got[0].0);
    assert!(
        refused.clone().all(|(_, cut)| matches!(cut, Err(Failure::OtherJob(_)))),
        "{:?}",
        refused.collect::<Vec<_>>()
    );
    job.asked["explain"] = (*got[0].0).into();
    assert_eq!(job.run().unwrap().0.rows, 2000);
}

#[test]
fn the_outputs_of_two_jobs_do_not_lie_within_one_another() {
    let mut job = Job::new(&json!({}));
    job.put("in/a.csv", table(0..10));
    let at = |job: &mut Job, output: &str| job.asked["output"] = format!("s3://{}/{output}", job.bucket).into();
    at(&mut job, "out/day/one/");
    job.run().unwrap();
    for output in ["out/", "out/day/", "out/day/one/more/"] {
        at(&mut job, output);
        let refused = job.cut().unwrap_err();
        assert!(
            matches!(refused, Failure::OtherJob(_)) && refused.to_string().contains("lies within s3://"),
            "{refused}"
        );
        assert_eq!(job.keys(&format!("{output}_JOB")), Vec::<String>::new());
    }
    at(&mut job, "out/day/two/");
    job.run().unwrap();
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
