//! Linear models.

use super::super::data::Data;
use super::super::fault::Fault;
use super::super::fault::check_length;
use super::super::node::Node;
use super::super::steps::Kernel;
use super::super::tensor::Tensor;
use super::kernel::one;
use super::scores::{Beside, Transform, greatest};

/// Sums of the columns of a row, each times a coefficient.
pub(super) struct Linear {
    coefficients: Box<[f32]>,
    intercepts: Box<[f32]>,
}

impl Linear {
    fn read(node: &Node<'_>, targets: usize) -> Result<Self, Fault> {
        let (coefficients, intercepts) = (node.weights("coefficients")?, node.weights("intercepts")?);
        if targets == 0 || coefficients.is_empty() || !coefficients.len().is_multiple_of(targets) {
            return Err(Fault::new(format!("coefficients for {targets}"), coefficients.len().to_string()));
        }
        let intercepts = if intercepts.is_empty() { vec![0.0; targets] } else { intercepts.to_vec() };
        check_length("intercepts", targets, intercepts.len())?;
        Ok(Self { coefficients: coefficients.into(), intercepts: intercepts.into() })
    }

    /// Returns how many rows there are, and their scores.
    fn scores(&self, input: &Tensor) -> Result<(usize, Vec<f32>), Fault> {
        let (rows, columns) = input.rows_and_columns()?;
        check_length("columns", self.coefficients.len() / self.intercepts.len(), columns)?;
        let values = input.floats()?;
        let mut scores = Vec::with_capacity(rows * self.intercepts.len());
        for row in values.chunks_exact(columns) {
            for (coefficients, intercept) in self.coefficients.chunks_exact(columns).zip(&self.intercepts) {
                scores.push(dot(row, coefficients) + intercept);
            }
        }
        Ok((rows, scores))
    }
}

/// Returns the sum of the products of two rows, added up in double precision: it costs no more, and large terms that cancel out leave no
/// trace.
pub(super) fn dot(one: &[f32], other: &[f32]) -> f32 {
    one.iter().zip(other).map(|(&a, &b)| f64::from(a) * f64::from(b)).sum::<f64>() as f32
}

pub(super) fn regressor(node: &Node<'_>) -> Result<Kernel, Fault> {
    let targets = node.integer("targets")?.unwrap_or(1);
    let targets = usize::try_from(targets).unwrap_or(0);
    let (linear, transform) = (Linear::read(node, targets)?, Transform::read(node)?);
    one(move |inputs| {
        let (rows, mut scores) = linear.scores(inputs.need(0)?)?;
        match targets {
            1 => scores.iter_mut().for_each(|score| *score = transform.alone(*score)),
            _ => scores.chunks_exact_mut(targets).for_each(|row| transform.apply(row)),
        }
        Tensor::from([rows, targets], scores)
    })
}

pub(super) fn classifier(node: &Node<'_>) -> Result<Kernel, Fault> {
    let labels = node.class_labels("classlabels_ints")?;
    let count = node.weights("intercepts")?.len();
    let linear = Linear::read(node, if count == 0 { labels.len() } else { count })?;
    let count = linear.intercepts.len();
    if count == 1 {
        check_length("labels of the classes", 2, labels.len())?;
    } else if labels.len() < count {
        return Err(Fault::new(format!("labels of {count} classes"), labels.len().to_string()));
    }
    let transform = Transform::read(node)?;
    Ok(Box::new(move |inputs| {
        let (rows, mut scores) = linear.scores(inputs.need(0)?)?;
        let classes: Vec<usize> = match count {
            1 => scores.iter().map(|&score| usize::from(score > 0.0)).collect(),
            _ => scores.chunks_exact(count).map(greatest).collect(),
        };
        let columns = if count == 1 {
            scores = scores.into_iter().flat_map(|score| transform.pair(score, Beside::Complement)).collect();
            2
        } else {
            scores.chunks_exact_mut(count).for_each(|row| transform.apply(row));
            count
        };
        classified(&labels, &classes, Tensor::from([rows, columns], scores)?)
    }))
}

/// Returns the labels of classes, and the scores.
pub(super) fn classified(labels: &Data, classes: &[usize], scores: Tensor) -> Result<Vec<Tensor>, Fault> {
    Ok(vec![Tensor::new([classes.len()], labels.pick(classes)?)?, scores])
}
