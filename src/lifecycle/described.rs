//! What a column of a window is like beside its baseline, without judging it.

use super::categories::CategoryWatch;
use super::column_drift::ColumnDrift;
use super::drift::Histograms;
use super::numbers::NumberWatch;
use super::sum::share;
use super::texts::TextWatch;

/// Describes numbers, without judging them.
pub(super) fn of_numbers(name: &str, numbers: &NumberWatch, bins: Histograms) -> ColumnDrift {
    let (sum, unseen) = (numbers.sum(), numbers.unseen());
    ColumnDrift {
        name: name.to_owned(),
        drift: None,
        index: None,
        blocks: None,
        test: numbers.test(),
        rows: sum.count(),
        mean: sum.mean(),
        is_of_days: false,
        baseline_mean: numbers.baseline().mean,
        missing_rate: None,
        baseline_missing_rate: None,
        out_of_range_rate: Some(share(numbers.outside(), sum.count())),
        unseen,
        unseen_rate: unseen.map(|unseen| share(unseen, sum.count())),
        unseen_values: vec![],
        bins,
    }
}

pub(super) fn of_categories(name: &str, categories: &CategoryWatch) -> ColumnDrift {
    ColumnDrift {
        name: name.to_owned(),
        drift: None,
        index: None,
        blocks: None,
        test: categories.test(),
        rows: categories.rows(),
        mean: None,
        is_of_days: false,
        baseline_mean: None,
        missing_rate: None,
        baseline_missing_rate: None,
        out_of_range_rate: None,
        unseen: Some(categories.unseen()),
        unseen_rate: Some(share(categories.unseen(), categories.rows())),
        unseen_values: categories.unseen_values(),
        bins: categories.histograms(),
    }
}

pub(super) fn of_texts(name: &str, texts: &TextWatch) -> ColumnDrift {
    let found = of_numbers(name, texts.lengths(), texts.histograms());
    let unseen = texts.unseen();
    let is_category = texts.is_category();
    ColumnDrift {
        test: texts.test(),
        mean: found.mean.filter(|_| !is_category),
        baseline_mean: found.baseline_mean.filter(|_| !is_category),
        out_of_range_rate: found.out_of_range_rate.filter(|_| !is_category),
        unseen,
        unseen_rate: unseen.map(|unseen| share(unseen, found.rows)),
        unseen_values: texts.unseen_values(),
        ..found
    }
}
