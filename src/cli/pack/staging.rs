//! A package is made in a folder of its own, and takes its place when it is whole.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use serde_json::{Map, Value as Json, json};
use tempfile::TempDir;

use crate::cli::output::Output;
use crate::cli::unpacked::Unpacked;
use crate::package::files::{BASELINE, GOLDEN, GRAPH, HISTORY, MANIFEST, RECIPE, SCHEMA, SHEET, STATE};
use crate::package::graph::Outline;
use crate::package::pack::Found;
use crate::package::recipe::Recipe;
use crate::table::Schema;

/// The files of a package, the manifest last: until it stands, a package whose other files are new is refused.
const FILES: [&str; 9] = [SCHEMA, RECIPE, STATE, HISTORY, SHEET, GRAPH, BASELINE, GOLDEN, MANIFEST];

/// What a package is called, and where its threshold is, as far as that is said.
pub(super) struct Identity {
    pub(super) name: Option<String>,
    pub(super) version: Option<String>,
    pub(super) threshold: Option<f32>,
}

/// A folder beside the one that becomes a package.
pub(super) struct Staging {
    folder: TempDir,
    target: PathBuf,
}

impl Staging {
    /// Begins with the files of a folder.
    pub(super) fn of_package(target: &Path) -> anyhow::Result<Self> {
        let needed = [(SCHEMA, "says what a record is"), (GRAPH, "is the model, as an exporter writes it")];
        if let Some((file, what)) = needed.into_iter().find(|(file, _)| !target.join(file).is_file()) {
            bail!("{} is missing: it {what}", target.join(file).display());
        }
        let staging = Self::beside(target)?;
        for file in FILES {
            staging.copy(file)?;
        }
        Ok(staging)
    }

    /// Begins with a graph, and with the schema that stands where the package is to be.
    pub(super) fn of_graph(target: &Path, graph: &Path) -> anyhow::Result<Self> {
        if target.exists() && !target.is_dir() {
            bail!("--output: {} is a file, and a package is a folder", target.display());
        }
        let staging = Self::beside(target)?;
        fs::copy(graph, staging.path().join(GRAPH)).with_context(|| format!("cannot read {}", graph.display()))?;
        staging.copy(SCHEMA)?;
        if target.join(RECIPE).exists() {
            bail!(
                "{} has a recipe: put the graph into it as {GRAPH}, and pack the folder: lifeboat pack {}",
                target.display(),
                target.display()
            );
        }
        Ok(staging)
    }

    fn beside(target: &Path) -> anyhow::Result<Self> {
        let parent = target.canonicalize().ok().as_deref().and_then(Path::parent).map(Path::to_owned);
        let parent = parent.or_else(|| target.parent().map(Path::to_owned)).filter(|path| path.as_os_str() != "");
        let parent = parent.unwrap_or_else(|| PathBuf::from("."));
        let cannot = || format!("cannot make a folder in {}", parent.display());
        fs::create_dir_all(&parent).with_context(cannot)?;
        let folder = tempfile::Builder::new().prefix(".lifeboat-").tempdir_in(&parent).with_context(cannot)?;
        Ok(Self { folder, target: target.to_owned() })
    }

    fn copy(&self, file: &str) -> anyhow::Result<()> {
        let from = self.target.join(file);
        if from.is_file() {
            fs::copy(&from, self.path().join(file)).with_context(|| format!("cannot read {}", from.display()))?;
        }
        Ok(())
    }

    /// Returns the folder.
    pub(super) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(super) fn has(&self, file: &str) -> bool {
        self.path().join(file).exists()
    }

    pub(super) fn read(&self, file: &str) -> anyhow::Result<Vec<u8>> {
        let path = self.path().join(file);
        fs::read(&path).with_context(|| format!("cannot read {}", path.display()))
    }

    /// Reads what the graph tells of itself.
    pub(super) fn outline(&self) -> anyhow::Result<Outline> {
        Ok(Outline::read(&self.read(GRAPH)?)?)
    }

    pub(super) fn put(&self, file: &str, bytes: &[u8]) -> anyhow::Result<()> {
        let path = self.path().join(file);
        fs::write(&path, bytes).with_context(|| format!("cannot write {}", path.display()))
    }

    pub(super) fn put_json(&self, file: &str, value: &impl serde::Serialize) -> anyhow::Result<()> {
        let mut bytes = serde_json::to_vec(value)?;
        bytes.push(b'\n');
        self.put(file, &bytes)
    }

