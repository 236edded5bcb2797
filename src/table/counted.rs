//! How many there are of a thing, in a message.

use std::fmt::Display;

/// Returns "1 part", "2 parts".
pub(crate) fn counted(count: impl Display, noun: &str) -> String {
    let count = count.to_string();
    let ending = if count == "1" { "" } else { "s" };
    format!("{count} {noun}{ending}")
}
