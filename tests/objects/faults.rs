//! What S3 answers badly, slowly or in part.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use lifeboat::objects::{Completed, Location, ObjectError};
use lifeboat::table::source::RandomAccess;

use crate::network::{Call, Fault};
use crate::{behind_a_network, noise, put, s3};

const MB: usize = 1 << 20;

fn ranges(calls: &[Call]) -> Vec<&str> {
    calls.iter().filter_map(|call| call.range.as_deref()).collect()
}

#[test]
fn a_piece_that_is_cut_off_goes_on_at_the_byte_where_it_stopped() {
    let (network, objects, bucket) = behind_a_network();
    let body = noise(4_000_000);
    let object = put(&bucket, "in/a.csv", &body);
    network.first("GET", &[Fault::Cut(1_000_000), Fault::Cut(0), Fault::Cut(500_000)]);
    let mut read = Vec::new();
    objects.read(&bucket, &object, 100..3_500_000).read_to_end(&mut read).unwrap();
    assert!(read == body[100..3_500_000]);
    let calls = network.calls();
    let expected = ["100-3499999", "1000100-3499999", "1000100-3499999", "1500100-3499999"];
    assert_eq!(ranges(&calls), expected.map(|range| format!("bytes={range}")));
}

#[test]
fn a_whole_object_and_a_file_go_on_as_well() {
    let (network, objects, bucket) = behind_a_network();
    let body = noise(1_000_000);
    let object = put(&bucket, "in/a.parquet", &body);
    network.first("GET", &[Fault::Cut(400_000)]);
    assert!(objects.get(&bucket, "in/a.parquet", u64::MAX).unwrap().unwrap() == body);
    network.first("GET", &[Fault::Cut(100_000), Fault::Cut(100_000)]);
    let mut buffer = vec![0; body.len()];
    assert_eq!(objects.file(&bucket, &object).read_at(0, &mut buffer).unwrap(), body.len());
    assert!(buffer == body);
}

#[test]
fn a_long_piece_may_be_cut_off_any_number_of_times() {
    let (network, objects, bucket) = behind_a_network();
    let body = noise(20 * MB);
    let object = put(&bucket, "in/a.csv", &body);
    network.fate(|_| Fault::Cut(2 << 20));
    let mut read = Vec::new();
    objects.read(&bucket, &object, 0..object.size).read_to_end(&mut read).unwrap();
    assert!(read == body);
    assert_eq!(network.calls().len(), 10);
}

#[test]
fn a_piece_of_which_nothing_comes_any_more_is_given_up_after_some_attempts() {
    let (network, objects, bucket) = behind_a_network();
    let object = put(&bucket, "in/a.csv", &noise(1_000_000));
    network.fate(|_| Fault::Cut(1000));
    let error = objects.read(&bucket, &object, 0..object.size).read_to_end(&mut Vec::new()).unwrap_err();
    assert_eq!(error.to_string(), format!("cannot read s3://{bucket}/in/a.csv now: try again later"));
    assert!(ObjectError::within(&error).unwrap().is_retryable());
    assert_eq!(network.calls().len(), 4);
}

#[test]
fn a_piece_that_stalls_is_asked_for_again() {
    let (network, _, bucket) = behind_a_network();
    let mut settings = s3::settings(&network.url());
    settings.patience.silence = Duration::from_millis(500);
    let objects = s3::objects(&settings);
    let body = noise(1_000_000);
    let object = put(&bucket, "in/a.csv", &body);
    network.first("GET", &[Fault::Stall(300_000), Fault::Slow(Duration::from_secs(1))]);
    let (mut read, begin) = (Vec::new(), Instant::now());
    objects.read(&bucket, &object, 0..object.size).read_to_end(&mut read).unwrap();
    assert!(read == body);
    assert!(begin.elapsed() >= Duration::from_secs(1), "{:?}", begin.elapsed());

    network.fate(|_| Fault::Stall(0));
    let error = objects.read(&bucket, &object, 0..object.size).read_to_end(&mut Vec::new()).unwrap_err();
    assert!(ObjectError::within(&error).unwrap().is_retryable(), "{error:?}");
}

#[test]
fn a_piece_that_drips_is_asked_for_again() {
    let (network, _, bucket) = behind_a_network();
    let mut settings = s3::settings(&network.url());
    settings.patience.silence = Duration::from_millis(500);
    let objects = s3::objects(&settings);
    let body = noise(1_000_000);
    let object = put(&bucket, "in/a.csv", &body);
    network.first("GET", &[Fault::Drip(Duration::from_millis(200)), Fault::Cut(500_000)]);
    let mut read = Vec::new();
    objects.read(&bucket, &object, 0..object.size).read_to_end(&mut read).unwrap();
    assert!(read == body);
    // To its end it would drip for minutes, in one call.
    assert!(network.calls().len() >= 3, "{:?}", network.calls());

    network.fate(|_| Fault::Drip(Duration::from_millis(200)));
    let error = objects.read(&bucket, &object, 0..object.size).read_to_end(&mut Vec::new()).unwrap_err();
    assert!(ObjectError::within(&error).unwrap().is_retryable(), "{error:?}");
}

