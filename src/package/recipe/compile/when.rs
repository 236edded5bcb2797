//! Compiles `when`.

use std::fmt::Arguments;

use super::column::{Column, Kind, number};
use super::compiler::Compiler;
use super::condition;
use crate::package::recipe::descriptor::{ValueDescriptor, WhenDescriptor};
use crate::package::recipe::program::Step;
use crate::package::recipe::slots::{MISSING, Span};
use crate::package::recipe::step::WhenStep;
use crate::package::recipe::step::when::Then;
use crate::table::descriptor::Scalar;

/// A value of a case, before it is known what all values are.
enum Value {
    Missing,
    Number(f64),
    Text(Box<str>),
    Column(Column),
}

pub(super) fn compile(compiler: &mut Compiler<'_>, at: Arguments<'_>, step: &WhenDescriptor) -> Option<Step> {
    if step.cases.is_empty() {
        compiler.fault(format_args!("{at}/cases"), "must have one case at least");
    }
    let (mut tests, mut values) = (Vec::new(), Vec::new());
    for (index, case) in step.cases.iter().enumerate() {
        let pointer = format_args!("{at}/cases/{index}");
        if case.tests.is_empty() {
            compiler.fault(format_args!("{pointer}/if"), "must have one test at least");
        }
        tests.push(condition::tests(compiler, format_args!("{pointer}/if"), &case.tests));
        values.push(value(compiler, format_args!("{pointer}/then"), &case.then));
    }
    values.push(value(compiler, format_args!("{at}/otherwise"), &step.otherwise));
    let values: Option<Vec<Value>> = values.into_iter().collect();
    let kind = values.as_deref().and_then(|values| kind(compiler, at, values));
    let to = compiler.declare(at, &step.name, kind.clone().unwrap_or(Kind::Unknown));
    let (kind, tests) = (kind?, tests.into_iter().collect::<Option<Vec<_>>>()?);
    let thens = values?.into_iter().map(|value| then(compiler, &kind, value)).collect();
    Some(Step::When(WhenStep::new(tests.into(), thens, to)))
}

fn value(compiler: &mut Compiler<'_>, at: Arguments<'_>, value: &ValueDescriptor) -> Option<Value> {
    match value {
        ValueDescriptor::Missing => Some(Value::Missing),
        ValueDescriptor::Scalar(Scalar::Text(text)) if text.trim() != text || text.is_empty() => {
            compiler.fault(at, format!("{text:?} must be a text without space around it: null is a missing value"));
            None
        }
        ValueDescriptor::Scalar(Scalar::Text(text)) => Some(Value::Text(text.as_str().into())),
        ValueDescriptor::Scalar(Scalar::Boolean(value)) => Some(Value::Number(f64::from(u8::from(*value)))),
        ValueDescriptor::Scalar(scalar) => number(scalar).map(Value::Number),
        ValueDescriptor::Column(descriptor) => {
            let column = compiler.find(format_args!("{at}/column"), &descriptor.column)?;
            if let Kind::Moment = column.kind {
                let detail =
                    format!("{:?} has dates, which are no value: date_part takes numbers of them", descriptor.column);
                compiler.fault(format_args!("{at}/column"), detail);
                return None;
            }
            Some(Value::Column(column))
        }
    }
}

/// Finds out what the values are together: numbers, categories or texts.
fn kind(compiler: &mut Compiler<'_>, at: Arguments<'_>, values: &[Value]) -> Option<Kind> {
    let is_number = |value: &Value| match value {
        Value::Number(_) => true,
        Value::Column(column) => column.kind.is_number(),
        Value::Missing | Value::Text(_) => false,
    };
    let is_missing = |value: &Value| matches!(value, Value::Missing);
    if values.iter().all(|value| is_number(value) || is_missing(value)) {
        return Some(Kind::Number);
    }
    if values.iter().any(is_number) {
        compiler.fault(at, "its values are numbers and texts: a column has one or the other");
        return None;
    }
    let mut texts: Vec<Box<str>> = Vec::new();
    for value in values {
        match value {
            Value::Text(text) if !texts.contains(text) => texts.push(text.clone()),
            Value::Column(Column { kind: Kind::Text, .. }) => return Some(Kind::Text),
            Value::Column(Column { kind: Kind::Category(others, _), .. }) => {
                let new: Vec<Box<str>> = others.iter().filter(|text| !texts.contains(text)).cloned().collect();
                texts.extend(new);
            }
            _ => {}
        }
    }
    Some(Kind::Category(texts.into(), None))
}

fn then(compiler: &mut Compiler<'_>, kind: &Kind, value: Value) -> Then {
    let is_text = kind.is_text();
    match (value, kind) {
        (Value::Missing, _) if is_text => Then::Text(Span::MISSING),
        (Value::Missing, _) => Then::Number(MISSING),
        (Value::Number(number), _) => Then::Number(number + 0.0),
        (Value::Text(text), Kind::Category(texts, field)) => {
            Then::Number(compiler.category(texts, *field, &text).unwrap_or(MISSING))
        }
        (Value::Text(text), _) => Then::Text(compiler.constant(&text)),
        (Value::Column(Column { slot, kind: Kind::Category(texts, _), .. }), Kind::Category(all, field)) => {
            let places = texts.iter().map(|text| compiler.category(all, *field, text).unwrap_or(MISSING));
            Then::PlaceOf(slot, places.collect())
        }
        (Value::Column(Column { slot, kind: Kind::Category(texts, _), .. }), _) => {
            Then::CategoryOf(slot, texts.iter().map(|text| compiler.constant(text)).collect())
        }
        (Value::Column(column), _) if is_text => Then::TextOf(column.slot),
        (Value::Column(column), _) => Then::NumberOf(column.slot),
    }
}
