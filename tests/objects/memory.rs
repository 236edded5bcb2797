//! How much memory a large object takes: the test runs itself again, alone in a process of its own.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::process::Command;

use crate::{noise, s3};

/// Set where this process is the one that is measured.
const ALONE: &str = "OBJECTS_ALONE";

/// How large the object is, in MB.
fn size() -> u64 {
    std::env::var("OBJECT_MB").map_or(200, |size| size.parse().unwrap())
}

#[test]
fn memory_follows_neither_what_is_written_nor_what_is_read() {
    if std::env::var_os(ALONE).is_some() {
        return write_and_read();
    }
    let name = "memory::memory_follows_neither_what_is_written_nor_what_is_read";
    let alone = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", name, "--nocapture", "--test-threads=1"])
        .env(ALONE, "1")
        .output()
        .unwrap();
    let printed = String::from_utf8_lossy(&alone.stdout).into_owned() + &String::from_utf8_lossy(&alone.stderr);
    assert!(alone.status.success(), "{printed}");
}

fn write_and_read() {
    let bucket = s3::new_bucket();
    let objects = s3::objects(&s3::settings(&s3::url()));
    let piece = noise(1 << 20);
    let before = peak();
    let mut upload = objects.upload(&bucket, "out/large.bin", BTreeMap::new());
    (0..size()).for_each(|_| upload.write_all(&piece).unwrap());
    upload.finish().unwrap();
    let written = peak();

    let object = objects.head(&bucket, "out/large.bin").unwrap().unwrap().object;
    assert_eq!(object.size, size() << 20);
    let mut reader = objects.read(&bucket, &object, 0..object.size);
    let mut buffer = vec![0; 1 << 20];
    for _ in 0..size() {
        reader.read_exact(&mut buffer).unwrap();
        assert!(buffer == piece);
    }
    let read = peak();
    // Two parts of 8 MB, and what the connection holds.
    assert!(written - before <= 24, "{} MB to write", written - before);
    assert!(read - before <= 32, "{} MB to write and to read", read - before);
}

/// Returns the most memory that this process has had, in MB.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() >> 10
}
