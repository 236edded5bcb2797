//! Ensembles of trees: their scores, and the labels that onnxruntime makes of them.
//!
//! - `source`, `read`: trees as the operators have them.
//! - `build`: the same as a forest, checked.
//! - `forest`: nodes in a row, and the walk over them.

mod build;
mod forest;
mod read;
mod source;
#[cfg(test)]
mod tests;

use std::sync::OnceLock;

use super::super::node::{Node, check_length};
use super::super::tensor::{Data, Tensor};
use super::super::{Fault, Kernel};
use super::linear::classified;
use super::scores::{Beside, Transform};
use super::{Inputs, one};
use forest::{Forest, Scores, Value};
use source::{Ensemble, Numbers};

/// A forest, for inputs of each type.
enum Trees {
    /// The file has floats: the same in double precision is made when doubles come.
    Float(Forest<f32>, OnceLock<Forest<f64>>),
    /// The file has doubles.
    Double(Forest<f64>),
}

/// How the weights of all trees become one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Aggregate {
    Sum,
    Average,
    Min,
    Max,
}

/// Takes the scores of a forest, whatever they are computed in.
macro_rules! with_scores {
    ($trees:expr, $input:expr, $targets:expr, $aggregate:expr, ($rows:ident, $scores:ident) => $result:expr) => {{
        let (rows, columns) = $input.rows_and_columns()?;
        let $rows = rows;
        match ($trees, $input.data()) {
            (Trees::Float(forest, _), Data::Float(values)) => {
                let mut $scores = forest.scores(values, columns, $targets, $aggregate)?;
                $result
            }
            (Trees::Float(forest, wide), Data::Double(values)) => {
                let forest = wide.get_or_init(|| forest.widened());
                let mut $scores = forest.scores(values, columns, $targets, $aggregate)?;
                $result
            }
            (Trees::Float(forest, _), _) => {
                let mut $scores = forest.scores(&$input.floats()?, columns, $targets, $aggregate)?;
                $result
            }
            (Trees::Double(forest), Data::Double(values)) => {
                let mut $scores = forest.scores(values, columns, $targets, $aggregate)?;
                $result
            }
            (Trees::Double(forest), _) => {
                let values: Vec<f64> = $input.floats()?.iter().map(|&value| value.into()).collect();
                let mut $scores = forest.scores(&values, columns, $targets, $aggregate)?;
                $result
            }
        }
    }};
}

impl Trees {
    fn new(ensemble: &Ensemble<'_>) -> Result<Self, Fault> {
        Ok(match (&ensemble.thresholds, &ensemble.weights) {
            (Numbers::Float(thresholds), Numbers::Float(weights)) => {
                Self::Float(build::forest(ensemble, thresholds, weights)?, OnceLock::new())
            }
            (thresholds, weights) => Self::Double(build::forest(ensemble, &thresholds.wide(), &weights.wide())?),
        })
    }
}

/// What is added to the scores.
fn base_values(numbers: &Numbers<'_>, targets: usize) -> Result<Vec<f64>, Fault> {
    let base = numbers.wide().into_owned();
    if base.iter().any(|number| number.is_nan()) {
        return Err(Fault::new("numbers in base_values", "NaN"));
    }
    match base.len() {
        0 | 1 => Ok(base),
        count => check_length("base_values", targets, count).map(|()| base),
    }
}

pub(super) fn regressor(node: &Node<'_>) -> Result<Kernel, Fault> {
    let targets = node.integer("n_targets")?.unwrap_or(1);
    let targets = source::count("n_targets", targets)?;
    let ensemble = read::classic(node, "target", targets)?;
    let aggregate = match node.text("aggregate_function")?.as_deref().unwrap_or("SUM") {
        "SUM" => Aggregate::Sum,
        "AVERAGE" => Aggregate::Average,
        "MIN" => Aggregate::Min,
        "MAX" => Aggregate::Max,
        other => return Err(Fault::new("aggregate_function SUM, AVERAGE, MIN or MAX", format!("{other:?}"))),
    };
    regression(&ensemble, targets, aggregate, Transform::read(node)?)
}

pub(super) fn ensemble(node: &Node<'_>) -> Result<Kernel, Fault> {
    let targets = source::count("n_targets", node.integer("n_targets")?.unwrap_or(1))?;
    let ensemble = read::modern(node, targets)?;
    let aggregate = match node.integer("aggregate_function")?.unwrap_or(1) {
        0 => Aggregate::Average,
        1 => Aggregate::Sum,
        2 => Aggregate::Min,
        3 => Aggregate::Max,
        other => return Err(Fault::new("aggregate_function from 0 to 3", other.to_string())),
    };
    let transform = Transform::from_number(node.integer("post_transform")?.unwrap_or(0))?;
    regression(&ensemble, targets, aggregate, transform)
}

fn regression(
    ensemble: &Ensemble<'_>,
    targets: usize,
    aggregate: Aggregate,
    transform: Transform,
) -> Result<Kernel, Fault> {
    let base = base_values(&ensemble.base_values, targets)?;
    let (trees, keeps_doubles) = (Trees::new(ensemble)?, ensemble.keeps_doubles);
    one(move |inputs| {
        let input = inputs.need(0)?;
        with_scores!(&trees, input, targets, aggregate, (rows, scores) => {
            scores.add_base(&base, targets);
            if keeps_doubles && transform == Transform::None && matches!(input.data(), Data::Double(_)) {
                return Tensor::from([rows, targets], scores.values.iter().map(|&value| value.wide()).collect::<Vec<f64>>());
            }
            let mut values: Vec<f32> = scores.values.iter().map(|value| value.narrow()).collect();
            match targets {
                1 => values.iter_mut().for_each(|value| *value = transform.alone(*value)),
                _ => values.chunks_exact_mut(targets).for_each(|row| transform.apply(row)),
            }
            Tensor::from([rows, targets], values)
        })
    })
}

