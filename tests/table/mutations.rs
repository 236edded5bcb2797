//! No bytes make a reader panic: files with some bytes changed, cut off, or put twice.

use lifeboat::table::{Chunk, ExtraColumns, Format, Options, Purpose, Reader, Schema, Selection, Source};
use proptest::prelude::*;

use crate::reading::{bytes, titanic};

const FILES: [&str; 16] = [
    "plain.csv",
    "index.csv",
    "utf16.csv",
    "utf8_bom.csv",
    "pandas.csv.gz",
    "pandas.csv.zst",
    "members.csv.gz",
    "records.json",
    "lines.jsonl.gz",
    "pandas.parquet",
    "polars.parquet",
    "pyarrow_gzip.parquet",
    "pyarrow_lz4.parquet",
    "times.parquet",
    "times_int96.parquet",
    "nested.parquet",
];

/// Reads all that can be read.
fn read(schema: &Schema, bytes: Vec<u8>, options: &Options) {
    let Ok(mut reader) = Reader::open(Source::from_bytes(bytes), schema, options) else { return };
    let mut chunk = Chunk::default();
    while let Ok(true) = reader.next_chunk(&mut chunk) {
        for row in chunk.rows() {
            let _ = (row.record(schema), row.labelled(schema), row.extras(), row.place());
        }
    }
}

#[derive(Debug, Clone)]
enum Mutation {
    Set(prop::sample::Index, u8),
    Cut(prop::sample::Index),
    Insert(prop::sample::Index, Vec<u8>),
    Copy(prop::sample::Index, prop::sample::Index, usize),
}

impl Mutation {
    fn apply(&self, bytes: &mut Vec<u8>) {
        if bytes.is_empty() {
            return;
        }
        match self {
            Self::Set(at, byte) => {
                let at = at.index(bytes.len());
                bytes[at] = *byte;
            }
            Self::Cut(at) => bytes.truncate(at.index(bytes.len())),
            Self::Insert(at, new) => {
                let at = at.index(bytes.len());
                bytes.splice(at..at, new.iter().copied());
            }
            Self::Copy(from, to, length) => {
                let (from, to) = (from.index(bytes.len()), to.index(bytes.len()));
                let end = (from + length).min(bytes.len());
                let part = bytes[from..end].to_vec();
                bytes.splice(to..to, part);
            }
        }
    }
}

fn mutation() -> impl Strategy<Value = Mutation> {
    let at = any::<prop::sample::Index>;
    prop_oneof![
        8 => (at(), any::<u8>()).prop_map(|(at, byte)| Mutation::Set(at, byte)),
        1 => at().prop_map(Mutation::Cut),
        1 => (at(), prop::collection::vec(any::<u8>(), 1..20)).prop_map(|(at, new)| Mutation::Insert(at, new)),
        1 => (at(), at(), 1_usize..200).prop_map(|(from, to, length)| Mutation::Copy(from, to, length)),
    ]
}

fn options() -> impl Strategy<Value = Options> {
    let extra = prop::sample::select(vec![ExtraColumns::Refuse, ExtraColumns::Ignore, ExtraColumns::Keep]);
    let purpose = prop::sample::select(vec![Purpose::Records, Purpose::Labels, Purpose::Fields]);
    let format = prop::option::weighted(0.2, prop::sample::select(Format::ALL.to_vec()));
    (format, extra, purpose).prop_map(|(format, extra_columns, purpose)| Options {
        format,
        selection: Selection { extra_columns, purpose },
        ..Options::default()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn a_changed_file_is_read_or_refused(
        name in prop::sample::select(FILES.to_vec()),
        changes in prop::collection::vec(mutation(), 1..6),
        options in options(),
    ) {
        let mut bytes = bytes(name);
        for change in &changes {
            change.apply(&mut bytes);
        }
        read(&titanic(), bytes, &options);
    }

    #[test]
    fn any_text_is_read_or_refused(text in "(Pclass|Sex|[,;\\t|\"\\n\\r0-9a-z{}\\[\\]: ]){0,80}", options in options()) {
        read(&titanic(), text.into_bytes(), &options);
    }
}
