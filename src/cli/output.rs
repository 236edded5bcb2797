//! Where a command reads and writes: a file, or a standard stream for `-`.

use std::fs::File;
use std::io::{self, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use anyhow::Context;
use tempfile::NamedTempFile;

use super::failure::NobodyReads;

const BUFFER_BYTES: usize = 1 << 18;

/// Opens a file to read, or standard input for `-`.
pub(super) fn open(path: &Path) -> anyhow::Result<Box<dyn Read + Send>> {
    if path == Path::new("-") {
        return Ok(Box::new(io::stdin()));
    }
    Ok(Box::new(File::open(path).with_context(|| format!("cannot open {}", path.display()))?))
}

/// An output that takes its place only when it is whole: a failed run leaves no half-written file behind.
pub(super) enum Output {
    /// Standard output, a device or a pipe, which is written to as it is: a file in its place would take it away.
    Stream {
        writer: BufWriter<Box<dyn Write + Send>>,
        name: String,
    },
    File {
        writer: BufWriter<NamedTempFile>,
        path: PathBuf,
    },
}

impl Output {
    /// Starts an output beside its final place, or on standard output for `-`.
    pub(super) fn create(path: &Path) -> anyhow::Result<Self> {
        if path == Path::new("-") {
            return Ok(Self::stdout());
        }
        if path.metadata().is_ok_and(|found| !found.is_file() && !found.is_dir()) {
            let special = File::options().write(true).open(path);
            let name = path.display().to_string();
            return Ok(Self::stream(special.with_context(|| format!("cannot write to {name}"))?, name));
        }
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let file = NamedTempFile::new_in(folder).with_context(|| format!("cannot write to {}", folder.display()))?;
        Ok(Self::File { writer: BufWriter::with_capacity(BUFFER_BYTES, file), path: path.to_owned() })
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
            Self::File { writer, path } => {
                let place = || format!("cannot write {}", path.display());
                let file = writer.into_inner().map_err(io::IntoInnerError::into_error).with_context(place)?;
                make_readable(file.as_file()).with_context(place)?;
                file.persist(&path).with_context(place)?;
                Ok(())
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

/// Gives a temporary file, which only its owner may read, the permissions of an ordinary one.
#[cfg(unix)]
fn make_readable(file: &File) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    file.set_permissions(std::fs::Permissions::from_mode(0o644))
}

#[cfg(not(unix))]
fn make_readable(_: &File) -> io::Result<()> {
    Ok(())
}