    /// Reads the recipe with what was fitted for it, from where messages are to say that it stands.
    pub(super) fn recipe(&self, schema: &Schema) -> anyhow::Result<Option<Recipe>> {
        let package = Unpacked(&self.target);
        package.has_recipe().then(|| package.recipe(schema, package)).transpose()
    }

    /// Returns whether the manifest has a property.
    pub(super) fn says(&self, property: &str) -> anyhow::Result<bool> {
        Ok(Self::manifest(self.path())?.is_some_and(|manifest| manifest.contains_key(property)))
    }

    /// Returns which properties the manifest has of those that were measured.
    pub(super) fn figures(&self) -> anyhow::Result<Vec<&'static str>> {
        let manifest = Self::manifest(self.path())?.unwrap_or_default();
        Ok(["agreement", "evaluation"].into_iter().filter(|property| manifest.contains_key(*property)).collect())
    }

    fn manifest(folder: &Path) -> anyhow::Result<Option<Map<String, Json>>> {
        let path = folder.join(MANIFEST);
        if !path.exists() {
            return Ok(None);
        }
        let text = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
        serde_json::from_slice(&text).map(Some).with_context(|| format!("{} is not a manifest", path.display()))
    }

    /// Writes what is said and was found out into the manifest, which is begun where there is none.
    pub(super) fn begin(&self, said: &Identity, found: &Found) -> anyhow::Result<()> {
        let mut told: Vec<(&'static str, Json)> = Vec::new();
        if self.has(MANIFEST) {
            told.extend(said.name.as_ref().map(|name| ("name", json!(name))));
            told.extend(said.version.as_ref().map(|version| ("semantic_version", json!(version))));
        } else {
            let earlier = Self::manifest(&self.target)?.unwrap_or_default();
            let kept = |property: &str| earlier.get(property).and_then(Json::as_str).map(str::to_owned);
            let absolute = std::path::absolute(&self.target)?;
            let folder = absolute.file_name().map_or_else(|| "model".into(), |name| name.to_string_lossy());
            let name = said.name.clone().or_else(|| kept("name")).unwrap_or_else(|| folder.into_owned());
            let version = said.version.clone().or_else(|| kept("semantic_version"));
            let version = version.unwrap_or_else(|| "1.0.0".to_owned());
            let begun = format!("{{\n  \"name\": {},\n  \"semantic_version\": {}\n}}\n", json!(name), json!(version));
            self.put(MANIFEST, begun.as_bytes())?;
        }
        // Of those that are new, the last stands first.
        if !found.decisions.is_empty() {
            told.push(("decisions", json!(found.decisions)));
        }
        told.extend(said.threshold.map(|threshold| ("threshold", json!(threshold))));
        told.extend(found.properties.iter().rev().cloned());
        crate::package::tell(self.path(), &told)?;
        Ok(())
    }

    /// Puts the package in its place: at once where nothing is there, else file by file.
    pub(super) fn take_place(self) -> anyhow::Result<()> {
        let place = || format!("cannot write {}", self.target.display());
        if !self.target.exists() {
            as_new_folders_are(self.path()).with_context(place)?;
            let made = self.folder.keep();
            return fs::rename(&made, &self.target).with_context(|| format!("cannot write {}", self.target.display()));
        }
        for file in FILES.into_iter().filter(|file| self.has(file)) {
            let bytes = self.read(file)?;
            let path = self.target.join(file);
            if fs::read(&path).is_ok_and(|there| there == bytes) {
                continue;
            }
            let mut output = Output::create(&path)?;
            output.write_all(&bytes).with_context(place)?;
            output.finish()?;
        }
        Ok(())
    }
}

/// Gives a temporary folder, which only its owner may enter otherwise, the permissions of an ordinary new one.
#[cfg(unix)]
fn as_new_folders_are(folder: &Path) -> std::io::Result<()> {
    let beside = tempfile::Builder::new()
        .prefix(".lifeboat-")
        .make_in(folder.parent().unwrap_or(Path::new(".")), |path| fs::create_dir(path))?;
    let permissions = fs::metadata(beside.path())?.permissions();
    fs::remove_dir(beside.path())?;
    fs::set_permissions(folder, permissions)
}

#[cfg(not(unix))]
fn as_new_folders_are(_: &Path) -> std::io::Result<()> {
    Ok(())
}
