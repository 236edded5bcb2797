//! The way from the nodes of a graph to steps.

use std::cell::Cell;
use std::collections::HashSet;
use std::sync::Arc;

use rustc_hash::FxHashMap;
use tract_onnx::pb::{GraphProto, NodeProto};

use super::fault::Fault;
use super::node::{Constants, Node};
use super::operators;
use super::proto::tensor;
use super::steps::{Budget, Evaluator, Inputs, Kernel, MAX_KEPT, NodeFault, Source, Step};
use super::tensor::Tensor;
use super::versions::Versions;

/// Graphs inside of graphs.
const MAX_DEPTH: usize = 4;

/// Prepares a graph that computes some values from others.
pub(in crate::package::graph) fn prepare(
    graph: &GraphProto,
    inputs: &[&str],
    outputs: &[&str],
    versions: Versions,
) -> Result<Evaluator, NodeFault> {
    Preparing::new(versions, 0).evaluator(graph, inputs, outputs, &Constants::default())
}

/// A graph on the way to be prepared.
struct Preparing {
    versions: Versions,
    depth: usize,
    constants: Constants,
    places: FxHashMap<String, Source>,
    /// Constants that steps read.
    used: Vec<Arc<Tensor>>,
    steps: Vec<Step>,
    slots: usize,
}

impl Preparing {
    fn new(versions: Versions, depth: usize) -> Self {
        let (constants, places) = (Constants::default(), FxHashMap::default());
        Self { versions, depth, constants, places, used: Vec::new(), steps: Vec::new(), slots: 0 }
    }

    fn evaluator(
        mut self,
        graph: &GraphProto,
        inputs: &[&str],
        outputs: &[&str],
        outer: &Constants,
    ) -> Result<Evaluator, NodeFault> {
        self.constants.clone_from(outer);
        for weights in &graph.initializer {
            let place = || format!("weights {:?}", weights.name).into();
            let tensor = tensor(weights).map_err(|fault| NodeFault { place: place(), fault })?;
            self.constants.insert(weights.name.clone(), Arc::new(tensor));
        }
        for input in inputs {
            self.constants.remove(*input);
            self.new_slot(input);
        }
        for node in &graph.node {
            let at_node = |fault| NodeFault { place: place(node), fault };
            self.add(node).map_err(at_node)?;
        }
        let sources = outputs.iter().map(|output| {
            let unknown = || Fault::new(format!("output {output:?} computed by a node"), "nothing");
            self.source(output).ok_or_else(|| NodeFault { place: "the graph".into(), fault: unknown() })
        });
        let sources: Box<[Source]> = sources.collect::<Result<_, _>>()?;
        self.free(&sources);
        let (constants, steps) = (self.used.into(), self.steps.into());
        Ok(Evaluator { constants, steps, slots: self.slots, inputs: inputs.len(), outputs: sources })
    }

    fn new_slot(&mut self, name: &str) -> usize {
        let slot = self.slots;
        self.slots += 1;
        self.places.insert(name.to_owned(), Source::Slot(slot));
        slot
    }

    /// Returns where a value is.
    fn source(&mut self, name: &str) -> Option<Source> {
        if let Some(source) = self.places.get(name) {
            return Some(*source);
        }
        let constant = self.constants.get(name)?;
        self.used.push(Arc::clone(constant));
        let source = Source::Constant(self.used.len() - 1);
        self.places.insert(name.to_owned(), source);
        Some(source)
    }

