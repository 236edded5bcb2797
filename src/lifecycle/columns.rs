//! A feature or a field of a window, counted by its baseline and compared with it.

use serde::{Deserialize, Serialize};

use super::baseline::{Distribution, FieldBaseline, NumberBaseline};
use super::binning::Precision;
use super::categories::{CategoryCounts, CategoryWatch};
use super::column_drift::ColumnDrift;
use super::described::{of_categories, of_numbers, of_texts};
use super::drift::{ENOUGH_ROWS, Histograms, OtherBaseline, StabilityIndex};
use super::numbers::{NumberCounts, NumberWatch};
use super::sum::share;
use super::texts::{TextCounts, TextWatch};
use super::values::{categories, category, days, number};
use crate::table::Value;
use crate::table::field::{Domain, Field};

/// Counts a feature. One that is no number is left out: predictions from before the feature was there have none.
#[derive(Debug)]
pub struct FeatureWatch {
    name: String,
    values: NumberWatch,
}

impl FeatureWatch {
    /// Starts to count.
    pub fn new(name: impl Into<String>, baseline: NumberBaseline) -> Self {
        Self { name: name.into(), values: NumberWatch::new(baseline, Precision::Single) }
    }

    /// Returns the feature's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Counts a value.
    #[inline]
    pub fn observe(&mut self, value: f32) {
        self.values.observe(f64::from(value));
    }

    /// Returns what is counted.
    pub fn counts(&self) -> &NumberCounts {
        self.values.counts()
    }

    /// Adds the counts of another part of the window.
    pub fn merge(&mut self, counts: &NumberCounts) -> Result<(), OtherBaseline> {
        self.values.merge(counts)
    }

    /// Compares what is counted with the baseline.
    pub fn drift(&self) -> ColumnDrift {
        let bins = self.values.histograms();
        let is_enough = bins.window.iter().sum::<u64>() >= ENOUGH_ROWS;
        let index = is_enough.then(|| StabilityIndex::between(&bins.baseline, &bins.window)).flatten();
        let drift = of_numbers(&self.name, &self.values, bins);
        ColumnDrift { index, drift: index.map(|index| index.drift()), test: drift.test.filter(|_| is_enough), ..drift }
    }
}

/// What is counted of a field; counts of the same baseline can be merged.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FieldCounts {
    missing: u64,
    values: ValueCounts,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum ValueCounts {
    Numbers(NumberCounts),
    Categories(CategoryCounts),
    Texts(TextCounts),
}

/// Counts a field.
#[derive(Debug)]
pub struct FieldWatch {
    name: String,
    baseline_missing: u64,
    baseline_rows: u64,
    is_judged: bool,
    missing: u64,
    values: ValueWatch,
}

#[derive(Debug)]
enum ValueWatch {
    Numbers(NumberWatch),
    Days(NumberWatch),
    Categories(CategoryWatch),
    Texts(TextWatch),
}

impl FieldWatch {
    /// Starts to count, or returns nothing where the baseline is of a field of another kind.
    pub fn new(field: &Field, baseline: FieldBaseline) -> Option<Self> {
        let numbers = |number| NumberWatch::new(number, Precision::Double);
        let (rows, values) = match (&field.domain, baseline.values) {
            (Domain::Integer(_) | Domain::Number(_), Distribution::Number(number)) => {
                (number.rows(), ValueWatch::Numbers(numbers(number)))
            }
            (Domain::Date(_) | Domain::Datetime(..), Distribution::Days(number)) => {
                (number.rows(), ValueWatch::Days(numbers(number)))
            }
            (Domain::Boolean | Domain::Categories(_), Distribution::Category(baseline)) => {
                (baseline.rows(), ValueWatch::Categories(CategoryWatch::new(baseline, &categories(field))))
            }
            (Domain::Text(_), Distribution::Text(text)) => {
                (text.length.rows(), ValueWatch::Texts(TextWatch::new(text)))
            }
            _ => return None,
        };
        let name = field.name.to_string();
        Some(Self {
            name,
            baseline_missing: baseline.missing,
            baseline_rows: rows,
            is_judged: true,
            missing: 0,
            values,
        })
    }

