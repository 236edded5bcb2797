//! A graph as steps, and the run over them.

use std::cell::Cell;
use std::fmt;
use std::sync::Arc;

use super::fault::{Fault, check_length};
use super::tensor::Tensor;

/// Elements that a run may make: some seconds of one core.
const MAX_MADE: usize = 1 << 30;

/// Elements that may be kept at once by a run: 512 MB of texts.
pub(super) const MAX_KEPT: usize = 1 << 25;

/// What a node does with its inputs.
pub(super) type Kernel = Box<dyn Fn(&Inputs<'_>) -> Result<Vec<Tensor>, Fault> + Send + Sync>;

/// A graph that is prepared to run.
pub(in crate::package::graph) struct Evaluator {
    pub(super) constants: Box<[Arc<Tensor>]>,
    pub(super) steps: Box<[Step]>,
    /// Values that a run has, the inputs first.
    pub(super) slots: usize,
    pub(super) inputs: usize,
    pub(super) outputs: Box<[Source]>,
}

/// A node that is prepared.
pub(super) struct Step {
    pub(super) place: Box<str>,
    pub(super) kernel: Kernel,
    pub(super) inputs: Box<[Option<Source>]>,
    /// None for outputs that nobody reads.
    pub(super) outputs: Box<[Option<usize>]>,
    /// Values that nobody reads any more.
    pub(super) frees: Box<[usize]>,
}

/// Where a value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    Constant(usize),
    Slot(usize),
}

/// What a node is given.
pub(in crate::package::graph) struct Inputs<'a> {
    pub(super) values: &'a [Option<&'a Tensor>],
    pub(super) budget: &'a Budget,
}

/// What a run has left to make.
#[derive(Debug)]
pub(in crate::package::graph) struct Budget {
    pub(super) left: Cell<usize>,
}

/// What is wrong, and at which node.
#[derive(Debug)]
pub(in crate::package::graph) struct NodeFault {
    pub(in crate::package::graph) place: Box<str>,
    pub(in crate::package::graph) fault: Fault,
}

impl fmt::Display for NodeFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.fault)
    }
}

impl Inputs<'_> {
    /// Returns an input, none where it is left out.
    pub(super) fn get(&self, place: usize) -> Option<&Tensor> {
        self.values.get(place).copied().flatten()
    }

    /// Returns an input that must be there.
    pub(super) fn need(&self, place: usize) -> Result<&Tensor, Fault> {
        self.get(place).ok_or_else(|| Fault::new(format!("input {place}"), "nothing"))
    }

    /// Returns all inputs; none may be left out.
    pub(super) fn all(&self) -> Result<Vec<&Tensor>, Fault> {
        (0..self.values.len()).map(|place| self.need(place)).collect()
    }
}

impl Evaluator {
    /// Computes the outputs.
    pub(in crate::package::graph) fn run(&self, inputs: Vec<Tensor>) -> Result<Vec<Arc<Tensor>>, NodeFault> {
        self.run_within(inputs, &Budget { left: Cell::new(MAX_MADE) })
    }

    pub(super) fn run_within(&self, inputs: Vec<Tensor>, budget: &Budget) -> Result<Vec<Arc<Tensor>>, NodeFault> {
        let at_graph = |fault| NodeFault { place: "the graph".into(), fault };
        check_length("inputs", self.inputs, inputs.len()).map_err(at_graph)?;
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

impl Source {
    pub(super) fn slot(self) -> Option<usize> {
        match self {
            Self::Constant(_) => None,
            Self::Slot(slot) => Some(slot),
        }
    }
}
