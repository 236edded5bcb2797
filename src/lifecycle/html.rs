//! The report as a page: one file that needs no other, for light and dark, wide and narrow.

mod by_day;
mod drawing;
mod figures;
mod quality;

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::blocks::{BlockReport, ENOUGH_BLOCKS};
use super::column_drift::ColumnDrift;
use super::drift::{MAJOR, MODERATE};
use super::performance::Performance;
use super::report::{Report, ShadowReport};
use super::verdict::Verdict;
use crate::table::counted;
use drawing::{class_of, figure};
pub use figures::plus_or_minus;
use figures::{accuracy, figures, log_loss, number, percent};
pub use quality::in_words;

const STYLE: PreEscaped<&str> = PreEscaped(include_str!("report.css"));

/// Returns the report as a page.
pub fn page(report: &Report) -> String {
    let Report { from, to, model, model_version, rows, deleted, .. } = report;
    let verdict = report.verdict.in_words();
    let columns = [("Fields", &report.fields), ("Features", &report.features)];
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (verdict) ": " (from) " to " (to) }
                style { (STYLE) }
            }
            body {
                h1 { "What passed through the model: " span class=(class_of_verdict(report.verdict)) { (verdict) } }
                p {
                    (counted(rows, "prediction")) " of " (model) " from " (from) " to " (to) ", compared with the training data of "
                    (model_version) "."
                    @if *deleted > 0 { " Of these days, " (deleted) " more of the sample were deleted." }
                    @if let Some(basis) = report.rests_on { " The verdict rests on " (basis.in_words()) "." }
                }
                (predictions(report))
                (by_day::by_day(&report.by_day, report.day_reached))
                (performance(report))
                @if let Some(standing) = &report.standing { (quality::standing(standing)) }
                @for (version, shadow) in &report.shadows { (compared(version, shadow)) }
                @for (title, columns) in columns {
                    @if !columns.is_empty() { (stability(title, columns)) (histograms(title, columns)) }
                }
            }
        }
    };
    page.into_string()
}

fn class_of_verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::MajorDrift | Verdict::WorseAnswers => "major",
        Verdict::ModerateDrift | Verdict::DriftWarning => "moderate",
        Verdict::Stable => "stable",
        Verdict::InsufficientData => "unjudged",
    }
}

fn predictions(report: &Report) -> Markup {
    let found = &report.predictions;
    // Classes have no mean.
    let has_mean = found.mean.or(found.baseline_mean).is_some();
    let by_time = if has_mean { "Predictions over the window, and their mean" } else { "Predictions over the window" };
    html! {
        h2 { "Predictions of " (found.name) }
        div.row {
            table {
                tr { th {} th { "window" } th { "training" } }
                @if has_mean { tr { th { "mean" } td { (number(found.mean)) } td { (number(found.baseline_mean)) } } }
                @if let Some(rate) = report.positive_rate { tr { th { "positive" } td { (percent(rate)) } td {} } }
                tr { th { "stability index" } td { (number(found.index.map(|index| index.judged))) } td {} }
            }
            (figure(&drawing::histogram(&found.bins, "predictions", |edge| edge.to_string()), "Predictions by bin"))
            (figure(&drawing::over_time(&report.over_time), by_time))
        }
    }
}

fn performance(report: &Report) -> Markup {
    let (expected, observed) = (report.expected, report.observed.as_ref());
    let both = [
        ("accuracy", expected.map(|expected| expected.accuracy), observed.and_then(accuracy)),
        ("log loss", expected.map(|expected| expected.log_loss), observed.and_then(log_loss)),
    ];
    let both = both.into_iter().filter(|(_, expected, observed)| expected.or(*observed).is_some());
    html! {
        @if expected.is_some() || observed.is_some() {
            h2 { "How good they are" }
            // A number has no probability to expect anything by.
            @if expected.is_some() { p { "Expected by their own probabilities, and observed where outcomes are recorded." } }
            @else { p { "Observed where outcomes are recorded." } }
            @if let (Some(_), Some(rate)) = (observed, report.known_rate) { p { "Outcomes are known of " (percent(rate)) " of the predictions." } }
            div.row {
                table {
                    tr { th {} @if expected.is_some() { th { "expected" } } th { "observed" } }
                    @for (name, expected, observed) in both {
                        tr { th { (name) } @if expected.is_some() { td { (number(expected)) } } td { (number(observed)) } }
                    }
                    @for (name, value) in observed.map(figures).into_iter().flatten() {
                        tr { th { (name) } @if expected.is_some() { td {} } td { (value) } }
                    }
                }
                @match observed {
                    Some(observed) => (curve(observed)),
                    None => p { "No outcome is recorded for these predictions." },
                }
            }
        }
    }
}

fn curve(performance: &Performance) -> Markup {
    match performance {
        Performance::Binary(binary) => {
            figure(&drawing::calibration(&binary.calibration), "What happens by predicted probability")
        }
        Performance::Multiclass(classes) => {
            let caption = "How often the predicted class is right by its probability";
            figure(&drawing::calibration(&classes.calibration), caption)
        }
        Performance::Regression(numbers) => {
            figure(&drawing::value_calibration(&numbers.calibration), "What happens by what is predicted")
        }
    }
}

