//! What cannot be done however often it is tried: who is asked names what to do.

use std::collections::BTreeMap;
use std::io::Write;

use lifeboat::objects::{Location, ObjectError};

use crate::network::Fault;
use crate::{behind_a_network, fresh, noise, s3};

#[test]
fn a_bucket_that_is_not_there_is_named() {
    let (objects, _) = fresh();
    let mut large = objects.upload("no-such-bucket", "out/a.parquet", BTreeMap::new());
    let error = large.write_all(&noise(9 << 20)).unwrap_err();
    assert!(matches!(ObjectError::within(&error), Some(ObjectError::NoBucket(bucket)) if bucket == "no-such-bucket"));
    let failures = [
        objects.list(&Location::new("no-such-bucket", "in/")).map(drop),
        objects.get("no-such-bucket", "in/a.csv", 10).map(drop),
        objects.put_new("no-such-bucket", "_JOB", "").map(drop),
    ];
    for failure in failures {
        let words = "there is no bucket no-such-bucket: look at its name, and at whose credentials these are";
        assert_eq!(failure.unwrap_err().to_string(), words);
    }
}

#[test]
fn credentials_that_are_nobodys_are_refused_at_once() {
    let bucket = s3::new_bucket();
    let mut settings = s3::settings(&s3::url());
    settings.credentials.secret_access_key = "wrong".to_owned();
    settings.credentials.access_key_id = "AKIAIOSFODNN7EXAMPLE".to_owned();
    let error = s3::objects(&settings).list(&Location::new(bucket, "in/")).unwrap_err();
    assert!(matches!(error, ObjectError::Credentials(_)), "{error:?}");
}

#[test]
fn what_is_forbidden_says_which_permission_is_missing() {
    let (network, objects, bucket) = behind_a_network();
    network.fate(|call| {
        if call.is("HEAD") {
            Fault::Bare(403, "x-amz-bucket-region: us-east-1")
        } else {
            Fault::Refused(403, "AccessDenied")
        }
    });
    for (failure, words) in [
        (objects.head(&bucket, "in/a.csv").map(drop), "read"),
        (objects.get(&bucket, "in/a.csv", 10).map(drop), "read"),
        (objects.put(&bucket, "in/a.csv", ""), "write"),
        (objects.list(&Location::new(&bucket, "in/a.csv")).map(drop), "list"),
        (objects.delete(&bucket, "in/a.csv"), "delete"),
    ] {
        let error = failure.unwrap_err().to_string();
        assert!(
            error.starts_with(&format!("no permission to {words} s3://{bucket}/in/a.csv: the credentials need s3:")),
            "{error}"
        );
    }
    // One call each: nothing is gained by a second.
    assert_eq!(network.calls().len(), 5);
}

#[test]
fn a_bucket_of_another_region_says_which() {
    let (network, objects, bucket) = behind_a_network();
    network.fate(|_| Fault::Bare(301, "x-amz-bucket-region: eu-west-1"));
    for failure in [objects.head(&bucket, "a").map(drop), objects.put_new(&bucket, "a", "").map(drop)] {
        let words = format!("the bucket {bucket} is in eu-west-1, not in us-east-1: set AWS_REGION=eu-west-1");
        assert_eq!(failure.unwrap_err().to_string(), words);
    }
}

#[test]
fn where_nobody_listens_nothing_is_said_of_the_object() {
    let mut settings = s3::settings("http://127.0.0.1:9");
    settings.patience.attempts = 2;
    let error = s3::objects(&settings).head("data", "in/a.csv").unwrap_err();
    assert_eq!(error.to_string(), "cannot read s3://data/in/a.csv now: try again later");
    let causes = format!("{:#}", anyhow::Error::from(error));
    assert!(causes.contains("refused"), "{causes}");
}
