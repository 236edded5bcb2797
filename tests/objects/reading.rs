//! What is read, listed and looked at, where all goes well; and what was replaced or deleted since.

use std::io::Read;
use std::thread;

use lifeboat::objects::{Location, Object, ObjectError, Objects};
use lifeboat::table::source::RandomAccess;

use crate::{behind_a_network, fresh, noise, put};

fn all(mut reader: impl Read) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    reader.read_to_end(&mut bytes).map(|_| bytes)
}

#[test]
fn a_piece_is_read_as_it_stands() {
    let (objects, bucket) = fresh();
    let body = noise(3_000_000);
    let object = put(&bucket, "in/a.bin", &body);
    assert_eq!(object.size, 3_000_000);
    for (start, end) in [(0_u32, 3_000_000_u32), (0, 1), (2_999_999, 3_000_000), (1_234_567, 2_345_678), (7, 7)] {
        let read = all(objects.read(&bucket, &object, u64::from(start)..u64::from(end))).unwrap();
        assert!(read == body[start as usize..end as usize], "{start}..{end}");
    }
    // What lies beyond the end is not there.
    assert!(all(objects.read(&bucket, &object, 2_999_000..u64::MAX)).unwrap() == body[2_999_000..]);
    assert_eq!(all(objects.read(&bucket, &object, 4_000_000..5_000_000)).unwrap(), b"");
}

#[test]
fn nothing_is_asked_for_where_nothing_is_wanted() {
    let (network, objects, bucket) = behind_a_network();
    let empty = put(&bucket, "empty.csv", b"");
    let full = put(&bucket, "full.csv", b"a,b\n");
    assert_eq!(all(objects.read(&bucket, &empty, 0..u64::MAX)).unwrap(), b"");
    assert_eq!(all(objects.read(&bucket, &full, 2..2)).unwrap(), b"");
    assert_eq!(objects.file(&bucket, &empty).read_at(0, &mut [0; 8]).unwrap(), 0);
    assert_eq!(network.calls().len(), 0);
    assert_eq!(objects.get(&bucket, "empty.csv", 0).unwrap().unwrap(), b"");
}

#[test]
fn a_whole_object_is_read_up_to_a_bound() {
    let (objects, bucket) = fresh();
    let body = noise(100_000);
    put(&bucket, "plan.json", &body);
    assert!(objects.get(&bucket, "plan.json", 100_000).unwrap().unwrap() == body);
    let error = objects.get(&bucket, "plan.json", 99_999).unwrap_err();
    assert_eq!(error.to_string(), format!("s3://{bucket}/plan.json has 100000 bytes, and 99999 at most are taken"));
    assert_eq!(objects.get(&bucket, "other.json", 99_999).unwrap(), None);
    assert_eq!(objects.head(&bucket, "other.json").unwrap(), None);
}

#[test]
fn a_list_has_all_pages_and_every_key() {
    let (objects, bucket) = fresh();
    let mut keys: Vec<String> = (0..1_203).map(|number| format!("in/part-{number:05}.csv")).collect();
    keys.extend(["in/odd key+%20é&<>\"'.csv".to_owned(), "in/~".to_owned()]);
    thread::scope(|scope| {
        for some in keys.chunks(200) {
            let (objects, bucket) = (&objects, &bucket);
            scope.spawn(move || some.iter().for_each(|key| objects.put(bucket, key, key.clone()).unwrap()));
        }
    });
    objects.put(&bucket, "inner.csv", "not under the prefix").unwrap();
    keys.sort_unstable();
    let list = objects.list(&Location::new(&bucket, "in/")).unwrap();
    assert_eq!(list.iter().map(|object| object.key.clone()).collect::<Vec<_>>(), keys);
    for object in &list[1_200..] {
        assert_eq!(object, &objects.head(&bucket, &object.key).unwrap().unwrap().object);
        assert_eq!(all(objects.read(&bucket, object, 0..u64::MAX)).unwrap(), object.key.as_bytes());
    }
    assert_eq!(objects.list_first(&Location::new(&bucket, "in/")).unwrap(), list[..1_000]);
    assert_eq!(objects.list(&Location::new(&bucket, "none/")).unwrap(), []);
    objects.delete(&bucket, "inner.csv").unwrap();
    objects.delete(&bucket, "inner.csv").unwrap();
    assert_eq!(objects.list(&Location::new(&bucket, "inner")).unwrap(), []);
}

