//! Classes by support vectors: each pair of classes is decided, and the pairs are counted.

use super::super::data::Data;
use super::super::fault::Fault;
use super::super::fault::check_length;
use super::super::node::Node;
use super::super::steps::Kernel;
use super::super::tensor::{Tensor, size};
use super::linear::classified;
use super::scores::{Beside, Transform, greatest, logistic};
use super::svm::{Likeness, Vectors};

/// Classes that can be told apart: the pairs of more are too many.
const MAX_CLASSES: usize = 1 << 10;

/// How far a probability of a pair is from 0 and 1 at least.
const MIN_PROBABILITY: f32 = 1e-7;

/// Steps in which probabilities of classes are sought.
const MAX_STEPS: usize = 100;

struct Classifier {
    labels: Data,
    vectors: Vectors,
    coefficients: Box<[f32]>,
    rho: Box<[f32]>,
    /// Where the vectors of each class begin, and where those of the last one end.
    starts: Box<[usize]>,
    /// A slope and an intercept for each pair, where probabilities are known.
    sigmoids: Box<[(f32, f32)]>,
    transform: Transform,
    all_positive: bool,
}

pub(super) fn classifier(node: &Node<'_>) -> Result<Kernel, Fault> {
    let classifier = Classifier::read(node)?;
    Ok(Box::new(move |inputs| classifier.classify(inputs.need(0)?)))
}

impl Classifier {
    fn read(node: &Node<'_>) -> Result<Self, Fault> {
        let labels = node.class_labels("classlabels_ints")?;
        let classes = labels.len();
        if !(1..=MAX_CLASSES).contains(&classes) {
            return Err(Fault::new(format!("{MAX_CLASSES} classes at most"), classes.to_string()));
        }
        let (coefficients, rho) = (node.weights("coefficients")?, node.weights("rho")?);
        let counts = super::shape::dimensions(node.integers("vectors_per_class")?)?;
        let mut starts = vec![0_usize];
        for count in counts {
            starts.push(starts[starts.len() - 1].saturating_add(count));
        }
        let vectors = starts[starts.len() - 1];
        let (first, second) = (node.weights("prob_a")?, node.weights("prob_b")?);
        check_length("prob_b, as many as prob_a", first.len(), second.len())?;
        let pairs = classes * (classes - 1) / 2;
        let vectors = if vectors == 0 {
            let columns = coefficients.len() / classes;
            check_length("coefficients", columns * classes, coefficients.len())?;
            let has_rho = usize::from(!rho.is_empty());
            check_length("rho", 1, has_rho)?;
            check_length("coefficients at least", 1, columns.min(1))?;
            Vectors { likeness: Likeness::Linear, vectors: coefficients.into(), columns }
        } else {
            check_length("vectors_per_class", classes, starts.len() - 1)?;
            check_length("coefficients", (classes - 1).saturating_mul(vectors), coefficients.len())?;
            check_length("rho", pairs, rho.len())?;
            if !first.is_empty() {
                check_length("prob_a", pairs, first.len())?;
            }
            Vectors::read(node, vectors)?
        };
        Ok(Self {
            labels,
            vectors,
            coefficients: coefficients.into(),
            rho: rho.into(),
            starts: starts.into(),
            sigmoids: first.iter().copied().zip(second.iter().copied()).collect(),
            transform: Transform::read(node)?,
            all_positive: coefficients.iter().all(|&coefficient| coefficient >= 0.0),
        })
    }

    fn classify(&self, input: &Tensor) -> Result<Vec<Tensor>, Fault> {
        let (rows, columns) = input.rows_and_columns()?;
        check_length("columns", self.vectors.columns, columns)?;
        let (mut classes, mut scores) = (Vec::with_capacity(rows), Vec::new());
        let mut likeness = Vec::new();
        for row in input.floats()?.chunks_exact(columns) {
            likeness.clear();
            self.vectors.likeness_of(row, &mut likeness);
            let (class, of_row) =
                if self.starts.len() == 1 { self.by_weight(&likeness) } else { self.by_votes(&likeness) };
            classes.push(class);
            scores.extend(of_row);
        }
        let columns = scores.len() / rows.max(1);
        size(&[rows, columns])?;
        classified(&self.labels, &classes, Tensor::from([rows, columns], scores)?)
    }

