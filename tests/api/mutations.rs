//! What clients send, torn and spliced: an answer or a problem that is the client's, never one of the service, and nothing stored of
//! what is refused. `make fuzz MINUTES=10` goes on for so long; otherwise a round of each is tried.

use std::fs;
use std::io::{Write, stderr};
use std::ops::RangeInclusive;
use std::path::Path;
use std::time::{Duration, Instant};

use axum::http::{Method, Request};
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::TestRunner;
use serde_json::Value;
use tokio::runtime::Runtime;

use crate::app::{Answer, App};

/// So many inputs are tried on one database.
const ROUND: u32 = 1_000;

/// What breaks parsers: limits of numbers, ends of texts, halves of characters, things of another kind.
const TOKENS: [&[u8]; 40] = [
    b"",
    b"0",
    b"-1",
    b"1e999",
    b"-0.0",
    b"9007199254740993",
    b"18446744073709551616",
    b"-9223372036854775808",
    b"0.1e-400",
    b"NaN",
    b"Infinity",
    b"null",
    b"true",
    b"\"\"",
    b"\"",
    b"\"\"\"",
    b"\\",
    b"\\u0000",
    b"\\ud800",
    b"\\udc00",
    b"{",
    b"}",
    b"[",
    b"]",
    b"[[[[",
    b":",
    b",",
    b"\n",
    b"\r\n",
    b"\r",
    b"\t",
    b"\0",
    b"\xff",
    b"\xc3",
    b"\xef\xbb\xbf",
    b"\xf0\x9f\x9a\xa2",
    b"\"Survived\":1",
    b"FP16",
    b"BYTES",
    b"\"binary_data_size\":9",
];

#[test]
fn torn_json_is_answered_or_refused() {
    campaign("json", |app, body| post("/predict", "application/json", app, body));
}

#[test]
fn torn_tables_are_answered_or_refused() {
    campaign("csv", |app, body| {
        let query = if body.len() % 2 == 0 { "/predict" } else { "/predict?kaggle=true" };
        post(query, "text/csv", app, body)
    });
}

#[test]
fn torn_tensors_are_answered_or_refused() {
    campaign("v2", |app, body| {
        let mut request = Request::post("/v2/models/titanic/infer");
        // Where the text of a seed ends, or where it did before it was torn.
        if let Some(end) = body.windows(2).rposition(|pair| pair == b"]}")
            && end + 2 < body.len()
        {
            request = request.header("inference-header-content-length", end + 2);
        }
        app.runtime.block_on(app.app.send(request.body(body.to_vec().into()).unwrap()))
    });
}

#[test]
fn forged_cursors_are_refused() {
    /// As long as an address may be, in bytes of three characters each.
    const LONGEST: usize = 20_000;
    let checked = seeds("cursors");
    campaign("cursors", |app, cursor| {
        let encoded: String = cursor.iter().take(LONGEST).map(|byte| format!("%{byte:02x}")).collect();
        let request = Request::get(format!("/predictions?PassengerId=1&cursor={encoded}"));
        let answer = app.runtime.block_on(app.app.send(request.body(axum::body::Body::empty()).unwrap()));
        assert!(answer.status == 400 || checked.iter().any(|seed| seed == cursor), "{cursor:?} was taken for one");
        answer
    });
}

/// A service, and what waits for its answers.
struct Asked {
    app: App,
    runtime: Runtime,
}

fn post(path: &str, content_type: &str, asked: &Asked, body: &[u8]) -> Answer {
    let request = Request::builder().method(Method::POST).uri(path).header("content-type", content_type);
    asked.runtime.block_on(asked.app.send(request.body(body.to_vec().into()).unwrap()))
}

/// Sends mutations of a folder's seeds, in rounds, until the time is up, and tells how many.
fn campaign(folder: &str, send: impl Fn(&Asked, &[u8]) -> Answer) {
    let minutes: u64 = std::env::var("FUZZ_MINUTES").map_or(0, |minutes| minutes.parse().unwrap());
    let end = Instant::now() + Duration::from_secs(60 * minutes);
    let seeds = seeds(folder);
    let mut tried = 0_u64;
    loop {
        round(&seeds, &send);
        tried += u64::from(ROUND);
        if Instant::now() >= end {
            break;
        }
    }
    let mut told = stderr();
    writeln!(told, "{folder}: {tried} mutations of {} seeds, every one answered or refused", seeds.len()).unwrap();
}

