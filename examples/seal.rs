//! Writes the hashes of a package's files into its manifest: `cargo run --release --example seal -- FOLDER`.

use std::io::{Write, stderr};
use std::path::Path;

fn main() -> anyhow::Result<()> {
    for folder in std::env::args().skip(1) {
        let version = lifeboat::package::seal(Path::new(&folder))?;
        writeln!(stderr(), "{folder}: {version}")?;
    }
    Ok(())
}
