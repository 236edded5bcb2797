//! Numbers by trees.

use super::super::super::data::Data;
use super::super::super::fault::Fault;
use super::super::super::node::Node;
use super::super::super::steps::Kernel;
use super::super::super::tensor::Tensor;
use super::super::kernel::one;
use super::super::scores::Transform;
use super::forest::Aggregate;
use super::scored::{Trees, base_values, with_scores};
use super::source::{Ensemble, count};
use super::value::Value;
use super::{classic, modern};

pub(in super::super) fn regressor(node: &Node<'_>) -> Result<Kernel, Fault> {
    let targets = node.integer("n_targets")?.unwrap_or(1);
    let targets = count("n_targets", targets)?;
    let ensemble = classic::read(node, "target", targets)?;
    let aggregate = match node.text("aggregate_function")?.as_deref().unwrap_or("SUM") {
        "SUM" => Aggregate::Sum,
        "AVERAGE" => Aggregate::Average,
        "MIN" => Aggregate::Min,
        "MAX" => Aggregate::Max,
        other => return Err(Fault::new("aggregate_function SUM, AVERAGE, MIN or MAX", format!("{other:?}"))),
    };
    regression(&ensemble, targets, aggregate, Transform::read(node)?)
}

pub(in super::super) fn ensemble(node: &Node<'_>) -> Result<Kernel, Fault> {
    let targets = count("n_targets", node.integer("n_targets")?.unwrap_or(1))?;
    let ensemble = modern::read(node, targets)?;
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
