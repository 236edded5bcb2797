//! The recipe as others use it: a record in, features out.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;

use super::compile::{Compiler, Features, Known, features, history, recent, step};
use super::descriptor::RecipeDescriptor;
use super::error::{Faults, HISTORY, RecipeError, RowWithoutTime, SNAPSHOT, STATE};
use super::history::HistoryRecords;
use super::program::{Program, Scratch};
use super::recent::plan::Plan;
use super::recent::rows::PastRows;
use super::recent::table::Table;
use super::recent::{Calendar, Change, Day, Recent, Sheet, making};
use super::state::State;
use crate::table::{Labelled, Record, Schema};

/// A recipe with what it has learnt, compiled. Of several that look up different snapshots, the rest is shared.
#[derive(Clone)]
pub struct Recipe {
    parts: Arc<Parts>,
    recent: Arc<Recent>,
}

struct Parts {
    hash: Box<str>,
    program: Program,
    slots: Box<[usize]>,
    names: Box<[Box<str>]>,
    groups: Box<[Box<str>]>,
    /// Room for one record.
    idle: Mutex<Vec<Scratch>>,
    /// Room for several.
    idle_blocks: Mutex<Vec<Scratch>>,
}

/// As many records are computed at once: what they have in the slots of a recipe of common size stays in the nearest cache.
pub const ROWS: usize = 32;

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
        recent::begin(&mut compiler, descriptor);
        let fits = check_hash(&mut compiler, STATE, hash, &state.recipe_hash);
        let records = records(&mut compiler, descriptor, hash, history);
        for (place, one) in descriptor.steps.iter().enumerate() {
            // What another recipe has learnt would only be wrong in many more places.
            let learnt = if fits { Known::Given(state.steps.get(one.name())) } else { Known::NotYet };
            step(&mut compiler, place, one, learnt, records);
        }
        let Features { slots, names, groups } = features(&mut compiler, &descriptor.features);
        let Compiler { program, mut faults, .. } = compiler;
        let recent = match records {
            Known::Given(Some(records)) => look_up(&program.plan, schema, records, HISTORY, &mut faults),
            _ => Recent::default(),
        };
        faults.finish()?;
        let (slots, names, groups) = (slots.into(), names.into(), groups.into());
        let parts = Parts {
            hash: hash.into(),
            program,
            slots,
            names,
            groups,
            idle: Mutex::default(),
            idle_blocks: Mutex::default(),
        };
        Ok(Self { parts: parts.into(), recent: recent.into() })
    }

    /// Returns the hash of the recipe.
    pub fn hash(&self) -> &str {
        &self.parts.hash
    }

    /// Returns when snapshots are of what the recipe looks up of the last days; nothing where it looks up none.
    pub fn calendar(&self) -> Option<&Calendar> {
        self.parts.program.plan.times.as_ref().map(|times| &times.calendar)
    }

    /// Returns the moment of the snapshot that is looked up.
    pub fn as_of(&self) -> Option<Timestamp> {
        self.recent.as_of
    }

    /// Returns the recipe with another snapshot of the last days, read from its text.
    pub fn with_snapshot(&self, schema: &Schema, text: &[u8]) -> Result<Self, RecipeError> {
        let records = HistoryRecords::parse_snapshot(text)?;
        if *records.recipe_hash != *self.parts.hash {
            return Err(RecipeError::of_file(SNAPSHOT, "/recipe_hash", "is of another recipe than the package's"));
        }
        let mut faults = Faults::default();
        let recent = look_up(&self.parts.program.plan, schema, &records, SNAPSHOT, &mut faults);
        faults.finish()?;
        Ok(Self { parts: Arc::clone(&self.parts), recent: recent.into() })
    }

    /// Returns the names of the features, in the order of the graph.
    pub fn feature_names(&self) -> &[Box<str>] {
        &self.parts.names
    }

    /// Returns the group of an explanation that each feature belongs to.
    pub fn groups(&self) -> &[Box<str>] {
        &self.parts.groups
    }

    /// Returns what computes records, one after the other.
    pub fn computer(&self) -> Computer<'_> {
        self.computer_of(1)
    }

    /// Returns what computes so many records at once, or [`ROWS`] where they are more.
    pub fn computer_of(&self, rows: usize) -> Computer<'_> {
        let room = if rows > 1 { ROWS } else { 1 };
        let scratch = self.parts.idle(room).pop();
        let scratch = scratch.unwrap_or_else(|| self.parts.program.scratch(room));
        Computer { parts: &self.parts, recent: &self.recent, scratch }
    }

    /// Computes the features of one record.
    pub fn features(&self, record: &Record, row: &mut [f32]) {
        self.computer().features(record, row);
    }

    /// Writes a sheet of what became known up to the moment of a day; nothing where the recipe looks up no last days.
    pub fn sheet(&self, schema: &Schema, changes: &[Change], until: Day) -> Option<Sheet> {
        making::sheet(&self.parts.program, schema, changes, &self.parts.hash, until)
    }

    /// Writes the sheet of labelled rows, up to the moment by which all of them were known; nothing where they tell no event.
    pub fn seed(&self, schema: &Schema, rows: &[Labelled]) -> Result<Option<Sheet>, RowWithoutTime> {
        let program = &self.parts.program;
        let Some(times) = &program.plan.times else { return Ok(None) };
        let mut past = PastRows::new(times, schema, rows)?;
        past.look_at(program, rows);
        let (events, last) = past.events();
        Ok(last.map(|day| Sheet::new(&program.plan, events, &self.parts.hash, day..day + 1)))
    }

    /// Computes the snapshot of the moment of a day from sheets; those of [`Self::reach`] days must be among them.
    pub fn snapshot(&self, schema: &Schema, sheets: &[Sheet], day: Day) -> Result<HistoryRecords, RecipeError> {
        making::from_sheets(&self.parts.program.plan, schema, sheets, &self.parts.hash, day)
    }

    /// Returns how many days a step looks back, where it looks up the last days.
    pub fn days(&self, step: &str) -> Option<Day> {
        let steps = &self.parts.program.plan.steps;
        steps.iter().find(|planned| *planned.name == *step).map(|planned| planned.days)
    }

    /// Returns how many days before a snapshot the oldest event can be that has any part in it.
    pub fn reach(&self) -> Day {
        self.parts.program.plan.reach()
    }

    /// Finds for labelled rows what the newest snapshot before each would have said, as of outcomes that were known by then.
    pub fn past(&self, schema: &Schema, rows: &[Labelled]) -> Result<Past<'_>, RowWithoutTime> {
        let program = &self.parts.program;
        let Some(times) = &program.plan.times else { return Ok(Past { recipe: self, rows: None }) };
        let mut past = PastRows::new(times, schema, rows)?;
        past.look_at(program, rows);
        program.plan.steps.iter().for_each(|step| past.add_step(step));
        Ok(Past { recipe: self, rows: Some(past) })
    }

    /// Returns whether the recipe can tell a record of its training data.
    pub fn can_know(&self) -> bool {
        !self.parts.program.histories.identities.is_empty()
    }

    /// Returns whether a record may be one of the history, by its identity or since nothing that both have differs. A record without any
    /// field of the identity cannot be recognised, nor can any by a recipe without a history.
    pub fn may_know(&self, record: &Record) -> bool {
        let Computer { scratch, .. } = &mut self.computer();
        let program = &self.parts.program;
        program.load(record, scratch);
        program.histories.may_know(&program.asked(record, scratch))
    }
}

