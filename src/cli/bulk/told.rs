//! What the command says of a job.

use std::process::ExitCode;

use comfy_table::{CellAlignment, Table};
use serde_json::{Value, json};

use super::super::counted::counted;
use super::super::failure::{Advised, USAGE, UsageError};
use super::super::table::{plain_table, text};
use super::asked::Asked;
use super::execution::{Execution, Slices, State};
use crate::bulk::drift::ColumnIndex;
use crate::bulk::failure::kind;
use crate::bulk::summary::Summary;
use crate::lifecycle::drift::MODERATE;

/// So many columns are shown that have shifted.
const SHOWN_COLUMNS: usize = 5;

/// Returns how far a job is, as a table.
pub(super) fn status(execution: &Execution, slices: Option<Slices>) -> String {
    let mut facts = facts(execution);
    if let Some(started) = execution.started_at {
        facts.add_row(["started", &started.to_string()]);
    }
    match slices {
        None => facts.add_row(["slices", "cutting the input"]),
        Some(Slices { total, succeeded, failed, running, pending, .. }) => {
            let told = format!("{succeeded} of {total} done, {failed} failed, {running} under way, {pending} to come");
            facts.add_row(["slices", &told])
        }
    };
    text(&mut facts)
}

/// Returns how far a job is and what it came to, for programs: whatever its state, the members are the same.
pub(super) fn as_json(
    execution: &Execution,
    slices: Option<Slices>,
    summary: Option<&Value>,
    advice: Option<&str>,
) -> Value {
    json!({
        "state": execution.state, "execution": execution.name, "arn": execution.arn, "started_at": execution.started_at,
        "slices": slices, "summary": summary, "error": execution.error, "cause": execution.cause, "advice": advice,
    })
}

/// Returns what a job came to, as a table.
pub(super) fn summary(execution: &Execution, summary: &Summary) -> String {
    let output = &summary.output;
    let mut facts = facts(execution);
    let mut fact = |name: &str, value: String| {
        facts.add_row([name, &value]);
    };
    fact("rows", summary.rows.to_string());
    let where_invalid = if summary.invalid > 0 { format!(", in {output}_invalid/") } else { String::new() };
    fact("invalid", format!("{}{where_invalid}", summary.invalid));
    fact("slices", format!("{}, of {}", summary.slices, counted(summary.files, "file")));
    fact("model", summary.model_version.clone());
    let index = summary.drift.as_ref().and_then(|drift| drift.index).map(|index| format!("stability index {index:.3}"));
    match (summary.mean, index) {
        (Some(mean), Some(index)) => fact("mean prediction", format!("{mean:.4}, {index}")),
        (Some(mean), None) => fact("mean prediction", format!("{mean:.4}")),
        (None, Some(index)) => fact("predictions", index),
        (None, None) => {}
    }
    match &summary.drift {
        Some(drift) => fact("verdict", drift.verdict.in_words().to_owned()),
        None => fact("verdict", "none: the package has no baseline".to_owned()),
    }
    if let Some(stored) = &summary.stored {
        let told = format!("{} new, {} stored before", stored.created, stored.existing + stored.repeated);
        fact("stored", told);
    }
    fact("seconds", format!("{:.1}, from its first start to its end", summary.seconds));
    fact("cost", format!("{:.4} USD by list price", summary.cost_usd));
    fact("output", output.clone());
    let mut told = text(&mut facts);
    if let Some(drift) = &summary.drift {
        for (kind, columns) in [("field", &drift.fields), ("feature", &drift.features)] {
            told.extend(shifted(kind, columns).map(|shifted| format!("\n\n{shifted}")));
        }
    }
    told
}

fn facts(execution: &Execution) -> Table {
    let mut facts = plain_table();
    facts.add_row(["state", execution.state.in_words()]);
    facts.add_row(["execution", &execution.name]);
    facts
}

