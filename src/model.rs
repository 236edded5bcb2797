//! The model: a package of graph, fitted feature state and manifest, run by tract.
//!
//! No other file knows tract. A package is loaded once and must fit together: its files must be those that its manifest
//! names, and its features those that this program computes.

pub mod manifest;
mod operators;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::{fmt, fs};

use sha2::{Digest, Sha256};
use thiserror::Error;
use tract_onnx::prelude::*;

use crate::features::{FEATURE_COUNT, FEATURE_NAMES, FEATURE_SET_HASH, FeatureState, Features, hex};
use crate::passenger::Passenger;
use manifest::Manifest;

const GRAPH: &str = "survival.onnx";
const FEATURES: &str = "features.json";
const MANIFEST: &str = "manifest.json";

/// So many rows go through the graph at once; fewer are padded.
///
/// The number is always the same, since tract takes other kernels for other numbers, which round the last bit differently: a
/// passenger has one probability, alone or in any company. A run of 32 rows takes 4 µs, one of a single row 3 µs.
const PLAN_ROWS: usize = 32;

/// The graph, prepared for [`PLAN_ROWS`] rows.
struct Plan {
    plan: Arc<TypedRunnableModel>,
    /// Buffers of earlier runs, to run in again.
    idle: Mutex<Vec<TypedSimpleState>>,
}

/// A model that is ready to predict.
pub struct Model {
    manifest: Manifest,
    manifest_json: Box<str>,
    version: Arc<str>,
    state: FeatureState,
    baseline: Features,
    plan: Plan,
}

