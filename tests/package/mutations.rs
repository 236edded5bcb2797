//! Whatever stands in a package's files, loading it ends in a package or in an error.

use std::fs;

use lifeboat::package::seal;

use crate::folder::{COMMITTED, Folder, rows};

const MUTATIONS: usize = 50;
const SEED: u64 = 15;

/// Changes a few bytes, or removes or doubles some.
fn mutate(bytes: &mut Vec<u8>, random: &mut fastrand::Rng) {
    for _ in 0..random.usize(1..4) {
        let place = random.usize(0..bytes.len());
        match random.u8(0..4) {
            0 => bytes[place] = random.u8(..),
            1 => bytes[place] ^= 1 << random.u8(0..8),
            2 => drop(bytes.drain(place..(place + random.usize(1..9)).min(bytes.len()))),
            _ => bytes.insert(place, bytes[random.usize(0..bytes.len())]),
        }
        if bytes.is_empty() {
            return;
        }
    }
}

#[test]
fn a_mutated_file_makes_a_package_or_an_error() {
    let mut random = fastrand::Rng::with_seed(SEED);
    for name in COMMITTED {
        let package = Folder::copy(name);
        let loaded = package.load().unwrap();
        let golden = rows(loaded.schema(), &package.path("golden.csv"));
        for file in ["schema.json", "manifest.json", "model.onnx"] {
            let whole = fs::read(package.path(file)).unwrap();
            let manifest = fs::read(package.path("manifest.json")).unwrap();
            for _ in 0..MUTATIONS {
                let mut mutated = whole.clone();
                mutate(&mut mutated, &mut random);
                fs::write(package.path(file), &mutated).unwrap();
                // A careless hand seals what it broke; what cannot be sealed cannot be loaded.
                let is_sealed = seal(package.folder()).is_ok();
                match package.load() {
                    Ok(mutated) if mutated.schema().fields().len() == loaded.schema().fields().len() => {
                        // It may give no answer, but it gives no other shape of one.
                        let records: Vec<_> = golden.iter().map(|(record, _)| record.clone()).collect();
                        if let Ok(answers) = mutated.answers(&records) {
                            assert_eq!(answers.len(), records.len());
                        }
                    }
                    Ok(_) => {}
                    Err(error) => assert!(!error.to_string().is_empty()),
                }
                assert!(is_sealed || package.load().is_err());
                fs::write(package.path("manifest.json"), &manifest).unwrap();
            }
            fs::write(package.path(file), &whole).unwrap();
        }
    }
}
