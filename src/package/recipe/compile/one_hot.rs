//! Compiles `one_hot`.

use std::fmt::Arguments;
use std::sync::Arc;

use super::column::{Column, Kind, Known};
use super::compiler::Compiler;
use crate::package::recipe::descriptor::OneHotDescriptor;
use crate::package::recipe::program::Step;
use crate::package::recipe::state::StepState;
use crate::package::recipe::step::OneHotStep;
use crate::package::recipe::step::impute::Kept;
use crate::table::descriptor::Scalar;

pub(super) fn compile(
    compiler: &mut Compiler<'_>,
    at: Arguments<'_>,
    step: &OneHotDescriptor,
    learnt: Known<'_, StepState>,
) -> Option<Step> {
    let pointer = format_args!("{at}/from");
    let from = compiler.find(pointer, &step.from).and_then(|from| {
        if !matches!(from.kind, Kind::Category(..) | Kind::Text | Kind::Choices(_)) {
            let detail = format!("{:?} has {}, but categories or texts are needed", step.from, from.kind);
            compiler.fault(pointer, detail);
            return None;
        }
        Some(from)
    });
    let values = values(compiler, at, step, learnt);
    let to = compiler.program.slots;
    let is_new = compiler.reserve(format_args!("{at}/name"), &step.name);
    let kept = from.as_ref().zip(values.as_ref()).and_then(|(from, values)| kept(compiler, at, step, from, values));
    let kind = values.map_or(Kind::Unknown, |values| Kind::Several(declare(compiler, at, step, &values)));
    if is_new {
        let group = compiler.group();
        compiler.add(&step.name, Column { slot: to, kind, group });
    }
    let (from, kept) = (from?, kept?);
    Some(Step::OneHot(if from.kind.is_text() {
        let texts = kept.into_iter().filter_map(|value| match value {
            Kept::Text(text) => Some(text),
            Kept::Number(_) => None,
        });
        OneHotStep::of_texts(from.slot, texts.collect(), to)
    } else {
        let numbers = kept.into_iter().filter_map(|value| match value {
            Kept::Number(number) => Some(number),
            Kept::Text(_) => None,
        });
        OneHotStep::of_numbers(from.slot, numbers.collect(), to)
    }))
}

/// Returns the values that have a flag, of the recipe or else of the state.
fn values(
    compiler: &mut Compiler<'_>,
    at: Arguments<'_>,
    step: &OneHotDescriptor,
    learnt: Known<'_, StepState>,
) -> Option<Vec<Scalar>> {
    if let Some(values) = &step.values {
        if values.is_empty() {
            compiler.fault(format_args!("{at}/values"), "must name one value at least");
        }
        return Some(values.clone());
    }
    if step.names.is_some() {
        compiler.fault(
            format_args!("{at}/names"),
            "needs values beside it: which there are is not known before `lifeboat fit`",
        );
    }
    match learnt {
        Known::NotYet => {
            compiler.unlearnt.push(step.name.as_str().into());
            None
        }
        Known::Given(Some(StepState::Values(learnt))) => Some(learnt.values.clone()),
        Known::Given(_) => {
            compiler.state_fault(&step.name, "must be the values of this step");
            None
        }
    }
}

fn kept(
    compiler: &mut Compiler<'_>,
    at: Arguments<'_>,
    step: &OneHotDescriptor,
    from: &Column,
    values: &[Scalar],
) -> Option<Vec<Kept>> {
    let kept: Vec<Option<Kept>> = values
        .iter()
        .enumerate()
        .map(|(index, value)| {
            if step.values.is_some() {
                return compiler.value(format_args!("{at}/values/{index}"), &step.from, &from.kind, value);
            }
            let kept = compiler.kept(&from.kind, value);
            if kept.is_none() {
                compiler.state_fault(&step.name, format!("{value} cannot be a value of {:?}", step.from));
            }
            kept
        })
        .collect();
    for (index, value) in kept.iter().enumerate() {
        if value.is_some() && kept[..index].contains(value) {
            compiler.fault(format_args!("{at}/values/{index}"), format!("{} stands twice", values[index]));
        }
    }
    kept.into_iter().collect()
}

/// Makes a column of each value.
fn declare(
    compiler: &mut Compiler<'_>,
    at: Arguments<'_>,
    step: &OneHotDescriptor,
    values: &[Scalar],
) -> Arc<[Box<str>]> {
    let default = |value: &Scalar| match value {
        Scalar::Text(text) => format!("{}_{text}", step.name),
        other => format!("{}_{other}", step.name),
    };
    let names: Vec<String> = match &step.names {
        Some(names) if names.len() == values.len() => names.clone(),
        names => {
            if let Some(names) = names {
                let detail = format!("has {} names of {} values", names.len(), values.len());
                compiler.fault(format_args!("{at}/names"), detail);
            }
            values.iter().map(default).collect()
        }
    };
    for (index, name) in names.iter().enumerate() {
        let is_new = match step.names {
            Some(_) => compiler.reserve(format_args!("{at}/names/{index}"), name),
            None => compiler.reserve(format_args!("{at}/name"), name),
        };
        let slot = compiler.program.slots;
        compiler.program.slots += 1;
        if is_new {
            let group = compiler.group();
            compiler.add(name, Column { slot, kind: Kind::Number, group });
        }
    }
    names.into_iter().map(Into::into).collect()
}
