//! What each kind of step learns from training rows.

use std::cmp::Ordering;

use super::compile::{Column, Compiler, Kind, history};
use super::descriptor::{Fill, HistoryDescriptor, ImputeDescriptor, NumberDescriptor, OneHotDescriptor, Operand};
use super::error::FitError;
use super::history::HistoryRecords;
use super::history::numbers::Numbers;
use super::history::stored::Stored;
use super::key::PartValue;
use super::recent::rows::{PastRows, outcome};
use super::slots::{Asked, View};
use super::state::{Medians, Spread, StepState, Values};
use super::step::impute::Kept;
use super::step::when::at;
use crate::table::Schema;
use crate::table::descriptor::Scalar;
use crate::table::record::Labelled;

/// The most values that a step tells apart without being told which.
const MAX_VALUES: usize = 10_000;

/// Training rows, and the steps that were compiled so far.
pub(super) struct Rows<'a, 's> {
    pub(super) compiler: &'a Compiler<'s>,
    pub(super) rows: &'a [Labelled],
    /// What the rows would have looked up of the last days.
    pub(super) past: Option<&'a PastRows>,
}

impl Rows<'_, '_> {
    /// Computes some columns of each row, and looks at it.
    fn each<'c>(&self, columns: impl IntoIterator<Item = &'c Column>, mut look: impl FnMut(&Asked<'_>)) {
        let program = &self.compiler.program;
        let (needed, mut scratch) = (program.needed(columns.into_iter().map(|column| column.slot)), program.scratch(1));
        for (place, Labelled { record, .. }) in self.rows.iter().enumerate() {
            let recent = self.past.map_or(&[][..], |past| past.tables(place));
            program.run_needed(record, recent, &mut scratch, &needed);
            look(&program.asked(record, &scratch));
        }
    }
}

/// Learns the medians of an `impute` step.
pub(super) fn medians(rows: &Rows<'_, '_>, step: &ImputeDescriptor) -> Result<Option<StepState>, FitError> {
    if !matches!(&step.with, Fill::Text(text) if text == "median") {
        return Ok(None);
    }
    let find = |name: &String| rows.compiler.column(name);
    let Some(from) = find(&step.from) else { return Ok(None) };
    let keys: Vec<Vec<_>> = step.by.iter().map(|names| names.iter().filter_map(find).collect()).collect();
    let (mut numbers, mut groups) = (Vec::new(), vec![Vec::new(); keys.len()]);
    rows.each(keys.iter().flatten().copied().chain([from]), |asked| {
        let number = asked.number(from.slot);
        if number.is_nan() {
            return;
        }
        numbers.push(number);
        for (key, group) in keys.iter().zip(&mut groups) {
            let kept: Option<Vec<Kept>> = key.iter().map(|column| kept(column.part().of(asked))).collect();
            group.extend(kept.map(|key| (key, number)));
        }
    });
    let no_value = || FitError::NoValue { step: step.name.clone(), from: step.from.clone() };
    let overall = median(&mut numbers).ok_or_else(no_value)?;
    let of_groups = |(key, mut rows): (&Vec<_>, Vec<(Vec<Kept>, f64)>)| {
        rows.sort_by(|(one, _), (other, _)| compare_all(one, other));
        let groups = rows.chunk_by(|(one, _), (other, _)| one == other);
        let of_group = |group: &[(Vec<Kept>, f64)]| {
            let mut numbers: Vec<f64> = group.iter().map(|(_, number)| *number).collect();
            let values = group[0].0.iter().zip(key);
            let values: &mut dyn Iterator<Item = Scalar> =
                &mut values.map(|(kept, column): (&Kept, &&Column)| scalar(kept, &column.kind));
            Some((values.collect(), median(&mut numbers)?))
        };
        groups.filter_map(of_group).collect()
    };
    let by = keys.iter().zip(groups).map(of_groups).collect();
    Ok(Some(StepState::Medians(Medians { overall, by })))
}

/// Learns which values a `one_hot` step tells apart.
pub(super) fn values(rows: &Rows<'_, '_>, step: &OneHotDescriptor) -> Result<Option<StepState>, FitError> {
    let (None, Some(from)) = (&step.values, rows.compiler.column(&step.from)) else { return Ok(None) };
    let mut found: Vec<Kept> = Vec::new();
    rows.each([from], |asked| {
        if let Some(kept) = kept(from.part().of(asked))
            && found.len() <= MAX_VALUES
            && let Err(place) = found.binary_search_by(|one| compare(one, &kept))
        {
            found.insert(place, kept);
        }
    });
    let (step, from_name) = (step.name.clone(), step.from.clone());
    match found.len() {
        0 => Err(FitError::NoValue { step, from: from_name }),
        count if count > MAX_VALUES => Err(FitError::TooManyValues { step, from: from_name, most: MAX_VALUES }),
        _ => {
            let mut values: Vec<Scalar> = found.iter().map(|kept| scalar(kept, &from.kind)).collect();
            if let Kind::Category(..) = from.kind {
                // Categories were sorted by their places.
                values.sort_by_key(Scalar::to_string);
            }
            Ok(Some(StepState::Values(Values { values })))
        }
    }
}

