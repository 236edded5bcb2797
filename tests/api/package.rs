//! Model packages for tests to alter.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use sha2::{Digest, Sha256};
use tempfile::TempDir;

pub(crate) const FILES: [&str; 3] = ["survival.onnx", "features.json", "manifest.json"];

/// A copy of the package that a test may alter.
pub(crate) struct Package(TempDir);

impl Package {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        for file in FILES {
            fs::copy(Path::new(env!("CARGO_MANIFEST_DIR")).join("model").join(file), folder.path().join(file)).unwrap();
        }
        Self(folder)
    }

    pub(crate) fn folder(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn path(&self, file: &str) -> PathBuf {
        self.0.path().join(file)
    }

    pub(crate) fn json(&self, file: &str) -> Value {
        serde_json::from_slice(&fs::read(self.path(file)).unwrap()).unwrap()
    }

    pub(crate) fn edit(&self, file: &str, edit: impl FnOnce(&mut Value)) -> &Self {
        let mut value = self.json(file);
        edit(&mut value);
        fs::write(self.path(file), value.to_string()).unwrap();
        self
    }

    pub(crate) fn truncate(&self, file: &str) -> &Self {
        let bytes = fs::read(self.path(file)).unwrap();
        fs::write(self.path(file), &bytes[..bytes.len() / 2]).unwrap();
        self
    }

    /// Makes the manifest name the files as they are, as a careless hand would.
    pub(crate) fn seal(&self) -> &Self {
        let mut hash = Sha256::new();
        hash.update(fs::read(self.path("survival.onnx")).unwrap());
        hash.update(fs::read(self.path("features.json")).unwrap());
        let hash: String = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        self.edit("manifest.json", |manifest| {
            manifest["version"] = format!("{}-{}", manifest["semantic_version"].as_str().unwrap(), &hash[..8]).into();
            manifest["content_hash"] = hash.into();
        })
    }
}
