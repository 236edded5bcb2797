//! A package that fits together, ready to answer.

use std::borrow::{Borrow, Cow};
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;
use thiserror::Error;

use super::answer::{Answer, CANNOT_BE_MISSING, InferenceError};
use super::binding::Names;
use super::columns::Columns;
use super::error::LoadError;
use super::files::{BASELINE, Beside, Files, GRAPH, MANIFEST, RECIPE, SCHEMA, SHEET, STATE, read};
use super::graph::{Answering, Cell, Declared, Entry, Graph};
use super::groups::Groups;
use super::made_up::made_up;
use super::manifest::Manifest;
use super::recipe::error::RowWithoutTime;
use super::recipe::{HistoryRecords, Past, Recipe, RecipeDescriptor, State};
use super::{classes, content};
use crate::table::{Labelled, Record, Schema};

/// A package that is ready to answer. Of several that differ by their snapshots, the rest is shared.
#[derive(Clone)]
pub struct Package {
    parts: Arc<Parts>,
    recipe: Option<Recipe>,
    /// What names the history that the recipe looks up.
    snapshot: Option<Arc<str>>,
}

/// What a package is made of, whichever snapshot it answers by.
struct Parts {
    schema: Schema,
    columns: Columns,
    groups: Groups,
    graph: Graph,
    manifest: Manifest,
    manifest_json: Box<str>,
    version: Arc<str>,
    place: Place,
}

