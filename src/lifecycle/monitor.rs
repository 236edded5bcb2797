//! What passes through a package, against what it was trained on: a report over a window of stored predictions.
//!
//! [`Monitor`] takes predictions one at a time, in memory that does not grow with them.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use thiserror::Error;

use super::answer::Answer;
use super::answers::AnswerWatch;
use super::baseline::{AnswerBaseline, Baseline};
use super::blocks::BlockReport;
use super::daily::DailyCounts;
use super::load::{self, BaselineError};
use super::performance::Outcomes;
use super::performance::expected::Expectation;
use super::quality_baseline::QualityBaseline;
use super::report::{Moment, Report};
use super::shadow::ShadowWatch;
use super::stored::{StoredAnswer, label, outcome};
use super::sum::{Sum, share};
use super::timeline::Timeline;
use super::verdict::Verdict;
use super::watch::TableWatch;
use crate::package::{LoadError, Package};
use crate::prediction::{Prediction, format_time, scalar};
use crate::store::Window;
use crate::table::json;

/// A window is shown in so many parts.
const MOMENTS: usize = 24;

/// A package that does not tell what the training data looked like.
#[derive(Debug, Error)]
pub enum NoBaseline {
    /// The file is missing, or another than the one that the package was packed with.
    #[error("the package has no baseline to compare with")]
    File(#[from] LoadError),
    /// The file is no baseline.
    #[error("the package's baseline.json cannot be used")]
    Malformed(#[from] BaselineError),
    /// The file tells nothing of answers of this task.
    #[error("the package's baseline.json does not tell what was predicted")]
    Predictions,
}

/// Gathers what a report is made of.
#[derive(Debug)]
pub struct Monitor {
    package: Arc<Package>,
    window: Window,
    versions: BTreeMap<Arc<str>, u64>,
    rows: u64,
    table: TableWatch,
    answers: AnswerWatch,
    /// What was predicted of the training data day by day, where the baseline tells.
    daily_predictions: Option<DailyCounts>,
    expectation: Expectation,
    outcomes: Outcomes,
    no_outcomes: Outcomes,
    /// What models in the shadow said, by their versions.
    shadows: BTreeMap<Arc<str>, ShadowWatch>,
    moments: [(u64, Sum); MOMENTS],
    /// Where the schema has a time.
    timeline: Option<Timeline>,
    /// How good the answers to the training data were, where the baseline tells.
    training_quality: Option<QualityBaseline>,
    /// The number of predictions whose outcome is known.
    known: u64,
}

impl Monitor {
    /// Starts a report over a window, against what this package was trained on.
    pub fn new(package: Arc<Package>, window: Window) -> Result<Self, NoBaseline> {
        let baseline: Baseline = load::baseline(&package.baseline()?)?;
        let schema = package.schema();
        let classes = schema.classes().unwrap_or_default();
        let names = classes.iter().map(|class| scalar(schema, class).text()).collect();
        let predictions: AnswerBaseline =
            baseline.predictions.clone().map(|predictions| predictions.answers).ok_or(NoBaseline::Predictions)?;
        let outcomes = Outcomes::new(schema, Some(&baseline));
        Ok(Self {
            window,
            versions: BTreeMap::new(),
            rows: 0,
            table: TableWatch::new(schema, package.feature_names(), &baseline),
            timeline: Timeline::new(schema, predictions.clone()),
            training_quality: baseline.quality,
            known: 0,
            answers: AnswerWatch::new(predictions, names),
            daily_predictions: baseline.by_day.as_ref().and_then(|days| days.predictions.clone()),
            expectation: Expectation::default(),
            no_outcomes: outcomes.clone(),
            outcomes,
            shadows: BTreeMap::new(),
            moments: std::array::from_fn(|_| (0, Sum::default())),
            package,
        })
    }

    /// Takes a prediction in. The features of another version are taken by their names, where these are known.
    pub fn observe(&mut self, prediction: &Prediction, names: Option<&[Box<str>]>) {
        let package = Arc::clone(&self.package);
        let schema = package.schema();
        self.rows += 1;
        *self.versions.entry(Arc::clone(&prediction.model_version)).or_default() += 1;
        let record = json::stored(schema, &prediction.record);
        self.table.observe_record(&record);
        if let Some(features) = &prediction.features {
            self.observe_features(features, names);
        }
        let told = prediction.outcome().and_then(|outcome| label(schema, &outcome.label));
        if let Some(value) = &told {
            self.table.observe_outcome(value);
        }
        let happened = told.and_then(|value| outcome(schema, &value));
        self.known += u64::from(happened.is_some());
        let Some(answered) = StoredAnswer::new(schema, &prediction.answer) else { return };
        self.predicted(answered.as_answer(), answered.number(), prediction.created_at);
        if let Some(happened) = happened {
            self.outcomes.add(answered.as_answer(), happened);
        }
        if let Some(timeline) = &mut self.timeline {
            timeline.observe(&record, answered.as_answer(), happened);
        }
        if let Some(shadow) = &prediction.shadow
            && let Some(said) = StoredAnswer::new(schema, &shadow.answer)
        {
            let empty = &self.no_outcomes;
            let version = Arc::clone(&shadow.model_version);
            let watch = self.shadows.entry(version).or_insert_with(|| ShadowWatch::new(empty.clone()));
            watch.observe(&said, &answered, happened);
        }
    }

    /// Takes features in: in the order of the package's own, or of the names.
    fn observe_features(&mut self, features: &[f32], names: Option<&[Box<str>]>) {
        let own = self.package.feature_names();
        match names {
            Some(names) if *names != *own => {
                let place = |name: &str| names.iter().position(|other| **other == *name);
                let value = |place: usize| features.get(place).copied();
                let ordered: Vec<f32> =
                    own.iter().map(|name| place(name).and_then(value).unwrap_or(f32::NAN)).collect();
                self.table.observe_features(&ordered);
            }
            _ => self.table.observe_features(features),
        }
    }

    /// Takes in what was predicted.
    fn predicted(&mut self, answer: Answer<'_>, number: Option<f64>, created_at: Timestamp) {
        self.answers.observe(answer);
        self.expectation.add(answer);
        let place = self.moment(created_at);
        let (rows, sum) = &mut self.moments[place];
        *rows += 1;
        if let Some(number) = number {
            sum.add(number);
        }
    }

    /// Returns which part of the window a moment is in.
    fn moment(&self, time: Timestamp) -> usize {
        let millisecond = |time: Timestamp| i128::from(time.as_millisecond());
        let (from, to) = (millisecond(self.window.from), millisecond(self.window.to));
        let place = (millisecond(time) - from) * MOMENTS as i128 / (to - from).max(1);
        usize::try_from(place).unwrap_or(0).min(MOMENTS - 1)
    }

    /// Compares what was taken in with the baseline.
    pub fn report(&self) -> Report {
        let shadows = self.shadows.iter().map(|(version, watch)| (version.to_string(), watch.report()));
        let mut report = Report {
            model: self.package.name().to_owned(),
            model_version: self.package.version().to_string(),
            from: format_time(self.window.from),
            to: format_time(self.window.to),
            rows: self.rows,
            deleted: 0,
            verdict: Verdict::InsufficientData,
            rests_on: None,
            versions: self.versions.iter().map(|(version, rows)| (version.to_string(), *rows)).collect(),
            fields: self.table.fields(),
            features: self.table.features(),
            predictions: self
                .answers
                .drift(&self.package.schema().label_field().name)
                .by_days(self.daily_predictions.as_ref(), self.table.window_days()),
            positive_rate: self.answers.positive_rate(),
            outcomes: self.table.outcomes().filter(|outcomes| outcomes.rows > 0),
            expected: self.expectation.expected(),
            observed: self.outcomes.performance(),
            known_rate: (self.rows > 0).then(|| share(self.known, self.rows)),
            standing: self.timeline.as_ref().and_then(|days| days.standing(self.training_quality.as_ref())),
            shadows: shadows.collect(),
            over_time: self.over_time(),
            by_day: self.timeline.as_ref().map_or_else(Vec::new, Timeline::report),
            day_reached: self.daily_predictions.as_ref().and_then(|daily| Some(BlockReport::new(&daily.0, 1)?.reached)),
        };
        (report.verdict, report.rests_on) = report.judge();
        report
    }

    fn over_time(&self) -> Vec<Moment> {
        let span = self.window.to.duration_since(self.window.from);
        let moments = (0..).zip(&self.moments).map(|(index, (rows, sum))| {
            let from = self.window.from + span / i32::try_from(MOMENTS).unwrap_or(1) * index;
            Moment { from: format_time(from), rows: *rows, mean: sum.mean() }
        });
        moments.collect()
    }
}