/// A classifier of trees.
struct Classifier {
    trees: Trees,
    labels: Data,
    base: Vec<f64>,
    transform: Transform,
    /// Whether the weights of two classes are those of one of them alone.
    is_binary: bool,
    all_positive: bool,
}

pub(super) fn classifier(node: &Node<'_>) -> Result<Kernel, Fault> {
    let labels = node.class_labels("classlabels_int64s")?;
    let ensemble = read::classic(node, "class", labels.len())?;
    let first = ensemble.targets.first();
    let classifier = Classifier {
        base: base_values(&ensemble.base_values, labels.len())?,
        transform: Transform::read(node)?,
        is_binary: labels.len() == 2 && ensemble.targets.iter().all(|target| Some(target) == first),
        all_positive: ensemble.weights.wide().iter().all(|&weight| weight >= 0.0),
        trees: Trees::new(&ensemble)?,
        labels,
    };
    if classifier.labels.len() > 2 && classifier.base.len() == 1 {
        return Err(Fault::new(format!("{} base_values, or none", classifier.labels.len()), "1"));
    }
    Ok(Box::new(move |inputs: &Inputs<'_>| {
        let input = inputs.need(0)?;
        let classes = classifier.labels.len();
        with_scores!(&classifier.trees, input, classes, Aggregate::Sum, (rows, scores) => classifier.classify(&mut scores, rows))
    }))
}

impl Classifier {
    fn classify<T: Value>(&self, scores: &mut Scores<T>, rows: usize) -> Result<Vec<Tensor>, Fault> {
        let classes = self.labels.len();
        let (mut found, mut all) = (Vec::with_capacity(rows), Vec::with_capacity(rows * classes));
        let base: Vec<T> = self.base.iter().map(|&base| T::from_wide(base)).collect();
        for (values, has) in scores.values.chunks_exact_mut(classes).zip(scores.has.chunks_exact_mut(classes)) {
            match classes {
                1 => found.push(self.alone(values, &base, &mut all)),
                2 => found.push(self.two(values, has, &base, &mut all)),
                _ => found.push(self.several(values, has, &base, &mut all)),
            }
        }
        classified(&self.labels, &found, Tensor::from([rows, classes], all)?)
    }

    /// Writes the score of a class that stands alone, untransformed as in onnxruntime.
    fn alone<T: Value>(&self, values: &[T], base: &[T], all: &mut Vec<f32>) -> usize {
        let score = base.first().map_or(values[0], |base| values[0].plus(*base));
        all.push(self.transform.alone(score.narrow()));
        0
    }

    /// Writes the scores of several classes, and returns the first of the greatest that a tree spoke of.
    fn several<T: Value>(&self, values: &mut [T], has: &mut [bool], base: &[T], all: &mut Vec<f32>) -> usize {
        for ((value, has), base) in values.iter_mut().zip(has.iter_mut()).zip(base) {
            *value = if *has { value.plus(*base) } else { *base };
            *has = true;
        }
        let mut best: Option<usize> = None;
        for place in (0..values.len()).filter(|&place| has[place]) {
            if best.is_none_or(|best| values[place] > values[best]) {
                best = Some(place);
            }
        }
        self.write(values, has, all);
        best.unwrap_or(0)
    }

    /// Writes the scores of two classes. The rules are onnxruntime's, which the standard leaves open: one class alone may have weights,
    /// and base values may be of one or of both.
    fn two<T: Value>(&self, values: &mut [T], has: &mut [bool], base: &[T], all: &mut Vec<f32>) -> usize {
        match *base {
            [first, second] if has[1] => {
                // The first base value does not count then.
                let _ = first;
                values[1] = second.plus(values[0]);
                values[0] = values[1].negated();
            }
            [first, second] => {
                values[0] = values[0].plus(first);
                values[1] = values[1].plus(second);
            }
            [one] => values[0] = values[0].plus(one),
            _ => {}
        }
        let weight = match (has[1], has[0]) {
            (true, _) => values[1].narrow(),
            (false, true) => values[0].narrow(),
            (false, false) => 0.0,
        };
        let threshold = if self.is_binary && self.all_positive { 0.5 } else { 0.0 };
        if has[1] || base.len() == 2 {
            self.write(values, has, all);
        } else if self.is_binary || base.is_empty() {
            let beside = if self.is_binary && self.all_positive { Beside::Complement } else { Beside::Opposite };
            all.extend(self.transform.pair(values[0].narrow(), beside));
        } else {
            all.extend([self.transform.alone(values[0].narrow()), 0.0]);
        }
        usize::from(weight > threshold)
    }

    /// Writes the scores of all classes; one of which no tree spoke is 0.
    fn write<T: Value>(&self, values: &[T], has: &[bool], all: &mut Vec<f32>) {
        let start = all.len();
        all.extend(values.iter().zip(has).map(|(value, has)| if *has { value.narrow() } else { 0.0 }));
        self.transform.apply(&mut all[start..]);
    }
}
