//! Chooses the package that is built in, which `LIFEBOAT_PACKAGE` may name, and links the Lambda function at a fixed address: moving its
//! hundred thousand pointers would take a third of its cold start.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::{env, fs};

/// The folder of the package that is built in.
const VARIABLE: &str = "LIFEBOAT_PACKAGE";

/// The package that is built in where nothing else is said.
const DEFAULT: &str = "model/titanic";

/// Files that every package has, and what each is called in the code.
const NEEDED: [(&str, &str); 3] = [("SCHEMA", "schema.json"), ("MANIFEST", "manifest.json"), ("GRAPH", "model.onnx")];

/// Files that a package may have.
const OPTIONAL: [(&str, &str); 5] = [
    ("RECIPE", "recipe.json"),
    ("STATE", "state.json"),
    ("HISTORY", "history.json"),
    ("BASELINE", "baseline.json"),
    ("SHEET", "sheet.json"),
];

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    if env::var("CARGO_CFG_TARGET_ENV").is_ok_and(|environment| environment == "gnu") {
        println!("cargo::rustc-link-arg-bin=api=-no-pie");
    }
    // Cargo shows what it is told so, and goes no further.
    if let Err(said) = build_in() {
        println!("cargo::error={said}");
    }
}

/// Writes the code that includes the files of the package.
fn build_in() -> Result<(), String> {
    let (folder, is_default) = folder()?;
    let mut code = format!("pub(super) const IS_DEFAULT: bool = {is_default};\n");
    for (name, file) in NEEDED {
        let path = existing(&folder.join(file)).ok_or_else(|| {
            format!("{} cannot be built in: {file} is missing, which every package has", folder.display())
        })?;
        writeln!(code, "pub(super) static {name}: &[u8] = include_bytes!({path:?});").expect("a text takes all");
    }
    for (name, file) in OPTIONAL {
        let value = if let Some(path) = existing(&folder.join(file)) {
            format!("Some(include_bytes!({path:?}))")
        } else {
            // A file that is added changes the folder.
            println!("cargo::rerun-if-changed={}", folder.display());
            "None".to_owned()
        };
        writeln!(code, "pub(super) static {name}: Option<&[u8]> = {value};").expect("a text takes all");
    }
    let made = PathBuf::from(variable("OUT_DIR")?).join("package.rs");
    fs::write(&made, code).map_err(|error| format!("cannot write {}: {error}", made.display()))
}

/// Returns the folder of the package, and whether it is the one that nobody had to name.
fn folder() -> Result<(PathBuf, bool), String> {
    println!("cargo::rerun-if-env-changed={VARIABLE}");
    let source = PathBuf::from(variable("CARGO_MANIFEST_DIR")?);
    let default = source.join(DEFAULT);
    let Some(named) = env::var_os(VARIABLE).filter(|value| !value.is_empty()) else { return Ok((default, true)) };
    let named = PathBuf::from(named);
    // Cargo runs this program beside Cargo.toml; whoever started cargo may stand elsewhere.
    if named.is_relative() {
        println!("cargo::rerun-if-env-changed=PWD");
    }
    let places = [env::var_os("PWD").map(PathBuf::from), Some(source)];
    let mut tried = places.into_iter().flatten().map(|place| place.join(&named));
    let Some(folder) = tried.find(|folder| folder.is_dir()) else {
        return Err(format!("{VARIABLE}={}: there is no such folder, here or beside Cargo.toml", named.display()));
    };
    let folder = folder.canonicalize().map_err(|error| format!("{VARIABLE}={}: {error}", named.display()))?;
    let is_default = default.canonicalize().is_ok_and(|default| default == folder);
    Ok((folder, is_default))
}

/// Returns the path of a file that is there as a text, and has cargo look for its changes.
fn existing(path: &Path) -> Option<String> {
    if !path.is_file() {
        return None;
    }
    println!("cargo::rerun-if-changed={}", path.display());
    path.to_str().map(str::to_owned)
}

fn variable(name: &str) -> Result<String, String> {
    env::var(name).map_err(|error| format!("{name}: {error}"))
}
