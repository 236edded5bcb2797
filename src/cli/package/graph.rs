//! What a graph is made of, as lines of a table.

use super::super::table::{plain_table, text};
use crate::package::graph::{Input, Inventory};

/// So many inputs, outputs or operators are named; the rest is counted.
const NAMED: usize = 8;

/// Tells what a graph is made of.
pub(super) fn tell(graph: &Inventory) -> String {
    let mut table = plain_table();
    let mut row = |name: &str, value: String| {
        table.add_row([name.to_owned(), value]);
    };
    row("graph", megabytes(graph.bytes));
    if let Some(producer) = &graph.producer {
        row("written by", producer.clone());
    }
    row("inputs", listed(&graph.inputs, input));
    row("outputs", listed(&graph.outputs, |(name, kind)| format!("{name} ({})", kind.to_lowercase())));
    let operators = listed(&graph.operators, |(operator, count)| match count {
        1 => operator.clone(),
        count => format!("{count} {operator}"),
    });
    row("nodes", format!("{}: {operators}", graph.nodes()));
    if graph.trees > 0 {
        row("trees", format!("{}, of {} nodes", graph.trees, graph.tree_nodes));
    }
    text(&mut table)
}

fn megabytes(bytes: usize) -> String {
    #[expect(clippy::cast_precision_loss, reason = "three digits are told")]
    let bytes = bytes as f64;
    match bytes {
        0.0..1e3 => format!("{bytes} bytes"),
        1e3..1e6 => format!("{:.1} kB", bytes / 1e3),
        _ => format!("{:.1} MB", bytes / 1e6),
    }
}

fn input(input: &Input) -> String {
    let columns = match input.columns {
        None | Some(1) => String::new(),
        Some(columns) => format!(", {columns} columns"),
    };
    format!("{} ({}{columns})", input.name, input.kind.name())
}

fn listed<T>(all: &[T], named: impl Fn(&T) -> String) -> String {
    let mut words: Vec<String> = all.iter().take(NAMED).map(named).collect();
    if all.len() > NAMED {
        words.push(format!("and {} more", all.len() - NAMED));
    }
    words.join(", ")
}
