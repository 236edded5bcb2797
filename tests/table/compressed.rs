//! Files that are compressed, told by what they begin with.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use lifeboat::table::{Format, Options, Source};

use crate::reading::{bytes, of_format, path, plain, read, records, refusal, titanic};

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn members_and_frames_of_other_programs_are_read_one_after_the_other() {
    for name in ["pandas.csv.gz", "pandas.csv.zst", "members.csv.gz", "frames.csv.zst", "lines.jsonl.gz"] {
        assert_eq!(records(Source::from_path(&path(name)).unwrap()), plain(), "{name}");
        assert_eq!(records(Source::from_bytes(bytes(name))), plain(), "{name} without its name");
    }
}

#[test]
fn any_format_may_be_compressed() {
    for name in ["utf16.csv", "records.json", "pandas.parquet"] {
        let zstandard = zstd::encode_all(&*bytes(name), 3).unwrap();
        for packed in [gzip(&bytes(name)), zstandard] {
            assert_eq!(records(Source::from_bytes(packed)), plain(), "{name}");
        }
    }
}

#[test]
fn a_truncated_file_is_said_to_be_truncated() {
    let said = "the input is truncated: its gzip data end too early, so copy or download it again";
    assert_eq!(refusal(bytes("truncated.csv.gz")), said);
    let whole = zstd::encode_all(&*bytes("plain.csv"), 3).unwrap();
    assert_eq!(refusal(&whole[..whole.len() / 2]), said.replace("gzip", "zstd"));
    assert_eq!(refusal(&gzip(b"")[..12]), said);
}

#[test]
fn a_damaged_file_is_said_to_be_damaged() {
    let mut packed = bytes("pandas.csv.gz");
    let middle = packed.len() / 2;
    packed[middle..middle + 20].fill(0xff);
    let said = refusal(packed);
    assert!(said.starts_with("the input is damaged: its gzip data cannot be decompressed ("), "{said}");
}

#[test]
fn what_is_compressed_twice_is_refused() {
    let twice = gzip(&gzip(&bytes("plain.csv")));
    assert_eq!(refusal(twice), "the input is compressed twice, by gzip and by gzip: decompress it once");
}

#[test]
fn archives_and_workbooks_are_refused_with_what_to_do() {
    let said = refusal(bytes("workbook.xlsx"));
    assert!(said.contains("an Excel workbook: save its table as \"CSV UTF-8\""), "{said}");
    assert!(refusal(&b"BZh91AY&SY"[..]).contains("bzip2"));
    assert!(refusal(&b"\xfd7zXZ\0\0\0"[..]).contains("xz"));
}

#[test]
fn a_declared_format_that_the_signature_contradicts_is_an_error() {
    let said = |name: &str, format| {
        read(Source::from_bytes(bytes(name)), &titanic(), &of_format(format)).unwrap_err().to_string()
    };
    assert_eq!(
        said("pandas.parquet", Format::Csv),
        "the input is Parquet, but is said to be CSV: name its format as parquet"
    );
    assert_eq!(
        said("pandas.csv.gz", Format::Parquet),
        "the input is said to be Parquet, but does not begin as such a file does: name its own format"
    );
}

#[test]
fn a_bomb_is_read_as_it_expands() {
    let bomb = gzip(&vec![b' '; 64 << 20]);
    let said = read(Source::from_bytes(bomb), &titanic(), &Options::default()).unwrap_err().to_string();
    assert!(said.contains("its first line has more than 4 MB"), "{said}");
}
