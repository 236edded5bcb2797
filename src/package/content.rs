//! The hash of all that decides an answer, and the sealing of a package: writing its hashes into its manifest.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};

use super::error::LoadError;
use super::files::{BASELINE, Files, GOLDEN, GRAPH, HISTORY, MANIFEST, RECIPE, SCHEMA, SHEET, STATE, read};
use super::manifest::{Manifest, version};
use super::recipe::{self, RecipeDescriptor};
use super::training::Training;
use crate::table::computing_parts::computing_parts;
use crate::table::descriptor::SchemaDescriptor;
use crate::table::{Schema, load};

/// What an evaluation says at `measured_by` that `lifeboat pack` measured: it is measured anew, or dropped, where the model is another.
pub const MEASURED_BY_PACK: &str = "lifeboat pack";

/// Parses `schema.json`, and compiles what was read.
pub(super) fn schema(files: &Files<'_>) -> Result<(SchemaDescriptor, Schema), LoadError> {
    let read = load::read(&files.schema).and_then(|descriptor| {
        let schema = load::compile(&descriptor)?;
        Ok((descriptor, schema))
    });
    read.map_err(|error| LoadError::malformed(SCHEMA, "the schema of a table", error))
}

/// Parses `recipe.json`, where there is one; without it, nothing else may be made for one.
pub(super) fn recipe(files: &Files<'_>) -> Result<Option<RecipeDescriptor>, LoadError> {
    let Some(text) = &files.recipe else {
        return match [(STATE, &files.state), (HISTORY, &files.history)].into_iter().find(|(_, bytes)| bytes.is_some()) {
            Some((file, _)) => {
                let mend = format!("{file} is there, which only a recipe reads: add the recipe, or remove {file}");
                Err(LoadError::Missing { file: RECIPE, mend })
            }
            None => Ok(None),
        };
    };
    Ok(Some(recipe::parse(text)?))
}

/// Returns the hash of all that decides an answer: graph, recipe, state, the computing parts of the schema, and the manifest's threshold,
/// classes, inputs and outputs. Not the history, which has a hash of its own, nor anything that only people or monitoring read.
pub(super) fn content_hash(
    files: &Files<'_>,
    schema: &SchemaDescriptor,
    recipe_hash: Option<&str>,
    manifest: &Manifest,
) -> String {
    let schema = computing_parts(schema);
    let parts: [(&str, Option<&[u8]>); 5] = [
        ("graph", Some(&files.graph)),
        ("recipe", recipe_hash.map(str::as_bytes)),
        ("state", files.state.as_deref()),
        ("schema", Some(schema.as_bytes())),
        ("manifest", Some(&manifest.computing_parts().into_bytes())),
    ];
    let mut hash = Sha256::new();
    for (name, bytes) in parts {
        // Each part with its length: bytes that move from one part to the next make another hash.
        if let Some(bytes) = bytes {
            hash.update(format!("{name} {}\n", bytes.len()));
            hash.update(bytes);
        }
    }
    hex::encode(hash.finalize())
}

