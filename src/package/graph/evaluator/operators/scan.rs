//! `Scan`: a graph that is run for each step along some inputs.

use super::super::data::Data;
use super::super::fault::Fault;
use super::super::fault::check_length;
use super::super::node::Node;
use super::super::steps::Kernel;
use super::super::tensor::{Tensor, size};
use super::index::taken;

/// The version of the operator that has no dimension of batches.
const FIRST_VERSION: i64 = 9;

pub(super) fn scan(node: &Node<'_>) -> Result<Kernel, Fault> {
    if node.version < FIRST_VERSION {
        return Err(Fault::new(format!("operators of version {FIRST_VERSION} at least"), node.version.to_string()));
    }
    let lists = ["scan_input_axes", "scan_output_axes", "scan_input_directions", "scan_output_directions"];
    for list in lists {
        if let Some(other) = node.integers(list)?.iter().find(|number| **number != 0) {
            return Err(Fault::new(format!("{list} of 0"), other.to_string()));
        }
    }
    let scanned = node.integer("num_scan_inputs")?.unwrap_or(0);
    let inputs = node.proto.input.len();
    let scanned = usize::try_from(scanned).ok().filter(|scanned| (1..=inputs).contains(scanned));
    let scanned = scanned.ok_or_else(|| Fault::new("inputs to scan", "none"))?;
    let states = inputs - scanned;
    let body = node.graph("body")?;
    check_length("inputs of the body", inputs, body.input.len())?;
    let outputs = body.output.len();
    if outputs < states {
        return Err(Fault::new(format!("{states} outputs of the body at least"), outputs.to_string()));
    }
    let body = (node.prepare)(body, node.constants)?;
    Ok(Box::new(move |given| {
        // Behind its own inputs stand values around it that the body reads.
        let all = given.all()?;
        let (own, captured) = all.split_at(inputs.min(all.len()));
        let (first, along) = own.split_at(states.min(own.len()));
        let steps = along.iter().map(|input| input.shape().first().copied());
        let steps = steps.reduce(|one, other| if one == other { one } else { None }).flatten();
        let steps = steps.ok_or_else(|| Fault::new("inputs of as many steps", "others"))?;
        let mut state: Vec<Tensor> = first.iter().map(|&tensor| tensor.clone()).collect();
        let mut gathered: Vec<Option<Tensor>> = vec![None; outputs - states];
        for step in 0..steps {
            let index = [i64::try_from(step).unwrap_or(i64::MAX)];
            let parts = along.iter().map(|&input| taken(input, &index, &[], 0)).collect::<Result<Vec<_>, _>>()?;
            let captured = captured.iter().map(|&tensor| tensor.clone());
            let made = body.run_within(state.into_iter().chain(parts).chain(captured).collect(), given.budget);
            let made = made.map_err(|found| found.fault.of(&found.place))?;
            state = made.iter().take(states).map(|value| value.as_ref().clone()).collect();
            for (all, value) in gathered.iter_mut().zip(made.iter().skip(states)) {
                match all {
                    None => *all = Some(value.as_ref().clone()),
                    Some(all) => {
                        size(&[all.data.len() + value.len()])?;
                        all.data.append(value.data())?;
                    }
                }
            }
        }
        for all in gathered {
            // Of no step, there is nothing of which a shape could be known.
            let mut all = all.unwrap_or(Tensor { shape: vec![], data: Data::Float(vec![]) });
            all.shape.insert(0, steps);
            size(&all.shape)?;
            state.push(Tensor::new(all.shape, all.data)?);
        }
        Ok(state)
    }))
}
