//! The package that is part of the program, and how any program opens one.
//!
//! `build.rs` includes the files: those of `LIFEBOAT_PACKAGE`, a folder, or of the package that comes with the source.

use std::borrow::Cow;
use std::path::Path;

use super::error::LoadError;
use super::files::{Beside, Files};
use super::load::Package;

/// The files, as `build.rs` found them.
mod included {
    include!(concat!(env!("OUT_DIR"), "/package.rs"));
}

/// Opens the package in a folder, or the one that is built in.
pub fn open(folder: Option<&Path>) -> Result<Package, LoadError> {
    match folder {
        Some(folder) => Package::load(folder),
        None => built_in(),
    }
}

/// Opens the package that is built in. Only the one that comes with the source is not hashed: a test does that.
pub fn built_in() -> Result<Package, LoadError> {
    let beside = Beside { baseline: included::BASELINE, sheet: included::SHEET };
    Package::built_in(&files(), beside, !included::IS_DEFAULT)
}

/// Returns the files of the package that is built in.
pub(super) fn files() -> Files<'static> {
    Files {
        schema: included::SCHEMA.into(),
        recipe: included::RECIPE.map(Cow::Borrowed),
        state: included::STATE.map(Cow::Borrowed),
        history: included::HISTORY.map(Cow::Borrowed),
        graph: included::GRAPH.into(),
        manifest: included::MANIFEST.into(),
    }
}
