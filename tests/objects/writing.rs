//! What is written once, where all goes well, and where others write at the same time.

use std::collections::BTreeMap;
use std::io::Write;
use std::sync::Barrier;
use std::thread;

use lifeboat::objects::{Completed, Objects};

use crate::{behind_a_network, fresh, noise, put, s3};

const MB: usize = 1 << 20;

fn of_attempt(attempt: &str) -> BTreeMap<String, String> {
    [("attempt".to_owned(), attempt.to_owned())].into()
}

fn upload(objects: &Objects, bucket: &str, key: &str, body: &[u8]) -> Completed {
    let mut upload = objects.upload(bucket, key, of_attempt("one"));
    // Pieces of odd sizes, as a writer of tables makes them.
    for piece in body.chunks(77_777) {
        upload.write_all(piece).unwrap();
    }
    upload.finish().unwrap()
}

#[test]
fn what_is_written_is_there_whatever_its_size() {
    let (objects, bucket) = fresh();
    for (size, parts) in [(0, 0), (1, 0), (8 * MB, 0), (8 * MB + 1, 2), (16 * MB, 2), (25 * MB + 3, 4)] {
        let (key, body) = (format!("out/{size}.parquet"), noise(size));
        assert_eq!(upload(&objects, &bucket, &key, &body), Completed::Created, "{size}");
        assert!(objects.get(&bucket, &key, u64::MAX).unwrap().unwrap() == body, "{size}");
        let head = objects.head(&bucket, &key).unwrap().unwrap();
        assert_eq!(head.metadata["attempt"], "one");
        let found = s3::wait(s3::client().head_object().bucket(&bucket).key(&key).send()).unwrap();
        assert_eq!(found.content_type(), Some("application/vnd.apache.parquet"));
        let expected = if parts == 0 { String::new() } else { format!("-{parts}") };
        let tag = head.object.etag.trim_matches('"');
        assert_eq!(tag.find('-').map_or("", |place| &tag[place..]), expected, "{size}");
    }
    assert_eq!(s3::uploads(&bucket), 0);
}

#[test]
fn a_small_object_is_one_request() {
    let (network, objects, bucket) = behind_a_network();
    assert_eq!(upload(&objects, &bucket, "out/a.csv", &noise(1000)), Completed::Created);
    assert_eq!(network.calls().len(), 1);
}

#[test]
fn what_is_there_stays_as_it_is() {
    let (objects, bucket) = fresh();
    for size in [1000, 9 * MB] {
        let before = put(&bucket, "out/a.parquet", b"the first one");
        assert_eq!(upload(&objects, &bucket, "out/a.parquet", &noise(size)), Completed::Existed);
        assert_eq!(objects.head(&bucket, "out/a.parquet").unwrap().unwrap().object, before);
        assert!(!objects.put_new(&bucket, "out/a.parquet", "another one").unwrap());
        assert_eq!(s3::uploads(&bucket), 0, "the parts are deleted");
    }
    objects.put(&bucket, "out/a.parquet", "this replaces it").unwrap();
    assert_eq!(objects.get(&bucket, "out/a.parquet", 100).unwrap().unwrap(), b"this replaces it");
}

#[test]
fn of_two_uploads_at_once_one_makes_the_object() {
    let (objects, bucket) = fresh();
    for (round, size) in [1000, 9 * MB, 9 * MB].into_iter().enumerate() {
        let key = format!("out/part-{round}.parquet");
        let together = Barrier::new(2);
        let results: Vec<Completed> = thread::scope(|scope| {
            let writers: Vec<_> = [1, 2]
                .map(|writer| {
                    let (objects, bucket, key, together) = (&objects, &bucket, &key, &together);
                    scope.spawn(move || {
                        let mut upload = objects.upload(bucket, key, of_attempt(&writer.to_string()));
                        upload.write_all(&vec![writer; size]).unwrap();
                        together.wait();
                        upload.finish().unwrap()
                    })
                })
                .into();
            writers.into_iter().map(|writer| writer.join().unwrap()).collect()
        });
        let created = results.iter().position(|result| *result == Completed::Created).unwrap();
        assert_eq!(results[1 - created], Completed::Existed);
        let winner = u8::try_from(created + 1).unwrap();
        assert!(objects.get(&bucket, &key, u64::MAX).unwrap().unwrap() == vec![winner; size]);
        assert_eq!(objects.head(&bucket, &key).unwrap().unwrap().metadata["attempt"], winner.to_string());
        assert_eq!(s3::uploads(&bucket), 0);
    }
}

#[test]
fn of_many_that_make_an_object_at_once_one_does() {
    let (objects, bucket) = fresh();
    let together = Barrier::new(8);
    let made = thread::scope(|scope| {
        let (objects, bucket, together) = (&objects, &bucket, &together);
        let make = |number: usize| {
            together.wait();
            objects.put_new(bucket, "_JOB", number.to_string()).unwrap()
        };
        let all: Vec<_> = (0..8).map(|number| scope.spawn(move || make(number))).collect();
        all.into_iter().map(|one| one.join().unwrap()).collect::<Vec<bool>>()
    });
    assert_eq!(made.iter().filter(|made| **made).count(), 1);
    let winner = made.iter().position(|made| *made).unwrap().to_string();
    assert_eq!(objects.get(&bucket, "_JOB", 10).unwrap().unwrap(), winner.as_bytes());
}

#[test]
fn an_upload_that_is_given_up_leaves_nothing_behind() {
    let (objects, bucket) = fresh();
    let mut upload = objects.upload(&bucket, "out/a.parquet", BTreeMap::new());
    upload.write_all(&noise(30 * MB)).unwrap();
    assert_eq!(s3::uploads(&bucket), 1);
    drop(upload);
    assert_eq!(s3::uploads(&bucket), 0);
    assert_eq!(objects.head(&bucket, "out/a.parquet").unwrap(), None);
}

#[test]
fn an_upload_may_be_given_up_by_the_runtime_itself() {
    let (objects, bucket) = fresh();
    let mut upload = objects.upload(&bucket, "out/a.parquet", BTreeMap::new());
    upload.write_all(&noise(9 * MB)).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async { drop(upload) });
    assert_eq!(s3::uploads(&bucket), 0);
}