/// Why labelled rows could not be answered.
#[derive(Debug, Error)]
pub enum PastError {
    /// The snapshot of a row cannot be found.
    #[error(transparent)]
    WithoutTime(#[from] RowWithoutTime),
    /// The graph gave no answer.
    #[error(transparent)]
    Inference(#[from] InferenceError),
}

/// Where the files are that not everybody reads.
enum Place {
    Folder(PathBuf),
    BuiltIn(Beside),
}

/// The answer for a record, and what was computed on the way.
#[derive(Debug, Clone, PartialEq)]
pub struct Answered {
    /// The features, in the recipe's order; none where the graph reads the fields themselves.
    pub features: Option<Box<[f32]>>,
    /// The answer.
    pub answer: Answer,
}

impl Package {
    /// Loads the package in a folder.
    pub fn load(folder: &Path) -> Result<Self, LoadError> {
        Self::assemble(&Files::read(folder)?, Place::Folder(folder.to_owned()), true)
    }

    /// Loads a package that is built into the program. One whose files a test hashes need not be hashed again at each start.
    pub fn built_in(files: &Files<'static>, beside: Beside, checks_hashes: bool) -> Result<Self, LoadError> {
        Self::assemble(files, Place::BuiltIn(beside), checks_hashes)
    }

    fn assemble(files: &Files<'_>, place: Place, checks_hashes: bool) -> Result<Self, LoadError> {
        let (manifest, manifest_json) = Manifest::parse(&files.manifest)?;
        let (schema_descriptor, schema) = content::schema(files)?;
        let descriptor = content::recipe(files)?;
        let recipe_hash = if checks_hashes {
            let recipe_hash = descriptor.as_ref().map(RecipeDescriptor::hash);
            content::check(files, &schema_descriptor, recipe_hash.as_deref(), &manifest)?;
            recipe_hash
        } else {
            manifest.recipe_hash.clone()
        };
        check_version(&manifest)?;
        let classes = classes::order(&schema, &manifest)?;
        let recipe = descriptor
            .map(|descriptor| recipe(&descriptor, recipe_hash.as_deref().unwrap_or_default(), &schema, files))
            .transpose()?;
        let declared = Declared::read(&files.graph)?;
        let names = recipe.as_ref().map_or(Names::Fields(&schema), |recipe| Names::Features(recipe.feature_names()));
        let columns = Columns::new(declared.inputs(), names, &manifest)?;
        let answering =
            Answering { outputs: &manifest.outputs, classes, threshold: manifest.threshold, task: schema.task() };
        let means: Vec<Entry<'_>> = columns.means().collect();
        let graph = Graph::new(declared, columns.by_input(), &means, answering)?;
        // A graph that cannot answer is found now, not by the first request. It is asked for the means: a row of zeros may be no record at
        // all, and a graph that takes logarithms or reciprocals need not answer for it.
        graph.answers(&means).map_err(|error| {
            LoadError::malformed(GRAPH, "a graph that answers for the means of manifest.json", error)
        })?;
        match &recipe {
            Some(recipe) => check_barest(&schema, recipe, &columns, &graph)?,
            None => check_missing(&schema, &columns, &graph)?,
        }
        let groups = Groups::new(&schema, recipe.as_ref(), columns.sources());
        let version = manifest.version.as_str().into();
        let snapshot = manifest.history_hash.as_deref().map(Arc::from);
        let parts = Parts { schema, columns, groups, graph, manifest, manifest_json, version, place };
        Ok(Self { parts: parts.into(), recipe, snapshot })
    }

    /// Returns what a record of the table is.
    pub fn schema(&self) -> &Schema {
        &self.parts.schema
    }

    /// Returns what the model is called.
    pub fn name(&self) -> &str {
        &self.parts.manifest.name
    }

    /// Returns the version that every prediction of this package carries.
    pub fn version(&self) -> &Arc<str> {
        &self.parts.version
    }

    /// Returns the hash of all that decides an answer.
    pub fn content_hash(&self) -> &str {
        &self.parts.manifest.content_hash
    }

    /// Returns the hash of the snapshot that the package answers by, where it looks up a history: its own one, or a later one.
    pub fn snapshot(&self) -> Option<&Arc<str>> {
        self.snapshot.as_ref()
    }

    /// Returns the moment of that snapshot, where the history changes.
    pub fn as_of(&self) -> Option<Timestamp> {
        self.recipe.as_ref().and_then(Recipe::as_of)
    }

    /// Returns the recipe, where the graph does not read the fields themselves.
    pub fn recipe(&self) -> Option<&Recipe> {
        self.recipe.as_ref()
    }

    /// Returns the recipe whose history changes from day to day, where there is one.
    pub fn living_recipe(&self) -> Option<&Recipe> {
        self.recipe.as_ref().filter(|recipe| recipe.calendar().is_some())
    }

    /// Returns the package with another snapshot of its history, read from its text. All else is shared.
    pub fn with_snapshot(&self, text: &[u8]) -> Result<Self, LoadError> {
        let Some(recipe) = self.living_recipe() else {
            let mend = "its recipe looks up no last days".to_owned();
            return Err(LoadError::Missing { file: RECIPE, mend });
        };
        let recipe = recipe.with_snapshot(self.schema(), text)?;
        Ok(Self { recipe: Some(recipe), snapshot: Some(content::sha256(text).into()), ..self.clone() })
    }

    /// Returns what the package says of itself.
    pub fn manifest(&self) -> &Manifest {
        &self.parts.manifest
    }

    /// Returns the whole manifest as JSON.
    pub fn manifest_json(&self) -> &str {
        &self.parts.manifest_json
    }

    /// Returns the class of each of the graph's probabilities, as places in the schema's classes; none of numbers.
    pub fn class_order(&self) -> Vec<usize> {
        self.parts.graph.class_order()
    }

    /// Returns the text of `baseline.json`: what the training data looked like. It is read when asked for.
    pub fn baseline(&self) -> Result<Cow<'static, [u8]>, LoadError> {
        self.beside(BASELINE, "monitoring compares with it")
    }

    /// Returns the text of `sheet.json`: the events behind the history that the package came with. It is read when asked for.
    pub fn sheet(&self) -> Result<Cow<'static, [u8]>, LoadError> {
        self.beside(SHEET, "the next snapshot is made from it: run `lifeboat fit` again")
    }

