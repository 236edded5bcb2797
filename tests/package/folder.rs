//! Packages for tests, and what is read of their tables.

use std::fs;
use std::path::Path;

use lifeboat::package::Package;
use lifeboat::table::record::Labelled;
use lifeboat::table::{Draft, Record, Schema, json};
use prost::Message;
use serde_json::Value;
use tract_onnx::pb::tensor_proto::DataType;
use tract_onnx::pb::{GraphProto, ModelProto, TensorProto};

pub(crate) use crate::package_folder::{COMMITTED, Folder, committed, matrix, node};

impl Folder {
    /// Copies a committed package.
    pub(crate) fn copy(name: &str) -> Self {
        Self::copy_of(&committed(name))
    }

    pub(crate) fn edit_graph(&self, edit: impl FnOnce(&mut GraphProto)) -> &Self {
        let mut model = ModelProto::decode(&*fs::read(self.path("model.onnx")).unwrap()).unwrap();
        edit(model.graph.as_mut().unwrap());
        fs::write(self.path("model.onnx"), model.encode_to_vec()).unwrap();
        self
    }
}

/// Returns the records of a table with the other columns of each row.
pub(crate) fn rows(schema: &Schema, path: &Path) -> Vec<(Record, Vec<String>)> {
    let mut reader = csv::Reader::from_path(path).unwrap();
    let header = reader.headers().unwrap().clone();
    let is_input = |name: &str| schema.column(name).is_some_and(|column| column.field() != schema.label());
    let row = |cells: csv::StringRecord| {
        let mut draft = Draft::new(schema);
        let mut others = Vec::new();
        for (name, cell) in header.iter().zip(&cells) {
            if is_input(name) {
                draft.set_from_file(schema.column(name).unwrap(), cell);
            } else {
                others.push(cell.to_owned());
            }
        }
        let Labelled { record, .. } = draft.finish_labelled().unwrap();
        (record, others)
    };
    reader.records().map(|cells| row(cells.unwrap())).collect()
}

/// Reads a record.
pub(crate) fn record(package: &Package, json: &Value) -> Record {
    json::from_slice(package.schema(), json.to_string().as_bytes()).unwrap().unwrap()
}

/// Returns a constant of FP32.
pub(crate) fn constant(name: &str, dims: &[i64], values: &[f32]) -> TensorProto {
    TensorProto {
        name: name.to_owned(),
        data_type: DataType::Float.into(),
        dims: dims.to_vec(),
        float_data: values.to_vec(),
        ..TensorProto::default()
    }
}
