//! The recipe as others use it: a record in, features out.

use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::compile::{Compiler, Features, Known, features, history, step};
use super::descriptor::RecipeDescriptor;
use super::error::{HISTORY, RecipeError, STATE};
use super::history::HistoryRecords;
use super::program::{Program, Scratch};
use super::state::State;
use crate::table::{Record, Schema};

/// A recipe with what it has learnt, compiled.
pub struct Recipe {
    program: Program,
    slots: Box<[usize]>,
    names: Box<[Box<str>]>,
    groups: Box<[Box<str>]>,
    idle: Mutex<Vec<Scratch>>,
}

impl Recipe {
    /// Checks a recipe with what it has learnt, and compiles it; an error names **every** fault with its file and place.
    pub fn compile(
        descriptor: &RecipeDescriptor,
        schema: &Schema,
        state: &State,
        history: Option<&HistoryRecords>,
    ) -> Result<Self, RecipeError> {
        Self::compile_hashed(descriptor, &descriptor.hash(), schema, state, history)
    }

    /// Does the same for a recipe whose hash is known.
    pub fn compile_hashed(
        descriptor: &RecipeDescriptor,
        hash: &str,
        schema: &Schema,
        state: &State,
        history: Option<&HistoryRecords>,
    ) -> Result<Self, RecipeError> {
        let mut compiler = Compiler::new(descriptor, schema);
        let fits = check_hash(&mut compiler, STATE, hash, &state.recipe_hash);
        let records = records(&mut compiler, descriptor, hash, history);
        for (place, one) in descriptor.steps.iter().enumerate() {
            // What another recipe has learnt would only be wrong in many more places.
            let learnt = if fits { Known::Given(state.steps.get(one.name())) } else { Known::NotYet };
            step(&mut compiler, place, one, learnt, records);
        }
        let Features { slots, names, groups } = features(&mut compiler, &descriptor.features);
        let Compiler { program, faults, .. } = compiler;
        faults.finish()?;
        let (slots, names, groups) = (slots.into(), names.into(), groups.into());
        Ok(Self { program, slots, names, groups, idle: Mutex::default() })
    }

    /// Returns the names of the features, in the order of the graph.
    pub fn feature_names(&self) -> &[Box<str>] {
        &self.names
    }

    /// Returns the group of an explanation that each feature belongs to.
    pub fn groups(&self) -> &[Box<str>] {
        &self.groups
    }

    /// Returns what computes records, one after the other.
    pub fn computer(&self) -> Computer<'_> {
        let idle = self.idle().pop();
        Computer { recipe: self, scratch: idle.unwrap_or_else(|| self.program.scratch()) }
    }

    /// Computes the features of one record.
    pub fn features(&self, record: &Record, row: &mut [f32]) {
        self.computer().features(record, row);
    }

    /// Returns whether a record may be one of the history, by its identity or since nothing that both have differs. A record without any
    /// field of the identity cannot be recognised, nor can any by a recipe without a history.
    pub fn may_know(&self, record: &Record) -> bool {
        let Computer { scratch, .. } = &mut self.computer();
        scratch.slots.load(&self.program.loads, record);
        self.program.code(record, &mut scratch.slots, self.program.loads.len());
        self.program.histories.may_know(&self.program.asked(record, scratch))
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Scratch>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Computes records, one after the other, in the same room.
#[derive(Debug)]
pub struct Computer<'r> {
    recipe: &'r Recipe,
    scratch: Scratch,
}

impl Computer<'_> {
    /// Computes the features of a record; a missing one, or one beyond an `f32`, is NaN.
    #[expect(clippy::cast_possible_truncation, reason = "the graph reads f32")]
    pub fn features(&mut self, record: &Record, row: &mut [f32]) {
        self.recipe.program.run(record, &mut self.scratch);
        let numbers = self.scratch.slots.numbers.as_slice();
        for (feature, slot) in row.iter_mut().zip(&self.recipe.slots) {
            let number = numbers[*slot] as f32;
            *feature = if number.is_finite() { number } else { f32::NAN };
        }
    }
}

/// Leaves the room to the next one, unless it was left in disorder.
impl Drop for Computer<'_> {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            self.recipe.idle().push(std::mem::take(&mut self.scratch));
        }
    }
}

impl fmt::Debug for Recipe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recipe").field("names", &self.names).finish_non_exhaustive()
    }
}

/// Checks that a file was made by this recipe.
fn check_hash(compiler: &mut Compiler<'_>, file: &str, expected: &str, found: &str) -> bool {
    if expected != found {
        let detail = "was made by another recipe than recipe.json: run `lifeboat fit` again";
        compiler.faults.push(file, format_args!("/recipe_hash"), detail);
    }
    expected == found
}

/// Takes in the history, where the recipe needs one.
fn records<'a>(
    compiler: &mut Compiler<'_>,
    descriptor: &RecipeDescriptor,
    hash: &str,
    history: Option<&'a HistoryRecords>,
) -> Known<'a, HistoryRecords> {
    if !history::is_needed(&descriptor.steps) {
        return Known::NotYet;
    }
    let Some(records) = history else {
        compiler.faults.push(
            HISTORY,
            format_args!(""),
            "is missing, but the recipe looks up earlier records: run `lifeboat fit`",
        );
        return Known::NotYet;
    };
    if !check_hash(compiler, HISTORY, hash, &records.recipe_hash) {
        return Known::NotYet;
    }
    history::begin(compiler, records);
    Known::Given(Some(records))
}