#[test]
fn a_reader_that_pauses_is_not_taken_for_a_stall() {
    let (network, _, bucket) = behind_a_network();
    let mut settings = s3::settings(&network.url());
    settings.patience.silence = Duration::from_secs(2);
    let objects = s3::objects(&settings);
    let body = noise(20 * MB);
    let object = put(&bucket, "in/a.csv", &body);
    let mut reader = objects.read(&bucket, &object, 0..object.size);
    let mut read = vec![0; MB];
    reader.read_exact(&mut read).unwrap();
    std::thread::sleep(Duration::from_secs(3));
    reader.read_to_end(&mut read).unwrap();
    assert!(read == body);
    assert_eq!(network.calls().len(), 1);
}

#[test]
fn an_object_that_is_replaced_while_it_is_read_is_not_taken_up_again() {
    let (network, objects, bucket) = behind_a_network();
    let object = put(&bucket, "in/a.csv", &noise(1_000_000));
    let replaced = bucket.clone();
    network.fate(move |call| {
        if call.range.as_deref() == Some("bytes=0-999999") {
            return Fault::Cut(400_000);
        }
        put(&replaced, "in/a.csv", &noise(1_000_001));
        Fault::None
    });
    let error = objects.read(&bucket, &object, 0..object.size).read_to_end(&mut Vec::new()).unwrap_err();
    assert!(matches!(ObjectError::within(&error), Some(ObjectError::Changed(_))), "{error:?}");
}

#[test]
fn every_call_is_tried_again_when_s3_is_busy() {
    let (network, objects, bucket) = behind_a_network();
    let object = put(&bucket, "in/a.csv", b"a,b\n");
    let busy = |method| network.first(method, &[Fault::Refused(503, "SlowDown"), Fault::Refused(500, "InternalError")]);
    busy("GET");
    assert_eq!(objects.list(&Location::new(&bucket, "in/")).unwrap(), std::slice::from_ref(&object));
    busy("GET");
    assert_eq!(objects.get(&bucket, "in/a.csv", 10).unwrap().unwrap(), b"a,b\n");
    busy("GET");
    objects.read(&bucket, &object, 0..4).read_exact(&mut [0; 4]).unwrap();
    busy("PUT");
    objects.put(&bucket, "out/a.csv", "1").unwrap();
    busy("PUT");
    assert!(objects.put_new(&bucket, "out/b.csv", "1").unwrap());
    busy("DELETE");
    objects.delete(&bucket, "out/b.csv").unwrap();
    network.first("HEAD", &[Fault::Bare(503, "x-test: 1"), Fault::Bare(503, "x-test: 1")]);
    assert!(objects.head(&bucket, "in/a.csv").unwrap().is_some());
    assert_eq!(network.calls().len(), 3);
}

#[test]
fn every_part_is_tried_again_when_s3_is_busy() {
    let (network, objects, bucket) = behind_a_network();
    let seen = AtomicUsize::new(0);
    // Every request fails at first: to begin, each part, and to complete.
    network.fate(move |_| match seen.fetch_add(1, Ordering::Relaxed) % 2 {
        0 => Fault::Refused(503, "SlowDown"),
        _ => Fault::None,
    });
    let body = noise(20 * MB);
    let mut upload = objects.upload(&bucket, "out/a.parquet", BTreeMap::new());
    upload.write_all(&body).unwrap();
    assert_eq!(upload.finish().unwrap(), Completed::Created);
    assert_eq!(network.calls().len(), 10);
    network.fate(|_| Fault::None);
    assert!(objects.get(&bucket, "out/a.parquet", u64::MAX).unwrap().unwrap() == body);
}

/// S3 begins the answer to a request that takes it long with 200, and may fail all the same.
#[test]
fn an_upload_that_cannot_be_put_together_at_first_is_tried_again() {
    let (network, objects, bucket) = behind_a_network();
    let is_complete = |call: &Call| call.is("POST") && call.line.contains("uploadId=");
    let mut seen = 0;
    network.fate(move |call| {
        seen += usize::from(is_complete(call));
        if is_complete(call) && seen <= 2 { Fault::Refused(200, "InternalError") } else { Fault::None }
    });
    let mut upload = objects.upload(&bucket, "out/a.parquet", BTreeMap::new());
    upload.write_all(&noise(9 * MB)).unwrap();
    assert_eq!(upload.finish().unwrap(), Completed::Created);

    network.fate(move |call| if is_complete(call) { Fault::Refused(200, "InternalError") } else { Fault::None });
    let mut upload = objects.upload(&bucket, "out/b.parquet", BTreeMap::new());
    upload.write_all(&noise(9 * MB)).unwrap();
    let error = upload.finish().unwrap_err();
    assert!(error.is_retryable(), "{error:?}");
    assert_eq!(s3::uploads(&bucket), 0);
}

