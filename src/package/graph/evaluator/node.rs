//! A node as a file has it: what it is told by attributes, and by inputs that are always the same.

use std::sync::Arc;

use rustc_hash::FxHashMap;
use tract_onnx::pb::attribute_proto::AttributeType;
use tract_onnx::pb::{AttributeProto, GraphProto, NodeProto, TensorProto};

use super::data::{Data, Element, Text};
use super::fault::Fault;
use super::proto;
use super::steps::{Evaluator, Inputs};
use super::tensor::Tensor;
use crate::package::graph::wire::NODES_MODES;

/// Values that are the same for all rows, by name.
pub(super) type Constants = FxHashMap<String, Arc<Tensor>>;

/// A node that is looked at to prepare it.
#[derive(Clone, Copy)]
pub(super) struct Node<'a> {
    pub(super) proto: &'a NodeProto,
    /// The version of the operators of its domain.
    pub(super) version: i64,
    pub(super) constants: &'a Constants,
    /// Prepares a graph inside of it.
    pub(super) prepare: &'a dyn Fn(&GraphProto, &Constants) -> Result<Evaluator, Fault>,
}

impl<'a> Node<'a> {
    fn attribute(&self, name: &str, kind: AttributeType) -> Result<Option<&'a AttributeProto>, Fault> {
        let Some(found) = self.proto.attribute.iter().find(|attribute| attribute.name == name) else { return Ok(None) };
        let told = AttributeType::try_from(found.r#type).unwrap_or(AttributeType::Undefined);
        // Files of the first versions of ONNX do not tell the type.
        if told == kind || told == AttributeType::Undefined {
            Ok(Some(found))
        } else {
            Err(Fault::new(format!("attribute {name} of type {kind:?}"), format!("{told:?}")))
        }
    }

    pub(super) fn integer(&self, name: &str) -> Result<Option<i64>, Fault> {
        Ok(self.attribute(name, AttributeType::Int)?.map(|found| found.i))
    }

    /// Returns whether an attribute that is 0 or 1 is set.
    pub(super) fn is_set(&self, name: &str, default: bool) -> Result<bool, Fault> {
        Ok(self.integer(name)?.map_or(default, |set| set != 0))
    }

    pub(super) fn float(&self, name: &str) -> Result<Option<f32>, Fault> {
        Ok(self.attribute(name, AttributeType::Float)?.map(|found| found.f))
    }

    pub(super) fn text(&self, name: &str) -> Result<Option<Text>, Fault> {
        self.attribute(name, AttributeType::String)?.map(|found| proto::text(&found.s)).transpose()
    }

    pub(super) fn integers(&self, name: &str) -> Result<&'a [i64], Fault> {
        Ok(self.attribute(name, AttributeType::Ints)?.map_or(&[], |found| &found.ints))
    }

    pub(super) fn floats(&self, name: &str) -> Result<&'a [f32], Fault> {
        Ok(self.attribute(name, AttributeType::Floats)?.map_or(&[], |found| &found.floats))
    }

    /// Returns numbers that must not be NaN.
    pub(super) fn weights(&self, name: &str) -> Result<&'a [f32], Fault> {
        let weights = self.floats(name)?;
        match weights.iter().position(|weight| weight.is_nan()) {
            Some(place) => Err(Fault::new(format!("numbers in {name}"), format!("NaN at {place}"))),
            None => Ok(weights),
        }
    }

    /// Returns texts as bytes.
    pub(super) fn byte_texts(&self, name: &str) -> Result<&'a [Vec<u8>], Fault> {
        Ok(self.attribute(name, AttributeType::Strings)?.map_or(&[], |found| &found.strings))
    }

    /// Returns the modes of nodes of trees, by their places in [`MODES`], where the file was read so.
    pub(super) fn packed_modes(&self) -> Result<Option<&'a [u8]>, Fault> {
        let found = self.attribute(NODES_MODES, AttributeType::Strings)?;
        Ok(found.filter(|found| found.strings.is_empty()).map(|found| found.s.as_slice()))
    }

    pub(super) fn texts(&self, name: &str) -> Result<Vec<Text>, Fault> {
        self.byte_texts(name)?.iter().map(|text| proto::text(text)).collect()
    }

    /// Returns an array as the file has it.
    pub(super) fn array(&self, name: &str) -> Result<Option<&'a TensorProto>, Fault> {
        Ok(self.attribute(name, AttributeType::Tensor)?.and_then(|found| found.t.as_ref()))
    }

    pub(super) fn tensor(&self, name: &str) -> Result<Option<Tensor>, Fault> {
        self.array(name)?.map(|tensor| proto::tensor(tensor).map_err(|fault| fault.of(name))).transpose()
    }

    pub(super) fn graph(&self, name: &str) -> Result<&'a GraphProto, Fault> {
        let found = self.attribute(name, AttributeType::Graph)?.and_then(|found| found.g.as_ref());
        found.ok_or_else(|| Fault::new(format!("attribute {name}"), "nothing"))
    }

    /// Returns the type that an attribute names.
    pub(super) fn element(&self, name: &str) -> Result<Option<Element>, Fault> {
        let number = self.integer(name)?;
        number
            .map(|number| proto::element(i32::try_from(number).unwrap_or(-1)).map_err(|fault| fault.of(name)))
            .transpose()
    }

    /// Returns the labels of classes: integers or texts, by the names that the operators give them.
    pub(super) fn class_labels(&self, integers: &str) -> Result<Data, Fault> {
        let texts = self.texts("classlabels_strings")?;
        let integers = self.integers(integers)?;
        match (texts.is_empty(), integers.is_empty()) {
            (false, true) => Ok(Data::Text(texts)),
            (true, false) => Ok(Data::Integer(integers.to_vec())),
            (true, true) => Err(Fault::new("labels of the classes", "none")),
            (false, false) => Err(Fault::new("labels of the classes, integers or texts", "both")),
        }
    }

    /// Returns integers that are given by an attribute in older versions, and by an input in newer ones.
    pub(super) fn told_integers(&self, attribute: &str, place: usize) -> Result<Told, Fault> {
        let by_attribute = self.attribute(attribute, AttributeType::Ints)?.map(|found| found.ints.clone());
        match by_attribute {
            Some(integers) => Ok(Told::Always(integers)),
            None if self.proto.input.get(place).is_some_and(|name| !name.is_empty()) => Ok(Told::ByInput(place)),
            None => Ok(Told::Not),
        }
    }
}

/// Integers that a node is told.
#[derive(Debug)]
pub(super) enum Told {
    Always(Vec<i64>),
    ByInput(usize),
    Not,
}

impl Told {
    pub(super) fn get(&self, inputs: &Inputs<'_>) -> Result<Option<Vec<i64>>, Fault> {
        match self {
            Self::Always(integers) => Ok(Some(integers.clone())),
            Self::ByInput(place) => Ok(Some(inputs.need(*place)?.integers()?.into_owned())),
            Self::Not => Ok(None),
        }
    }
}