#[test]
fn a_file_is_read_here_and_there() {
    let (objects, bucket) = fresh();
    let body = noise(5_000_000);
    let file = objects.file(&bucket, &put(&bucket, "in/a.parquet", &body));
    assert_eq!(file.len(), 5_000_000);
    let mut random = fastrand::Rng::with_seed(7);
    for _ in 0..200 {
        let start = random.usize(..body.len());
        let mut buffer = vec![0; random.usize(1..300_000)];
        let bytes = file.read_at(start as u64, &mut buffer).unwrap();
        assert_eq!(bytes, buffer.len().min(body.len() - start));
        assert!(buffer[..bytes] == body[start..start + bytes], "{start} and {bytes}");
    }
    assert_eq!(file.read_at(5_000_000, &mut [0; 10]).unwrap(), 0);
    assert_eq!(file.read_at(u64::MAX, &mut [0; 10]).unwrap(), 0);
}

#[test]
fn columns_side_by_side_are_few_requests() {
    let (network, objects, bucket) = behind_a_network();
    let body = noise(24_000_000);
    let file = objects.file(&bucket, &put(&bucket, "in/a.parquet", &body));
    // Six columns of 4 MB, page by page, each by a thread of its own.
    thread::scope(|scope| {
        for column in 0..6_usize {
            let (file, body) = (&file, &body);
            scope.spawn(move || {
                let mut page = vec![0; 50_000];
                for start in (column * 4_000_000..(column + 1) * 4_000_000).step_by(50_000) {
                    assert_eq!(file.read_at(start as u64, &mut page).unwrap(), page.len());
                    assert!(page == body[start..start + page.len()], "{start}");
                }
            });
        }
    });
    // 256 KB and twice as much each time: five requests come to 8 MB.
    let calls = network.calls().len();
    assert!(calls <= 30, "{calls} requests");
}

/// Reads a piece, a file and its end, and returns how each failed.
fn failures(objects: &Objects, bucket: &str, object: &Object) -> Vec<std::io::Error> {
    vec![
        all(objects.read(bucket, object, 0..object.size)).unwrap_err(),
        objects.file(bucket, object).read_at(object.size - 8, &mut [0; 8]).unwrap_err(),
    ]
}

#[test]
fn an_object_that_was_replaced_is_never_mixed_with_the_one_that_was_looked_at() {
    let (objects, bucket) = fresh();
    let old = put(&bucket, "in/a.csv", &noise(20_000_000));
    let mut reader = objects.read(&bucket, &old, 0..old.size);
    let file = objects.file(&bucket, &old);
    reader.read_exact(&mut [0; 1000]).unwrap();
    file.read_at(0, &mut [0; 1000]).unwrap();
    put(&bucket, "in/a.csv", &noise(20_000_001));
    for error in failures(&objects, &bucket, &old) {
        assert!(matches!(ObjectError::within(&error), Some(ObjectError::Changed(_))), "{error:?}");
        assert!(!ObjectError::within(&error).unwrap().is_retryable());
        let words =
            format!("s3://{bucket}/in/a.csv has changed since it was looked at: begin again with it as it is now");
        assert_eq!(error.to_string(), words);
    }
    // An answer that has begun goes on; the next one is refused.
    let error = (0..20).find_map(|place| file.read_at(place * 1_000_000, &mut vec![0; 1_000_000]).err());
    assert!(matches!(ObjectError::within(&error.unwrap()), Some(ObjectError::Changed(_))));
}

#[test]
fn an_object_that_was_deleted_is_gone() {
    let (objects, bucket) = fresh();
    let object = put(&bucket, "in/a.csv", b"a,b\n1,2\n");
    objects.delete(&bucket, "in/a.csv").unwrap();
    for error in failures(&objects, &bucket, &object) {
        assert_eq!(error.to_string(), format!("s3://{bucket}/in/a.csv is not there any more"));
    }
}
