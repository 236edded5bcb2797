//! The package that is part of the program, and how any program opens one.

use std::borrow::Cow;
use std::path::Path;

use super::error::LoadError;
use super::files::Files;
use super::load::Package;

/// Includes a file of the package that is built in.
macro_rules! file {
    ($name:literal) => {
        Cow::Borrowed(include_bytes!(concat!("../../model/titanic/", $name)).as_slice())
    };
}

/// Opens the package in a folder, or the one that is built in.
pub fn open(folder: Option<&Path>) -> Result<Package, LoadError> {
    match folder {
        Some(folder) => Package::load(folder),
        None => built_in(),
    }
}

/// Opens the package that is built in; a test hashes its files.
pub fn built_in() -> Result<Package, LoadError> {
    let files = Files {
        schema: file!("schema.json"),
        recipe: Some(file!("recipe.json")),
        state: Some(file!("state.json")),
        history: Some(file!("history.json")),
        graph: file!("model.onnx"),
        manifest: file!("manifest.json"),
    };
    Package::built_in(&files, include_bytes!("../../model/titanic/baseline.json"))
}