fn round(seeds: &[Vec<u8>], send: &impl Fn(&Asked, &[u8]) -> Answer) {
    let asked = Asked { app: App::new(), runtime: Runtime::new().unwrap() };
    let mut runner =
        TestRunner::new(ProptestConfig { cases: ROUND, failure_persistence: None, ..ProptestConfig::default() });
    let case = (any::<Index>(), proptest::collection::vec(any_mutation(), 0..6));
    let checked = runner.run(&case, |(seed, mutations)| {
        let mut bytes = seed.get(seeds).clone();
        for mutation in &mutations {
            mutation.apply(&mut bytes, seeds);
        }
        let stored = asked.app.stored();
        let answer = send(&asked, &bytes);
        let status = answer.status.as_u16();
        let shown = String::from_utf8_lossy(&bytes);
        prop_assert!(matches!(status, 200 | 201 | 400 | 413 | 415 | 422), "{} for {:?}", status, shown);
        if status >= 400 {
            prop_assert_eq!(asked.app.stored(), stored, "stored, and refused: {:?}", shown);
            prop_assert!(serde_json::from_slice::<Value>(&answer.body).is_ok(), "{:?}", answer);
        }
        Ok(())
    });
    checked.unwrap();
}

/// Returns what a folder of seeds holds.
fn seeds(folder: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/api/seeds").join(folder);
    let mut seeds: Vec<_> = fs::read_dir(folder).unwrap().map(|file| fs::read(file.unwrap().path()).unwrap()).collect();
    seeds.sort();
    seeds
}

/// A wound that is done to a seed.
#[derive(Debug, Clone)]
enum Mutation {
    Change {
        at: Index,
        to: u8,
    },
    Insert {
        at: Index,
        token: &'static [u8],
    },
    Remove {
        at: Index,
        length: usize,
    },
    Repeat {
        at: Index,
        length: usize,
        times: usize,
    },
    /// Goes on with the end of another seed.
    Splice {
        at: Index,
        seed: Index,
        from: Index,
    },
}

fn any_mutation() -> impl Strategy<Value = Mutation> {
    const LENGTHS: RangeInclusive<usize> = 1..=40;
    let at = any::<Index>;
    prop_oneof![
        3 => (at(), any::<u8>()).prop_map(|(at, to)| Mutation::Change { at, to }),
        4 => (at(), proptest::sample::select(&TOKENS[..])).prop_map(|(at, token)| Mutation::Insert { at, token }),
        3 => (at(), LENGTHS).prop_map(|(at, length)| Mutation::Remove { at, length }),
        2 => (at(), LENGTHS, 1..300_usize).prop_map(|(at, length, times)| Mutation::Repeat { at, length, times }),
        1 => (at(), at(), at()).prop_map(|(at, seed, from)| Mutation::Splice { at, seed, from }),
    ]
}

impl Mutation {
    fn apply(&self, bytes: &mut Vec<u8>, seeds: &[Vec<u8>]) {
        let place = |at: &Index| at.index(bytes.len() + 1);
        let end = |start: usize, length: usize| (start + length).min(bytes.len());
        match self {
            Self::Change { at, to } => {
                let at = place(at);
                bytes.splice(at..end(at, 1), [*to]);
            }
            Self::Insert { at, token } => {
                let at = place(at);
                bytes.splice(at..at, token.iter().copied());
            }
            Self::Remove { at, length } => {
                let at = place(at);
                bytes.drain(at..end(at, *length));
            }
            Self::Repeat { at, length, times } => {
                let at = place(at);
                let more = bytes[at..end(at, *length)].repeat(*times);
                bytes.splice(at..at, more);
            }
            Self::Splice { at, seed, from } => {
                let other = seed.get(seeds);
                bytes.truncate(place(at));
                bytes.extend_from_slice(&other[from.index(other.len() + 1)..]);
            }
        }
    }
}