/// Learns the mean and the deviation of a `scale`.
pub(super) fn spread(rows: &Rows<'_, '_>, step: &NumberDescriptor) -> Result<Option<StepState>, FitError> {
    let from = match &step.scale {
        None => return Ok(None),
        Some(Operand::Number(mean)) => return Ok(Some(StepState::Spread(Spread { mean: *mean, deviation: 0.0 }))),
        Some(Operand::Column(from)) => from,
    };
    let Some(column) = rows.compiler.column(from) else { return Ok(None) };
    let mut numbers = Vec::new();
    rows.each([column], |asked| numbers.extend(Some(asked.number(column.slot)).filter(|number| !number.is_nan())));
    if numbers.is_empty() {
        return Err(FitError::NoValue { step: step.name.clone(), from: from.clone() });
    }
    #[expect(clippy::cast_precision_loss, reason = "fewer than 2^53 rows")]
    let count = numbers.len() as f64;
    let mean = numbers.iter().sum::<f64>() / count;
    let variance = numbers.iter().map(|number| (number - mean) * (number - mean)).sum::<f64>() / count;
    Ok(Some(StepState::Spread(Spread { mean, deviation: variance.sqrt() })))
}

/// Begins the history: how each row fared.
pub(super) fn outcomes(schema: &Schema, rows: &[Labelled], recipe_hash: &str) -> Result<HistoryRecords, FitError> {
    let outcome = |(row, labelled): (usize, &Labelled)| {
        let outcome = labelled.label.as_ref().and_then(|label| outcome(schema, label));
        outcome.ok_or(FitError::Unlabelled { row: row + 1 })
    };
    let outcomes: Result<Vec<f64>, FitError> = rows.iter().enumerate().map(outcome).collect();
    Ok(HistoryRecords { outcomes: Numbers(outcomes?.into()), ..HistoryRecords::new(recipe_hash) })
}

/// Adds the columns to the history that a step reads, and that no earlier one does.
pub(super) fn columns(rows: &Rows<'_, '_>, step: &HistoryDescriptor, records: &mut HistoryRecords) {
    let schema = rows.compiler.schema;
    let mut missing: Vec<(&str, &Column, Collected)> = Vec::new();
    for name in history::needed(schema, step) {
        let is_new = !records.columns.contains_key(name) && missing.iter().all(|(other, ..)| *other != name);
        if let (true, Some(column)) = (is_new, rows.compiler.column(name)) {
            let collected = match column.kind {
                Kind::Text | Kind::Moment => Collected::Texts(Vec::new()),
                _ => Collected::Numbers(Vec::with_capacity(rows.rows.len())),
            };
            missing.push((name, column, collected));
        }
    }
    if missing.is_empty() {
        return;
    }
    let columns: Vec<&Column> = missing.iter().map(|(_, column, _)| *column).collect();
    rows.each(columns, |asked| {
        for (_, column, collected) in &mut missing {
            match (collected, &column.kind) {
                (Collected::Texts(texts), Kind::Moment) => {
                    let value = asked.record.values().get(column.slot).and_then(Option::as_ref);
                    let field = schema.fields().get(column.slot);
                    let text = field.zip(value).map(|(field, value)| field.written(value).to_string());
                    texts.push(text.map(Into::into));
                }
                (Collected::Texts(texts), _) => texts.push(asked.text(column.slot).map(Into::into)),
                (Collected::Numbers(numbers), _) => numbers.push(asked.number(column.slot)),
            }
        }
    });
    let stored = missing.into_iter().map(|(name, column, collected)| {
        let stored = match (collected, &column.kind) {
            (Collected::Texts(texts), _) => Stored::of_texts(&texts),
            (Collected::Numbers(places), Kind::Category(texts, _)) => {
                let text = |place: &f64| at(texts, *place).cloned();
                Stored::of_texts(&places.iter().map(text).collect::<Vec<_>>())
            }
            (Collected::Numbers(numbers), kind) => Stored::of_numbers(numbers, matches!(kind, Kind::Boolean)),
        };
        (name.to_owned(), stored)
    });
    records.columns.extend(stored);
}

/// What the rows have in a column.
enum Collected {
    Texts(Vec<Option<Box<str>>>),
    Numbers(Vec<f64>),
}

fn kept(value: PartValue<'_>) -> Option<Kept> {
    match value {
        PartValue::Missing => None,
        PartValue::Number(number) => Some(Kept::Number(number)),
        PartValue::Text(text) => Some(Kept::Text(text.into())),
    }
}

fn compare(one: &Kept, other: &Kept) -> Ordering {
    match (one, other) {
        (Kept::Number(one), Kept::Number(other)) => one.total_cmp(other),
        (Kept::Text(one), Kept::Text(other)) => one.cmp(other),
        (Kept::Number(_), Kept::Text(_)) => Ordering::Less,
        (Kept::Text(_), Kept::Number(_)) => Ordering::Greater,
    }
}

fn compare_all(one: &[Kept], other: &[Kept]) -> Ordering {
    one.iter().zip(other).map(|(one, other)| compare(one, other)).find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
}

/// Returns what stands in a slot as the state writes it.
fn scalar(kept: &Kept, kind: &Kind) -> Scalar {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "places are small, integers within 2^53"
    )]
    match (kept, kind) {
        (Kept::Text(text), _) => Scalar::Text(text.to_string()),
        (Kept::Number(place), Kind::Category(texts, _)) => {
            Scalar::Text(texts.get(*place as usize).map(ToString::to_string).unwrap_or_default())
        }
        (Kept::Number(number), Kind::Boolean) => Scalar::Boolean(*number > 0.0),
        (Kept::Number(number), _) if number.fract() == 0.0 && number.abs() < 1e15 => Scalar::Integer(*number as i64),
        (Kept::Number(number), _) => Scalar::Number(*number),
    }
}

/// Returns the middle number, or the midpoint of the two middle ones.
fn median(numbers: &mut [f64]) -> Option<f64> {
    numbers.sort_unstable_by(f64::total_cmp);
    let upper = *numbers.get(numbers.len() / 2)?;
    if numbers.len() % 2 == 1 { Some(upper) } else { Some(f64::midpoint(numbers[numbers.len() / 2 - 1], upper)) }
}
