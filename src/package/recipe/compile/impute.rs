//! Compiles `impute`.

use std::fmt::Arguments;

use super::column::{Column, Kind, Known};
use super::compiler::Compiler;
use crate::package::recipe::descriptor::{Fill, ImputeDescriptor};
use crate::package::recipe::key::Key;
use crate::package::recipe::program::Step;
use crate::package::recipe::state::{Medians, StepState};
use crate::package::recipe::step::ImputeStep;
use crate::package::recipe::step::impute::{Entry, Filling, Table};

pub(super) fn compile(
    compiler: &mut Compiler<'_>,
    at: Arguments<'_>,
    step: &ImputeDescriptor,
    learnt: Known<'_, StepState>,
) -> Option<Step> {
    let from = compiler.find(format_args!("{at}/from"), &step.from);
    let keys = keys(compiler, at, step);
    let filled = from.as_ref().and_then(|from| fill(compiler, at, step, from, keys.as_deref()?, learnt));
    let (kind, filling) = filled.map_or((Kind::Unknown, None), |(kind, filling)| (kind, Some(filling)));
    let to = compiler.declare(at, &step.name, kind);
    Some(Step::Impute(ImputeStep { from: from?.slot, filling: filling?, to }))
}

fn keys(compiler: &mut Compiler<'_>, at: Arguments<'_>, step: &ImputeDescriptor) -> Option<Vec<Box<[Column]>>> {
    let is_median = matches!(&step.with, Fill::Text(text) if text == "median");
    if !is_median && !step.by.is_empty() {
        compiler.fault(format_args!("{at}/by"), "means something with \"median\" only");
    }
    let mut keys = Vec::new();
    for (index, names) in step.by.iter().enumerate() {
        let pointer = format_args!("{at}/by/{index}");
        if names.is_empty() {
            compiler.fault(pointer, "must name one column at least: the median of all is the last resort anyway");
        }
        let key = compiler.find_key(pointer, names);
        if key.as_ref().is_some_and(|key| key.iter().any(|column| matches!(column.kind, Kind::Moment))) {
            compiler.fault(pointer, "has dates: date_part takes numbers of them");
        }
        keys.push(key);
    }
    keys.into_iter().collect()
}

fn fill(
    compiler: &mut Compiler<'_>,
    at: Arguments<'_>,
    step: &ImputeDescriptor,
    from: &Column,
    keys: &[Box<[Column]>],
    learnt: Known<'_, StepState>,
) -> Option<(Kind, Filling)> {
    let constant = |number: f64| Filling::Number([].into(), number + 0.0);
    match (&step.with, &from.kind) {
        (Fill::Number(number), kind) if kind.is_number() => Some((Kind::Number, constant(*number))),
        (Fill::Text(text), kind) if text == "median" && kind.is_number() => {
            Some((Kind::Number, medians(compiler, step, keys, learnt)?))
        }
        (Fill::Text(text), Kind::Text | Kind::Category(..)) if text.trim() != text || text.is_empty() => {
            compiler.fault(format_args!("{at}/with"), format!("{text:?} must be a text without space around it"));
            None
        }
        (Fill::Text(text), Kind::Text) if text != "median" => {
            Some((Kind::Text, Filling::Text(compiler.constant(text))))
        }
        (Fill::Text(text), Kind::Category(texts, field)) if text != "median" => {
            if let Some(place) = compiler.category(texts, *field, text) {
                return Some((from.kind.clone(), constant(place)));
            }
            // A text that is no category yet becomes the last one.
            let more: Vec<Box<str>> = texts.iter().cloned().chain([text.as_str().into()]).collect();
            let place = f64::from(u32::try_from(texts.len()).unwrap_or(u32::MAX));
            Some((Kind::Category(more.into(), None), constant(place)))
        }
        (_, kind) => {
            let with = serde_json::to_string(&step.with).unwrap_or_default();
            let detail = format!("{with} cannot stand for a missing value of {:?}, which has {kind}", step.from);
            compiler.fault(format_args!("{at}/with"), detail);
            None
        }
    }
}

fn medians(
    compiler: &mut Compiler<'_>,
    step: &ImputeDescriptor,
    keys: &[Box<[Column]>],
    learnt: Known<'_, StepState>,
) -> Option<Filling> {
    let Medians { overall, by } = match learnt {
        Known::NotYet => return Some(Filling::Number([].into(), 0.0)),
        Known::Given(Some(StepState::Medians(medians))) => medians,
        Known::Given(_) => {
            compiler.state_fault(&step.name, "must be the medians of this step");
            return None;
        }
    };
    if by.len() != keys.len() {
        let detail = format!("has {} lists of medians, but the step has {}", by.len(), keys.len());
        compiler.state_fault(&step.name, detail);
        return None;
    }
    let tables = by.iter().zip(keys).map(|(entries, columns)| {
        let entries = entries.iter().map(|(key, median)| {
            let is_whole = key.len() == columns.len();
            let kept = key.iter().zip(columns).map(|(scalar, column)| compiler.kept(&column.kind, scalar));
            kept.collect::<Option<_>>().filter(|_| is_whole).map(|key| Entry { key, number: *median })
        });
        let key = Key(columns.iter().map(Column::part).collect());
        Some(Table::new(key, entries.collect::<Option<_>>()?))
    });
    let tables: Option<Box<[Table]>> = tables.collect();
    if tables.is_none() {
        compiler.state_fault(&step.name, "has a median of values that its columns cannot have");
    }
    Some(Filling::Number(tables?, *overall))
}
