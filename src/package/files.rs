//! The files of a package, read within limits.

use std::borrow::Cow;
use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::path::Path;

use super::error::LoadError;

/// What a record of the table is.
pub const SCHEMA: &str = "schema.json";
/// How features come from a record.
pub const RECIPE: &str = "recipe.json";
/// What was fitted for the recipe.
pub const STATE: &str = "state.json";
/// The records that a history looks up.
pub const HISTORY: &str = "history.json";
/// The events behind the history; only whoever makes the next snapshot reads it.
pub const SHEET: &str = "sheet.json";
/// The ONNX model.
pub const GRAPH: &str = "model.onnx";
/// What the package says of itself.
pub const MANIFEST: &str = "manifest.json";
/// What the training data looked like; only monitoring reads it.
pub const BASELINE: &str = "baseline.json";
/// Records with the answers that another program gave.
pub const GOLDEN: &str = "golden.csv";

/// The bytes of the files of a built-in package that not everybody reads.
#[derive(Debug, Clone, Copy, Default)]
pub struct Beside {
    /// `baseline.json`.
    pub baseline: Option<&'static [u8]>,
    /// `sheet.json`.
    pub sheet: Option<&'static [u8]>,
}

const MIB: u64 = 1 << 20;

/// The bytes of a package's files.
#[derive(Debug)]
pub struct Files<'a> {
    /// `schema.json`.
    pub schema: Cow<'a, [u8]>,
    /// `manifest.json`.
    pub manifest: Cow<'a, [u8]>,
    /// `model.onnx`.
    pub graph: Cow<'a, [u8]>,
    /// `recipe.json`, where the graph does not read the fields themselves.
    pub recipe: Option<Cow<'a, [u8]>>,
    /// `state.json`, where there is a recipe.
    pub state: Option<Cow<'a, [u8]>>,
    /// `history.json`, where the recipe looks up earlier records.
    pub history: Option<Cow<'a, [u8]>>,
}

impl Files<'static> {
    /// Reads the files in a folder, all but those that serving never needs.
    pub fn read(folder: &Path) -> Result<Self, LoadError> {
        let required = |file| {
            read(folder, file)?.ok_or_else(|| LoadError::Missing {
                file,
                mend: format!("expected it in {}, with the other files of the package", folder.display()),
            })
        };
        Ok(Self {
            manifest: required(MANIFEST)?.into(),
            schema: required(SCHEMA)?.into(),
            graph: required(GRAPH)?.into(),
            recipe: read(folder, RECIPE)?.map(Cow::Owned),
            state: read(folder, STATE)?.map(Cow::Owned),
            history: read(folder, HISTORY)?.map(Cow::Owned),
        })
    }
}

/// Returns the bytes of a file, or none where it is not there.
pub(super) fn read(folder: &Path, file: &'static str) -> Result<Option<Vec<u8>>, LoadError> {
    let path = folder.join(file);
    match read_within(&path, limit(file)) {
        Ok(Ok(bytes)) => Ok(Some(bytes)),
        Ok(Err(bytes)) => Err(LoadError::TooLarge { file, bytes, limit: limit(file) }),
        // A folder that is not there has no files either, but the path in the error tells more than a list of what it lacks.
        Err(error) if error.kind() == ErrorKind::NotFound && folder.is_dir() => Ok(None),
        Err(source) => Err(LoadError::Read { path, source }),
    }
}

/// Returns the bytes of a file, or its size where that is above the limit.
fn read_within(path: &Path, limit: u64) -> io::Result<Result<Vec<u8>, u64>> {
    let file = File::open(path)?;
    let size = file.metadata()?.len();
    if size > limit {
        return Ok(Err(size));
    }
    let mut bytes = Vec::with_capacity(usize::try_from(size).unwrap_or_default());
    // What is no plain file tells no size, and a file may grow.
    file.take(limit + 1).read_to_end(&mut bytes)?;
    let size = bytes.len() as u64;
    Ok(if size > limit { Err(size) } else { Ok(bytes) })
}

/// Returns the largest size of a file, in bytes.
fn limit(file: &str) -> u64 {
    match file {
        SCHEMA | MANIFEST | RECIPE => 8 * MIB,
        GRAPH => 1024 * MIB,
        _ => 256 * MIB,
    }
}
