//! Compiles `date_part`.

use std::fmt::Arguments;

use jiff::tz::TimeZone;

use super::column::Kind;
use super::compiler::Compiler;
use crate::package::recipe::descriptor::{DatePart, DatePartDescriptor};
use crate::package::recipe::program::Step;
use crate::package::recipe::step::DatePartStep;
use crate::table::field::Domain;

/// Returns what stands in the column of a part.
fn kind(part: DatePart) -> Kind {
    let numbers = match part {
        DatePart::Year | DatePart::DayOfYear => return Kind::Number,
        DatePart::Month => 1..=12,
        DatePart::Day => 1..=31,
        DatePart::Weekday => 1..=7,
        DatePart::Hour => 0..=23,
        DatePart::Minute => 0..=59,
    };
    Kind::Choices(numbers.map(f64::from).collect())
}

pub(super) fn compile(compiler: &mut Compiler<'_>, at: Arguments<'_>, step: &DatePartDescriptor) -> Option<Step> {
    let pointer = format_args!("{at}/from");
    let found = compiler.find(pointer, &step.from).and_then(|from| {
        let schema = compiler.schema;
        let domain = schema.fields().get(from.slot).map(|field| &field.domain);
        match domain {
            Some(Domain::Datetime(_, zone)) => Some((from.slot, zone.timezone.clone())),
            Some(Domain::Date(_)) if matches!(step.part, DatePart::Hour | DatePart::Minute) => {
                compiler.fault(
                    format_args!("{at}/part"),
                    format!("{:?} has days, which have no hour and no minute", step.from),
                );
                None
            }
            Some(Domain::Date(_)) => Some((from.slot, TimeZone::UTC)),
            _ => {
                compiler.fault(pointer, format!("{:?} has {}, but dates are needed", step.from, from.kind));
                None
            }
        }
    });
    let to = compiler.declare(at, &step.name, kind(step.part));
    let (from, timezone) = found?;
    Some(Step::DatePart(DatePartStep { from, part: step.part, timezone, to }))
}
