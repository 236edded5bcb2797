//! The limit of open files, which connections must stay below.

use tracing::warn;

/// Files that are no connections: the database's, its readers', the log, and connections that are about to close.
const OTHER_FILES: usize = 128;

/// Raises the process's limit of open files as far as it goes, and returns how many connections of those that are wanted fit below it.
pub(super) fn bound(wanted: usize) -> usize {
    let limit = rlimit::increase_nofile_limit(u64::MAX).unwrap_or_else(|error| {
        warn!(%error, "the limit of open files cannot be raised");
        present_limit()
    });
    let fitting = connections_below(usize::try_from(limit).unwrap_or(usize::MAX));
    if fitting < wanted {
        warn!(limit, connections = fitting, "fewer connections than MAX_CONNECTIONS: raise the limit of open files");
    }
    fitting.min(wanted)
}

#[cfg(unix)]
fn present_limit() -> u64 {
    rlimit::getrlimit(rlimit::Resource::NOFILE).map_or(u64::MAX, |(soft, _)| soft)
}

/// Elsewhere there is no limit to ask for.
#[cfg(not(unix))]
fn present_limit() -> u64 {
    u64::MAX
}

fn connections_below(limit: usize) -> usize {
    (limit - OTHER_FILES.min(limit / 2)).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn some_files_are_left_to_the_database() {
        for (limit, connections) in [(0, 1), (64, 32), (256, 128), (1024, 896), (20_000, 19_872)] {
            assert_eq!(connections_below(limit), connections, "{limit}");
        }
    }
}