/// Compares a model in the shadow with what was answered.
fn compared(version: &str, shadow: &ShadowReport) -> Markup {
    let of = |performance: &Performance| -> Vec<(&'static str, String)> {
        let first = [("accuracy", accuracy(performance)), ("log loss", log_loss(performance))];
        let known = first.into_iter().filter_map(|(name, value)| Some((name, number(Some(value?)))));
        known.chain(figures(performance)).collect()
    };
    let observed = shadow.answered_observed.as_ref().zip(shadow.observed.as_ref());
    let pairs = observed.map(|(answered, said)| of(answered).into_iter().zip(of(said)));
    html! {
        h2 { "In the shadow: " (version) }
        p {
            (shadow.rows) " of the records were scored by it too. It is " (number(shadow.mean_difference))
            " from the answer on average, " (number(shadow.largest_difference)) " at the most, and would decide "
            (share(shadow.decided_otherwise_rate)) " otherwise."
        }
        table {
            tr { th {} th { "answered" } th { "in the shadow" } }
            tr { th { "mean" } td { (number(shadow.answered_mean)) } td { (number(shadow.mean)) } }
            @for ((name, answered), (_, said)) in pairs.into_iter().flatten() {
                tr { th { (name) } td { (answered) } td { (said) } }
            }
        }
    }
}

fn stability(title: &str, columns: &[ColumnDrift]) -> Markup {
    let judged = |column: &ColumnDrift| column.index.map(|index| index.judged);
    let mut sorted: Vec<&ColumnDrift> = columns.iter().collect();
    sorted.sort_by(|left, right| judged(right).unwrap_or(0.0).total_cmp(&judged(left).unwrap_or(0.0)));
    let has_blocks = columns.iter().any(|column| column.blocks.is_some());
    html! {
        h2 { (title) " by stability" }
        p {
            "The population stability index compares histograms; what it is by chance is taken off. From " (MODERATE)
            " on a shift is moderate, from " (MAJOR) " on it is major. The p-value is that of a Kolmogorov–Smirnov test, or of a "
            "chi-squared test where there are few values. Unseen are values that the training data does not have, or beyond its range."
        }
        @if let Some(blocks) = columns.iter().find_map(|column| column.blocks) { p { (in_blocks(&blocks)) } }
        div.scroll {
            table {
                tr {
                    th {} th { "index" } @if has_blocks { th { "blocks" } } th {} th { "p" } th { "mean" } th { "in training" } th { "unseen" } th { "missing" }
                    th { "in training" } @if has_blocks { th {} }
                }
                @for column in sorted {
                    tr {
                        th { (column.name) }
                        td { (number(judged(column))) }
                        @if has_blocks { td { (number(column.blocks.map(|blocks| blocks.reached))) } }
                        td.bar { (drawing::bar(&column.name, class_of(column.drift), judged(column).unwrap_or(0.0))) }
                        td { @if let Some(test) = column.test { (format!("{:.3}", test.p_value)) } @else { "–" } }
                        td { (mean(column, column.mean)) }
                        td { (mean(column, column.baseline_mean)) }
                        td { (share(column.unseen_rate.or(column.out_of_range_rate))) }
                        td { (share(column.missing_rate)) }
                        td { (share(column.baseline_missing_rate)) }
                        @if has_blocks { td { (column.by_days_in_words().unwrap_or_default()) } }
                    }
                }
            }
        }
        @for column in columns.iter().filter(|column| !column.unseen_values.is_empty()) {
            p {
                "Unseen in " (column.name) ": "
                @for (place, unseen) in column.unseen_values.iter().enumerate() {
                    @if place > 0 { ", " } (unseen.value) " (" (unseen.rows) ")"
                }
            }
        }
    }
}

fn mean(column: &ColumnDrift, mean: Option<f64>) -> String {
    mean.map_or_else(|| "–".to_owned(), |mean| column.in_words(mean, 4))
}

/// Says what columns are compared with beside the whole of the training data.
fn in_blocks(blocks: &BlockReport) -> String {
    let BlockReport { window_days, count, length, .. } = blocks;
    let judged = if *count >= ENOUGH_BLOCKS {
        "A shift counts only where it is larger than that of every block."
    } else {
        "That is too few to tell what is usual: a column whose values come in days is shown, and not judged."
    };
    format!(
        "The window has {}, and the training data {} of as many. \"Blocks\" is the largest index of {} of the training data against the \
         rest. {judged}",
        counted(window_days, "day"),
        counted(count, "block"),
        counted(length, "day"),
    )
}

fn share(rate: Option<f64>) -> String {
    rate.map_or_else(|| "–".to_owned(), percent)
}

/// Returns an edge of a histogram.
fn shown(column: &ColumnDrift, edge: f64) -> String {
    if column.is_of_days { column.in_words(edge, 0) } else { edge.to_string() }
}

fn histograms(title: &str, columns: &[ColumnDrift]) -> Markup {
    html! {
        h2 { (title) }
        p { span class="key training" {} " training data " span class="key window" {} " window; shares by bin." }
        div.grid {
            @for column in columns.iter().filter(|column| !column.bins.baseline.is_empty()) {
                figure {
                    (drawing::histogram(&column.bins, &column.name, |edge| shown(column, edge)))
                    figcaption class=(class_of(column.drift)) { (column.name) }
                }
            }
        }
    }
}
