//! Runs graphs of any operator that exporters of tabular models write: texts in and out, trees, and what stands around them.
//!
//! A graph is prepared once: each node becomes a step, a closure that has checked what its attributes say, and what is the same for all
//! rows is computed. A run walks over the steps. Every index and size is checked, and what is wrong is told with its node.
//!
//! - `tensor`, `proto`: arrays, and how a file has them.
//! - `node`: what a node is told.
//! - `operators`: what nodes do.
//! - `broadcast`: arrays of different shapes side by side.
//! - `fault`: what is wrong.

mod broadcast;
mod fault;
mod node;
mod operators;
mod proto;
mod tensor;

#[cfg(test)]
mod backend;

use std::cell::Cell;
use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;

use rustc_hash::FxHashMap;
use tract_onnx::pb::{GraphProto, NodeProto, OperatorSetIdProto};

pub(super) use fault::Fault;
use node::{Constants, Node};
use proto::tensor;
pub(super) use tensor::{Data, Tensor, Text};

/// Elements that a run may make: some seconds of one core.
const MAX_MADE: usize = 1 << 30;

/// Elements that may be kept at once by a run: 512 MB of texts.
const MAX_KEPT: usize = 1 << 25;

/// Graphs inside of graphs.
const MAX_DEPTH: usize = 4;

/// What a node does with its inputs.
type Kernel = Box<dyn Fn(&Inputs<'_>) -> Result<Vec<Tensor>, Fault> + Send + Sync>;

/// The versions of the operators that a graph uses.
#[derive(Debug, Clone, Copy)]
pub(super) struct Versions {
    core: i64,
    ml: i64,
}

/// The newest versions whose operators are known.
const NEWEST: Versions = Versions { core: 27, ml: 5 };

/// A graph that is prepared to run.
pub(super) struct Evaluator {
    constants: Box<[Arc<Tensor>]>,
    steps: Box<[Step]>,
    /// Values that a run has, the inputs first.
    slots: usize,
    inputs: usize,
    outputs: Box<[Source]>,
}

/// A node that is prepared.
struct Step {
    place: Box<str>,
    kernel: Kernel,
    inputs: Box<[Option<Source>]>,
    /// None for outputs that nobody reads.
    outputs: Box<[Option<usize>]>,
    /// Values that nobody reads any more.
    frees: Box<[usize]>,
}

/// Where a value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Source {
    Constant(usize),
    Slot(usize),
}

/// What a node is given.
pub(super) struct Inputs<'a> {
    values: &'a [Option<&'a Tensor>],
    budget: &'a Budget,
}

/// What a run has left to make.
#[derive(Debug)]
pub(super) struct Budget {
    left: Cell<usize>,
}

/// What is wrong, and at which node.
#[derive(Debug)]
pub(super) struct NodeFault {
    pub(super) place: Box<str>,
    pub(super) fault: Fault,
}

impl fmt::Display for NodeFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.fault)
    }
}

impl Inputs<'_> {
    /// Returns an input, none where it is left out.
    fn get(&self, place: usize) -> Option<&Tensor> {
        self.values.get(place).copied().flatten()
    }

    /// Returns an input that must be there.
    fn need(&self, place: usize) -> Result<&Tensor, Fault> {
        self.get(place).ok_or_else(|| Fault::new(format!("input {place}"), "nothing"))
    }

    /// Returns all inputs; none may be left out.
    fn all(&self) -> Result<Vec<&Tensor>, Fault> {
        (0..self.values.len()).map(|place| self.need(place)).collect()
    }
}

impl Versions {
    /// Reads what a file imports, and refuses what is newer than this program. A domain that is imported twice counts with its newer
    /// version; one that is not imported, with the newest.
    pub(super) fn read(imports: &[OperatorSetIdProto]) -> Result<Self, Fault> {
        let version = |domains: &[&str], newest: i64| {
            let imported = imports.iter().filter(|import| domains.contains(&&*import.domain));
            let version = imported.map(|import| import.version).max().unwrap_or(newest);
            if version > newest {
                let found = format!("version {version} of {:?}", domains[domains.len() - 1]);
                let mend = format!("export the model with target_opset={newest}, or an older one");
                return Err(Fault::new(format!("operators of version {newest} at most"), found).mended_by(mend));
            }
            Ok(version)
        };
        Ok(Self { core: version(&["", "ai.onnx"], NEWEST.core)?, ml: version(&["ai.onnx.ml"], NEWEST.ml)? })
    }
}

