//! A graph that is prepared to answer.

use super::declared::Declared;
use super::evaluator::{Evaluator, NodeFault, prepare};
use super::interface::{Cell, ColumnKind, Entry};
use super::matrix::Matrix;
use super::outputs::{Answering, Chosen, choose};
use super::reader::Reader;
use super::tract::{self, Plan};
use super::values::Output;
use crate::package::answer::{Answer, InferenceError};
use crate::package::error::LoadError;
use crate::package::files::GRAPH;

/// Rows that are evaluated at once: enough that a step costs little a row, and few enough to stay in the cache.
const EVALUATED_ROWS: usize = 64;

/// Rows by which a graph is tried: another number than columns or classes, so that an output of a row each is seen as one.
const TRIED_ROWS: [usize; 2] = [1, 3];

/// A graph that is prepared for rows.
#[derive(Debug)]
pub(in crate::package) struct Graph {
    runner: Runner,
    inputs: Box<[Matrix]>,
    /// How many columns all inputs have together.
    columns: usize,
    takes_missing: bool,
    reader: Reader,
}

/// Who runs a graph.
#[derive(Debug)]
enum Runner {
    /// tract, where sums, products and functions are all there is.
    Tract(Plan),
    /// This program, all others.
    Evaluator(Evaluator),
}