    /// Prepares a node, or computes what it makes, where that is always the same.
    fn add(&mut self, proto: &NodeProto) -> Result<(), Fault> {
        let captured = self.captured(proto);
        let kernel = self.kernel(proto, &captured)?;
        if let Some(name) = proto.output.iter().find(|name| self.is_known(name)) {
            return Err(Fault::new("outputs of names of their own", format!("{name:?} twice")));
        }
        let constants = proto.input.iter().chain(&captured).map(|name| match name.as_str() {
            "" => Some(None),
            name => self.constants.get(name).map(|constant| Some(constant.as_ref())),
        });
        if let Some(constants) = constants.collect::<Option<Vec<_>>>() {
            let budget = Budget { left: Cell::new(MAX_KEPT) };
            let made = kernel(&Inputs { values: &constants, budget: &budget })?;
            for (name, value) in proto.output.iter().zip(made) {
                self.constants.insert(name.clone(), Arc::new(value));
            }
            return Ok(());
        }
        let inputs = proto.input.iter().chain(&captured).map(|name| match name.as_str() {
            "" => Ok(None),
            name => {
                let unknown = || Fault::new(format!("input {name:?} computed before"), "nothing");
                self.source(name).map(Some).ok_or_else(unknown)
            }
        });
        let inputs = inputs.collect::<Result<_, _>>()?;
        let outputs = proto.output.iter().map(|name| (!name.is_empty()).then(|| self.new_slot(name)));
        let outputs = outputs.collect();
        self.steps.push(Step { place: place(proto), kernel, inputs, outputs, frees: Box::default() });
        Ok(())
    }

    fn is_known(&self, name: &str) -> bool {
        !name.is_empty() && (self.places.contains_key(name) || self.constants.contains_key(name))
    }

    /// Returns the values that a graph inside a node reads from around it, other than constants.
    fn captured(&self, proto: &NodeProto) -> Vec<String> {
        let mut captured = Vec::new();
        for graph in proto.attribute.iter().filter_map(|attribute| attribute.g.as_ref()) {
            let of_nodes = graph.node.iter().flat_map(|node| &node.input);
            let names = of_nodes.chain(graph.output.iter().map(|output| &output.name));
            let own: HashSet<&String> = graph.input.iter().map(|input| &input.name).collect();
            for name in names.filter(|name| !own.contains(name)) {
                if matches!(self.places.get(name), Some(Source::Slot(_))) && !captured.contains(name) {
                    captured.push(name.clone());
                }
            }
        }
        captured
    }

    fn kernel(&self, proto: &NodeProto, captured: &[String]) -> Result<Kernel, Fault> {
        let version = match proto.domain.as_str() {
            "" | "ai.onnx" => self.versions.core,
            _ => self.versions.ml,
        };
        let (versions, depth) = (self.versions, self.depth + 1);
        let prepare = |graph: &GraphProto, outer: &Constants| {
            if depth > MAX_DEPTH {
                return Err(Fault::new(format!("{MAX_DEPTH} graphs inside each other at most"), "more"));
            }
            let names = |values: &'_ [tract_onnx::pb::ValueInfoProto]| -> Vec<String> {
                values.iter().map(|value| value.name.clone()).collect()
            };
            let (inputs, outputs) = (names(&graph.input), names(&graph.output));
            let inputs: Vec<&str> = inputs.iter().chain(captured).map(String::as_str).collect();
            let outputs: Vec<&str> = outputs.iter().map(String::as_str).collect();
            let inside = Self::new(versions, depth).evaluator(graph, &inputs, &outputs, outer);
            inside.map_err(|found| found.fault.of(&found.place))
        };
        operators::prepare(&Node { proto, version, constants: &self.constants, prepare: &prepare })
    }

    /// Tells each step what nobody reads behind it.
    fn free(&mut self, outputs: &[Source]) {
        let mut read: HashSet<usize> = outputs.iter().filter_map(|source| source.slot()).collect();
        for step in self.steps.iter_mut().rev() {
            let touched = step.inputs.iter().flatten().filter_map(|source| source.slot());
            let touched = touched.chain(step.outputs.iter().flatten().copied());
            step.frees = touched.filter(|slot| read.insert(*slot)).collect();
        }
    }
}

/// Names a node in messages.
fn place(node: &NodeProto) -> Box<str> {
    let name = if node.name.is_empty() { node.output.first().map_or("", |output| output) } else { &node.name };
    format!("node {name:?} ({})", node.op_type).into()
}
