//! Compiles `extract`.

use regex::RegexBuilder;

use super::column::Kind;
use super::compiler::Compiler;
use crate::package::recipe::descriptor::ExtractDescriptor;
use crate::package::recipe::program::Step;
use crate::package::recipe::step::ExtractStep;
use crate::package::recipe::step::extract::Pattern;
use crate::package::recipe::step::run::Run;

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
    let pattern = pattern(compiler, at, &step.pattern);
    let as_number = step.kind.is_some();
    let to = compiler.declare(at, &step.name, if as_number { Kind::Number } else { Kind::Text });
    let pattern = pattern?;
    if let Pattern::Regex { .. } = pattern {
        compiler.extracts += 1;
    }
    Some(Step::Extract(ExtractStep { from: from?, pattern, upper: step.upper, as_number, to }))
}

fn pattern(compiler: &mut Compiler<'_>, at: &str, pattern: &str) -> Option<Pattern> {
    if let Some(run) = Run::of_pattern(pattern) {
        return Some(Pattern::Run(run));
    }
    match RegexBuilder::new(pattern).size_limit(MAX_PATTERN_BYTES).build() {
        Ok(regex) => Some(Pattern::Regex { regex, locations: compiler.extracts }),
        Err(error) => {
            let error = error.to_string();
            let reason = error.lines().last().unwrap_or_default().trim_start_matches("error: ");
            let detail = format!("{pattern:?} is not a pattern that is understood: {reason}");
            compiler.fault(&format!("{at}/pattern"), detail);
            None
        }
    }
}