    /// Shows the field without judging it: the time of records moves on without any drift.
    #[must_use]
    pub fn unjudged(self) -> Self {
        Self { is_judged: false, ..self }
    }

    /// Returns the field's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Counts a value, or that there is none.
    #[inline]
    pub fn observe(&mut self, value: Option<&Value>) {
        let Some(value) = value else {
            self.missing += 1;
            return;
        };
        match (&mut self.values, value) {
            (ValueWatch::Categories(categories), value) => {
                // A value that is no category of the schema is one that the training data lacks.
                categories.observe(category(value).unwrap_or(usize::MAX));
            }
            (ValueWatch::Texts(texts), Value::Text(text)) => texts.observe(text),
            (ValueWatch::Numbers(numbers), value) => {
                if let Some(number) = number(value) {
                    numbers.observe(number);
                }
            }
            (ValueWatch::Days(numbers), value) => {
                if let Some(days) = days(value) {
                    numbers.observe(days);
                }
            }
            (ValueWatch::Texts(_), _) => {}
        }
    }

    /// Returns what is counted.
    pub fn counts(&self) -> FieldCounts {
        let values = match &self.values {
            ValueWatch::Numbers(numbers) | ValueWatch::Days(numbers) => ValueCounts::Numbers(numbers.counts().clone()),
            ValueWatch::Categories(categories) => ValueCounts::Categories(categories.counts().clone()),
            ValueWatch::Texts(texts) => ValueCounts::Texts(texts.counts()),
        };
        FieldCounts { missing: self.missing, values }
    }

    /// Adds the counts of another part of the window.
    pub fn merge(&mut self, counts: &FieldCounts) -> Result<(), OtherBaseline> {
        match (&mut self.values, &counts.values) {
            (ValueWatch::Numbers(ours) | ValueWatch::Days(ours), ValueCounts::Numbers(theirs)) => ours.merge(theirs)?,
            (ValueWatch::Categories(ours), ValueCounts::Categories(theirs)) => ours.merge(theirs)?,
            (ValueWatch::Texts(ours), ValueCounts::Texts(theirs)) => ours.merge(theirs)?,
            _ => return Err(OtherBaseline),
        }
        self.missing += counts.missing;
        Ok(())
    }

    /// Compares what is counted with the baseline; records without a value are a bin of their own.
    pub fn drift(&self) -> ColumnDrift {
        let found = match &self.values {
            ValueWatch::Numbers(numbers) => of_numbers(&self.name, numbers, numbers.histograms()),
            ValueWatch::Days(numbers) => {
                ColumnDrift { is_of_days: true, ..of_numbers(&self.name, numbers, numbers.histograms()) }
            }
            ValueWatch::Categories(categories) => of_categories(&self.name, categories),
            ValueWatch::Texts(texts) => of_texts(&self.name, texts),
        };
        let is_enough = found.rows + self.missing >= ENOUGH_ROWS;
        let index = is_enough.then(|| self.index(&found.bins)).flatten();
        ColumnDrift {
            drift: index.filter(|_| self.is_judged).map(|index| index.drift()),
            index,
            test: found.test.filter(|_| is_enough),
            missing_rate: Some(share(self.missing, found.rows + self.missing)),
            baseline_missing_rate: Some(share(self.baseline_missing, self.baseline_rows + self.baseline_missing)),
            ..found
        }
    }

    fn index(&self, bins: &Histograms) -> Option<StabilityIndex> {
        let (mut baseline, mut window) = match &self.values {
            ValueWatch::Categories(categories) => categories.compared(),
            ValueWatch::Texts(texts) => texts.compared(),
            ValueWatch::Numbers(_) | ValueWatch::Days(_) => (bins.baseline.clone(), bins.window.clone()),
        };
        baseline.push(self.baseline_missing);
        window.push(self.missing);
        let index = StabilityIndex::between(&baseline, &window);
        match &self.values {
            ValueWatch::Texts(texts) => {
                let indices = index.into_iter().chain(texts.unseen_index());
                indices.max_by(|left, right| left.judged.total_cmp(&right.judged))
            }
            _ => index,
        }
    }
}
