//! The names that a step may use, and what is wrong so far.

use std::fmt::{self, Arguments};
use std::ops::Range;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::column::{Column, Kind, category, number, of_field};
use crate::package::recipe::descriptor::RecipeDescriptor;
use crate::package::recipe::error::{Faults, HISTORY, RECIPE, STATE, escape};
use crate::package::recipe::program::{Program, Step, Use};
use crate::package::recipe::slots::{Source, Span};
use crate::package::recipe::step::impute::Kept;
use crate::table::Schema;
use crate::table::descriptor::Scalar;

/// A recipe that is being compiled.
#[derive(Debug)]
pub(in crate::package::recipe) struct Compiler<'a> {
    pub(in crate::package::recipe) schema: &'a Schema,
    pub(in crate::package::recipe) program: Program,
    pub(in crate::package::recipe) faults: Faults,
    pub(super) descriptor: &'a RecipeDescriptor,
    /// The step that is being compiled.
    pub(super) place: usize,
    /// How many patterns there are so far.
    pub(super) rooms: usize,
    /// The identities and look-ups of `history` steps, by what they are made of.
    pub(super) identities: FxHashMap<String, usize>,
    pub(super) lookups: FxHashMap<String, usize>,
    /// From which slot on, up to which, columns follow from what some step has learnt.
    learnt: Vec<Range<usize>>,
    /// The slots that the step that is being compiled reads.
    reads: Vec<usize>,
    /// The steps whose columns are not known before they have learnt.
    pub(super) unlearnt: Vec<Box<str>>,
    columns: FxHashMap<Box<str>, Column>,
    lower_case: FxHashMap<String, usize>,
}

impl<'a> Compiler<'a> {
    pub(in crate::package::recipe) fn new(descriptor: &'a RecipeDescriptor, schema: &'a Schema) -> Self {
        let mut compiler = Self {
            schema,
            program: Program { slots: schema.fields().len(), ..Program::default() },
            faults: Faults::default(),
            descriptor,
            place: 0,
            rooms: 0,
            identities: FxHashMap::default(),
            lookups: FxHashMap::default(),
            learnt: Vec::new(),
            reads: Vec::new(),
            unlearnt: Vec::new(),
            columns: FxHashMap::default(),
            lower_case: FxHashMap::default(),
        };
        for (slot, field) in schema.fields().iter().enumerate() {
            let (kind, load) = of_field(slot, field);
            compiler.program.loads.push(load);
            if slot != schema.label() {
                compiler.columns.insert(field.name.clone(), Column { slot, kind, group: (&*field.name).into() });
            }
        }
        compiler
    }

    /// Adds a fault of the recipe.
    pub(in crate::package::recipe) fn fault(&mut self, pointer: Arguments<'_>, detail: impl fmt::Display) {
        self.faults.push(RECIPE, pointer, detail);
    }

    /// Adds a fault of what a step has learnt.
    pub(super) fn state_fault(&mut self, step: &str, detail: impl fmt::Display) {
        self.faults.push(STATE, format_args!("/steps/{}", escape(step)), format!("{detail}: run `lifeboat fit` again"));
    }

    /// Adds a fault of the history.
    pub(super) fn history_fault(&mut self, pointer: Arguments<'_>, detail: impl fmt::Display) {
        self.faults.push(HISTORY, pointer, format!("{detail}: run `lifeboat fit` again"));
    }

    /// Returns a column that is known by now, of a name that is known to be one.
    pub(in crate::package::recipe) fn column(&self, name: &str) -> Option<&Column> {
        self.columns.get(name)
    }

    /// Returns the column of a name that a step may use; otherwise there is a fault.
    pub(super) fn find(&mut self, pointer: Arguments<'_>, name: &str) -> Option<Column> {
        match self.columns.get(name) {
            Some(Column { kind: Kind::Unknown, .. }) => None,
            Some(Column { kind: Kind::Several(names), .. }) => {
                let detail = format!("{name:?} makes several columns: name one of {}", names.join(", "));
                self.fault(pointer, detail);
                None
            }
            Some(column) => {
                let column = column.clone();
                self.reads.push(column.slot);
                Some(column)
            }
            None if self.is_unlearnt(name) => None,
            None => {
                let detail = self.unknown(name);
                self.fault(pointer, detail);
                None
            }
        }
    }

    /// Returns whether a column follows from what some step has learnt, so that another training may make another one of it.
    pub(super) fn is_learnt(&self, slot: usize) -> bool {
        self.learnt.iter().any(|slots| slots.contains(&slot))
    }

    /// Begins a step.
    pub(super) fn begin(&mut self, place: usize) -> usize {
        self.place = place;
        self.reads.clear();
        self.program.slots
    }

    /// Ends the step whose columns begin at a slot.
    pub(super) fn end(&mut self, first: usize, learns: bool, operation: Option<Step>) {
        let makes = first..self.program.slots;
        if learns || self.reads.iter().any(|slot| self.is_learnt(*slot)) {
            self.learnt.push(makes.clone());
        }
        if let Some(operation) = operation {
            self.program.steps.push(operation);
            self.program.uses.push(Use { reads: self.reads.as_slice().into(), makes });
        }
        self.place += 1;
    }

