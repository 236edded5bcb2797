//! Where the parts of an export go: a folder of this machine, or objects of S3 that begin with a prefix.

use std::collections::{BTreeMap, HashSet};
use std::fmt;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow, bail};
use tokio::runtime::Handle;

use super::super::failure::UsageError;
use super::super::output::Output;
use crate::objects::{Completed, Location, ObjectSettings, Objects, Upload};

/// The file that says what a destination holds; Spark, Athena and pandas pass over names that begin so.
pub(super) const FILE: &str = "_EXPORT";

/// So large is the file that says what a destination holds, at the most.
const MOST_BYTES: u64 = 16 << 20;

/// Takes parts, each once it is whole.
#[derive(Debug)]
pub(super) enum Destination {
    /// A folder.
    Folder(PathBuf),
    /// A prefix, which ends in a slash or is a whole bucket.
    Prefix(Objects, Location),
}

/// Names a destination, before anything is opened.
#[derive(Debug)]
pub(super) enum Named {
    Folder(PathBuf),
    Prefix(Location),
}

impl Named {
    /// Reads what somebody says of an output; nothing where it names one file.
    pub(super) fn parse(output: &Path) -> Result<Option<Self>, UsageError> {
        let text = output.to_str().unwrap_or_default();
        if text.starts_with("s3://") {
            let unusable = |error: anyhow::Error| UsageError(error.context(format!("--output {text} cannot be used")));
            let prefix: Location = text.parse().map_err(|error| unusable(anyhow::Error::new(error)))?;
            if !prefix.key.is_empty() && !prefix.key.ends_with('/') {
                return Err(unusable(anyhow!("S3 takes a part a day: end it with /")));
            }
            return Ok(Some(Self::Prefix(prefix)));
        }
        let is_folder = output.is_dir() || output.as_os_str().as_encoded_bytes().ends_with(b"/");
        Ok(is_folder.then(|| Self::Folder(output.to_owned())))
    }

    /// Opens the destination, making a folder that is not there.
    pub(super) fn open(self, runtime: &Handle) -> anyhow::Result<Destination> {
        match self {
            Self::Folder(folder) => {
                let cannot = || format!("cannot make the folder {}", folder.display());
                fs::create_dir_all(&folder).with_context(cannot)?;
                Ok(Destination::Folder(folder))
            }
            Self::Prefix(prefix) => {
                let settings = ObjectSettings::from_env().with_context(|| format!("{prefix} cannot be reached"));
                let settings = settings.map_err(UsageError)?;
                Ok(Destination::Prefix(Objects::open(&settings, runtime.clone())?, prefix))
            }
        }
    }
}

impl Destination {
    /// Returns the names of all that is there.
    pub(super) fn names(&self) -> anyhow::Result<HashSet<String>> {
        match self {
            Self::Folder(folder) => {
                let names = fs::read_dir(folder).and_then(|entries| {
                    let name = |entry: fs::DirEntry| entry.file_name().to_string_lossy().into_owned();
                    entries.map(|entry| entry.map(name)).collect::<io::Result<_>>()
                });
                names.with_context(|| format!("cannot list {self}"))
            }
            Self::Prefix(objects, prefix) => {
                let found = objects.list(prefix)?;
                Ok(found.iter().filter_map(|object| object.key.strip_prefix(&prefix.key)).map(str::to_owned).collect())
            }
        }
    }

    /// Returns the file that says what is there; nothing where it is not.
    pub(super) fn read_terms(&self) -> anyhow::Result<Option<Vec<u8>>> {
        match self {
            Self::Folder(folder) => {
                let path = folder.join(FILE);
                match fs::read(&path) {
                    Ok(text) => Ok(Some(text)),
                    Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
                    Err(error) => Err(error).with_context(|| format!("cannot read {}", path.display())),
                }
            }
            Self::Prefix(objects, prefix) => Ok(objects.get(&prefix.bucket, &key(prefix, FILE), MOST_BYTES)?),
        }
    }

    /// Puts the file there that says what is there, in place of the one before.
    pub(super) fn write_terms(&self, text: Vec<u8>) -> anyhow::Result<()> {
        match self {
            Self::Folder(folder) => {
                let mut file = Output::create(&folder.join(FILE))?;
                file.write_all(&text)?;
                file.finish()
            }
            Self::Prefix(objects, prefix) => Ok(objects.put(&prefix.bucket, &key(prefix, FILE), text)?),
        }
    }

    /// Begins a part.
    pub(super) fn create(&self, name: &str) -> anyhow::Result<Begun<'_>> {
        match self {
            Self::Folder(folder) => Ok(Begun::File(Output::create(&folder.join(name))?)),
            Self::Prefix(objects, prefix) => {
                let key = key(prefix, name);
                let upload = Box::new(objects.upload(&prefix.bucket, &key, BTreeMap::new()));
                Ok(Begun::Object { upload, objects, at: Location::new(&prefix.bucket, key) })
            }
        }
    }

    /// Removes a part.
    pub(super) fn remove(&self, name: &str) -> anyhow::Result<()> {
        match self {
            Self::Folder(folder) => {
                let path = folder.join(name);
                fs::remove_file(&path).with_context(|| format!("cannot remove {}", path.display()))
            }
            Self::Prefix(objects, prefix) => Ok(objects.delete(&prefix.bucket, &key(prefix, name))?),
        }
    }
}

fn key(prefix: &Location, name: &str) -> String {
    format!("{}{name}", prefix.key)
}

impl fmt::Display for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder(folder) => write!(f, "{}", folder.display()),
            Self::Prefix(_, prefix) => write!(f, "{prefix}"),
        }
    }
}

/// A part that is written, and takes its place when it is finished.
pub(super) enum Begun<'a> {
    File(Output),
    Object { upload: Box<Upload>, objects: &'a Objects, at: Location },
}

impl Begun<'_> {
    /// Puts the part in its place, where one may be.
    ///
    /// S3 makes an object at once, but not in place of another: the one before is gone for a moment.
    pub(super) fn finish(self, is_there: bool) -> anyhow::Result<()> {
        match self {
            Self::File(output) => output.finish(),
            Self::Object { upload, objects, at } => {
                if is_there {
                    objects.delete(&at.bucket, &at.key)?;
                }
                match upload.finish()? {
                    Completed::Created => Ok(()),
                    Completed::Existed => bail!("{at} was made by another program meanwhile"),
                }
            }
        }
    }
}

impl Write for Begun<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::File(output) => output.write(bytes),
            Self::Object { upload, .. } => upload.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::File(output) => output.flush(),
            Self::Object { upload, .. } => upload.flush(),
        }
    }
}
