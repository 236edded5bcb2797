//! What models of `ai.onnx.ml` make of their scores.

use super::super::fault::Fault;
use super::super::node::Node;

/// A transform of scores into probabilities or the like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Transform {
    None,
    Logistic,
    Softmax,
    SoftmaxZero,
    Probit,
}

/// What stands beside the one score of two classes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Beside {
    /// What is missing to 1: the score is a probability.
    Complement,
    /// The opposite: the score has a sign.
    Opposite,
}

impl Transform {
    pub(super) fn read(node: &Node<'_>) -> Result<Self, Fault> {
        match node.text("post_transform")?.as_deref().unwrap_or("NONE") {
            "NONE" => Ok(Self::None),
            "LOGISTIC" => Ok(Self::Logistic),
            "SOFTMAX" => Ok(Self::Softmax),
            "SOFTMAX_ZERO" => Ok(Self::SoftmaxZero),
            "PROBIT" => Ok(Self::Probit),
            other => Err(Fault::new("a post_transform of ONNX", format!("{other:?}"))),
        }
    }

    /// Reads the number that newer operators have for it.
    pub(super) fn from_number(number: i64) -> Result<Self, Fault> {
        let all = [Self::None, Self::Softmax, Self::Logistic, Self::SoftmaxZero, Self::Probit];
        let found = usize::try_from(number).ok().and_then(|number| all.get(number));
        found.copied().ok_or_else(|| Fault::new("a post_transform from 0 to 4", number.to_string()))
    }

    /// Transforms the scores of several classes or targets.
    pub(super) fn apply(self, scores: &mut [f32]) {
        match self {
            Self::None => {}
            Self::Logistic => scores.iter_mut().for_each(|score| *score = logistic(*score)),
            Self::Probit => scores.iter_mut().for_each(|score| *score = probit(*score)),
            Self::Softmax => softmax(scores, |_| true),
            Self::SoftmaxZero => softmax(scores, |score| score.abs() > NEAR_ZERO),
        }
    }

    /// Makes two scores of the one of the second of two classes.
    pub(super) fn pair(self, score: f32, beside: Beside) -> [f32; 2] {
        match (self, beside) {
            (Self::Logistic, _) => [logistic(-score), logistic(score)],
            // onnxruntime leaves the second number to chance.
            (Self::Probit, _) => [probit(score), 0.0],
            (_, Beside::Complement) => [1.0 - score, score],
            (_, Beside::Opposite) => [-score, score],
        }
    }

    /// Transforms the score of a target that stands alone; onnxruntime knows no transform of it but one.
    pub(super) fn alone(self, score: f32) -> f32 {
        if self == Self::Probit { probit(score) } else { score }
    }
}

/// A score that `SOFTMAX_ZERO` leaves as it is.
const NEAR_ZERO: f32 = 1e-7;

pub(super) fn logistic(score: f32) -> f32 {
    let positive = 1.0 / (1.0 + libm::expf(-score.abs()));
    if score < 0.0 { 1.0 - positive } else { positive }
}

/// The inverse of the normal distribution, by Winitzki's approximation, as onnxruntime has it.
fn probit(probability: f32) -> f32 {
    let x = 2.0 * probability - 1.0;
    let log = libm::logf((1.0 - x) * (1.0 + x));
    let half = 2.0 / (std::f32::consts::PI * 0.147) + 0.5 * log;
    let root = ((half * half - log / 0.147).sqrt() - half).sqrt();
    std::f32::consts::SQRT_2 * if x < 0.0 { -root } else { root }
}

/// Normalizes the exponentials of scores, of those that count.
fn softmax(scores: &mut [f32], counts: impl Fn(f32) -> bool) {
    let largest = scores.iter().copied().fold(f32::MIN, f32::max);
    let mut sum = 0.0;
    for score in scores.iter_mut() {
        if counts(*score) {
            *score = libm::expf(*score - largest);
            sum += *score;
        } else {
            *score *= libm::expf(-largest);
        }
    }
    for score in scores {
        *score /= sum;
    }
}

/// Returns the place of the greatest score, the first of equal ones.
pub(super) fn greatest(scores: &[f32]) -> usize {
    let mut best = 0;
    for (place, score) in scores.iter().enumerate() {
        if *score > scores[best] {
            best = place;
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;

    fn applied<const N: usize>(transform: Transform, mut scores: [f32; N]) -> [f32; N] {
        transform.apply(&mut scores);
        scores
    }

    fn assert_near<const N: usize>(found: [f32; N], expected: [f32; N]) {
        assert!(found.iter().zip(&expected).all(|(a, b)| (a - b).abs() < 1e-4), "{found:?}, expected {expected:?}");
    }

    /// The expected numbers are onnxruntime's, of its `LinearClassifier` and its `TreeEnsembleClassifier`.
    #[test]
    fn scores_become_what_onnxruntime_makes_of_them() {
        assert_near(applied(Transform::Logistic, [0.3, 0.1, 0.2]), [0.5744, 0.525, 0.5498]);
        assert_near(applied(Transform::Softmax, [0.3, 0.1, 0.2]), [0.3672, 0.3006, 0.3322]);
        assert_near(applied(Transform::SoftmaxZero, [0.3, 0.0]), [1.0, 0.0]);
        assert_near(applied(Transform::Probit, [0.2, 0.7]), [-0.8418, 0.5244]);
        assert_near(applied(Transform::None, [0.2, -7.0]), [0.2, -7.0]);
    }

    #[test]
    fn one_score_of_two_classes_has_another_beside_it() {
        assert_near(Transform::Logistic.pair(0.2, Beside::Complement), [0.4502, 0.5498]);
        assert_near(Transform::Softmax.pair(0.2, Beside::Complement), [0.8, 0.2]);
        assert_near(Transform::None.pair(-0.4, Beside::Opposite), [0.4, -0.4]);
    }
}
