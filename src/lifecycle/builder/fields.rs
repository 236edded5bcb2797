//! The values of a field of the training data.

use rustc_hash::FxHashMap;

use super::super::baseline::{
    CategoryBaseline, CategoryRows, Distribution, FieldBaseline, KnownTexts, Rest, TextBaseline, TextRows, text_hash,
};
use super::super::binning::{Precision, number_baseline};
use super::super::cells::Cells;
use super::super::drift::merge_counts;
use super::super::shares::MAX_TOP;
use super::super::values::{categories, category, days, number};
use super::day_fields::DayBins;
use crate::lifecycle::statistics::to_float;
use crate::table::Value;
use crate::table::descriptor::Scalar;
use crate::table::field::{Domain, Field};

/// The most distinct texts by which a later text is known again.
pub const MAX_TEXTS: usize = 10_000;

/// A field of texts is as good as one of categories where one text of so many is the only one of its kind at the most.
const SELDOM: u64 = 20;

#[derive(Debug)]
pub(super) struct FieldBuilder {
    /// The field's place in the schema.
    pub(super) place: usize,
    pub(super) name: String,
    pub(super) missing: u64,
    values: ValueBuilder,
}

#[derive(Debug)]
enum ValueBuilder {
    Numbers(Cells),
    Days(Cells),
    /// The categories, and how often each occurs.
    Categories(Vec<Scalar>, Vec<u64>),
    Texts(TextBuilder),
}

impl FieldBuilder {
    pub(super) fn new(place: usize, field: &Field) -> Self {
        let values = match &field.domain {
            Domain::Integer(_) | Domain::Number(_) => ValueBuilder::Numbers(Cells::default()),
            Domain::Date(_) | Domain::Datetime(..) => ValueBuilder::Days(Cells::default()),
            Domain::Text(_) => ValueBuilder::Texts(TextBuilder::default()),
            Domain::Boolean | Domain::Categories(_) => {
                let categories = categories(field);
                ValueBuilder::Categories(categories.clone(), vec![0; categories.len()])
            }
        };
        Self { place, name: field.name.to_string(), missing: 0, values }
    }

    pub(super) fn add(&mut self, value: Option<&Value>) {
        match (&mut self.values, value) {
            (_, None) => self.missing += 1,
            (ValueBuilder::Numbers(cells), Some(value)) => {
                if let Some(number) = number(value) {
                    cells.add(number);
                }
            }
            (ValueBuilder::Days(cells), Some(value)) => {
                if let Some(days) = days(value) {
                    cells.add(days);
                }
            }
            (ValueBuilder::Texts(texts), Some(Value::Text(text))) => texts.add(text),
            (ValueBuilder::Categories(_, counts), Some(value)) => {
                if let Some(count) = category(value).and_then(|category| counts.get_mut(category)) {
                    *count += 1;
                }
            }
            (ValueBuilder::Texts(_), Some(_)) => {}
        }
    }

    pub(super) fn merge(&mut self, other: Self) {
        self.missing += other.missing;
        match (&mut self.values, other.values) {
            (ValueBuilder::Numbers(ours), ValueBuilder::Numbers(theirs))
            | (ValueBuilder::Days(ours), ValueBuilder::Days(theirs)) => ours.merge(&theirs),
            (ValueBuilder::Categories(_, ours), ValueBuilder::Categories(_, theirs)) => merge_counts(ours, &theirs),
            (ValueBuilder::Texts(ours), ValueBuilder::Texts(theirs)) => ours.merge(theirs),
            _ => {}
        }
    }

    pub(super) fn build(&self) -> FieldBaseline {
        let values = match &self.values {
            ValueBuilder::Numbers(cells) => Distribution::Number(number_baseline(cells, Precision::Double)),
            ValueBuilder::Days(cells) => Distribution::Days(number_baseline(cells, Precision::Double)),
            ValueBuilder::Categories(values, counts) => Distribution::Category(category_baseline(values, counts)),
            ValueBuilder::Texts(texts) => Distribution::Text(texts.build()),
        };
        FieldBaseline { missing: self.missing, values }
    }

