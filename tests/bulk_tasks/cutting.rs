//! How a job is cut.

use std::time::Duration;

use lifeboat::bulk::failure::Failure;
use lifeboat::bulk::slice::PieceSpan;
use serde_json::json;

use crate::{Job, ids, table};

#[test]
fn a_call_that_has_no_time_goes_on_where_the_one_before_stopped() {
    let whole = Job::new(&json!({"slices": 12}));
    let broken = Job::new(&json!({"slices": 12}));
    for job in [&whole, &broken] {
        job.put("in/a.csv", table(0..2000));
        job.put("in/b.csv", table(2000..3000));
    }
    let cut = whole.cut().unwrap();
    assert!((10..=14).contains(&cut.slices), "{} slices", cut.slices);
    let mut calls = 1;
    let again = loop {
        match broken.split(Duration::ZERO).unwrap() {
            Some(job) => break job,
            None => calls += 1,
        }
        assert!(broken.get("out/_plan/checkpoint.json").is_some());
    };
    assert!(calls >= 5, "{calls} calls");
    let lines = |job: &Job, cut| {
        let slices = job.slices(cut).into_iter().flat_map(|slice| slice.pieces);
        slices.map(|piece| (piece.key, piece.span, piece.rows)).collect::<Vec<_>>()
    };
    // How much a slice is differs with the time that was taken; that they join does not.
    let mut last = None;
    for (key, span, rows) in lines(&broken, &again) {
        let PieceSpan::Lines { from, to, header, .. } = span else { panic!("{key} was not cut: {span:?}") };
        assert_eq!(from, last.filter(|(before, _)| *before == key).map_or(header, |(_, to)| to), "{key}");
        assert!(rows > Some(0));
        last = Some((key, to));
    }
    let (summary, rows) = broken.run().unwrap();
    assert_eq!((summary.rows, ids(&rows)), (3000, (0..3000).collect()));
    assert_eq!(whole.run().unwrap().1, rows);
}

#[test]
fn every_file_that_is_no_table_is_named_before_anything_is_scored() {
    let job = Job::new(&json!({}));
    job.put("in/good.csv", table(0..10));
    job.put("in/empty.csv", "");
    job.put("in/picture.csv", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR");
    job.put("in/lie.parquet", table(0..10));
    job.put("in/other.csv", "a,b\n1,2\n");
    job.put("in/_SUCCESS", "");
    let said = match job.cut() {
        Err(Failure::NotReadable(said)) => said,
        other => panic!("{other:?}"),
    };
    for (file, fault) in [
        ("in/empty.csv", "the input is empty"),
        ("in/lie.parquet", "is said to be Parquet"),
        ("in/other.csv", "column Pclass is missing"),
        ("in/picture.csv", "picture"),
    ] {
        let line = said.lines().find(|line| line.contains(file)).unwrap_or_else(|| panic!("{file}: {said}"));
        assert!(line.contains(fault), "{line}");
    }
    assert!(said.starts_with("4 of 5 files cannot be scored"), "{said}");
}

#[test]
fn small_files_share_a_slice() {
    let job = Job::new(&json!({}));
    for file in 0..30 {
        job.put(&format!("in/{file:02}.csv"), table(file * 10..file * 10 + 10));
    }
    job.put("in/99.csv", crate::HEADER);
    let cut = job.cut().unwrap();
    assert_eq!((cut.slices, cut.files), (1, 31));
    let (summary, rows) = job.run().unwrap();
    assert_eq!((summary.rows, ids(&rows)), (300, (0..300).collect()));
}
