//! What is counted of records and answers while they are scored. Counts of slices are merged, and compared with the training's as a whole.
//!
//! Each answer is counted. Records and features are counted of one in so many, since a job has more of them than drift can be told by.

use serde::{Deserialize, Serialize};

use super::drift::{ColumnIndex, DriftSummary};
use super::failure::Failure;
use crate::lifecycle::answers::{AnswerCounts, AnswerWatch};
use crate::lifecycle::baseline::{AnswerBaseline, Baseline};
use crate::lifecycle::column_drift::ColumnDrift;
use crate::lifecycle::load;
use crate::lifecycle::stored::StoredAnswer;
use crate::lifecycle::sum::Sum;
use crate::lifecycle::verdict::Verdict;
use crate::lifecycle::watch::{TableCounts, TableWatch};
use crate::package::Package;
use crate::prediction::{Answer, scalar};
use crate::table::Record;

/// So many fields, and so many features, are named that have shifted most.
const NAMED_COLUMNS: usize = 10;

/// What is counted.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Counts {
    /// The probabilities of the positive class of two, or the numbers; nothing of several classes.
    pub numbers: Sum,
    /// The number of records that are counted beside their answers.
    pub records: u64,
    /// What the package's baseline is compared with, where it has one.
    pub watched: Option<Watched>,
}

/// What is counted by a baseline.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Watched {
    table: TableCounts,
    answers: AnswerCounts,
}

/// Counts records and answers.
#[derive(Debug)]
pub struct Counter<'a> {
    package: &'a Package,
    one_in: u64,
    seen: u64,
    numbers: Sum,
    records: u64,
    watch: Option<(TableWatch, AnswerWatch)>,
}

impl<'a> Counter<'a> {
    /// Starts to count the records of a package, of each so many one.
    pub fn new(package: &'a Package, one_in: u64) -> Result<Self, Failure> {
        let broken =
            |error: &dyn std::error::Error| Failure::Broken(format!("the package's baseline cannot be used: {error}"));
        let baseline: Option<Baseline> = match package.baseline() {
            Ok(text) => Some(load::baseline(&text).map_err(|error| broken(&error))?),
            Err(_) => None,
        };
        let watch = baseline.and_then(|baseline| {
            let schema = package.schema();
            let answers: AnswerBaseline = baseline.predictions.clone()?.answers;
            let classes = schema.classes().unwrap_or_default().iter();
            let classes = classes.map(|class| scalar(schema, class).text()).collect();
            let table = TableWatch::new(schema, package.feature_names(), &baseline);
            Some((table, AnswerWatch::new(answers, classes)))
        });
        Ok(Self { package, one_in: one_in.max(1), seen: 0, numbers: Sum::default(), records: 0, watch })
    }

    /// Counts records and their answers.
    pub fn observe(&mut self, answered: &[(Record, Answer)]) -> Result<(), Failure> {
        let schema = self.package.schema();
        let mut sampled = Vec::new();
        for (record, answer) in answered {
            if let Some(answer) = StoredAnswer::new(schema, answer) {
                if let Some(number) = answer.number() {
                    self.numbers.add(number);
                }
                if let Some((_, answers)) = &mut self.watch {
                    answers.observe(answer.as_answer());
                }
            }
            if self.seen.is_multiple_of(self.one_in) {
                sampled.push(record.clone());
            }
            self.seen += 1;
        }
        self.records += sampled.len() as u64;
        let Some((table, _)) = &mut self.watch else { return Ok(()) };
        let again = self.package.answers(&sampled).map_err(|error| Failure::Broken(error.to_string()))?;
        for (record, answered) in sampled.iter().zip(again) {
            table.observe_record(record);
            table.observe_features(answered.features.as_deref().unwrap_or_default());
        }
        Ok(())
    }

    /// Returns what is counted.
    pub fn counts(&self) -> Counts {
        let watched = self.watch.as_ref();
        let watched = watched.map(|(table, answers)| Watched { table: table.counts(), answers: answers.counts() });
        Counts { numbers: self.numbers, records: self.records, watched }
    }

    /// Adds what was counted of another slice.
    pub fn merge(&mut self, counts: &Counts) -> Result<(), Failure> {
        self.numbers.merge(&counts.numbers);
        self.records += counts.records;
        if let (Some((table, answers)), Some(watched)) = (&mut self.watch, &counts.watched) {
            let other = |error: crate::lifecycle::drift::OtherBaseline| Failure::Broken(error.to_string());
            table.merge(&watched.table).map_err(other)?;
            answers.merge(&watched.answers).map_err(other)?;
        }
        Ok(())
    }

    /// Returns the mean of the probabilities or numbers, if there are any.
    pub fn mean(&self) -> Option<f64> {
        self.numbers.mean()
    }

    /// Compares what was counted with the training data, where the package tells of that.
    pub fn drift(&self) -> Option<DriftSummary> {
        let (table, answers) = self.watch.as_ref()?;
        let predictions = answers.drift(&self.package.schema().label_field().name);
        let (fields, features) = (table.fields(), table.features());
        let columns = fields.iter().chain(&features).chain([&predictions]);
        let (verdict, _) = Verdict::new(self.records, columns.filter_map(|column| column.drift).max(), None);
        Some(DriftSummary {
            verdict,
            records: self.records,
            fields: shifted_most(&fields),
            features: shifted_most(&features),
            index: predictions.judged_index(),
            predictions: predictions.bins,
        })
    }
}

/// Returns the columns that have shifted most, by how far.
fn shifted_most(columns: &[ColumnDrift]) -> Vec<ColumnIndex> {
    let index = |column: &ColumnDrift| Some(ColumnIndex { name: column.name.clone(), index: column.judged_index()? });
    let mut indexed: Vec<ColumnIndex> = columns.iter().filter_map(index).collect();
    indexed.sort_by(|one, other| other.index.total_cmp(&one.index));
    indexed.truncate(NAMED_COLUMNS);
    indexed
}
