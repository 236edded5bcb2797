//! What the command says of a job.

use comfy_table::CellAlignment;
use serde_json::{Value, json};

use super::super::counted::counted;
use super::super::failure::{Advised, UsageError};
use super::super::table::{plain_table, text};
use super::asked::Asked;
use super::execution::{Execution, Slices, State};
use crate::bulk::summary::Summary;

/// So many columns are shown that have shifted.
const SHOWN_COLUMNS: usize = 5;

/// Returns how far a job is, as a table.
pub(super) fn status(execution: &Execution, slices: Option<Slices>) -> String {
    let mut facts = plain_table();
    facts.add_row(["state", execution.state.in_words()]);
    facts.add_row(["execution", &execution.name]);
    if let Some(started) = execution.started_at {
        facts.add_row(["started", &started.to_string()]);
    }
    match slices {
        None => facts.add_row(["slices", "the input is cut"]),
        Some(Slices { total, succeeded, failed, running, pending }) => {
            let told = format!("{succeeded} of {total} done, {failed} failed, {running} under way, {pending} to come");
            facts.add_row(["slices", &told])
        }
    };
    text(&mut facts)
}

/// Returns how far a job is, for programs.
pub(super) fn as_json(execution: &Execution, slices: Option<Slices>) -> Value {
    json!({
        "state": execution.state, "execution": execution.name, "arn": execution.arn, "started_at": execution.started_at,
        "slices": slices,
    })
}

/// Returns what a job came to, as a table.
pub(super) fn summary(summary: &Summary) -> String {
    let output = &summary.output;
    let mut facts = plain_table();
    let mut fact = |name: &str, value: String| {
        facts.add_row([name, &value]);
    };
    fact("rows", summary.rows.to_string());
    let where_invalid = if summary.invalid > 0 { format!(", in {output}_invalid/") } else { String::new() };
    fact("invalid", format!("{}{where_invalid}", summary.invalid));
    fact("slices", format!("{} of {}", summary.slices, counted(summary.files, "file")));
    fact("model", summary.model_version.clone());
    if let Some(mean) = summary.mean {
        fact("mean prediction", format!("{mean:.4}"));
    }
    match &summary.drift {
        Some(drift) => fact("drift", drift.verdict.in_words().to_owned()),
        None => fact("drift", "not judged: the package has no baseline".to_owned()),
    }
    if let Some(stored) = &summary.stored {
        let told = format!("{} new, {} stored before", stored.created, stored.existing + stored.repeated);
        fact("stored", told);
    }
    fact("seconds", format!("{:.0}", summary.seconds));
    fact("cost", format!("{:.4} USD by list price", summary.cost_usd));
    fact("output", output.clone());
    let facts = text(&mut facts);
    let columns = summary.drift.as_ref().map(|drift| &drift.columns[..drift.columns.len().min(SHOWN_COLUMNS)]);
    let Some(columns @ [_, ..]) = columns else { return facts };
    let mut shifted = plain_table();
    shifted.set_header(["column", "stability index"]);
    for column in columns {
        shifted.add_row([column.name.clone(), format!("{:.3}", column.index)]);
    }
    if let Some(column) = shifted.column_mut(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    format!("{facts}\n\n{}", text(&mut shifted))
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
    let advised = Advised { problem, advice: advice(error, asked).unwrap_or_else(|| again(asked)) };
    if error == Some("InvalidInput") { UsageError(advised.into()).into() } else { advised.into() }
}

/// Returns what to do about an error of the function that is not mended by the same again.
fn advice(error: Option<&str>, asked: &Asked) -> Option<String> {
    Some(match error? {
        "InvalidInput" => "mend what is named, and start it again".to_owned(),
        "OtherJob" => "choose another output, or remove what is there".to_owned(),
        "ObjectChanged" => "the input was changed meanwhile: start it again with another output".to_owned(),
        "InvalidRows" => {
            let output = asked.output();
            format!("mend the rows, or start it again with --tolerate-invalid N: then {output}_invalid/ has them")
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

fn again(asked: &Asked) -> String {
    let (input, output) = (asked.input(), asked.output());
    format!("start it again, and it does what is missing: lifeboat bulk start {input} {output}")
}
