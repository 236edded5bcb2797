//! How far a job is, while it is waited for: a bar on a terminal, and a line now and then elsewhere.

use std::io::{self, IsTerminal, Write};
use std::time::{Duration, Instant};

use indicatif::{HumanDuration, ProgressBar, ProgressStyle};
use terminal_size::{Width, terminal_size_of};

use super::super::counted::counted;
use super::execution::{Execution, Slices};

/// So often are the seconds of a bar drawn.
const TICK: Duration = Duration::from_millis(250);

/// What is no terminal gets a line so often, at the most.
const LINES: Duration = Duration::from_mins(1);

/// The columns of a terminal that does not tell.
const USUAL_COLUMNS: u16 = 80;

/// The columns that a bar and the times beside it need.
const BAR_AND_TIMES: usize = 28;

const CUTTING: &str = "cutting the input";

/// Shows how far a job is.
pub(super) enum Progress {
    /// Nothing.
    Quiet,
    /// On a terminal.
    Bar(ProgressBar),
    /// Elsewhere; with when the last line was written.
    Lines(Option<Instant>),
}

impl Progress {
    /// Begins to show an execution.
    pub(super) fn new(execution: &Execution, is_quiet: bool) -> Self {
        if is_quiet {
            return Self::Quiet;
        }
        if !io::stderr().is_terminal() {
            return Self::Lines(None);
        }
        let elapsed = execution.elapsed();
        // Some systems count no time before they were started.
        let elapsed = Instant::now().checked_sub(elapsed).map_or(Duration::ZERO, |_| elapsed);
        let bar = ProgressBar::no_length().with_style(style("{spinner} {msg}  {elapsed}")).with_message(CUTTING);
        let bar = bar.with_elapsed(elapsed);
        bar.enable_steady_tick(TICK);
        Self::Bar(bar)
    }

    /// Shows how far the slices of an execution are, once its input is cut.
    pub(super) fn show(&mut self, execution: &Execution, slices: Option<Slices>) -> io::Result<()> {
        match self {
            Self::Quiet => {}
            Self::Bar(bar) => {
                if let Some(slices) = slices {
                    draw(bar, slices);
                }
            }
            Self::Lines(last) => {
                let is_due = last.map_or(slices.is_some(), |last| last.elapsed() >= LINES);
                if is_due || (last.is_none() && execution.elapsed() >= LINES) {
                    let [told, ..] = slices.map_or_else(|| [CUTTING; 3].map(str::to_owned), told);
                    let left =
                        slices.and_then(|slices| slices.left()).map(|left| format!(", {left}")).unwrap_or_default();
                    writeln!(io::stderr(), "{told}, {:#}{left}", HumanDuration(execution.elapsed()))?;
                    *last = Some(Instant::now());
                }
            }
        }
        Ok(())
    }

    /// Takes a bar away.
    pub(super) fn clear(&self) {
        if let Self::Bar(bar) = self {
            bar.finish_and_clear();
        }
    }
}

fn draw(bar: &ProgressBar, slices: Slices) {
    let columns = terminal_size_of(io::stderr()).map_or(USUAL_COLUMNS, |(Width(columns), _)| columns);
    let room = usize::from(columns).saturating_sub(BAR_AND_TIMES);
    let told = told(slices);
    let told = told.iter().find(|told| told.len() <= room).unwrap_or(&told[2]).clone();
    let left = slices.left().map(|left| format!(", {left}")).unwrap_or_default();
    // Each of these draws the bar: its line is made last, when all that it shows is there.
    bar.set_message(told);
    bar.set_length(slices.total);
    bar.set_position(slices.succeeded + slices.failed);
    bar.set_style(style(&format!("{{wide_bar}} {{msg}}  {{elapsed}}{left}")));
}

/// Tells how far slices are, at length, shorter, and as short as can be.
fn told(slices: Slices) -> [String; 3] {
    let Slices { total, succeeded, failed, running, .. } = slices;
    let done = succeeded + failed;
    let failed = if failed > 0 { format!(", {failed} failed") } else { String::new() };
    [
        format!("{done} of {}, {running} under way{failed}", counted(total, "slice")),
        format!("{done}/{}{failed}", counted(total, "slice")),
        format!("{done}/{total}"),
    ]
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slices_are_told_at_length_and_short() {
        let run = |counts| told(Slices::from_counts(counts, None));
        assert_eq!(run([6, 0, 4, 0, 10]), ["6 of 10 slices, 4 under way", "6/10 slices", "6/10"]);
        assert_eq!(run([0, 1, 0, 0, 1]), ["1 of 1 slice, 0 under way, 1 failed", "1/1 slice, 1 failed", "1/1"]);
    }

    #[test]
    fn the_time_that_is_left_follows_from_what_is_done() {
        let began = jiff::Timestamp::now() - Duration::from_secs(30);
        let run = |counts| Slices::from_counts(counts, Some(began)).left();
        assert_eq!(run([5, 1, 4, 0, 10]).as_deref(), Some("20s left"));
        assert_eq!(run([10, 0, 0, 0, 10]), None);
        assert_eq!(run([0, 0, 4, 6, 10]), None);
    }
}