impl Parts {
    /// Returns what is idle of this room.
    fn idle(&self, room: usize) -> MutexGuard<'_, Vec<Scratch>> {
        let idle = if room == 1 { &self.idle } else { &self.idle_blocks };
        idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Computes records, again and again in the same room.
pub struct Computer<'r> {
    parts: &'r Parts,
    recent: &'r Recent,
    scratch: Scratch,
}

impl Computer<'_> {
    /// Computes the features of a record; a missing one, or one beyond an `f32`, is NaN.
    pub fn features(&mut self, record: &Record, row: &mut [f32]) {
        self.rows(&[record], row);
    }

    /// Computes the features of records into as many rows, one behind another.
    pub fn rows(&mut self, records: &[&Record], rows: &mut [f32]) {
        self.compute(records, |_| &self.recent.tables, rows);
    }

    /// Does so by the tables that each record looks up.
    #[expect(clippy::cast_possible_truncation, reason = "the graph reads f32")]
    fn compute<'t>(&mut self, records: &[&Record], tables: impl Fn(usize) -> &'t [Table], rows: &mut [f32]) {
        let (count, room) = (self.parts.slots.len(), self.scratch.slots.room());
        for (block, records) in records.chunks(room).enumerate() {
            let before = block * room;
            self.parts.program.run(records, |row| tables(before + row), &mut self.scratch);
            let rows = &mut rows[before * count..][..records.len() * count];
            for (place, slot) in self.parts.slots.iter().enumerate() {
                // Narrowed side by side first, since the rows lie apart.
                let mut narrowed = [0.0; ROWS];
                for (narrowed, number) in narrowed.iter_mut().zip(self.scratch.slots.numbers(*slot)) {
                    let number = *number as f32;
                    *narrowed = if number.is_finite() { number } else { f32::NAN };
                }
                for (row, narrowed) in rows.chunks_exact_mut(count).zip(narrowed) {
                    row[place] = narrowed;
                }
            }
        }
    }
}

/// Labelled rows, each with the snapshot that it would have seen.
#[derive(Debug)]
pub struct Past<'r> {
    recipe: &'r Recipe,
    /// Nothing where the recipe looks up no last days.
    rows: Option<PastRows>,
}

impl Past<'_> {
    /// Computes the features of the record in a row, as [`Computer::features`] would have done then.
    pub fn features(&self, computer: &mut Computer<'_>, place: usize, record: &Record, row: &mut [f32]) {
        self.rows(computer, place, &[record], row);
    }

    /// Computes the features of the records in some rows, the first of which has this place.
    pub fn rows(&self, computer: &mut Computer<'_>, first: usize, records: &[&Record], rows: &mut [f32]) {
        let tables = |row| self.rows.as_ref().map_or(&*self.recipe.recent.tables, |rows| rows.tables(first + row));
        computer.compute(records, tables, rows);
    }
}

/// Leaves the room to the next one, unless it was left in disorder.
impl Drop for Computer<'_> {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            let scratch = std::mem::take(&mut self.scratch);
            self.parts.idle(scratch.slots.room()).push(scratch);
        }
    }
}

impl fmt::Debug for Computer<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Computer").finish_non_exhaustive()
    }
}

impl fmt::Debug for Recipe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recipe").field("names", &self.parts.names).finish_non_exhaustive()
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
    if descriptor.steps.iter().any(history::is_of_training) {
        history::begin(compiler, records);
    }
    Known::Given(Some(records))
}

/// Makes ready what the steps of a plan look up.
fn look_up(plan: &Plan, schema: &Schema, records: &HistoryRecords, file: &str, faults: &mut Faults) -> Recent {
    match &records.recent {
        Some(records) => Recent::compile(plan, schema, records, file, faults),
        None if plan.steps.is_empty() => Recent::default(),
        None => {
            faults.push(file, format_args!("/recent"), "is missing, but the recipe looks up the last days");
            Recent::default()
        }
    }
}