    /// Classifies by a linear model for each class.
    fn by_weight(&self, likeness: &[f32]) -> (usize, Vec<f32>) {
        let mut scores: Vec<f32> = likeness.iter().map(|score| score + self.rho[0]).collect();
        let best = greatest(&scores);
        let weight = scores[best];
        let class = if scores.len() == 2 && self.sigmoids.is_empty() {
            let is_second = if self.all_positive { weight >= 0.5 } else { weight > 0.0 };
            if is_second { 1 } else { best }
        } else {
            best
        };
        if scores.len() > 1 {
            self.transform.apply(&mut scores);
        }
        (class, scores)
    }

    /// Classifies by the decisions between each two classes.
    fn by_votes(&self, likeness: &[f32]) -> (usize, Vec<f32>) {
        let classes = self.labels.len();
        let decisions = self.decisions(likeness);
        let mut votes = vec![0_usize; classes];
        for (&decision, (one, other)) in decisions.iter().zip(pairs(classes)) {
            votes[if decision > 0.0 { one } else { other }] += 1;
        }
        let most = votes.iter().copied().max().unwrap_or(0);
        let class = votes.iter().position(|&count| count == most).unwrap_or(0);
        let mut scores = decisions;
        if !self.sigmoids.is_empty() {
            scores = self.probabilities(&scores);
        } else if let [decision] = scores[..] {
            let beside = if self.transform == Transform::None { Beside::Opposite } else { Beside::Complement };
            return (class, self.transform.pair(decision, beside).to_vec());
        }
        self.transform.apply(&mut scores);
        (class, scores)
    }

    /// Returns the decision between each two classes: positive for the first.
    fn decisions(&self, likeness: &[f32]) -> Vec<f32> {
        let all = likeness.len();
        let part = |row: usize, class: usize| -> f64 {
            let (start, end) = (self.starts[class], self.starts[class + 1]);
            let coefficients = &self.coefficients[row * all + start..row * all + end];
            coefficients.iter().zip(&likeness[start..end]).map(|(a, b)| f64::from(a * b)).sum()
        };
        let decision = |((one, other), rho): ((usize, usize), &f32)| {
            (part(other - 1, one) + part(one, other) + f64::from(*rho)) as f32
        };
        pairs(self.labels.len()).zip(&self.rho).map(decision).collect()
    }

    /// Returns the probabilities of classes from those of pairs, by the second method of Wu, Lin and Weng, "Probability estimates for
    /// multi-class classification by pairwise coupling", 2004.
    fn probabilities(&self, decisions: &[f32]) -> Vec<f32> {
        let classes = self.labels.len();
        let mut of_pairs = vec![vec![0.0_f32; classes]; classes];
        for ((&decision, (slope, intercept)), (one, other)) in decisions.iter().zip(&self.sigmoids).zip(pairs(classes))
        {
            let probability = 1.0 - logistic(decision * slope + intercept);
            let probability = probability.clamp(MIN_PROBABILITY, 1.0 - MIN_PROBABILITY);
            of_pairs[one][other] = probability;
            of_pairs[other][one] = 1.0 - probability;
        }
        coupled(&of_pairs)
    }
}

/// Returns all pairs of classes, in the order of their decisions.
fn pairs(classes: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..classes).flat_map(move |one| (one + 1..classes).map(move |other| (one, other)))
}

fn coupled(of_pairs: &[Vec<f32>]) -> Vec<f32> {
    let classes = of_pairs.len();
    let mut matrix = vec![vec![0.0_f32; classes]; classes];
    for one in 0..classes {
        for other in (0..classes).filter(|other| *other != one) {
            matrix[one][one] += of_pairs[other][one] * of_pairs[other][one];
            matrix[one][other] = -of_pairs[other][one] * of_pairs[one][other];
        }
    }
    let count = classes as f32;
    let (mut probabilities, tolerance) = (vec![1.0 / count; classes], 0.005 / count);
    for _ in 0..MAX_STEPS {
        let mut products: Vec<f32> =
            matrix.iter().map(|row| row.iter().zip(&probabilities).map(|(a, b)| a * b).sum()).collect();
        let mut whole: f32 = products.iter().zip(&probabilities).map(|(a, b)| a * b).sum();
        if products.iter().all(|product| (product - whole).abs() < tolerance) {
            break;
        }
        for class in 0..classes {
            let own = matrix[class][class];
            let step = (whole - products[class]) / own;
            probabilities[class] += step;
            whole = (whole + step * (step * own + 2.0 * products[class])) / (1.0 + step) / (1.0 + step);
            for other in 0..classes {
                products[other] = (products[other] + step * matrix[class][other]) / (1.0 + step);
                probabilities[other] /= 1.0 + step;
            }
        }
    }
    probabilities
}
