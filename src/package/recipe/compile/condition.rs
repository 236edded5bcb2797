//! Compiles tests.

use std::fmt::Arguments;

use super::column::{Column, Kind};
use super::compiler::Compiler;
use crate::package::recipe::descriptor::{RangeDescriptor, TestDescriptor, Tests};
use crate::package::recipe::error::escape;
use crate::package::recipe::step::impute::Kept;
use crate::package::recipe::test::{Check, Test};
use crate::table::descriptor::Scalar;

/// Compiles tests of columns, which must all hold.
pub(super) fn tests(compiler: &mut Compiler<'_>, at: Arguments<'_>, tests: &Tests) -> Option<Box<[Test]>> {
    let all: Vec<_> = tests
        .iter()
        .map(|(name, test)| {
            let pointer = format_args!("{at}/{}", escape(name));
            let column = compiler.find(pointer, name)?;
            let check = check(compiler, pointer, name, &column, test)?;
            Some(Test { slot: column.slot, check })
        })
        .collect();
    all.into_iter().collect()
}

fn check(
    compiler: &mut Compiler<'_>,
    at: Arguments<'_>,
    name: &str,
    column: &Column,
    test: &TestDescriptor,
) -> Option<Check> {
    match test {
        TestDescriptor::Equals(scalar) => {
            let value = compiler.value(at, name, &column.kind, scalar)?;
            Some(one_of(vec![value]))
        }
        TestDescriptor::OneOf(scalars) => among(compiler, at, name, &column.kind, scalars),
        TestDescriptor::Range(range) => within(compiler, at, name, &column.kind, range),
    }
}

fn among(compiler: &mut Compiler<'_>, at: Arguments<'_>, name: &str, kind: &Kind, scalars: &[Scalar]) -> Option<Check> {
    if scalars.is_empty() {
        compiler.fault(at, "must name one value at least");
        return None;
    }
    let values: Vec<_> = scalars
        .iter()
        .enumerate()
        .map(|(index, scalar)| compiler.value(format_args!("{at}/{index}"), name, kind, scalar))
        .collect();
    values.into_iter().collect::<Option<Vec<_>>>().map(one_of)
}

/// Makes a test of values, which are all numbers or all texts.
fn one_of(values: Vec<Kept>) -> Check {
    let (mut numbers, mut texts) = (Vec::new(), Vec::new());
    for value in values {
        match value {
            Kept::Number(number) => numbers.push(number),
            Kept::Text(text) => texts.push(text),
        }
    }
    match numbers[..] {
        [number] => Check::Number(number),
        _ if texts.is_empty() => Check::Numbers(numbers.into()),
        _ => Check::Texts(texts.into()),
    }
}

fn within(
    compiler: &mut Compiler<'_>,
    at: Arguments<'_>,
    name: &str,
    kind: &Kind,
    range: &RangeDescriptor,
) -> Option<Check> {
    let RangeDescriptor { min, max, above, below, missing } = range;
    let has_bounds = [min, max, above, below].iter().any(|bound| bound.is_some());
    let detail = match missing {
        None if !has_bounds => "must have one of min, max, above, below and missing".to_owned(),
        Some(true) if has_bounds => "a missing value is within no bounds: take the one or the other".to_owned(),
        _ if has_bounds && !matches!(kind, Kind::Number | Kind::Choices(_)) => {
            format!("bounds mean something to numbers only, but {name:?} has {kind}")
        }
        Some(missing) if !has_bounds => {
            return Some(if kind.is_text() {
                Check::TextIsMissing(*missing)
            } else {
                Check::NumberIsMissing(*missing)
            });
        }
        _ => {
            let low = [min, above].into_iter().flatten().copied().fold(f64::NEG_INFINITY, f64::max);
            let high = [max, below].into_iter().flatten().copied().fold(f64::INFINITY, f64::min);
            let is_open = above.is_some_and(|above| above >= high) || below.is_some_and(|below| below <= low);
            if low <= high && !is_open {
                return Some(Check::Range {
                    min: min.unwrap_or(f64::NEG_INFINITY),
                    max: max.unwrap_or(f64::INFINITY),
                    above: above.unwrap_or(f64::NEG_INFINITY),
                    below: below.unwrap_or(f64::INFINITY),
                });
            }
            "no number is within these bounds".to_owned()
        }
    };
    compiler.fault(at, detail);
    None
}
