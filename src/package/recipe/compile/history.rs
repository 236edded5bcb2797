//! Compiles `history`.

use std::fmt::Arguments;
use std::sync::Arc;

use super::column::{Column, Kind, Known};
use super::compiler::Compiler;
use super::{condition, recent};
use crate::package::recipe::descriptor::{AmongDescriptor, HistoryDescriptor, StepDescriptor};
use crate::package::recipe::error::escape;
use crate::package::recipe::history::group::{Group, GroupRule};
use crate::package::recipe::history::identity::Identity;
use crate::package::recipe::history::lookup::{Cells, HistoryStep, Lookup};
use crate::package::recipe::history::members::Column as MemberColumn;
use crate::package::recipe::history::outcome::Outcomes;
use crate::package::recipe::history::records::HistoryRecords;
use crate::package::recipe::history::stored::Stored;
use crate::package::recipe::history::texts::Texts;
use crate::package::recipe::program::Step;
use crate::package::recipe::slots::{Load, MISSING};
use crate::package::recipe::test::{Test, all_hold};
use crate::table::field::Domain;
use crate::table::{Cell, Schema, Task};

/// What is said of a label that no history can add up.
pub(super) const SEVERAL_CLASSES: &str = "the label has several classes: an outcome is one of two classes, or a number";

/// Returns whether a recipe looks up earlier records.
pub(in crate::package::recipe) fn is_needed(steps: &[StepDescriptor]) -> bool {
    steps.iter().any(|step| matches!(step, StepDescriptor::History(_)))
}

/// Returns whether a step looks up the records of the training data, and not those of the last days.
pub(in crate::package::recipe) fn is_of_training(step: &StepDescriptor) -> bool {
    matches!(step, StepDescriptor::History(step) if step.days.is_none())
}

/// Returns the columns of earlier records that a step reads: all fields but those of the key, to tell who may be the record itself, and what
/// the step names.
pub(in crate::package::recipe) fn needed<'a>(schema: &'a Schema, step: &'a HistoryDescriptor) -> Vec<&'a str> {
    let mut names: Vec<&str> = compared(schema).map(|place| &*schema.fields()[place].name).collect();
    names.extend(step.identity.iter().map(String::as_str));
    for among in &step.among {
        names.extend(among.same.iter().chain(among.within.keys()).chain(among.tests.keys()).map(String::as_str));
    }
    names.extend(step.only.keys().map(String::as_str));
    names.extend(step.expected.iter().flat_map(|expected| &expected.by).map(String::as_str));
    names
}

/// Returns the fields by which two records are compared.
fn compared(schema: &Schema) -> impl Iterator<Item = usize> {
    schema.inputs().map(|(place, _)| place).filter(|place| !schema.key().contains(place))
}

/// Takes in how many earlier records there are, and how they fared.
pub(in crate::package::recipe) fn begin(compiler: &mut Compiler<'_>, records: &HistoryRecords) {
    let outcomes = &records.outcomes.0;
    if let Some(place) = outcomes.iter().position(|outcome| outcome.is_nan()) {
        compiler.history_fault(format_args!("/outcomes/{place}"), "must be a number");
        return;
    }
    if compiler.schema.task() == Task::Binary {
        let is_class = |outcome: &f64| *outcome == 0.0 || outcome.to_bits() == 1.0_f64.to_bits();
        if let Some(place) = outcomes.iter().position(|outcome| !is_class(outcome)) {
            compiler.history_fault(format_args!("/outcomes/{place}"), format!("{} must be 0 or 1", outcomes[place]));
        }
    }
    match u32::try_from(outcomes.len()) {
        Ok(count) if count <= u32::MAX / 2 => compiler.program.histories.members.count = count,
        _ => compiler.history_fault(format_args!("/outcomes"), "there are more records than 2^31"),
    }
    compiler.program.histories.outcomes = Outcomes::new(outcomes);
}

