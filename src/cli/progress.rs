//! How a command shows on a terminal how far it is: bars of one style, which take what room is left and do not wrap.

use std::fmt::Write;
use std::io::{self, IsTerminal};
use std::time::Duration;

use indicatif::{HumanDuration, ProgressBar, ProgressState, ProgressStyle};

/// How long a command is at work before the time that is left is told: its first seconds say little of the others.
const FIRST_ESTIMATE: Duration = Duration::from_secs(3);

/// How often a bar is drawn, whether or not anything was done since.
const DRAWN_EVERY: Duration = Duration::from_millis(200);

/// Returns a bar that tells how much is done by a template of indicatif, as `{pos} of 12 files`. There is none but on a terminal.
pub(super) fn bar(is_hidden: bool, length: u64, done: &str) -> ProgressBar {
    if is_hidden || !io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template(&format!("{{wide_bar}} {done}{{left}}"));
    let style = style.unwrap_or_else(|_| ProgressStyle::default_bar()).with_key("left", tell_left);
    let bar = ProgressBar::new(length).with_style(style);
    bar.enable_steady_tick(DRAWN_EVERY);
    bar
}

fn tell_left(state: &ProgressState, line: &mut dyn Write) {
    if let Some(left) = time_left(state.elapsed(), state.pos(), state.len().unwrap_or_default()) {
        let _ = write!(line, "  {left}");
    }
}

/// Returns how long the rest takes in words, by the whole seconds, where what is done takes as long as was needed for it; at the beginning and at the end
/// that cannot be told.
pub(super) fn time_left(elapsed: Duration, done: u64, length: u64) -> Option<String> {
    if elapsed < FIRST_ESTIMATE || done == 0 || done >= length {
        return None;
    }
    let left = u128::from(length - done) * elapsed.as_millis() / u128::from(done) / 1000;
    let left = Duration::from_secs(u64::try_from(left).ok()?.max(1));
    Some(format!("{:#} left", HumanDuration(left)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_left_is_told_once_something_says_it() {
        let told = |seconds, done| time_left(Duration::from_secs(seconds), done, 100);
        let left = |text: &str| Some(format!("{text} left"));
        assert_eq!(told(2, 50), None, "the beginning");
        assert_eq!(told(60, 0), None, "nothing is done");
        assert_eq!((told(10, 1), told(10, 25), told(10, 99)), (left("17m"), left("30s"), left("1s")));
        assert_eq!((told(10, 100), told(10, 101)), (None, None), "all is done");
    }
}