/// Why a package cannot be used: which file, what was expected, what was found.
#[derive(Debug, Error)]
pub enum LoadError {
    /// A file of the package cannot be read.
    #[error("cannot read {path}")]
    Read {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// A file is not of its format.
    #[error("{file} is not {expected}")]
    Malformed {
        /// The file.
        file: &'static str,
        /// Its format.
        expected: &'static str,
        /// The parser's reason.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// Two parts of the package, or the package and this program, do not belong together.
    #[error("{file}: {what} should be {expected}, found {found}")]
    Mismatch {
        /// The file.
        file: &'static str,
        /// What was compared.
        what: &'static str,
        /// What it should be.
        expected: String,
        /// What it is.
        found: String,
    },
}

/// The graph failed on a row, or answered something that is no probability.
#[derive(Debug, Error)]
#[error("the model gave no probability: {0}")]
pub struct InferenceError(String);

impl Model {
    /// Loads the package in a folder, or the one that is built into this program.
    pub fn load(folder: Option<&Path>) -> Result<Self, LoadError> {
        let Some(folder) = folder else {
            // Nobody has altered these since the tests hashed them.
            return Self::assemble(
                include_bytes!("../model/survival.onnx"),
                include_bytes!("../model/features.json"),
                parse_manifest(include_bytes!("../model/manifest.json"))?,
            );
        };
        let read = |name| {
            let path = folder.join(name);
            fs::read(&path).map_err(|source| LoadError::Read { path, source })
        };
        Self::from_package(&read(GRAPH)?, &read(FEATURES)?, &read(MANIFEST)?)
    }

    /// Loads a package from the bytes of its files.
    pub fn from_package(graph: &[u8], features: &[u8], manifest: &[u8]) -> Result<Self, LoadError> {
        let (manifest, manifest_json) = parse_manifest(manifest)?;
        let content_hash = hex(&Sha256::new().chain_update(graph).chain_update(features).finalize());
        expect(MANIFEST, "content_hash", &content_hash, &manifest.content_hash)?;
        Self::assemble(graph, features, (manifest, manifest_json))
    }

    /// Joins the parts of a package whose files are those that its manifest names.
    fn assemble(
        graph: &[u8],
        features: &[u8],
        (manifest, manifest_json): (Manifest, Box<str>),
    ) -> Result<Self, LoadError> {
        let content_hash = manifest.content_hash.get(..8).unwrap_or_default();
        let version = format!("{}-{content_hash}", manifest.semantic_version);
        expect(MANIFEST, "version", &version, &manifest.version)?;
        if semver::Version::parse(&manifest.semantic_version).is_err() {
            return Err(mismatch(
                MANIFEST,
                "semantic_version",
                "a version as in 1.0.0",
                &format!("{:?}", manifest.semantic_version),
            ));
        }
        expect(MANIFEST, "feature_set_hash", &FEATURE_SET_HASH, &manifest.feature_set_hash)?;
        expect(MANIFEST, "threshold", "a probability", &probability_or_number(manifest.threshold))?;
        let state: FeatureState =
            serde_json::from_slice(features).map_err(|error| malformed(FEATURES, "a fitted feature state", error))?;
        expect(FEATURES, "feature_set_hash", &FEATURE_SET_HASH, &state.feature_set_hash)?;
        expect(FEATURES, "data_hash", &manifest.data_hash, &state.data_hash)?;
        expect_names(FEATURES, &state.feature_names)?;
        expect_names(MANIFEST, &manifest.feature_names)?;
        let baseline = baseline(&manifest)?;
        let graph = read_graph(graph)?;
        check_metadata(&graph, &manifest)?;
        let plan = Plan::new(graph).map_err(|error| malformed(GRAPH, "a graph that reads these features", error))?;
        let model = Self { manifest, manifest_json, version: version.into(), state, baseline, plan };
        // A graph that cannot answer is found now, not by the first request. It is asked for the average passenger: a row of zeros is no
        // passenger at all, and a graph that takes logarithms or reciprocals need not answer for it.
        model
            .probability(model.baseline())
            .map_err(|error| malformed(GRAPH, "a graph from features to a probability", error))?;
        Ok(model)
    }

    /// Returns the version that every prediction of this model carries.
    pub fn version(&self) -> &Arc<str> {
        &self.version
    }

    /// Returns what the package says of itself.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Returns the whole manifest as JSON.
    pub fn manifest_json(&self) -> &str {
        &self.manifest_json
    }

    /// Returns the average passenger: the mean of each feature in the training data.
    pub fn baseline(&self) -> &Features {
        &self.baseline
    }

    /// Returns whether the model was trained on this very passenger, as far as its package tells.
    pub fn was_trained_on(&self, passenger: &Passenger) -> bool {
        self.state.was_fitted_to(passenger)
    }

    /// Computes what the model reads of a passenger.
    pub fn features(&self, passenger: &Passenger) -> Features {
        self.state.features(passenger)
    }

    /// Returns the probability of survival.
    pub fn probability(&self, features: &Features) -> Result<f32, InferenceError> {
        let mut probability = [0.0];
        self.plan.run(std::slice::from_ref(features), &mut probability)?;
        Ok(probability[0])
    }

    /// Returns the probability of survival for each row, in order.
    pub fn probabilities(&self, rows: &[Features]) -> Result<Vec<f32>, InferenceError> {
        let mut probabilities = vec![0.0; rows.len()];
        for (rows, probabilities) in rows.chunks(PLAN_ROWS).zip(probabilities.chunks_mut(PLAN_ROWS)) {
            self.plan.run(rows, probabilities)?;
        }
        Ok(probabilities)
    }

    /// Tells whether a passenger of this probability is predicted to survive.
    pub fn survives(&self, probability: f32) -> bool {
        probability >= self.manifest.threshold
    }
}

impl fmt::Debug for Model {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Model").field("version", &self.version).finish_non_exhaustive()
    }
}

fn parse_manifest(manifest: &[u8]) -> Result<(Manifest, Box<str>), LoadError> {
    Manifest::parse(manifest).map_err(|error| malformed(MANIFEST, "a manifest", error))
}

fn read_graph(mut bytes: &[u8]) -> Result<InferenceModel, LoadError> {
    let onnx = operators::onnx();
    let unreadable = |error| malformed(GRAPH, "an ONNX graph that tract can read", error);
    let graph = onnx.proto_model_for_read(&mut bytes).map_err(unreadable)?;
    let missing = operators::missing(&onnx, &graph);
    if !missing.is_empty() {
        let known = "among those that this program was built with (cargo's feature all-operators adds tract's others)";
        return Err(mismatch(GRAPH, "every operator", known, &missing.join(", ")));
    }
    onnx.model_for_proto_model(&graph).map_err(unreadable)
}

impl Plan {
    fn new(graph: InferenceModel) -> TractResult<Self> {
        let shape = f32::fact([PLAN_ROWS, FEATURE_COUNT]);
        let mut graph = graph.with_input_fact(0, shape.into())?.into_typed()?;
        // The first half of `into_optimized`, which rearranges graphs, finds nothing to do in one of these, for a third of the time.
        graph.optimize()?;
        Ok(Self { plan: graph.into_runnable()?, idle: Mutex::default() })
    }