pub(super) fn compile(
    compiler: &mut Compiler<'_>,
    at: Arguments<'_>,
    step: &HistoryDescriptor,
    records: Known<'_, HistoryRecords>,
) -> Option<Step> {
    if let Some(days) = step.days {
        return recent::compile(compiler, at, step, days);
    }
    recent::refuse_without_days(compiler, at, step);
    if compiler.schema.task() == Task::Multiclass {
        compiler.fault(at, SEVERAL_CLASSES);
    }
    let identity = identity(compiler, format_args!("{at}/identity"), &step.identity);
    if step.among.is_empty() {
        compiler.fault(format_args!("{at}/among"), "must have one group at least");
    }
    let rules: Vec<_> = step
        .among
        .iter()
        .enumerate()
        .map(|(index, among)| rule(compiler, format_args!("{at}/among/{index}"), among))
        .collect();
    let only = condition::tests(compiler, format_args!("{at}/only"), &step.only);
    let by = step.expected.as_ref().map(|expected| {
        weight(compiler, format_args!("{at}/expected/prior"), expected.prior);
        compiler.find_key(format_args!("{at}/expected/by"), &expected.by)
    });
    weight(compiler, format_args!("{at}/prior"), step.prior);
    let to = compiler.declare(at, &step.name, Kind::Number);
    let (identity, only) = (identity?, only?);
    let rules: Vec<GroupRule> = rules.into_iter().collect::<Option<_>>()?;
    let by = by.map_or(Some(None), |by| by.map(Some))?;
    let Known::Given(Some(records)) = records else { return None };
    take_in(compiler, step, records)?;
    let cells = by.zip(step.expected.as_ref()).map(|(by, expected)| (slots(&by), expected.prior));
    let lookup = lookup(compiler, step, &identity, rules, cells);
    Some(Step::History(HistoryStep { lookup, only: counted(compiler, &only), prior: step.prior, to }))
}

fn identity(compiler: &mut Compiler<'_>, at: Arguments<'_>, names: &[String]) -> Option<Vec<usize>> {
    if names.is_empty() {
        compiler.fault(at, "must name one field at least: without, a record could see its own label");
    }
    let parts: Vec<_> = names
        .iter()
        .enumerate()
        .map(|(index, name)| {
            let pointer = format_args!("{at}/{index}");
            let column = compiler.find(pointer, name)?;
            if column.slot >= compiler.schema.fields().len() {
                compiler.fault(pointer, format!("{name:?} must be a field"));
            }
            Some(column.slot)
        })
        .collect();
    parts.into_iter().collect()
}

fn rule(compiler: &mut Compiler<'_>, at: Arguments<'_>, among: &AmongDescriptor) -> Option<GroupRule> {
    if among.same.is_empty() && among.within.is_empty() {
        compiler.fault(at, "must have same or within");
    }
    let same = compiler.find_key(format_args!("{at}/same"), &among.same);
    let within: Vec<_> = among
        .within
        .iter()
        .map(|(name, tolerance)| {
            let pointer = format_args!("{at}/within/{}", escape(name));
            weight(compiler, pointer, *tolerance);
            Some((compiler.find_number(pointer, name)?.slot, *tolerance))
        })
        .collect();
    let tests = condition::tests(compiler, format_args!("{at}/where"), &among.tests);
    Some(GroupRule { same: slots(&same?), within: within.into_iter().collect::<Option<_>>()?, tests: tests? })
}

/// Refuses a number that is negative.
pub(super) fn weight(compiler: &mut Compiler<'_>, at: Arguments<'_>, number: f64) {
    if !number.is_finite() || number < 0.0 {
        compiler.fault(at, format!("{number} must be 0 or more"));
    }
}

fn slots(columns: &[Column]) -> Box<[usize]> {
    columns.iter().map(|column| column.slot).collect()
}

/// Makes what the step looks up, or returns what an earlier step made of the same parts.
fn lookup(
    compiler: &mut Compiler<'_>,
    step: &HistoryDescriptor,
    identity: &[usize],
    rules: Vec<GroupRule>,
    cells: Option<(Box<[usize]>, f64)>,
) -> usize {
    let text = |value: serde_json::Result<String>| value.unwrap_or_else(|error| error.to_string());
    let known = text(serde_json::to_string(&(&step.identity, &step.among, &step.expected)));
    if let Some(lookup) = compiler.lookups.get(&known) {
        return *lookup;
    }
    let schema = compiler.schema;
    let histories = &mut compiler.program.histories;
    let place = *compiler.identities.entry(text(serde_json::to_string(&step.identity))).or_insert_with(|| {
        histories.identities.push(Identity::new(identity, compared(schema).collect(), &histories.members));
        histories.identities.len() - 1
    });
    let members = &histories.members;
    let groups = rules.into_iter().map(|rule| Group::new(rule, members)).collect();
    let cells = cells.map(|(key, prior)| Cells::new(&key, prior, members, &histories.outcomes));
    histories.lookups.push(Lookup { identity: place, groups, cells });
    compiler.lookups.insert(known, histories.lookups.len() - 1);
    histories.lookups.len() - 1
}