/// Returns the fields or the features that have shifted most, as a table, where any has.
fn shifted(kind: &str, columns: &[ColumnIndex]) -> Option<String> {
    // They come by how far they have shifted.
    let count = columns.iter().take_while(|column| column.index >= MODERATE).count();
    if count == 0 {
        return None;
    }
    let mut shifted = plain_table();
    shifted.set_header([kind, "stability index"]);
    for column in &columns[..count.min(SHOWN_COLUMNS)] {
        shifted.add_row([column.name.clone(), format!("{:.3}", column.index)]);
    }
    if let Some(column) = shifted.column_mut(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    let more = match count.saturating_sub(SHOWN_COLUMNS) {
        0 => String::new(),
        more => format!("\nand {more} more of the {} that --json names", columns.len()),
    };
    Some(text(&mut shifted) + &more)
}

/// Why a job failed, and what to do.
pub(super) struct Failed {
    pub(super) advised: Advised,
    /// Whether what was asked for cannot be done.
    pub(super) is_usage: bool,
}

impl Failed {
    /// Returns what the program ends with where the failure is told already.
    pub(super) fn code(&self) -> ExitCode {
        if self.is_usage { ExitCode::from(USAGE) } else { ExitCode::FAILURE }
    }
}

impl From<Failed> for anyhow::Error {
    fn from(Failed { advised, is_usage }: Failed) -> Self {
        if is_usage { UsageError(advised.into()).into() } else { advised.into() }
    }
}

/// Returns what failed, and what to do.
pub(super) fn failure(execution: &Execution, slices: &[Execution], asked: &Asked) -> Failed {
    // Where slices are missing, those that failed by what they read know why; of one whose function died, the job knows more.
    let is_of_slices =
        matches!(execution.error.as_deref(), Some(kind::INCOMPLETE | "States.ExceedToleratedFailureThreshold"));
    let knowing = slices.iter().find(|slice| advice(slice.error.as_deref(), asked).is_some());
    let blamed = knowing.filter(|_| is_of_slices).unwrap_or(execution);
    let mut problem = match (execution.state, blamed.cause.as_deref().or(blamed.error.as_deref())) {
        (State::TimedOut | State::Aborted, _) | (_, None) => format!("the job was {}", execution.state.in_words()),
        (_, Some(cause)) => format!("the job failed: {cause}"),
    };
    let mut others: Vec<&String> = slices.iter().filter_map(|slice| slice.cause.as_ref()).collect();
    others.retain(|&cause| Some(cause) != blamed.cause.as_ref());
    others.dedup();
    problem.extend(others.into_iter().map(|cause| format!("\nof a slice: {cause}")));
    let error = blamed.error.as_deref();
    let advice = advice(error, asked).unwrap_or_else(|| {
        format!("start it again, and it does what is missing: {}", asked.start_again(&execution.input))
    });
    Failed { advised: Advised { problem, advice }, is_usage: error == Some(kind::INVALID_INPUT) }
}

/// Returns what to do about an error of the function that is not mended by the same again.
fn advice(error: Option<&str>, asked: &Asked) -> Option<String> {
    Some(match error? {
        kind::INVALID_INPUT => "mend what is named, and start it again".to_owned(),
        kind::OTHER_JOB => "choose another output, or delete what is below this one".to_owned(),
        kind::OBJECT_CHANGED => "the input was changed meanwhile: start it again with another output".to_owned(),
        kind::INVALID_ROWS => {
            let output = asked.output();
            format!(
                "mend the rows, or start it again with --tolerate-invalid N beside its other options: {output}_invalid/ has them then"
            )
        }
        kind::NOT_READABLE => "mend or remove the file, or name its format with --input-format".to_owned(),
        kind::OTHER_COLUMNS => {
            "mend the file, or leave other columns out with --extra-columns ignore, or carry them along with keep"
                .to_owned()
        }
        kind::BROKEN => "the logs of the batch function tell more".to_owned(),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(name: &str, index: f64) -> ColumnIndex {
        ColumnIndex { name: name.to_owned(), index }
    }

    #[test]
    fn columns_are_told_that_have_shifted() {
        assert_eq!(shifted("field", &[column("size", 0.09), column("name", 0.0)]), None);
        let told = shifted("feature", &[column("age", 6.8), column("size", 0.1), column("name", 0.099)]).unwrap();
        let rows: Vec<Vec<&str>> = told.lines().map(|line| line.split_whitespace().collect()).collect();
        assert_eq!(rows, [vec!["feature", "stability", "index"], vec!["age", "6.800"], vec!["size", "0.100"]]);
        let many: Vec<ColumnIndex> = (0..10).map(|_| column("age", 0.5)).collect();
        let told = shifted("field", &many).unwrap();
        assert_eq!(told.lines().skip(6).collect::<Vec<_>>(), ["and 5 more of the 10 that --json names"]);
    }

    #[test]
    fn fields_and_features_stand_apart() {
        let summary: Summary = serde_json::from_value(json!({
            "job": "1", "input": "s3://data/in/", "output": "s3://data/out/", "model_version": "1.0.0", "files": 1, "slices": 7, "rows": 9,
            "invalid": 0, "mean": 0.5, "stored": null, "seconds": 1.0, "billed_gb_seconds": 1.0, "cost_usd": 0.1,
            "drift": {
                "verdict": "major_drift", "records": 9, "fields": [column("age", 0.5)], "features": [column("known_age", 0.4)], "index": 0.3,
                "predictions": {"edges": [], "baseline": [], "window": []},
            },
        }))
        .unwrap();
        let told = super::summary(&Execution::default(), &summary);
        for part in [
            "mean prediction  0.5000, stability index 0.300",
            "\n\nfield  stability index\nage",
            "\n\nfeature    stability index\nknown_age",
        ] {
            assert!(told.contains(part), "{part}: {told}");
        }
    }
}