    /// Runs up to as many rows as the plan takes, padded with zeros, and checks that each answer is a probability. What comes of the padding
    /// is not looked at, and may be no number.
    fn run(&self, rows: &[Features], probabilities: &mut [f32]) -> Result<(), InferenceError> {
        let output = self.evaluate(rows).map_err(inference_error)?;
        let output = output.try_as_plain_ram().and_then(|plain| plain.as_slice::<f32>()).map_err(inference_error)?;
        if output.len() != PLAN_ROWS {
            return Err(InferenceError(format!("{} values for {PLAN_ROWS} rows", output.len())));
        }
        for (probability, &value) in probabilities.iter_mut().zip(output) {
            if !(0.0..=1.0).contains(&value) {
                return Err(InferenceError(format!("{value} is not between 0 and 1")));
            }
            *probability = value;
        }
        Ok(())
    }

    /// Runs the graph and returns its first output.
    fn evaluate(&self, rows: &[Features]) -> TractResult<TValue> {
        let mut input = Tensor::zero::<f32>(&[PLAN_ROWS, FEATURE_COUNT])?;
        let mut plain = input.try_as_plain_ram_mut()?;
        for (cells, row) in plain.as_slice_mut::<f32>()?.chunks_exact_mut(FEATURE_COUNT).zip(rows) {
            cells.copy_from_slice(&row.0);
        }
        let idle = self.idle().pop();
        let mut state = idle.map_or_else(|| self.plan.spawn(), Ok)?;
        let outputs = state.run(tvec!(input.into()))?;
        self.idle().push(state);
        outputs.into_iter().next().ok_or_else(|| TractError::msg("the graph has no output"))
    }

    fn idle(&self) -> MutexGuard<'_, Vec<TypedSimpleState>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[expect(clippy::needless_pass_by_value, reason = "called by map_err")]
fn inference_error(error: TractError) -> InferenceError {
    InferenceError(format!("{error:#}"))
}

/// Checks that the graph was exported for this manifest.
fn check_metadata(graph: &InferenceModel, manifest: &Manifest) -> Result<(), LoadError> {
    let found = |key: &str| {
        let value = graph.properties.get(&format!("onnx.metadata_props.{key}"));
        let text = value.and_then(|value| value.try_as_plain_ram().ok()?.to_scalar::<String>().ok().cloned());
        text.unwrap_or_else(|| "nothing".to_owned())
    };
    for (key, expected) in [
        ("version", &manifest.semantic_version),
        ("feature_set_hash", &manifest.feature_set_hash),
        ("data_hash", &manifest.data_hash),
        ("threshold", &format!("{:?}", manifest.threshold)),
    ] {
        expect(GRAPH, key, expected, &found(key))?;
    }
    Ok(())
}

/// Returns the mean of each feature in the training data.
fn baseline(manifest: &Manifest) -> Result<Features, LoadError> {
    let mut means = [0.0; FEATURE_COUNT];
    for (name, mean) in FEATURE_NAMES.into_iter().zip(&mut means) {
        let feature = manifest.baseline.features.get(name);
        *mean = feature.ok_or_else(|| mismatch(MANIFEST, "baseline.features", name, "nothing"))?.mean;
    }
    Ok(Features(means))
}

fn probability_or_number(number: f32) -> String {
    if (0.0..=1.0).contains(&number) { "a probability".to_owned() } else { number.to_string() }
}

fn expect(file: &'static str, what: &'static str, expected: &str, found: &str) -> Result<(), LoadError> {
    if expected == found { Ok(()) } else { Err(mismatch(file, what, expected, found)) }
}

/// Compares feature names with those of this program, and tells the first that differs.
fn expect_names(file: &'static str, found: &[String]) -> Result<(), LoadError> {
    expect(file, "the number of feature_names", &FEATURE_COUNT.to_string(), &found.len().to_string())?;
    FEATURE_NAMES.iter().zip(found).try_for_each(|(name, found)| expect(file, "one of feature_names", name, found))
}

fn mismatch(file: &'static str, what: &'static str, expected: &str, found: &str) -> LoadError {
    LoadError::Mismatch { file, what, expected: expected.to_owned(), found: found.to_owned() }
}

fn malformed(
    file: &'static str,
    expected: &'static str,
    source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
) -> LoadError {
    LoadError::Malformed { file, expected, source: source.into() }
}