/// Finds out which members count.
fn counted(compiler: &Compiler<'_>, only: &[Test]) -> Option<Box<[bool]>> {
    let members = &compiler.program.histories.members;
    let counts = |member: u32| all_hold(only, &members.get(member));
    (!only.is_empty()).then(|| (0..members.count).map(counts).collect())
}

/// Takes in the columns of earlier records that a step reads.
fn take_in(compiler: &mut Compiler<'_>, step: &HistoryDescriptor, records: &HistoryRecords) -> Option<()> {
    let before = compiler.faults.len();
    for name in needed(compiler.schema, step) {
        let Some(column) = compiler.column(name).cloned() else { continue };
        if compiler.program.histories.members.have(column.slot) {
            continue;
        }
        let pointer = format_args!("/columns/{}", escape(name));
        match records.columns.get(name) {
            None => compiler.history_fault(format_args!("/columns"), format!("lacks {name:?}")),
            Some(stored) if stored.len() != records.len() => {
                let detail = format!("has {} values, but there are {} outcomes", stored.len(), records.len());
                compiler.history_fault(pointer, detail);
            }
            Some(stored) => match member_column(compiler, &column, stored) {
                Ok(taken) => compiler.program.histories.members.set(column.slot, taken),
                Err((place, detail)) => {
                    let place = place.map(|place| format!("/{place}")).unwrap_or_default();
                    compiler.history_fault(format_args!("{pointer}{place}"), detail);
                }
            },
        }
    }
    (compiler.faults.len() == before).then_some(())
}

/// What is wrong with a column of earlier records, and where.
type ColumnFault = (Option<usize>, String);

fn member_column(compiler: &Compiler<'_>, column: &Column, stored: &Stored) -> Result<MemberColumn, ColumnFault> {
    let numbers = MemberColumn::of_numbers;
    match (&column.kind, stored) {
        (_, Stored::Nothing(count)) => Ok(numbers(vec![MISSING; *count].into())),
        (Kind::Text, Stored::Texts(texts, codes, places)) => {
            Ok(MemberColumn::of_texts(Arc::clone(texts), Arc::clone(&codes.0), places.clone()))
        }
        (Kind::Number | Kind::Choices(_), Stored::Numbers(stored)) => {
            let numbers = numbers(Arc::clone(&stored.0));
            check(compiler, column.slot, &numbers)?;
            Ok(numbers)
        }
        (Kind::Boolean, Stored::Flags(stored)) => Ok(numbers(Arc::clone(&stored.0))),
        (Kind::Category(texts, field), Stored::Texts(stored, _, places)) => {
            let place = |text| {
                let place = compiler.category(texts, *field, text);
                place.ok_or_else(|| (None, format!("{text:?} is no category of this column")))
            };
            let categories = stored.iter().map(place).collect::<Result<Vec<_>, _>>()?;
            Ok(numbers(places.translated(&categories, MISSING)))
        }
        (Kind::Moment, Stored::Texts(texts, _, places)) => {
            Ok(numbers(places.translated(&moments(compiler, column.slot, texts)?, MISSING)))
        }
        (kind, _) => Err((None, format!("must be {kind}"))),
    }
}

/// Refuses a number that is no value of its field.
fn check(compiler: &Compiler<'_>, slot: usize, column: &MemberColumn) -> Result<(), ColumnFault> {
    let Some(field) = compiler.schema.fields().get(slot) else { return Ok(()) };
    let samples = match field.domain {
        // What is between two numbers within bounds is so, too.
        Domain::Number(_) => column.extremes(),
        _ => column.samples(),
    };
    for place in samples {
        let number = column.numbers[place];
        let cell = if number.is_nan() { continue } else { Cell::Float(number) };
        field.read(cell).map_err(|detail| (Some(place), detail))?;
    }
    Ok(())
}

fn moments(compiler: &Compiler<'_>, slot: usize, texts: &Texts) -> Result<Vec<f64>, ColumnFault> {
    let Some(field) = compiler.schema.fields().get(slot) else { return Err((None, "must be a field".to_owned())) };
    let read = |text| {
        let value = field.read(Cell::Text(text)).map_err(|detail| (None, detail))?;
        Ok(value.map_or(MISSING, |value| Load::Number.number(&value)))
    };
    texts.iter().map(read).collect()
}
