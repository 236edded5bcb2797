//! Classes by trees.

use super::super::super::data::Data;
use super::super::super::fault::Fault;
use super::super::super::node::Node;
use super::super::super::steps::{Inputs, Kernel};
use super::super::super::tensor::Tensor;
use super::super::linear::classified;
use super::super::scores::{Beside, Transform};
use super::classic;
use super::forest::{Aggregate, Scores};
use super::scored::{Trees, base_values, with_scores};
use super::value::Value;

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

pub(in super::super) fn classifier(node: &Node<'_>) -> Result<Kernel, Fault> {
    let labels = node.class_labels("classlabels_int64s")?;
    let ensemble = classic::read(node, "class", labels.len())?;
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
