//! How many there are of a thing, in a message.

use std::fmt::{self, Display, Formatter};

pub(super) use crate::table::counted;

/// So many lines of a list are shown, if nothing else is said.
pub(super) const SHOWN_LINES: usize = 20;

/// The first lines of a list, and how many there are in all.
#[derive(Debug)]
pub(super) struct Listed {
    shown: Vec<String>,
    most: usize,
    count: usize,
}

impl Listed {
    /// Begins a list of which so many lines are shown.
    pub(super) fn new(most: usize) -> Self {
        Self { shown: Vec::new(), most, count: 0 }
    }

    /// Adds a line, which is made only if it is shown.
    pub(super) fn push(&mut self, line: impl FnOnce() -> String) {
        self.count += 1;
        if self.shown.len() < self.most {
            self.shown.push(line());
        }
    }

    /// Returns how many lines there are, shown or not.
    pub(super) fn count(&self) -> usize {
        self.count
    }
}

impl Default for Listed {
    fn default() -> Self {
        Self::new(SHOWN_LINES)
    }
}

impl FromIterator<String> for Listed {
    fn from_iter<T: IntoIterator<Item = String>>(lines: T) -> Self {
        let mut listed = Self::default();
        lines.into_iter().for_each(|line| listed.push(|| line));
        listed
    }
}

/// Writes a line each, the last one without an end, and behind them how many more there are.
impl Display for Listed {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown.join("\n"))?;
        match self.count - self.shown.len() {
            0 => Ok(()),
            more => write!(f, "\n{}and {more} more", indent(self.shown.last())),
        }
    }
}

/// Returns what a line begins with before its first letter.
fn indent(line: Option<&String>) -> &str {
    line.map_or("", |line| &line[..line.len() - line.trim_start().len()])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_tells_how_many_more_there_are() {
        let list = |count: usize| (0..count).map(|line| format!("  line {line}")).collect::<Listed>().to_string();
        assert_eq!((list(0).as_str(), list(2).as_str()), ("", "  line 0\n  line 1"));
        assert!(list(20).ends_with("\n  line 19"));
        assert!(list(22).ends_with("\n  line 19\n  and 2 more"));
    }
}
