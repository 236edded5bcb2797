//! Compiles one step after the other.

use super::column::Known;
use super::compiler::Compiler;
use super::{date_part, extract, history, impute, number, one_hot, recent, when};
use crate::package::recipe::descriptor::{Fill, StepDescriptor};
use crate::package::recipe::history::HistoryRecords;
use crate::package::recipe::state::StepState;

/// Compiles the step at a place and appends it to the program, unless something is wrong.
pub(in crate::package::recipe) fn step(
    compiler: &mut Compiler<'_>,
    place: usize,
    step: &StepDescriptor,
    learnt: Known<'_, StepState>,
    records: Known<'_, HistoryRecords>,
) {
    let first = compiler.begin(place);
    let at = format_args!("/steps/{place}");
    let operation = match step {
        StepDescriptor::Extract(step) => extract::compile(compiler, at, step),
        StepDescriptor::When(step) => when::compile(compiler, at, step),
        StepDescriptor::Impute(step) => impute::compile(compiler, at, step, learnt),
        StepDescriptor::OneHot(step) => one_hot::compile(compiler, at, step, learnt),
        StepDescriptor::Number(step) => number::compile(compiler, at, step, learnt),
        StepDescriptor::DatePart(step) => date_part::compile(compiler, at, step),
        StepDescriptor::History(step) => {
            if let Some(days) = step.days {
                recent::compile(compiler, at, step, days)
            } else {
                recent::refuse_without_days(compiler, at, step);
                history::compile(compiler, at, step, records)
            }
        }
    };
    compiler.end(first, learns(step), operation);
}

/// Returns whether what a step gives follows from training rows.
fn learns(step: &StepDescriptor) -> bool {
    match step {
        StepDescriptor::Impute(step) => matches!(&step.with, Fill::Text(text) if text == "median"),
        StepDescriptor::OneHot(step) => step.values.is_none(),
        StepDescriptor::Number(step) => step.scale.is_some(),
        StepDescriptor::History(_) => true,
        StepDescriptor::Extract(_) | StepDescriptor::When(_) | StepDescriptor::DatePart(_) => false,
    }
}
