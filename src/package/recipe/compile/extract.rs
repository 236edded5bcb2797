//! Compiles `extract`.

use std::fmt::Arguments;

use super::column::Kind;
use super::compiler::Compiler;
use crate::package::recipe::descriptor::ExtractDescriptor;
use crate::package::recipe::program::Step;
use crate::package::recipe::step::ExtractStep;
use crate::package::recipe::step::pattern::Pattern;

pub(super) fn compile(compiler: &mut Compiler<'_>, at: Arguments<'_>, step: &ExtractDescriptor) -> Option<Step> {
    let pointer = format_args!("{at}/from");
    let from = compiler.find(pointer, &step.from).and_then(|from| {
        if !from.kind.is_text() {
            compiler.fault(pointer, format!("{:?} has {}, but texts are needed", step.from, from.kind));
            return None;
        }
        Some(from.slot)
    });
    let pattern = pattern(compiler, at, &step.pattern);
    let as_number = step.kind.is_some();
    let to = compiler.declare(at, &step.name, if as_number { Kind::Number } else { Kind::Text });
    let pattern = pattern?;
    let room = compiler.rooms;
    compiler.rooms += 1;
    Some(Step::Extract(ExtractStep { from: from?, pattern, room, upper: step.upper, as_number, to }))
}

fn pattern(compiler: &mut Compiler<'_>, at: Arguments<'_>, pattern: &str) -> Option<Pattern> {
    let fault = |reason| {
        let detail = format!("{pattern:?} is not a pattern that is understood: {reason}");
        compiler.fault(format_args!("{at}/pattern"), detail);
    };
    Pattern::new(pattern).map_err(fault).ok()
}