/// Returns the SHA-256 of a file's bytes.
pub(super) fn sha256(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

/// Checks that a package is the one that its manifest was written for.
pub(super) fn check(
    files: &Files<'_>,
    schema: &SchemaDescriptor,
    recipe_hash: Option<&str>,
    manifest: &Manifest,
) -> Result<(), LoadError> {
    let expected = content_hash(files, schema, recipe_hash, manifest);
    if manifest.content_hash != expected {
        let (found, mend) = if manifest.content_hash.is_empty() {
            ("nothing", "run `lifeboat pack`".to_owned())
        } else {
            let changed = changed(files, recipe_hash, manifest);
            let mend =
                format!("put the files back, or run `lifeboat pack` again (changed since it was packed: {changed})");
            (manifest.content_hash.as_str(), mend)
        };
        return Err(LoadError::mismatch(MANIFEST, "/content_hash", expected, found, mend));
    }
    let history = files.history.as_deref().map(sha256);
    if history != manifest.history_hash {
        let or_nothing = |hash: Option<String>| hash.unwrap_or_else(|| "nothing".to_owned());
        let (expected, found) = (or_nothing(history), or_nothing(manifest.history_hash.clone()));
        let mend = format!("put {HISTORY} back, or run `lifeboat pack` again");
        return Err(LoadError::mismatch(MANIFEST, "/history_hash", expected, found, mend));
    }
    Ok(())
}

/// Checks the files of a package by the manifest among them.
pub(super) fn check_files(files: &Files<'_>) -> Result<(), LoadError> {
    let (manifest, _) = Manifest::parse(&files.manifest)?;
    let (schema, _) = schema(files)?;
    let recipe_hash = recipe(files)?.as_ref().map(RecipeDescriptor::hash);
    check(files, &schema, recipe_hash.as_deref(), &manifest)
}

/// A file that is not as it was when the package was packed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unlike {
    /// The file.
    pub file: String,
    /// What is other about it.
    pub kind: UnlikeKind,
    /// Whether anything reads what is other; titles and descriptions of schema and recipe may change.
    pub matters: bool,
}

/// What is other about a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnlikeKind {
    /// Its bytes.
    Changed,
    /// It is gone.
    Missing,
    /// It was not there.
    New,
}

impl fmt::Display for Unlike {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.kind {
            UnlikeKind::Changed => "changed since the package was packed",
            UnlikeKind::Missing => "is gone, which was there when the package was packed",
            UnlikeKind::New => "was not there when the package was packed",
        };
        write!(f, "{} {what}", self.file)
    }
}

/// Compares the files of a package whose content hash is right with the hashes of its manifest, one by one.
pub(super) fn unlike(folder: &Path, files: &Files<'_>, manifest: &Manifest) -> Result<Vec<Unlike>, LoadError> {
    let found = file_hashes(folder, files)?;
    let of_people = [SCHEMA, RECIPE];
    let gone = manifest.files.keys().filter(|file| !found.contains_key(file.as_str()));
    let gone = gone.map(|file| Unlike { file: file.clone(), kind: UnlikeKind::Missing, matters: true });
    let other = found.iter().filter_map(|(&file, hash)| {
        let kind = match manifest.files.get(file) {
            Some(packed) if packed == hash => return None,
            Some(_) => UnlikeKind::Changed,
            None => UnlikeKind::New,
        };
        Some(Unlike { file: file.to_owned(), kind, matters: !of_people.contains(&file) })
    });
    Ok(gone.chain(other).collect())
}

/// Names what differs from what the manifest says of it.
fn changed(files: &Files<'_>, recipe_hash: Option<&str>, manifest: &Manifest) -> String {
    let changed = changed_files(files, recipe_hash, manifest);
    if changed.is_empty() { format!("threshold, classes, inputs or outputs in {MANIFEST}") } else { changed.join(", ") }
}