impl Evaluator {
    /// Prepares a graph that computes some values from others.
    pub(super) fn new(
        graph: &GraphProto,
        inputs: &[&str],
        outputs: &[&str],
        versions: Versions,
    ) -> Result<Self, NodeFault> {
        Preparing::new(versions, 0).evaluator(graph, inputs, outputs, &Constants::default())
    }

    /// Computes the outputs.
    pub(super) fn run(&self, inputs: Vec<Tensor>) -> Result<Vec<Arc<Tensor>>, NodeFault> {
        self.run_within(inputs, &Budget { left: Cell::new(MAX_MADE) })
    }

    fn run_within(&self, inputs: Vec<Tensor>, budget: &Budget) -> Result<Vec<Arc<Tensor>>, NodeFault> {
        let at_graph = |fault| NodeFault { place: "the graph".into(), fault };
        node::check_length("inputs", self.inputs, inputs.len()).map_err(at_graph)?;
        let mut kept: usize = inputs.iter().map(Tensor::len).sum();
        let mut slots: Vec<Option<Arc<Tensor>>> = inputs.into_iter().map(|input| Some(Arc::new(input))).collect();
        slots.resize(self.slots, None);
        for step in &self.steps {
            let run = || -> Result<Vec<Tensor>, Fault> {
                let inputs: Vec<Option<&Tensor>> =
                    step.inputs.iter().map(|input| input.and_then(|source| self.value(&slots, source))).collect();
                (step.kernel)(&Inputs { values: &inputs, budget })
            };
            let at_step = |fault| NodeFault { place: step.place.clone(), fault };
            let made = run().map_err(at_step)?;
            if made.len() < step.outputs.len() {
                return Err(at_step(Fault::new(format!("{} outputs", step.outputs.len()), made.len().to_string())));
            }
            for (value, slot) in made.into_iter().zip(&step.outputs) {
                budget.spend(value.len()).map_err(at_step)?;
                if let Some(slot) = slot.and_then(|slot| slots.get_mut(slot)) {
                    kept += value.len();
                    *slot = Some(Arc::new(value));
                }
            }
            if kept > MAX_KEPT {
                return Err(at_step(Fault::new(format!("{MAX_KEPT} elements at once"), kept.to_string())));
            }
            for &slot in &step.frees {
                kept -= slots.get_mut(slot).and_then(Option::take).map_or(0, |value| value.len());
            }
        }
        let outputs = self.outputs.iter().map(|&source| match source {
            Source::Constant(place) => self.constants.get(place).cloned(),
            Source::Slot(place) => slots.get(place).cloned().flatten(),
        });
        outputs.collect::<Option<_>>().ok_or_else(|| at_graph(Fault::new("all outputs", "one that is not computed")))
    }

    fn value<'a>(&'a self, slots: &'a [Option<Arc<Tensor>>], source: Source) -> Option<&'a Tensor> {
        match source {
            Source::Constant(place) => self.constants.get(place).map(Arc::as_ref),
            Source::Slot(place) => slots.get(place).and_then(Option::as_deref),
        }
    }
}

impl fmt::Debug for Evaluator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.steps.iter().map(|step| &step.place)).finish()
    }
}

impl Budget {
    fn spend(&self, elements: usize) -> Result<(), Fault> {
        let left = self.left.get().checked_sub(elements);
        self.left.set(left.ok_or_else(|| Fault::new(format!("{MAX_MADE} elements in a run"), "more"))?);
        Ok(())
    }
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

impl Source {
    fn slot(self) -> Option<usize> {
        match self {
            Self::Constant(_) => None,
            Self::Slot(slot) => Some(slot),
        }
    }
}

/// Names a node in messages.
fn place(node: &NodeProto) -> Box<str> {
    let name = if node.name.is_empty() { node.output.first().map_or("", |output| output) } else { &node.name };
    format!("node {name:?} ({})", node.op_type).into()
}
