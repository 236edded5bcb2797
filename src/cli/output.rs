//! Where a command writes: a file, or standard output for `-`.

use std::fs::{self, File, Metadata};
use std::io::{self, BufWriter, Seek, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use tempfile::{Builder, NamedTempFile};

use super::failure::NobodyReads;

const BUFFER_BYTES: usize = 1 << 18;

/// An output that takes its place only when it is whole: a failed run leaves no half-written file behind.
pub(super) enum Output {
    /// Standard output, a device or a pipe, which is written to as it is: a file in its place would take it away.
    Stream {
        writer: BufWriter<Box<dyn Write + Send>>,
        name: String,
    },
    File {
        writer: BufWriter<NamedTempFile>,
        place: Place,
    },
}

/// What becomes of a file once it is whole.
pub(super) enum Place {
    /// It gets this name, in place of a file that may have it.
    Renamed(PathBuf),
    /// Its bytes are copied into this file, which cannot be replaced without losing its owner or one of its names.
    Copied(PathBuf, File),
}

impl Output {
    /// Starts an output beside its final place, or on standard output for `-`. A symbolic link is written through.
    pub(super) fn create(path: &Path) -> anyhow::Result<Self> {
        if path == Path::new("-") || path == Path::new("/dev/stdout") {
            return Ok(Self::stdout());
        }
        let place = || format!("cannot write {}", path.display());
        match fs::metadata(path) {
            Ok(found) if found.is_dir() => bail!("cannot write {}: it is a folder", path.display()),
            Ok(found) if found.is_file() => Self::replacing(path, &found).with_context(place),
            Ok(_) => {
                let special = File::options().write(true).open(path).with_context(place)?;
                Ok(Self::stream(special, path.display().to_string()))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Self::new_file(path).with_context(place),
            Err(error) => Err(error).with_context(place),
        }
    }

    /// Starts a file that is not there yet. It may be read by whom the umask lets read new files.
    fn new_file(path: &Path) -> io::Result<Self> {
        let mut target = path.to_owned();
        // A link whose target is missing leads to where the file is to be.
        while target.is_symlink() {
            target = folder_of(&target).join(fs::read_link(&target)?);
        }
        let file = as_new_files_are(&mut Builder::new()).tempfile_in(folder_of(&target))?;
        Ok(Self::file(file, Place::Renamed(target)))
    }

    /// Starts a file in place of one that is there, with its owner, group and mode.
    fn replacing(path: &Path, found: &Metadata) -> io::Result<Self> {
        let target = fs::canonicalize(path)?;
        // A file that may not be written stays, even where its folder would let it be replaced.
        let existing = File::options().write(true).open(&target)?;
        if !has_other_names(found) {
            let beside = NamedTempFile::new_in(folder_of(&target));
            match beside.and_then(|file| resemble(file.as_file(), found).map(|()| file)) {
                Ok(file) => return Ok(Self::file(file, Place::Renamed(target))),
                Err(error) if may_not_be_replaced(&error) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(Self::file(NamedTempFile::new()?, Place::Copied(target, existing)))
    }

    fn file(file: NamedTempFile, place: Place) -> Self {
        Self::File { writer: BufWriter::with_capacity(BUFFER_BYTES, file), place }
    }

    /// Starts an output on standard output.
    pub(super) fn stdout() -> Self {
        Self::stream(io::stdout(), "standard output".to_owned())
    }

    fn stream(stream: impl Write + Send + 'static, name: String) -> Self {
        Self::Stream { writer: BufWriter::with_capacity(BUFFER_BYTES, Box::new(stream)), name }
    }

    /// Ends the output and puts it in its place.
    pub(super) fn finish(self) -> anyhow::Result<()> {
        match self {
            Self::Stream { mut writer, name } => {
                writer.flush().map_err(unread).with_context(|| format!("cannot write to {name}"))
            }
            Self::File { writer, place } => {
                let failed = || format!("cannot write {}", place.path().display());
                let file = writer.into_inner().map_err(io::IntoInnerError::into_error).with_context(failed)?;
                place.take(file).with_context(failed)
            }
        }
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Stream { writer, .. } => writer.write(bytes).map_err(unread),
            Self::File { writer, .. } => writer.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Stream { writer, .. } => writer.flush().map_err(unread),
            Self::File { writer, .. } => writer.flush(),
        }
    }
}

/// Says of a pipe that is closed at its other end that nobody reads it.
fn unread(error: io::Error) -> io::Error {
    if error.kind() == io::ErrorKind::BrokenPipe { io::Error::other(NobodyReads) } else { error }
}

impl Place {
    fn path(&self) -> &Path {
        let (Self::Renamed(path) | Self::Copied(path, _)) = self;
        path
    }

    /// Puts a whole file here.
    fn take(&self, mut file: NamedTempFile) -> io::Result<()> {
        match self {
            Self::Renamed(path) => {
                // Were the machine to crash now, an earlier file must not be lost to one that has not reached the disk.
                if path.exists() {
                    file.as_file().sync_all()?;
                }
                file.persist(path)?;
            }
            Self::Copied(_, existing) => {
                file.rewind()?;
                existing.set_len(0)?;
                io::copy(&mut file, &mut &*existing)?;
                existing.sync_all()?;
            }
        }
        Ok(())
    }
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Returns whether this user may not put a file into the folder, or may not give it that owner.
fn may_not_be_replaced(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem)
}

/// Lets the system give a temporary file, which only its owner may read otherwise, the permissions of an ordinary new one.
#[cfg(unix)]
fn as_new_files_are<'a, 'b>(builder: &'a mut Builder<'b, 'b>) -> &'a mut Builder<'b, 'b> {
    use std::os::unix::fs::PermissionsExt;
    builder.permissions(fs::Permissions::from_mode(0o666))
}

#[cfg(not(unix))]
fn as_new_files_are<'a, 'b>(builder: &'a mut Builder<'b, 'b>) -> &'a mut Builder<'b, 'b> {
    builder
}

/// Gives a file the owner, the group and the mode of another; before that, only its owner can read it.
#[cfg(unix)]
fn resemble(file: &File, other: &Metadata) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt, fchown};
    let own = file.metadata()?;
    if (own.uid(), own.gid()) != (other.uid(), other.gid()) {
        fchown(file, Some(other.uid()), Some(other.gid()))?;
    }
    file.set_permissions(other.permissions())
}

#[cfg(not(unix))]
fn resemble(_: &File, _: &Metadata) -> io::Result<()> {
    Ok(())
}

/// Returns whether a file has hard links: under its other names, it would stay what it was.
#[cfg(unix)]
fn has_other_names(file: &Metadata) -> bool {
    std::os::unix::fs::MetadataExt::nlink(file) > 1
}

#[cfg(not(unix))]
fn has_other_names(_: &Metadata) -> bool {
    false
}