/// Names the files that differ from what the manifest says of them.
fn changed_files(files: &Files<'_>, recipe_hash: Option<&str>, manifest: &Manifest) -> Vec<&'static str> {
    let differs = |file: &str, bytes: Option<&[u8]>| manifest.files.get(file).cloned() != bytes.map(sha256);
    let parts = [
        (SCHEMA, differs(SCHEMA, Some(&files.schema))),
        (GRAPH, differs(GRAPH, Some(&files.graph))),
        (RECIPE, manifest.recipe_hash.as_deref() != recipe_hash),
        (STATE, differs(STATE, files.state.as_deref())),
    ];
    parts.into_iter().filter(|(_, differs)| *differs).map(|(file, _)| file).collect()
}

/// Writes the hashes of a package's files into its manifest, and returns the package's version. All else in the manifest stays as it is.
///
/// A folder that has a schema and a graph but no manifest gets one, with the folder's name.
pub fn seal(folder: &Path) -> Result<String, LoadError> {
    seal_with(folder, None, &[])
}

/// Seals a package, and writes into its manifest what its training rows tell, and other properties.
pub fn seal_with(
    folder: &Path,
    training: Option<&Training>,
    told: &[(&str, serde_json::Value)],
) -> Result<String, LoadError> {
    begin(folder)?;
    tell(folder, told)?;
    let files = Files::read(folder)?;
    let (manifest, text) = Manifest::parse(&files.manifest)?;
    let (schema, _) = schema(&files)?;
    let recipe_hash = recipe(&files)?.as_ref().map(RecipeDescriptor::hash);
    let content_hash = content_hash(&files, &schema, recipe_hash.as_deref(), &manifest);
    let version = version(&manifest.semantic_version, &content_hash);
    let mut properties: Properties = serde_json::from_str(&text).map_err(malformed)?;
    if let Some(training) = training {
        properties.set_training(training).map_err(malformed)?;
    }
    let hashes = file_hashes(folder, &files)?;
    let history_hash = files.history.as_deref().map(sha256);
    let is_told = |property: &str| told.iter().any(|(name, _)| *name == property);
    let is_other = !manifest.content_hash.is_empty() && manifest.content_hash != content_hash;
    let is_other_history = manifest.history_hash != history_hash;
    // A threshold decides labels, and moves no probability that was compared.
    let are_files_other = is_other && !changed_files(&files, recipe_hash.as_deref(), &manifest).is_empty();
    if !is_told("agreement") && (are_files_other || is_other_history) {
        properties.set("agreement", None::<&serde_json::Value>).map_err(malformed)?;
    }
    let is_other_data = training.is_some_and(|training| manifest.data_hash.as_ref() != Some(&training.data_hash));
    if !is_told("evaluation") && (is_other || is_other_history || is_other_data) && properties.is_measured_by_pack() {
        properties.set("evaluation", None::<&serde_json::Value>).map_err(malformed)?;
    }
    // Each new one stands behind the semantic version, so that the last is the first.
    properties.set("files", Some(&hashes)).map_err(malformed)?;
    properties.set("recipe_hash", recipe_hash.as_ref()).map_err(malformed)?;
    properties.set("history_hash", history_hash.as_ref()).map_err(malformed)?;
    properties.set("content_hash", Some(&content_hash)).map_err(malformed)?;
    properties.set("version", Some(&version)).map_err(malformed)?;
    write(folder, &properties.to_string())?;
    Ok(version)
}

fn malformed(error: serde_json::Error) -> LoadError {
    LoadError::malformed(MANIFEST, "a manifest", error)
}

/// Writes properties into a package's manifest, which is to be sealed then.
pub fn tell(folder: &Path, told: &[(&str, serde_json::Value)]) -> Result<(), LoadError> {
    if told.is_empty() {
        return Ok(());
    }
    let text = read(folder, MANIFEST)?.unwrap_or_else(|| b"{}".to_vec());
    let mut properties: Properties = serde_json::from_slice(&text).map_err(malformed)?;
    for (name, value) in told {
        properties.set(name, Some(value)).map_err(malformed)?;
    }
    write(folder, &properties.to_string())
}

/// Begins the manifest of a folder that has all else: the folder's name, and the first version.
fn begin(folder: &Path) -> Result<(), LoadError> {
    let is_there = |file| folder.join(file).exists();
    if is_there(MANIFEST) || !is_there(SCHEMA) || !is_there(GRAPH) {
        return Ok(());
    }
    let path = || folder.to_owned();
    let absolute = folder.canonicalize().map_err(|source| LoadError::Read { path: path(), source })?;
    let name = absolute.file_name().map_or_else(|| "model".into(), |name| name.to_string_lossy());
    let name = serde_json::Value::from(name.as_ref());
    write(folder, &format!("{{\n  \"name\": {name},\n  \"semantic_version\": \"1.0.0\"\n}}\n"))
}

fn write(folder: &Path, manifest: &str) -> Result<(), LoadError> {
    let path = folder.join(MANIFEST);
    std::fs::write(&path, manifest).map_err(|source| LoadError::Write { path, source })
}

/// Returns the hash of each file that is there, the manifest excepted.
fn file_hashes(folder: &Path, files: &Files<'_>) -> Result<BTreeMap<&'static str, String>, LoadError> {
    let mut hashes = BTreeMap::from([(SCHEMA, sha256(&files.schema)), (GRAPH, sha256(&files.graph))]);
    for (file, bytes) in [(RECIPE, &files.recipe), (STATE, &files.state)] {
        hashes.extend(bytes.as_deref().map(|bytes| (file, sha256(bytes))));
    }
    for file in [BASELINE, GOLDEN, SHEET] {
        hashes.extend(read(folder, file)?.map(|bytes| (file, sha256(&bytes))));
    }
    Ok(hashes)
}

/// The properties of a JSON object in their order, each with its value as it is written.
struct Properties(Vec<(String, Box<RawValue>)>);

impl Properties {
    /// Writes what training rows tell; what else the manifest says of the training stays.
    fn set_training(&mut self, training: &Training) -> Result<(), serde_json::Error> {
        let said = self.0.iter().find(|(property, _)| property == "training").map(|(_, value)| value.get());
        let mut about: serde_json::Map<_, _> = said.map(serde_json::from_str).transpose()?.unwrap_or_default();
        about.insert("rows".to_owned(), training.rows.into());
        self.set("training", Some(&about))?;
        self.set("means", Some(&training.means))?;
        self.set("data_hash", Some(&training.data_hash))
    }

    /// Returns whether the evaluation is one that packing measured, and not one that a training wrote.
    fn is_measured_by_pack(&self) -> bool {
        let evaluation = self.0.iter().find(|(property, _)| property == "evaluation").map(|(_, value)| value.get());
        let evaluation: Option<serde_json::Value> = evaluation.and_then(|text| serde_json::from_str(text).ok());
        evaluation.is_some_and(|evaluation| evaluation["measured_by"] == MEASURED_BY_PACK)
    }

    /// Writes a property in its place, or behind the semantic version; none removes it.
    fn set(&mut self, name: &str, value: Option<&impl serde::Serialize>) -> Result<(), serde_json::Error> {
        let place = self.0.iter().position(|(property, _)| property == name);
        match (place, value) {
            (Some(place), None) => drop(self.0.remove(place)),
            (None, None) => {}
            (Some(place), Some(value)) => self.0[place].1 = written(value)?,
            (None, Some(value)) => {
                let semantic = self.0.iter().position(|(property, _)| property == "semantic_version");
                let place = semantic.map_or(self.0.len(), |place| place + 1);
                self.0.insert(place, (name.to_owned(), written(value)?));
            }
        }
        Ok(())
    }
}

/// Writes a value as it stands in an object that is indented.
fn written(value: &impl serde::Serialize) -> Result<Box<RawValue>, serde_json::Error> {
    RawValue::from_string(serde_json::to_string_pretty(value)?.replace('\n', "\n  "))
}

impl<'de> Deserialize<'de> for Properties {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;
        impl<'de> Visitor<'de> for Object {
            type Value = Properties;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Properties, A::Error> {
                let mut properties = Vec::new();
                while let Some(property) = map.next_entry()? {
                    properties.push(property);
                }
                Ok(Properties(properties))
            }
        }
        deserializer.deserialize_map(Object)
    }
}

impl fmt::Display for Properties {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut before = "{";
        for (name, value) in &self.0 {
            let name = serde_json::Value::from(name.as_str());
            write!(f, "{before}\n  {name}: {}", value.get())?;
            before = ",";
        }
        f.write_str("\n}\n")
    }
}
