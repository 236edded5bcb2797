//! Packages for tests: the committed ones to read, copies of them to alter, and new ones of a few nodes.

use std::fs;
use std::path::{Path, PathBuf};

use lifeboat::package::{LoadError, Package, seal};
use lifeboat::table::record::Labelled;
use lifeboat::table::{Draft, Record, Schema, json};
use prost::Message;
use serde_json::Value;
use tempfile::TempDir;
use tract_onnx::pb::tensor_proto::DataType;
use tract_onnx::pb::type_proto::{self, Tensor};
use tract_onnx::pb::{
    GraphProto, ModelProto, NodeProto, OperatorSetIdProto, TensorProto, TensorShapeProto, TypeProto, ValueInfoProto,
    tensor_shape_proto,
};

/// The packages that stand in the repository.
pub(crate) const COMMITTED: [&str; 3] = ["breast_cancer", "regression", "classes"];

/// Returns the folder of a committed package.
pub(crate) fn committed(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/packages").join(name)
}

/// A package in a folder that a test may alter.
pub(crate) struct Folder(TempDir);

impl Folder {
    /// Copies a committed package.
    pub(crate) fn copy(name: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for file in fs::read_dir(committed(name)).unwrap() {
            let file = file.unwrap();
            fs::copy(file.path(), folder.path().join(file.file_name())).unwrap();
        }
        Self(folder)
    }

    /// Writes and seals a new package.
    pub(crate) fn new(schema: &Value, manifest: &Value, graph: &GraphProto) -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        fs::write(folder.path("schema.json"), schema.to_string()).unwrap();
        fs::write(folder.path("manifest.json"), manifest.to_string()).unwrap();
        fs::write(folder.path("model.onnx"), model(graph.clone()).encode_to_vec()).unwrap();
        folder.seal();
        folder
    }

    pub(crate) fn folder(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn path(&self, file: &str) -> PathBuf {
        self.0.path().join(file)
    }

    pub(crate) fn load(&self) -> Result<Package, LoadError> {
        Package::load(self.folder())
    }

    pub(crate) fn seal(&self) -> String {
        seal(self.folder()).unwrap()
    }

    pub(crate) fn json(&self, file: &str) -> Value {
        serde_json::from_slice(&fs::read(self.path(file)).unwrap()).unwrap()
    }

    pub(crate) fn edit(&self, file: &str, edit: impl FnOnce(&mut Value)) -> &Self {
        let mut value = self.json(file);
        edit(&mut value);
        fs::write(self.path(file), value.to_string()).unwrap();
        self
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

/// Returns a node.
pub(crate) fn node(op: &str, inputs: &[&str], output: &str) -> NodeProto {
    NodeProto {
        op_type: op.to_owned(),
        name: output.to_owned(),
        input: inputs.iter().map(|&input| input.to_owned()).collect(),
        output: vec![output.to_owned()],
        ..NodeProto::default()
    }
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

/// Returns an input or output: a matrix with any number of rows.
pub(crate) fn matrix(name: &str, kind: DataType, columns: i64) -> ValueInfoProto {
    use tensor_shape_proto::Dimension;
    use tensor_shape_proto::dimension::Value::{DimParam, DimValue};

    let dimension = |value| Dimension { denotation: String::new(), value: Some(value) };
    let shape = TensorShapeProto { dim: vec![dimension(DimParam("N".to_owned())), dimension(DimValue(columns))] };
    let tensor = Tensor { elem_type: kind.into(), shape: Some(shape) };
    ValueInfoProto {
        name: name.to_owned(),
        r#type: Some(TypeProto { denotation: String::new(), value: Some(type_proto::Value::TensorType(tensor)) }),
        ..ValueInfoProto::default()
    }
}

fn model(graph: GraphProto) -> ModelProto {
    ModelProto {
        ir_version: 8,
        opset_import: vec![OperatorSetIdProto { domain: String::new(), version: 17 }],
        graph: Some(graph),
        ..ModelProto::default()
    }
}