    /// Reads a file that not everybody needs.
    fn beside(&self, file: &'static str, mend: &str) -> Result<Cow<'static, [u8]>, LoadError> {
        let missing = || LoadError::Missing { file, mend: mend.to_owned() };
        let folder = match &self.parts.place {
            Place::BuiltIn(Beside { baseline, sheet }) => {
                let bytes = if file == BASELINE { baseline } else { sheet };
                return bytes.map(Cow::Borrowed).ok_or_else(missing);
            }
            Place::Folder(folder) => folder,
        };
        let bytes = read(folder, file)?.ok_or_else(missing)?;
        let (expected, found) = (content::sha256(&bytes), self.manifest().files.get(file));
        match found {
            Some(found) if *found != expected => {
                let mend = format!("put {file} back, or run `lifeboat pack` again");
                Err(LoadError::mismatch(MANIFEST, format!("/files/{file}"), expected, found, mend))
            }
            _ => Ok(bytes.into()),
        }
    }

    /// Returns the names of the features, in their order; none where the graph reads the fields themselves.
    pub fn feature_names(&self) -> &[Box<str>] {
        self.recipe.as_ref().map_or(&[], Recipe::feature_names)
    }

    /// Computes the features of a record into a row of as many numbers as there are features.
    pub fn features(&self, record: &Record, row: &mut [f32]) {
        if let Some(recipe) = &self.recipe {
            recipe.features(record, row);
        }
    }

    /// Returns whether the model may have been trained on this record, as far as its state tells.
    pub fn may_know(&self, record: &Record) -> bool {
        self.recipe.as_ref().is_some_and(|recipe| recipe.may_know(record))
    }

    /// Answers each record, in order.
    pub fn answers(&self, records: &[Record]) -> Result<Vec<Answered>, InferenceError> {
        let mut answered = Vec::with_capacity(records.len());
        self.answer(records, None, |features, answer| {
            answered.push(Answered { features: features.map(Into::into), answer });
        })?;
        Ok(answered)
    }

    /// Does the same where nobody asks for the features.
    pub fn answers_alone(&self, records: &[Record]) -> Result<Vec<Answer>, InferenceError> {
        let mut answers = Vec::with_capacity(records.len());
        self.answer(records, None, |_, answer| answers.push(answer))?;
        Ok(answers)
    }

    /// Answers labelled rows as they would have been answered in their time: where the recipe looks up the last days, each by the newest
    /// snapshot before its time, made of those rows whose outcome was known by then.
    pub fn past_answers(&self, rows: &[Labelled]) -> Result<Vec<Answered>, PastError> {
        let records: Vec<&Record> = rows.iter().map(|row| &row.record).collect();
        let past = self.recipe.as_ref().map(|recipe| recipe.past(self.schema(), rows)).transpose()?;
        let mut answered = Vec::with_capacity(rows.len());
        self.answer(&records, past.as_ref(), |features, answer| {
            answered.push(Answered { features: features.map(Into::into), answer });
        })?;
        Ok(answered)
    }

    /// Hands on the answer for each record, and its features where the graph reads those.
    fn answer(
        &self,
        records: &[impl Borrow<Record>],
        past: Option<&Past<'_>>,
        mut take: impl FnMut(Option<&[f32]>, Answer),
    ) -> Result<(), InferenceError> {
        let rows = self.parts.graph.rows_at_once();
        let count = self.feature_names().len();
        let mut room = vec![0.0; records.len().min(rows) * count];
        for (chunk, records) in records.chunks(rows).enumerate() {
            let before = chunk * rows;
            let Some(recipe) = &self.recipe else {
                let cells =
                    records.iter().flat_map(|record| self.parts.columns.of_record(record.borrow(), &self.parts.schema));
                for answer in self.run(&cells.collect::<Vec<_>>(), before)? {
                    take(None, answer);
                }
                continue;
            };
            let (mut computer, features) = (recipe.computer_of(records.len()), &mut room[..records.len() * count]);
            let records: Vec<&Record> = records.iter().map(Borrow::borrow).collect();
            match past {
                Some(past) => past.rows(&mut computer, before, &records, features),
                None => computer.rows(&records, features),
            }
            let features = &*features;
            // Features are numbers as they are, mostly in the order of the graph: nothing stands between them and it then.
            let answers = if self.parts.columns.are_in_order(count) {
                self.run(features, before)?
            } else {
                let cells = features.chunks_exact(count).flat_map(|row| self.parts.columns.of_features(row));
                self.run(&cells.collect::<Vec<_>>(), before)?
            };
            for (features, answer) in features.chunks_exact(count).zip(answers) {
                take(Some(features), answer);
            }
        }
        Ok(())
    }

    /// Answers rows whose cells stand one after another; so many records stand before them.
    fn run(&self, cells: &[impl Cell], before: usize) -> Result<Vec<Answer>, InferenceError> {
        if let Some((row, column)) = self.parts.graph.first_lack(cells) {
            return Err(InferenceError::Missing { row: before + row, column: self.column_name(column).into() });
        }
        self.parts.graph.answers(cells).map_err(|error| error.behind(before))
    }

    /// Returns the name of the feature or field in a column that the graph reads.
    fn column_name(&self, column: usize) -> &str {
        let source = self.parts.columns.sources()[column];
        match &self.recipe {
            Some(recipe) => &recipe.feature_names()[source],
            None => &self.parts.schema.fields()[source].name,
        }
    }

    /// Returns the names of the groups by which answers are explained.
    pub fn groups(&self) -> &[Box<str>] {
        &self.parts.groups.names
    }

    /// Returns the group of each column that the graph reads.
    pub(super) fn group_of_columns(&self) -> &[usize] {
        &self.parts.groups.of_columns
    }

    /// Returns what the graph reads of a record.
    pub(super) fn entries<'a>(&'a self, record: &'a Record) -> Vec<Entry<'a>> {
        let Some(recipe) = &self.recipe else {
            return self.parts.columns.of_record(record, &self.parts.schema).collect();
        };
        let mut features = vec![0.0; self.feature_names().len()];
        recipe.features(record, &mut features);
        self.parts.columns.of_features(&features).map(|feature| Entry::Number(feature.into())).collect()
    }

    /// Returns what the graph reads of a record of which nothing is known.
    pub(super) fn means(&self) -> Vec<Entry<'_>> {
        self.parts.columns.means().collect()
    }

