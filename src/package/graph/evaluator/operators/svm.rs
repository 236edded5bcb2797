//! Support vector machines.

use super::super::fault::Fault;
use super::super::fault::check_length;
use super::super::node::Node;
use super::super::steps::Kernel;
use super::super::tensor::Tensor;
use super::kernel::one;
use super::linear::dot;

/// How alike a row and a support vector are.
#[derive(Debug, Clone, Copy)]
pub(super) enum Likeness {
    Linear,
    Poly { gamma: f32, coef0: f32, degree: f32 },
    Rbf { gamma: f32 },
    Sigmoid { gamma: f32, coef0: f32 },
}

/// Support vectors, and what a row is compared with them by.
pub(super) struct Vectors {
    pub(super) likeness: Likeness,
    pub(super) vectors: Box<[f32]>,
    pub(super) columns: usize,
}

impl Vectors {
    /// Reads as many vectors as are told.
    pub(super) fn read(node: &Node<'_>, count: usize) -> Result<Self, Fault> {
        let vectors = node.weights("support_vectors")?;
        if count == 0 || vectors.is_empty() || !vectors.len().is_multiple_of(count) {
            return Err(Fault::new(format!("numbers of {count} support vectors"), vectors.len().to_string()));
        }
        Ok(Self { likeness: Likeness::read(node)?, vectors: vectors.into(), columns: vectors.len() / count })
    }

    /// Adds how alike a row and each vector are.
    pub(super) fn likeness_of(&self, row: &[f32], likeness: &mut Vec<f32>) {
        likeness.extend(self.vectors.chunks_exact(self.columns).map(|vector| self.likeness.of(row, vector)));
    }
}

impl Likeness {
    pub(super) fn read(node: &Node<'_>) -> Result<Self, Fault> {
        let (gamma, coef0, degree) = match node.weights("kernel_params")? {
            [] => (0.0, 0.0, 0.0),
            &[gamma, coef0, degree] => (gamma, coef0, degree),
            params => return Err(Fault::new("three kernel_params", params.len().to_string())),
        };
        match node.text("kernel_type")?.as_deref().unwrap_or("LINEAR") {
            "LINEAR" => Ok(Self::Linear),
            "POLY" => Ok(Self::Poly { gamma, coef0, degree }),
            "RBF" => Ok(Self::Rbf { gamma }),
            "SIGMOID" => Ok(Self::Sigmoid { gamma, coef0 }),
            other => Err(Fault::new("kernel_type LINEAR, POLY, RBF or SIGMOID", format!("{other:?}"))),
        }
    }

    fn of(self, one: &[f32], other: &[f32]) -> f32 {
        match self {
            Self::Linear => dot(one, other),
            Self::Poly { gamma, coef0, degree } => power(gamma * dot(one, other) + coef0, degree),
            Self::Rbf { gamma } => {
                let distance: f32 = one.iter().zip(other).map(|(a, b)| (a - b) * (a - b)).sum();
                libm::expf(-gamma * distance)
            }
            Self::Sigmoid { gamma, coef0 } => libm::tanhf(gamma * dot(one, other) + coef0),
        }
    }
}

fn power(base: f32, degree: f32) -> f32 {
    if degree == 2.0 {
        base * base
    } else if degree == 3.0 {
        base * base * base
    } else {
        libm::powf(base, degree)
    }
}

pub(super) fn regressor(node: &Node<'_>) -> Result<Kernel, Fault> {
    let count = node.integer("n_supports")?.unwrap_or(0);
    let count = usize::try_from(count).map_err(|_| Fault::new("n_supports of 0 or more", count.to_string()))?;
    let (coefficients, rho) = (node.weights("coefficients")?, node.weights("rho")?);
    let rho = rho.first().copied().ok_or_else(|| Fault::new("rho", "none"))?;
    let says_whether = node.is_set("one_class", false)?;
    // Without support vectors, the coefficients are those of a linear model.
    let (vectors, coefficients) = if count > 0 {
        check_length("coefficients", count, coefficients.len())?;
        (Vectors::read(node, count)?, coefficients.to_vec())
    } else if coefficients.is_empty() {
        return Err(Fault::new("coefficients", "none"));
    } else {
        let columns = coefficients.len();
        (Vectors { likeness: Likeness::Linear, vectors: coefficients.into(), columns }, vec![1.0])
    };
    one(move |inputs| {
        let input = inputs.need(0)?;
        let (rows, columns) = input.rows_and_columns()?;
        check_length("columns", vectors.columns, columns)?;
        let mut likeness = Vec::with_capacity(coefficients.len());
        let values = input.floats()?;
        let values = values.chunks_exact(columns).map(|row| {
            likeness.clear();
            vectors.likeness_of(row, &mut likeness);
            let value = dot(&likeness, &coefficients) + rho;
            match says_whether {
                true if value > 0.0 => 1.0,
                true => -1.0,
                false => value,
            }
        });
        Tensor::from([rows, 1], values.collect::<Vec<f32>>())
    })
}
