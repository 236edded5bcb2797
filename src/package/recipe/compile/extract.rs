//! Compiles `extract`.

use regex::RegexBuilder;

use super::column::Kind;
use super::compiler::Compiler;
use crate::package::recipe::descriptor::ExtractDescriptor;
use crate::package::recipe::program::Step;
use crate::package::recipe::step::ExtractStep;

/// The most bytes that a compiled pattern takes.
const MAX_PATTERN_BYTES: usize = 1 << 20;

pub(super) fn compile(compiler: &mut Compiler<'_>, at: &str, step: &ExtractDescriptor) -> Option<Step> {
    let pointer = format!("{at}/from");
    let from = compiler.find(&pointer, &step.from).and_then(|from| {
        if !from.kind.is_text() {
            compiler.fault(&pointer, format!("{:?} has {}, but texts are needed", step.from, from.kind));
            return None;
        }
        Some(from.slot)
    });
    let regex = match RegexBuilder::new(&step.pattern).size_limit(MAX_PATTERN_BYTES).build() {
        Ok(regex) => Some(regex),
        Err(error) => {
            let error = error.to_string();
            let reason = error.lines().last().unwrap_or_default().trim_start_matches("error: ");
            let detail = format!("{:?} is not a pattern that is understood: {reason}", step.pattern);
            compiler.fault(&format!("{at}/pattern"), detail);
            None
        }
    };
    let as_number = step.kind.is_some();
    let to = compiler.declare(at, &step.name, if as_number { Kind::Number } else { Kind::Text });
    let (from, regex, locations) = (from?, regex?, compiler.extracts);
    compiler.extracts += 1;
    Some(Step::Extract(ExtractStep { from, regex, upper: step.upper, as_number, to, locations }))
}
