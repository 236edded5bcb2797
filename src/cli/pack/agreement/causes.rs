//! Why a graph answers otherwise than its model: one thing that explains all rows, or else what is known of graphs.

use std::fmt;

use super::{Compared, TOLERANCE, worst};

/// By as many rows predictions are looked for before and behind their own.
const MOST_SHIFTED: usize = 100;

/// Where graphs are known to answer otherwise than their models.
const OF_ALL: &str = "
  - skl2onnx: SimpleImputer(add_indicator=True), CalibratedClassifierCV over a pipeline: fill in before, and calibrate inside the pipeline
  - another model than the one that was exported, other data or another target than it was trained on
  - rows of another order, other columns than the graph's (--inputs), or other classes (--classes)
Single rows that may differ can be taken: --accept-differences";

/// Where graphs of trees are.
const OF_TREES: &str = "
  - a tree's threshold in single precision: single rows flip. Train on float32 (X.astype(\"float32\")), or take them
  - a scaler before a forest or XGBoost: many rows flip. Leave it out, trees need none
  - a sparse matrix before XGBoost, which takes its zeros as missing: ColumnTransformer(…, sparse_threshold=0)
  - skl2onnx: RandomForest fitted with NaN, HistGradientBoosting(categorical_features=…): fill in or encode in a step before
  - onnxmltools: LightGBM's boosting_type=\"rf\" of numbers, XGBRegressor(objective=\"binary:logistic\"): use the classifier";

/// What may be the cause where nothing explains all rows.
#[derive(Debug, Default)]
pub(in crate::cli::pack) struct Suspects {
    /// Whether the graph has trees.
    pub(in crate::cli::pack) has_trees: bool,
    /// The columns of which the graph's encoder knows no text that the data has, each in words.
    pub(in crate::cli::pack) unknown: Vec<String>,
}

impl fmt::Display for Suspects {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Known causes:")?;
        self.unknown.iter().try_for_each(|unknown| write!(f, "\n  - {unknown}"))?;
        if self.has_trees {
            f.write_str(OF_TREES)?;
        }
        f.write_str(OF_ALL)
    }
}

/// Says what explains all rows, where one thing does.
pub(super) fn of_all(compared: &Compared<'_>) -> Option<String> {
    of_columns(compared).or_else(|| of_rows(compared))
}

fn of_columns(compared: &Compared<'_>) -> Option<String> {
    let Compared { package, found, expected, .. } = *compared;
    let (file, label) = (&expected.file, package.schema().label_field());
    let classes = package.schema().classes()?;
    let called = |class: usize| format!("{:?}", label.written(&classes[class]).to_string());
    let agrees = |class: usize, column: usize| {
        let mut columns = vec![None; classes.len()];
        columns[class] = Some(column);
        agree(compared, &columns, found.iter().zip(expected.rows()))
    };
    if expected.columns == 1 {
        return if agrees(0, 0) {
            Some(format!(
                "all rows agree with 1 - p: {file} has the probability of {}, but that of {} is compared: save that, or turn them around with --positive",
                called(0),
                called(1)
            ))
        } else if expected.numbers.iter().all(|number| [0.0, 1.0].contains(number)) {
            Some(format!(
                "{file} has labels, 0 and 1, but probabilities are compared: save the model's predict_proba(X)"
            ))
        } else {
            None
        };
    }
    let mut order: Vec<Option<usize>> = vec![None; expected.columns];
    for class in 0..classes.len() {
        let column = (0..order.len()).find(|&column| order[column].is_none() && agrees(class, column))?;
        order[column] = Some(class);
    }
    let order: Vec<String> = order.into_iter().flatten().map(called).collect();
    Some(format!(
        "all rows agree if the columns of {file} are the classes {}, in this order: write them so, or name the columns by the classes",
        order.join(", ")
    ))
}

fn of_rows(compared: &Compared<'_>) -> Option<String> {
    let Compared { found, expected, columns, .. } = *compared;
    let (file, rows) = (&expected.file, found.len());
    let mend = "predict the rows of --data, in their order";
    if agree(compared, columns, found.iter().rev().zip(expected.rows())) {
        return Some(format!("all rows agree if those of {file} are reversed: {mend}"));
    }
    for shift in 1..=MOST_SHIFTED.min(rows / 2) {
        let overlap = rows - shift;
        if agree(compared, columns, found.iter().zip(expected.rows().skip(shift))) {
            return Some(format!(
                "{overlap} of {rows} rows agree, all that can, if those of {file} are moved up by {shift}: {mend}"
            ));
        }
        if agree(compared, columns, found[shift..].iter().zip(expected.rows())) {
            return Some(format!(
                "{overlap} of {rows} rows agree, all that can, if those of {file} are moved down by {shift}: {mend}"
            ));
        }
    }
    let mut compared_columns = columns.iter().enumerate().filter_map(|(class, column)| Some((class, (*column)?)));
    let is_mixed = compared_columns.all(|(class, column)| {
        let mut found: Vec<f64> = found.iter().filter_map(|row| row.get(class).copied()).collect();
        let mut expected: Vec<f64> = expected.rows().map(|row| row[column]).collect();
        found.sort_by(f64::total_cmp);
        expected.sort_by(f64::total_cmp);
        found.iter().zip(&expected).all(|(found, expected)| is_near(*found, *expected, compared.scale))
    });
    is_mixed.then(|| format!("{file} has the same numbers as the graph answers, in another order of the rows: {mend}"))
}

fn is_near(found: f64, expected: f64, scale: f64) -> bool {
    worst(&[found], &[expected], &[Some(0)], scale).0 <= TOLERANCE
}

/// Returns whether pairs of what was found and expected agree in these columns.
fn agree<'a>(
    compared: &Compared<'_>,
    columns: &[Option<usize>],
    mut pairs: impl Iterator<Item = (&'a Vec<f64>, &'a [f64])>,
) -> bool {
    pairs.all(|(found, expected)| worst(found, expected, columns, compared.scale).0 <= TOLERANCE)
}
