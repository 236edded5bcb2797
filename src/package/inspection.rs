//! A package that is looked at as a whole: what its graph is made of, whether each file is the one that was packed, and whether the golden
//! records are answered as they should be.

use std::path::Path;

use super::built_in;
use super::content;
use super::error::LoadError;
use super::files::{Files, GOLDEN, read};
use super::golden::{Golden, try_golden};
use super::graph::Inventory;
use super::load::Package;

pub use super::content::{Unlike, UnlikeKind};

/// What an inspection found.
#[derive(Debug)]
pub struct Inspection {
    /// What the graph is made of.
    pub graph: Inventory,
    /// Files that are not as they were when the package was packed, although it can be used.
    pub unlike: Vec<Unlike>,
    /// What came of the golden records.
    pub golden: GoldenRecords,
}

/// The golden records of a package.
#[derive(Debug)]
pub enum GoldenRecords {
    /// There is no such file.
    None,
    /// The file has keys in the place of records: its reader has the records elsewhere.
    Named,
    /// They were tried.
    Tried(Golden),
}

impl Inspection {
    /// Looks at a package that was opened from a folder, or at the one that is built in, which is hashed now if it was not before.
    pub fn new(package: &Package, folder: Option<&Path>) -> Result<Self, LoadError> {
        let Some(folder) = folder else {
            let files = built_in::files();
            content::check_files(&files)?;
            let golden = GoldenRecords::None;
            return Ok(Self { graph: Inventory::new(&files.graph)?, unlike: Vec::new(), golden });
        };
        let files = Files::read(folder)?;
        let golden = match read(folder, GOLDEN)? {
            None => GoldenRecords::None,
            Some(bytes) => try_golden(package, bytes)?.map_or(GoldenRecords::Named, GoldenRecords::Tried),
        };
        let unlike = content::unlike(folder, &files, package.manifest())?;
        Ok(Self { graph: Inventory::new(&files.graph)?, unlike, golden })
    }

    /// Returns each thing that is bad, in words.
    pub fn faults(&self) -> Vec<String> {
        let mut faults: Vec<String> =
            self.unlike.iter().filter(|unlike| unlike.matters).map(Unlike::to_string).collect();
        if let GoldenRecords::Tried(golden) = &self.golden
            && let Some(first) = &golden.first
        {
            faults.push(format!(
                "{GOLDEN}: {} of {} records are answered otherwise, the first in {}: {} should be {}, found {}",
                golden.rows - golden.agreeing,
                golden.rows,
                first.place,
                first.column,
                first.expected,
                first.found,
            ));
        }
        faults
    }
}
