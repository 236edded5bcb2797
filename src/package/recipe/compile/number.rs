//! Compiles `number`.

use std::fmt::Arguments;

use super::column::{Kind, Known};
use super::compiler::Compiler;
use crate::package::recipe::descriptor::{NumberDescriptor, Operand};
use crate::package::recipe::program::Step;
use crate::package::recipe::state::StepState;
use crate::package::recipe::step::NumberStep;
use crate::package::recipe::step::number::{Formula, Term};

const ONE: &str = "must have exactly one of sum, ratio, product, log1p, clip and scale";

pub(super) fn compile(
    compiler: &mut Compiler<'_>,
    at: Arguments<'_>,
    step: &NumberDescriptor,
    learnt: Known<'_, StepState>,
) -> Option<Step> {
    let formula = formula(compiler, at, step, learnt);
    let to = compiler.declare(at, &step.name, Kind::Number);
    Some(Step::Number(NumberStep { formula: formula?, to }))
}

fn formula(
    compiler: &mut Compiler<'_>,
    at: Arguments<'_>,
    step: &NumberDescriptor,
    learnt: Known<'_, StepState>,
) -> Option<Formula> {
    if (step.min.is_some() || step.max.is_some()) && step.clip.is_none() {
        compiler.fault(at, "min and max mean something to clip only");
    }
    match step {
        NumberDescriptor {
            sum: Some(of), ratio: None, product: None, log1p: None, clip: None, scale: None, ..
        } => terms(compiler, format_args!("{at}/sum"), of).map(Formula::Sum),
        NumberDescriptor {
            sum: None,
            ratio: Some([one, other]),
            product: None,
            log1p: None,
            clip: None,
            scale: None,
            ..
        } => {
            let one = term(compiler, format_args!("{at}/ratio/0"), one);
            let other = term(compiler, format_args!("{at}/ratio/1"), other);
            Some(Formula::Ratio(one?, other?))
        }
        NumberDescriptor {
            sum: None, ratio: None, product: Some(of), log1p: None, clip: None, scale: None, ..
        } => terms(compiler, format_args!("{at}/product"), of).map(Formula::Product),
        NumberDescriptor {
            sum: None, ratio: None, product: None, log1p: Some(of), clip: None, scale: None, ..
        } => term(compiler, format_args!("{at}/log1p"), of).map(Formula::Log1p),
        NumberDescriptor {
            sum: None, ratio: None, product: None, log1p: None, clip: Some(of), scale: None, ..
        } => clip(compiler, at, step, of),
        NumberDescriptor {
            sum: None, ratio: None, product: None, log1p: None, clip: None, scale: Some(of), ..
        } => {
            let of = term(compiler, format_args!("{at}/scale"), of)?;
            match learnt {
                Known::NotYet => Some(Formula::Scale { of, mean: 0.0, deviation: 0.0 }),
                Known::Given(Some(StepState::Spread(spread))) => {
                    Some(Formula::Scale { of, mean: spread.mean, deviation: spread.deviation })
                }
                Known::Given(_) => {
                    compiler.state_fault(&step.name, "must be the mean and the deviation of this step");
                    None
                }
            }
        }
        _ => {
            compiler.fault(at, ONE);
            None
        }
    }
}

fn clip(compiler: &mut Compiler<'_>, at: Arguments<'_>, step: &NumberDescriptor, of: &Operand) -> Option<Formula> {
    let of = term(compiler, format_args!("{at}/clip"), of);
    match (step.min, step.max) {
        (None, None) => compiler.fault(at, "clip needs min, max or both"),
        (Some(min), Some(max)) if min > max => compiler.fault(format_args!("{at}/min"), "is above max"),
        _ => {}
    }
    let (min, max) = (step.min.unwrap_or(f64::NEG_INFINITY), step.max.unwrap_or(f64::INFINITY));
    Some(Formula::Clip { of: of?, min, max })
}

fn terms(compiler: &mut Compiler<'_>, at: Arguments<'_>, operands: &[Operand]) -> Option<Box<[Term]>> {
    if operands.is_empty() {
        compiler.fault(at, "must have one operand at least");
    }
    let terms: Vec<_> = operands
        .iter()
        .enumerate()
        .map(|(index, operand)| term(compiler, format_args!("{at}/{index}"), operand))
        .collect();
    terms.into_iter().collect()
}

fn term(compiler: &mut Compiler<'_>, at: Arguments<'_>, operand: &Operand) -> Option<Term> {
    match operand {
        Operand::Number(number) => Some(Term::Constant(*number)),
        Operand::Column(name) => compiler.find_number(at, name).map(|column| Term::Slot(column.slot)),
    }
}
