//! The training data by day, in memory that does not grow with its rows: of each column so many cells, however many days there are.

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::super::answer::Answer;
use super::super::baseline::Baseline;
use super::super::cells::Cells;
use super::super::daily::{DailyBaseline, DailyCounts};
use super::super::days::{RecordDays, of_day};
use super::day_fields::{DayField, numbers_by_bin};
use super::fields::FieldBuilder;
use super::predictions::AnswerBuilder;
use crate::table::Record;

/// The cells of a column, all days together.
const MAX_CELLS: usize = 65_536;

/// The most values of a column that are counted by themselves, all days together; one with more is not counted by day.
const MAX_COUNTED: usize = 262_144;

/// The rows of each day.
#[derive(Debug)]
pub(super) struct DailyBuilder {
    record_days: RecordDays,
    days: BTreeMap<Date, Day>,
    /// For each field, how many values are counted by themselves, all days together; nothing once they are too many.
    counted: Vec<Option<usize>>,
}

#[derive(Debug, Default)]
struct Day {
    features: Vec<Cells>,
    fields: Vec<DayField>,
    answers: Option<AnswerBuilder>,
}

impl DailyBuilder {
    pub(super) fn new(record_days: RecordDays, fields: usize) -> Self {
        Self { record_days, days: BTreeMap::new(), counted: vec![Some(0); fields] }
    }

    /// Takes a record, what the graph reads of it, and the answer.
    pub(super) fn add(
        &mut self,
        record: &Record,
        features: &[f32],
        fields: &[FieldBuilder],
        answer: Option<Answer<'_>>,
    ) {
        let Some(date) = self.record_days.date(record) else { return };
        if !self.days.contains_key(&date) {
            if let Some(day) = of_day(&mut self.days, date) {
                *day = Day::new(features.len(), fields.len());
            }
            self.limit();
        }
        let limit = self.cells_of_a_day();
        let Some(day) = self.days.get_mut(&date) else { return };
        for (cells, feature) in day.features.iter_mut().zip(features) {
            cells.add(f64::from(*feature));
        }
        for ((values, field), counted) in day.fields.iter_mut().zip(fields).zip(&mut self.counted) {
            let value = record.values().get(field.place).and_then(Option::as_ref);
            let new = values.add(value, counted.is_some());
            *counted = counted.map(|counted| counted + new).filter(|counted| *counted <= MAX_COUNTED);
        }
        if let Some(answer) = answer {
            let answers = day.answers.get_or_insert_with(|| AnswerBuilder::new(answer));
            answers.limit_to(limit);
            answers.add(answer);
        }
    }

    pub(super) fn merge(&mut self, other: Self) {
        for (date, theirs) in other.days {
            let is_new = !self.days.contains_key(&date);
            match of_day(&mut self.days, date) {
                Some(day) if is_new => *day = theirs,
                Some(day) => day.merge(theirs),
                None => {}
            }
        }
        self.limit();
        for (place, (counted, other)) in self.counted.iter_mut().zip(other.counted).enumerate() {
            let all = self.days.values().filter_map(|day| day.fields.get(place)).map(DayField::counted).sum();
            *counted = counted.and(other).and(Some(all)).filter(|counted| *counted <= MAX_COUNTED);
        }
    }

    fn cells_of_a_day(&self) -> usize {
        MAX_CELLS / self.days.len().max(1)
    }

    fn limit(&mut self) {
        let limit = self.cells_of_a_day();
        self.days.values_mut().for_each(|day| day.limit_to(limit));
    }

    /// Counts each day by the bins of the whole.
    pub(super) fn build<'n>(
        &self,
        features: impl Iterator<Item = &'n str>,
        fields: &[FieldBuilder],
        whole: &Baseline,
    ) -> DailyBaseline {
        let features = features.enumerate().filter_map(|(place, name)| {
            let numbers = whole.features.get(name)?;
            let of_day = |day: &Day| numbers_by_bin(&day.features[place], numbers);
            Some((name.to_owned(), DailyCounts(self.days.values().map(of_day).collect())))
        });
        let counted = self.counted.iter().enumerate().zip(fields);
        let fields = counted.filter_map(|((place, counted), field)| {
            let baseline = whole.fields.get(&field.name)?;
            let bins = field.day_bins(baseline).filter(|bins| counted.is_some() || !bins.are_counted())?;
            let of_day = |day: &Day| day.fields[place].by_bin(&bins);
            Some((field.name.clone(), DailyCounts(self.days.values().map(of_day).collect())))
        });
        let predictions = whole.predictions.as_ref().map(|predictions| {
            let nothing = || vec![0; predictions.answers.daily_bins()];
            let of_day =
                |day: &Day| day.answers.as_ref().map_or_else(nothing, |answers| answers.by_bin(&predictions.answers));
            DailyCounts(self.days.values().map(of_day).collect())
        });
        DailyBaseline {
            dates: self.days.keys().map(Date::to_string).collect(),
            features: features.collect(),
            fields: fields.collect(),
            predictions,
        }
    }
}

impl Day {
    fn new(features: usize, fields: usize) -> Self {
        let field = |_| DayField::default();
        Self { features: vec![Cells::default(); features], fields: (0..fields).map(field).collect(), answers: None }
    }

    fn limit_to(&mut self, limit: usize) {
        self.features.iter_mut().for_each(|cells| cells.limit_to(limit));
        self.fields.iter_mut().for_each(|field| field.limit_to(limit));
        self.answers.iter_mut().for_each(|answers| answers.limit_to(limit));
    }

    fn merge(&mut self, other: Self) {
        self.features.iter_mut().zip(&other.features).for_each(|(ours, theirs)| ours.merge(theirs));
        self.fields.iter_mut().zip(other.fields).for_each(|(ours, theirs)| ours.merge(theirs));
        match (&mut self.answers, other.answers) {
            (Some(ours), Some(theirs)) => ours.merge(theirs),
            (ours, theirs) => *ours = ours.take().or(theirs),
        }
    }
}