    /// Returns the bins by which the values of a day are counted.
    pub(super) fn day_bins(&self, baseline: &FieldBaseline) -> Option<DayBins> {
        Some(match (&baseline.values, &self.values) {
            (Distribution::Number(numbers) | Distribution::Days(numbers), _) => DayBins::Numbers(numbers.clone()),
            (Distribution::Category(found), ValueBuilder::Categories(values, _)) => {
                let place = |category: &CategoryRows| values.iter().position(|value| *value == category.value);
                let places = found.top.iter().filter_map(place).filter_map(|place| u32::try_from(place).ok());
                DayBins::Values(places.zip(0..).collect(), found.top.len())
            }
            (Distribution::Text(TextBaseline { known: Some(known), .. }), _) if !known.top.is_empty() => {
                DayBins::Values(known.top.iter().map(|text| text.hash).zip(0..).collect(), known.top.len())
            }
            (Distribution::Text(texts), _) => DayBins::Numbers(texts.length.clone()),
            (Distribution::Category(_), _) => return None,
        })
    }
}

/// Separates the most frequent categories from the rest; of those that are as frequent, the first of the schema comes first.
fn category_baseline(values: &[Scalar], counts: &[u64]) -> CategoryBaseline {
    let mut found: Vec<(&Scalar, u64)> =
        values.iter().zip(counts.iter().copied()).filter(|(_, rows)| *rows > 0).collect();
    found.sort_by_key(|(_, rows)| std::cmp::Reverse(*rows));
    let (top, rest) = found.split_at(found.len().min(MAX_TOP));
    CategoryBaseline {
        top: top.iter().map(|&(value, rows)| CategoryRows { value: value.clone(), rows }).collect(),
        rest: Rest {
            rows: rest.iter().map(|(_, rows)| rows).sum(),
            once: rest.iter().filter(|(_, rows)| *rows == 1).count() as u64,
            values: rest.iter().map(|&(value, _)| value.clone()).collect(),
        },
    }
}

#[derive(Debug, Default)]
struct TextBuilder {
    lengths: Cells,
    /// How often each text occurs, by its hash; empty once there are too many.
    known: FxHashMap<u32, u64>,
    are_too_many: bool,
}

impl TextBuilder {
    fn add(&mut self, text: &str) {
        self.lengths.add(to_float(text.chars().count() as u64));
        self.count(text_hash(text), 1);
    }

    fn count(&mut self, hash: u32, count: u64) {
        if !self.are_too_many {
            *self.known.entry(hash).or_default() += count;
            if self.known.len() > MAX_TEXTS {
                self.are_too_many = true;
                self.known = FxHashMap::default();
            }
        }
    }

    fn merge(&mut self, other: Self) {
        self.lengths.merge(&other.lengths);
        if other.are_too_many {
            (self.are_too_many, self.known) = (true, FxHashMap::default());
        }
        for (hash, count) in other.known {
            self.count(hash, count);
        }
    }

    fn build(&self) -> TextBaseline {
        let once = self.known.values().filter(|&&count| count == 1).count() as u64;
        let repeats = !self.are_too_many && !self.known.is_empty() && once * 2 <= self.lengths.count();
        let known = repeats.then(|| {
            let mut hashes: Vec<u32> = self.known.keys().copied().collect();
            hashes.sort_unstable();
            KnownTexts { once, hashes, top: self.top(once) }
        });
        TextBaseline { length: number_baseline(&self.lengths, Precision::Double), known }
    }

    /// Returns the most frequent texts where the field is as good as one of categories.
    fn top(&self, once: u64) -> Vec<TextRows> {
        if once * SELDOM > self.lengths.count() {
            return vec![];
        }
        let mut found: Vec<TextRows> = self.known.iter().map(|(&hash, &rows)| TextRows { hash, rows }).collect();
        found.sort_unstable_by_key(|text| (std::cmp::Reverse(text.rows), text.hash));
        found.truncate(MAX_TOP);
        found
    }
}