impl Graph {
    /// Prepares a graph whose inputs have so many columns each. It is tried with a row of means.
    pub(in crate::package) fn new(
        mut declared: Declared,
        columns: &[usize],
        means: &[Entry<'_>],
        mut answering: Answering<'_>,
    ) -> Result<Self, LoadError> {
        let chosen = choose(&mut declared, &mut answering)?;
        let mut outputs = vec![chosen.main.as_str()];
        outputs.extend(chosen.label.as_deref());
        declared.keep(&outputs)?;
        let (inputs, takes_missing) = (matrices(&declared, columns), declared.takes_missing());
        let columns = columns.iter().sum();
        let answering = Answering {
            classes: answering.classes.map(|classes| match declared.classes(&chosen.main) {
                Some(names) => classes.told_by_graph(names),
                None => classes,
            }),
            ..answering
        };
        let (runner, shape) = if tract::takes(declared.graph(), &inputs) {
            let plan = Plan::new(&declared.into_model(), &inputs).map_err(unusable)?;
            let shape = plan.shape().map_err(unusable)?;
            let shape = columns_of(&shape, tract::ROWS, &chosen)?;
            (Runner::Tract(plan), shape)
        } else {
            let evaluator = evaluator(&declared, &outputs)?;
            let shape = tried(&evaluator, &inputs, means, &chosen)?;
            (Runner::Evaluator(evaluator), shape)
        };
        let reader = Reader::new(answering, &chosen, shape)?;
        Ok(Self { runner, inputs, columns, takes_missing, reader })
    }

    /// Returns how many rows go through the graph at once.
    pub(in crate::package) fn rows_at_once(&self) -> usize {
        match self.runner {
            Runner::Tract(_) => tract::ROWS,
            Runner::Evaluator(_) => EVALUATED_ROWS,
        }
    }

    /// Returns the class of each probability.
    pub(in crate::package) fn class_order(&self) -> Vec<usize> {
        self.reader.class_order()
    }

    /// Returns whether the graph makes something of missing values.
    pub(in crate::package) fn takes_missing(&self) -> bool {
        self.takes_missing
    }

    /// Returns the first column of a row that has no value, where the graph needs one. It would go through sums and products, and be
    /// lost where a function has bounds: tract's sigmoid makes a small probability of it. A missing text is an empty one.
    pub(in crate::package) fn lacks(&self, row: &[impl Cell]) -> Option<usize> {
        if self.takes_missing {
            return None;
        }
        let of_numbers = self.inputs.iter().filter(|input| input.kind != ColumnKind::Text);
        let mut columns = of_numbers.flat_map(|input| input.first..input.first + input.columns);
        columns.find(|&column| row.get(column).is_some_and(|cell| cell.is_missing()))
    }

    /// Returns the first row of some, whose cells stand one after another, that has no value where the graph needs one, and the column.
    pub(in crate::package) fn first_lack(&self, cells: &[impl Cell]) -> Option<(usize, usize)> {
        // Most rows lack nothing, which one look at all cells tells: none of them is waited for.
        if self.takes_missing || cells.iter().map(|cell| u32::from(cell.is_missing())).sum::<u32>() == 0 {
            return None;
        }
        let mut rows = cells.chunks_exact(self.columns).enumerate();
        rows.find_map(|(row, cells)| Some((row, self.lacks(cells)?)))
    }

    /// Answers rows whose cells stand one after another, in the order of the inputs.
    pub(in crate::package) fn answers(&self, cells: &[impl Cell]) -> Result<Vec<Answer>, InferenceError> {
        let mut answers = Vec::with_capacity(cells.len() / self.columns);
        for rows in cells.chunks(self.rows_at_once() * self.columns) {
            let outputs = self.run(rows).map_err(InferenceError::Graph)?;
            self.reader.read(&outputs, rows.len() / self.columns, &mut answers)?;
        }
        Ok(answers)
    }

    fn run(&self, cells: &[impl Cell]) -> Result<Vec<Output>, String> {
        match &self.runner {
            Runner::Tract(plan) => {
                let outputs = plan.run(&self.inputs, cells, self.columns).map_err(|error| format!("{error:#}"))?;
                Ok(outputs.into_iter().map(Output::Tract).collect())
            }
            Runner::Evaluator(evaluator) => {
                evaluate(evaluator, &self.inputs, cells, self.columns).map_err(|fault| fault.to_string())
            }
        }
    }
}

fn evaluate(
    evaluator: &Evaluator,
    inputs: &[Matrix],
    cells: &[impl Cell],
    columns: usize,
) -> Result<Vec<Output>, NodeFault> {
    let inputs = inputs.iter().map(|input| input.tensor(cells, columns)).collect::<Result<_, _>>();
    let inputs = inputs.map_err(|fault| NodeFault { place: "the inputs".into(), fault })?;
    Ok(evaluator.run(inputs)?.into_iter().map(Output::Evaluated).collect())
}

fn evaluator(declared: &Declared, outputs: &[&str]) -> Result<Evaluator, LoadError> {
    let inputs: Vec<&str> = declared.inputs().iter().map(|input| &*input.name).collect();
    prepare(declared.graph(), &inputs, outputs, declared.versions()).map_err(|NodeFault { place, fault }| {
        LoadError::mismatch(GRAPH, place, fault.expected(), fault.found(), fault.mend())
    })
}

/// Returns how many columns the main output has, by a few runs with the means.
fn tried(evaluator: &Evaluator, inputs: &[Matrix], means: &[Entry<'_>], chosen: &Chosen) -> Result<usize, LoadError> {
    let mut found = None;
    for rows in TRIED_ROWS {
        let outputs = evaluate(evaluator, inputs, &means.repeat(rows), means.len()).map_err(|fault| {
            let source = InferenceError::Graph(fault.to_string());
            LoadError::malformed(GRAPH, "a graph that answers for the means of manifest.json", source)
        })?;
        let shape = outputs.first().map_or(&[][..], Output::shape);
        let columns = columns_of(shape, rows, chosen)?;
        if *found.get_or_insert(columns) != columns {
            return Err(wrong_shape(shape, chosen, rows));
        }
    }
    Ok(found.unwrap_or(0))
}

/// Returns how many columns an output has that has a row for each record.
fn columns_of(shape: &[usize], rows: usize, chosen: &Chosen) -> Result<usize, LoadError> {
    match *shape {
        [count] if count == rows => Ok(1),
        [count, columns] if count == rows => Ok(columns),
        _ => Err(wrong_shape(shape, chosen, rows)),
    }
}

fn wrong_shape(shape: &[usize], chosen: &Chosen, rows: usize) -> LoadError {
    let (place, found) = (format!("output {:?}", chosen.main), format!("{shape:?} for {rows} of them"));
    let mend = "export the model for any number of rows, or name another output in manifest.json at /outputs";
    LoadError::mismatch(GRAPH, place, "a row for each record", found, mend)
}

fn matrices(declared: &Declared, columns: &[usize]) -> Box<[Matrix]> {
    let mut first = 0;
    let inputs = declared.inputs().iter().zip(columns).map(|(input, &columns)| {
        let matrix = Matrix { kind: input.kind, first, columns };
        first += columns;
        matrix
    });
    inputs.collect()
}

fn unusable(error: tract_onnx::prelude::TractError) -> LoadError {
    LoadError::malformed(GRAPH, "an ONNX graph that reads these columns", error)
}