    /// Returns a column that has numbers.
    pub(super) fn find_number(&mut self, pointer: Arguments<'_>, name: &str) -> Option<Column> {
        let column = self.find(pointer, name)?;
        if !column.kind.is_number() {
            self.fault(pointer, format!("{name:?} has {}, but numbers are needed", column.kind));
            return None;
        }
        Some(column)
    }

    /// Returns columns that together are a key.
    pub(super) fn find_key(&mut self, pointer: Arguments<'_>, names: &[String]) -> Option<Box<[Column]>> {
        let columns: Vec<_> =
            names.iter().enumerate().map(|(index, name)| self.find(format_args!("{pointer}/{index}"), name)).collect();
        columns.into_iter().collect()
    }

    /// Returns whether a name may be one of a step that has not learnt yet.
    fn is_unlearnt(&self, name: &str) -> bool {
        self.unlearnt.iter().any(|step| name.strip_prefix(&**step).is_some_and(|rest| rest.starts_with('_')))
    }

    fn unknown(&self, name: &str) -> String {
        if *self.schema.label_field().name == *name {
            return format!("{name:?} is the label, which is not known when a prediction is made");
        }
        if self.descriptor.steps.iter().skip(self.place).any(|step| step.name() == name) {
            return format!(
                "{name:?} is this step itself or a later one: a step uses fields and columns of earlier steps only, so that there is no circle"
            );
        }
        let known = self.columns.keys().find(|known| known.eq_ignore_ascii_case(name));
        let hint = known.map(|known| format!(": did you mean {known:?}?")).unwrap_or_default();
        format!("{name:?} is neither a field nor a column of an earlier step{hint}")
    }

    /// Keeps the name of a step, or of a column of its own, from being given twice.
    pub(super) fn reserve(&mut self, pointer: Arguments<'_>, name: &str) -> bool {
        if name.is_empty() || name.trim() != name {
            self.fault(pointer, format!("{name:?} must be a name without space around it"));
        }
        if self.schema.fields().iter().any(|field| *field.name == *name) {
            self.fault(pointer, format!("{name:?} is the name of a field: give the column another one"));
            return false;
        }
        let earlier = self.lower_case.insert(name.to_lowercase(), self.place);
        if let Some(earlier) = earlier {
            self.fault(pointer, format!("{name:?} is made by step {earlier} already; case does not count"));
        }
        earlier.is_none()
    }

    /// Makes the column of a step and returns its slot.
    pub(super) fn declare(&mut self, at: Arguments<'_>, name: &str, kind: Kind) -> usize {
        let is_new = self.reserve(format_args!("{at}/name"), name);
        let slot = self.program.slots;
        self.program.slots += 1;
        if is_new {
            self.add(name, Column { slot, kind, group: self.group() });
        }
        slot
    }

    pub(super) fn add(&mut self, name: &str, column: Column) {
        self.columns.insert(name.into(), column);
    }

    /// Returns the group of the step that is being compiled.
    pub(super) fn group(&self) -> Arc<str> {
        self.descriptor.steps.get(self.place).map_or("", |step| step.group()).into()
    }

    /// Keeps a text of the recipe.
    pub(super) fn constant(&mut self, text: &str) -> Span {
        let constants = &mut self.program.constants;
        let start = constants.len();
        constants.push_str(text);
        Span { source: Source::Constants, start, end: constants.len() }
    }

    /// Returns the place of a text among the categories of a column.
    pub(super) fn category(&self, texts: &[Box<str>], field: Option<usize>, text: &str) -> Option<f64> {
        category(self.schema, texts, field, text)
    }

    /// Returns a value as it stands in the slot of a column, if it can stand there.
    pub(super) fn kept(&self, kind: &Kind, scalar: &Scalar) -> Option<Kept> {
        match (kind, scalar) {
            (Kind::Number, scalar) => number(scalar).map(Kept::Number),
            (Kind::Choices(choices), scalar) => number(scalar).filter(|one| choices.contains(one)).map(Kept::Number),
            (Kind::Boolean, Scalar::Boolean(value)) => Some(Kept::Number(f64::from(u8::from(*value)))),
            (Kind::Category(texts, field), Scalar::Text(text)) => self.category(texts, *field, text).map(Kept::Number),
            (Kind::Text, Scalar::Text(text)) if !text.is_empty() => Some(Kept::Text(text.as_str().into())),
            _ => None,
        }
    }

    /// Returns the same of a value that the recipe names; otherwise there is a fault.
    pub(super) fn value(&mut self, pointer: Arguments<'_>, name: &str, kind: &Kind, scalar: &Scalar) -> Option<Kept> {
        let kept = self.kept(kind, scalar);
        if kept.is_none() {
            let is_of_the_kind = match kind {
                Kind::Choices(_) => number(scalar).is_some(),
                Kind::Category(..) => matches!(scalar, Scalar::Text(_)),
                _ => false,
            };
            let detail = if is_of_the_kind {
                format!("{scalar} is no category of {name:?}")
            } else {
                format!("{scalar} cannot be a value of {name:?}, which has {kind}")
            };
            self.fault(pointer, detail);
        }
        kept
    }
}
