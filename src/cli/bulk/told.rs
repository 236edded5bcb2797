//! What the command says of a job.

use comfy_table::{CellAlignment, Table};
use serde_json::{Value, json};

use super::super::counted::counted;
use super::super::failure::{Advised, UsageError};
use super::super::table::{plain_table, text};
use super::asked::Asked;
use super::execution::{Execution, Slices, State};
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
pub(super) fn as_json(execution: &Execution, slices: Option<Slices>, summary: Option<&Value>) -> Value {
    json!({
        "state": execution.state, "execution": execution.name, "arn": execution.arn, "started_at": execution.started_at,
        "slices": slices, "summary": summary, "error": execution.error, "cause": execution.cause,
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
    if let Some(mean) = summary.mean {
        fact("mean prediction", format!("{mean:.4}"));
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
    let facts = text(&mut facts);
    match shifted(summary) {
        Some(shifted) => format!("{facts}\n\n{shifted}"),
        None => facts,
    }
}

fn facts(execution: &Execution) -> Table {
    let mut facts = plain_table();
    facts.add_row(["state", execution.state.in_words()]);
    facts.add_row(["execution", &execution.name]);
    facts
}

/// Returns the columns that have shifted most, as a table, where any has.
fn shifted(summary: &Summary) -> Option<String> {
    let columns = &summary.drift.as_ref()?.columns;
    // They come by how far they have shifted.
    let count = columns.iter().take_while(|column| column.index >= MODERATE).count();
    if count == 0 {
        return None;
    }
    let mut shifted = plain_table();
    shifted.set_header(["shifted most", "stability index"]);
    for column in &columns[..count.min(SHOWN_COLUMNS)] {
        let is_label = summary.label.as_ref() == Some(&column.name);
        let name = if is_label { format!("{} (the predictions)", column.name) } else { column.name.clone() };
        shifted.add_row([name, format!("{:.3}", column.index)]);
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

/// Returns what failed, and what to do.
pub(super) fn failure(execution: &Execution, slices: &[Execution], asked: &Asked) -> anyhow::Error {
    // Where slices are missing, those that failed by what they read know why; of one whose function died, the job knows more.
    let is_of_slices =
        matches!(execution.error.as_deref(), Some("Incomplete" | "States.ExceedToleratedFailureThreshold"));
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
    let advised = Advised { problem, advice };
    if error == Some("InvalidInput") { UsageError(advised.into()).into() } else { advised.into() }
}

/// Returns what to do about an error of the function that is not mended by the same again.
fn advice(error: Option<&str>, asked: &Asked) -> Option<String> {
    Some(match error? {
        "InvalidInput" => "mend what is named, and start it again".to_owned(),
        "OtherJob" => "choose another output, or delete what is below this one".to_owned(),
        "ObjectChanged" => "the input was changed meanwhile: start it again with another output".to_owned(),
        "InvalidRows" => {
            let output = asked.output();
            format!(
                "mend the rows, or start it again with --tolerate-invalid N beside its other options: {output}_invalid/ has them then"
            )
        }
        "NotReadable" => "mend or remove the file, or name its format with --input-format".to_owned(),
        "OtherColumns" => {
            "mend the file, or leave other columns out with --extra-columns ignore, or carry them along with keep"
                .to_owned()
        }
        "Broken" => "the logs of the batch function tell more".to_owned(),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_columns(columns: &[(&str, f64)]) -> Summary {
        let columns: Vec<Value> = columns.iter().map(|(name, index)| json!({"name": name, "index": index})).collect();
        let predictions = json!({"edges": [], "baseline": [], "window": []});
        serde_json::from_value(json!({
            "job": "1", "input": "s3://data/in/", "output": "s3://data/out/", "model_version": "1.0.0", "files": 1, "slices": 7, "rows": 9,
            "invalid": 0, "mean": 0.5, "label": "churned", "stored": null, "seconds": 1.0, "billed_gb_seconds": 1.0, "cost_usd": 0.1,
            "drift": {"verdict": "stable", "records": 9, "columns": columns, "predictions": predictions},
        }))
        .unwrap()
    }

    #[test]
    fn columns_are_told_that_have_shifted() {
        assert_eq!(shifted(&with_columns(&[("churned", 0.09), ("Name", 0.0)])), None);
        let told = shifted(&with_columns(&[("Age", 6.8), ("churned", 0.1), ("Name", 0.099)])).unwrap();
        let rows: Vec<Vec<&str>> = told.lines().map(|line| line.split_whitespace().collect()).collect();
        assert_eq!(rows[1..], [vec!["Age", "6.800"], vec!["churned", "(the", "predictions)", "0.100"]]);
        let told = shifted(&with_columns(&[("Age", 0.5); 10])).unwrap();
        assert_eq!(told.lines().skip(6).collect::<Vec<_>>(), ["and 5 more of the 10 that --json names"]);
    }
}