    /// Returns the graph.
    pub(super) fn graph(&self) -> &Graph {
        &self.parts.graph
    }
}

impl fmt::Debug for Package {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Package").field("name", &self.name()).field("version", self.version()).finish_non_exhaustive()
    }
}

fn check_version(manifest: &Manifest) -> Result<(), LoadError> {
    if semver::Version::parse(&manifest.semantic_version).is_err() {
        let found = format!("{:?}", manifest.semantic_version);
        let mend = "write three numbers";
        return Err(LoadError::mismatch(MANIFEST, "/semantic_version", "a version as in 1.0.0", found, mend));
    }
    let expected = manifest.expected_version();
    if manifest.version != expected {
        return Err(LoadError::mismatch(
            MANIFEST,
            "/version",
            expected,
            &manifest.version,
            "run `lifeboat pack` again",
        ));
    }
    Ok(())
}

/// Checks that the graph answers without each field that a record may lack.
fn check_missing(schema: &Schema, columns: &Columns, graph: &Graph) -> Result<(), LoadError> {
    let means: Vec<Entry<'_>> = columns.means().collect();
    for (column, &field) in columns.sources().iter().enumerate() {
        let field = &schema.fields()[field];
        if field.is_required {
            continue;
        }
        let mut row = means.clone();
        row[column] = columns.missing(column);
        let error = match graph.lacks(&row) {
            Some(_) => Some(format!("none: it is missing, {CANNOT_BE_MISSING}")),
            None => graph.answers(&row).err().map(|error| error.to_string()),
        };
        if let Some(error) = error {
            let place = format!("the answer for a record without {:?}", field.name);
            let mend = format!("require the field in {SCHEMA}, or fill it in: in the graph, or by a recipe");
            return Err(LoadError::mismatch(GRAPH, place, "one, since the field may be missing", error, mend));
        }
    }
    Ok(())
}

/// Checks that each feature has a value, where the graph needs one, although a record has the required fields alone.
fn check_barest(schema: &Schema, recipe: &Recipe, columns: &Columns, graph: &Graph) -> Result<(), LoadError> {
    let features = |with_all| {
        let mut features = vec![0.0_f32; recipe.feature_names().len()];
        recipe.features(&made_up(schema, with_all)?, &mut features);
        Some(features)
    };
    // A feature that even a whole record lacks is missing by what was made up, as the ratio of two zeros is.
    let (false, Some(barest), Some(whole)) = (graph.takes_missing(), features(false), features(true)) else {
        return Ok(());
    };
    let is_lost = |&&source: &&usize| barest[source].is_nan() && !whole[source].is_nan();
    let Some(source) = columns.sources().iter().find(is_lost) else { return Ok(()) };
    let place = format!("feature {:?}", recipe.feature_names()[*source]);
    let found = format!("nothing for one of the required fields alone, {CANNOT_BE_MISSING}");
    let mend = format!("fill it by `impute` or `when`, or require in {SCHEMA} what it comes from");
    Err(LoadError::mismatch(RECIPE, place, "a number for each record", found, mend))
}

fn recipe(descriptor: &RecipeDescriptor, hash: &str, schema: &Schema, files: &Files<'_>) -> Result<Recipe, LoadError> {
    let Some(state) = &files.state else {
        let mend = format!("{RECIPE} needs what was fitted for it: run `lifeboat fit`");
        return Err(LoadError::Missing { file: STATE, mend });
    };
    let state = State::parse(state)?;
    let history = files.history.as_deref().map(HistoryRecords::parse).transpose()?;
    Ok(Recipe::compile_hashed(descriptor, hash, schema, &state, history.as_ref())?)
}
