//! What a graph is made of, for people: an *inventory* counts its nodes and its trees.

use std::collections::BTreeSet;

use tract_onnx::pb::{NodeProto, ValueInfoProto};

use super::declared::{Declared, tensor};
use super::interface::Input;
use crate::package::error::LoadError;

/// What a graph is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inventory {
    /// The size of the file.
    pub bytes: usize,
    /// What wrote the file, where it says so.
    pub producer: Option<String>,
    /// What the graph reads.
    pub inputs: Vec<Input>,
    /// What the graph answers: names, each with its type.
    pub outputs: Vec<(String, &'static str)>,
    /// The operators in the order in which they first stand, and how many nodes are of each.
    pub operators: Vec<(String, usize)>,
    /// The number of trees.
    pub trees: usize,
    /// The number of their nodes, leaves among them.
    pub tree_nodes: usize,
}

impl Inventory {
    /// Takes the inventory of the bytes of a graph.
    pub(in crate::package) fn new(bytes: &[u8]) -> Result<Self, LoadError> {
        let declared = Declared::read(bytes)?;
        let nodes = &declared.graph().node;
        let mut operators: Vec<(String, usize)> = Vec::new();
        for node in nodes {
            match operators.iter_mut().find(|(operator, _)| *operator == node.op_type) {
                Some((_, count)) => *count += 1,
                None => operators.push((node.op_type.clone(), 1)),
            }
        }
        let (trees, tree_nodes) = nodes.iter().map(trees).fold((0, 0), |sum, found| (sum.0 + found.0, sum.1 + found.1));
        Ok(Self {
            bytes: bytes.len(),
            producer: declared.producer_name(),
            inputs: declared.inputs().to_vec(),
            outputs: declared.outputs().iter().map(output).collect(),
            operators,
            trees,
            tree_nodes,
        })
    }

    /// Returns the number of nodes.
    pub fn nodes(&self) -> usize {
        self.operators.iter().map(|(_, count)| count).sum()
    }
}

/// Returns the trees of a node, and the nodes of those.
fn trees(node: &NodeProto) -> (usize, usize) {
    let integers = |name: &str| {
        let found = node.attribute.iter().find(|attribute| attribute.name == name);
        found.map_or(&[][..], |attribute| attribute.ints.as_slice())
    };
    let roots = integers("tree_roots");
    if roots.is_empty() {
        let of_nodes = integers("nodes_treeids");
        return (of_nodes.iter().collect::<BTreeSet<_>>().len(), of_nodes.len());
    }
    (roots.len(), integers("nodes_featureids").len() + integers("leaf_targetids").len())
}

fn output(value: &ValueInfoProto) -> (String, &'static str) {
    let kind = match tensor(value) {
        Some((_, data_type)) => data_type.as_str_name(),
        None => "DICTIONARIES",
    };
    (value.name.clone(), kind)
}
