//! Compiles `history` steps with `days`.

use std::fmt::Arguments;

use jiff::civil::Time;
use jiff::tz::TimeZone;

use super::column::{Column, Kind};
use super::compiler::Compiler;
use super::history::{SEVERAL_CLASSES, is_of_training, weight};
use crate::package::recipe::descriptor::{ExpectedDescriptor, HistoryDescriptor, RecipeDescriptor, StepDescriptor};
use crate::package::recipe::key::Key;
use crate::package::recipe::program::{RecentStep, Step};
use crate::package::recipe::recent::plan::{Expected, ExpectedCell, PlannedStep, Times};
use crate::package::recipe::recent::{Calendar, Day};
use crate::table::Task;

/// The most days that a step may look back.
const MAX_DAYS: u32 = 3660;

/// What `history` steps with `days` need of the schema and the recipe, or all that is missing.
pub(in crate::package::recipe) fn begin(compiler: &mut Compiler<'_>, descriptor: &RecipeDescriptor) {
    let has_step = descriptor.steps.iter().any(StepDescriptor::looks_back);
    let Some(snapshots) = &descriptor.snapshots else {
        if has_step {
            compiler.fault(
                format_args!("/snapshots"),
                "is missing: a history of days needs to know when snapshots are made, as in {\"at\": \"06:00\"}",
            );
        }
        return;
    };
    if !has_step {
        compiler.fault(format_args!("/snapshots"), "means something with a history of days only");
        return;
    }
    if descriptor.steps.iter().any(is_of_training) {
        let detail = "means nothing beside a history without days: have all with days, or none";
        compiler.fault(format_args!("/snapshots"), detail);
    }
    let at = Time::strptime("%H:%M", &snapshots.at);
    if at.is_err() || snapshots.at.len() != 5 {
        let detail = format!("{:?} must be a time of the day as in 06:00", snapshots.at);
        compiler.fault(format_args!("/snapshots/at"), detail);
    }
    let schema = compiler.schema;
    if schema.key().is_empty() {
        compiler.fault(format_args!("/snapshots"), "needs a key in schema.json: an event counts once, by its key");
    }
    let Some(field) = schema.time() else {
        compiler.fault(format_args!("/snapshots"), "needs a time in schema.json: the day of an event follows from it");
        return;
    };
    let zone = schema.fields()[field].timezone().cloned().unwrap_or(TimeZone::UTC);
    if let Ok(at) = at {
        compiler.program.plan.times = Some(Times { field, calendar: Calendar::new(at, zone) });
    }
}

/// Refuses what means nothing without `days`.
pub(super) fn refuse_without_days(compiler: &mut Compiler<'_>, at: Arguments<'_>, step: &HistoryDescriptor) {
    let expected_days = step.expected.as_ref().is_some_and(|expected| expected.days.is_some());
    for (name, is_there) in
        [("same", !step.same.is_empty()), ("overall", step.overall.is_some()), ("expected/days", expected_days)]
    {
        if is_there {
            compiler.fault(format_args!("{at}/{name}"), "means something with days only");
        }
    }
}

pub(super) fn compile(
    compiler: &mut Compiler<'_>,
    at: Arguments<'_>,
    step: &HistoryDescriptor,
    days: u32,
) -> Option<Step> {
    if compiler.schema.task() == Task::Multiclass {
        compiler.fault(at, SEVERAL_CLASSES);
    }
    for (name, is_there) in
        [("among", !step.among.is_empty()), ("only", !step.only.is_empty()), ("identity", !step.identity.is_empty())]
    {
        if is_there {
            compiler.fault(format_args!("{at}/{name}"), "means something without days only: use same");
        }
    }
    let days = length(compiler, format_args!("{at}/days"), days);
    let key = columns(compiler, format_args!("{at}/same"), &step.same);
    let cell = step.expected.as_ref().map(|expected| cell(compiler, format_args!("{at}/expected"), expected));
    weight(compiler, format_args!("{at}/prior"), step.prior);
    if let Some(overall) = step.overall {
        weight(compiler, format_args!("{at}/overall/prior"), overall.prior);
        if !overall.rate.is_finite() {
            compiler.fault(format_args!("{at}/overall/rate"), "must be a number");
        }
    }
    let to = compiler.declare(at, &step.name, Kind::Number);
    let (days, key) = (days?, key?);
    let cell = cell.map_or(Some(None), |cell| cell.map(Some))?;
    let plan = &mut compiler.program.plan;
    let mut place = |(name, column): (&String, &Column)| plan.place(name, column);
    let places = step.same.iter().zip(&key).map(&mut place).collect();
    let cell = cell.zip(step.expected.as_ref()).map(|((by, days), expected)| ExpectedCell {
        by: expected.by.iter().zip(&by).map(place).collect(),
        days,
        prior: expected.prior,
    });
    let (rate, rate_prior) = step.overall.map_or((0.0, 0.0), |overall| (overall.rate, overall.prior));
    let expected = Expected { rate, rate_prior, cell };
    plan.steps.push(PlannedStep { name: step.name.as_str().into(), key: places, days, prior: step.prior, expected });
    let place = plan.steps.len() - 1;
    Some(Step::Recent(RecentStep { place, key: Key(key.iter().map(Column::part).collect()), to }))
}

/// Returns how many days a step looks back.
fn length(compiler: &mut Compiler<'_>, at: Arguments<'_>, days: u32) -> Option<Day> {
    if !(1..=MAX_DAYS).contains(&days) {
        compiler.fault(at, format!("{days} must be 1 to {MAX_DAYS} days"));
        return None;
    }
    Day::try_from(days).ok()
}

fn cell(compiler: &mut Compiler<'_>, at: Arguments<'_>, expected: &ExpectedDescriptor) -> Option<(Box<[Column]>, Day)> {
    weight(compiler, format_args!("{at}/prior"), expected.prior);
    let by = columns(compiler, format_args!("{at}/by"), &expected.by);
    let Some(days) = expected.days else {
        compiler.fault(format_args!("{at}/days"), "is missing: say how many days count for what was expected");
        return None;
    };
    Some((by?, length(compiler, format_args!("{at}/days"), days)?))
}

/// Finds columns by which events are told apart. What they are must not change with the next training, or no snapshot outlived it.
fn columns(compiler: &mut Compiler<'_>, at: Arguments<'_>, names: &[String]) -> Option<Box<[Column]>> {
    let columns = compiler.find_key(at, names)?;
    let mut are_right = true;
    for (index, column) in columns.iter().enumerate() {
        let detail = match column.kind {
            Kind::Moment => "has dates: date_part takes numbers of them",
            _ if compiler.is_learnt(column.slot) => {
                "follows from what a step has learnt, which changes with each training: use a field, or a step that learns nothing"
            }
            _ => continue,
        };
        compiler.fault(format_args!("{at}/{index}"), format!("{:?} {detail}", names[index]));
        are_right = false;
    }
    are_right.then_some(columns)
}