#[test]
fn what_is_busy_for_good_is_unavailable() {
    let (network, objects, bucket) = behind_a_network();
    let object = put(&bucket, "in/a.csv", b"a,b\n");
    network.fate(|_| Fault::Refused(503, "SlowDown"));
    let failures = [
        objects.list(&Location::new(&bucket, "in/")).map(drop),
        objects.get(&bucket, "in/a.csv", 10).map(drop),
        objects.head(&bucket, "in/a.csv").map(drop),
        objects.put(&bucket, "out/a.csv", "1"),
        objects.put_new(&bucket, "out/a.csv", "1").map(drop),
        objects.delete(&bucket, "out/a.csv"),
        objects.upload(&bucket, "out/a.csv", BTreeMap::new()).finish().map(drop),
    ];
    for failure in failures {
        let error = failure.unwrap_err();
        assert!(error.is_retryable(), "{error:?}");
        assert!(error.to_string().ends_with(" now: try again later"), "{error}");
        let causes = format!("{:#}", anyhow::Error::from(error));
        assert!(causes.contains("S3 answers 503"), "{causes}");
    }
    let mut upload = objects.upload(&bucket, "out/a.parquet", BTreeMap::new());
    let error = upload.write_all(&noise(20 * MB)).unwrap_err();
    assert!(ObjectError::within(&error).unwrap().is_retryable(), "{error:?}");
    assert!(upload.write_all(b"more").is_err(), "it stays broken");
    assert!(upload.finish().unwrap_err().is_retryable());
    let error = objects.file(&bucket, &object).read_at(0, &mut [0; 4]).unwrap_err();
    assert!(ObjectError::within(&error).unwrap().is_retryable(), "{error:?}");
    network.fate(|_| Fault::None);
    assert_eq!(objects.list(&Location::new(&bucket, "")).unwrap(), [object]);
}

#[test]
fn an_object_whose_making_was_not_answered_is_ones_own() {
    let (network, objects, bucket) = behind_a_network();
    network.first("PUT", &[Fault::AnswerLost]);
    assert!(objects.put_new(&bucket, "_JOB", "this job").unwrap());
    assert_eq!(objects.get(&bucket, "_JOB", 10).unwrap().unwrap(), b"this job");

    network.fate({
        let mut is_lost = false;
        move |call| {
            let is_complete = call.is("POST") && call.line.contains("uploadId=");
            if is_complete && !std::mem::replace(&mut is_lost, is_complete) { Fault::AnswerLost } else { Fault::None }
        }
    });
    let mut upload = objects.upload(&bucket, "out/a.parquet", BTreeMap::new());
    upload.write_all(&noise(9 * MB)).unwrap();
    assert_eq!(upload.finish().unwrap(), Completed::Created);
    assert_eq!(s3::uploads(&bucket), 0);
}

#[test]
fn writers_who_disturb_each_other_try_again() {
    let (network, objects, bucket) = behind_a_network();
    let conflict = Fault::Refused(409, "ConditionalRequestConflict");
    network.first("PUT", &[conflict.clone(), conflict.clone()]);
    assert!(objects.put_new(&bucket, "_JOB", "this job").unwrap());

    let mut seen = 0;
    let is_disturbed = conflict.clone();
    network.fate(move |call| {
        let is_complete = call.is("POST") && call.line.contains("uploadId=");
        seen += usize::from(is_complete);
        if is_complete && seen <= 2 { is_disturbed.clone() } else { Fault::None }
    });
    let mut upload = objects.upload(&bucket, "out/a.parquet", BTreeMap::new());
    upload.write_all(&noise(9 * MB)).unwrap();
    assert_eq!(upload.finish().unwrap(), Completed::Created);

    network.fate(move |_| conflict.clone());
    let error = objects.put_new(&bucket, "_OTHER", "this job").unwrap_err();
    assert!(error.is_retryable(), "{error:?}");
}

#[test]
fn a_part_that_is_not_answered_is_sent_again() {
    let (network, objects, bucket) = behind_a_network();
    network.first("PUT", &[Fault::AnswerLost, Fault::None, Fault::AnswerLost]);
    let body = noise(17 * MB);
    let mut upload = objects.upload(&bucket, "out/a.parquet", BTreeMap::new());
    upload.write_all(&body).unwrap();
    assert_eq!(upload.finish().unwrap(), Completed::Created);
    assert!(objects.get(&bucket, "out/a.parquet", u64::MAX).unwrap().unwrap() == body);
}
