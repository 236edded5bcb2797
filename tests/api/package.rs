//! Model packages for tests to alter.

use std::fs;
use std::ops::Deref;
use std::path::Path;

use lifeboat::package;
use prost::Message;
use tract_onnx::pb::{ModelProto, TensorProto, tensor_proto};

use crate::package_folder::{Folder, node};
use crate::training::TITANIC;

/// The files that answers need.
pub(crate) const FILES: [&str; 6] =
    ["schema.json", "recipe.json", "state.json", "history.json", "model.onnx", "manifest.json"];

/// A copy of the Titanic's package that a test may alter.
pub(crate) struct Package(Folder);

impl Deref for Package {
    type Target = Folder;

    fn deref(&self) -> &Folder {
        &self.0
    }
}

impl Package {
    pub(crate) fn new() -> Self {
        Self(Folder::copy_of(Path::new(TITANIC)))
    }

    pub(crate) fn truncate(&self, file: &str) -> &Self {
        let bytes = fs::read(self.path(file)).unwrap();
        fs::write(self.path(file), &bytes[..bytes.len() / 2]).unwrap();
        self
    }

    /// Makes the manifest name the files as they are, as a careless hand would.
    pub(crate) fn seal(&self) -> &Self {
        self.0.seal();
        self
    }

    /// Gives the package another semantic version.
    pub(crate) fn name_version(&self, version: &str) -> &Self {
        self.edit("manifest.json", |manifest| manifest["semantic_version"] = version.into());
        self.seal()
    }

    /// Adds next to nothing to the probability: a billionth of the age times its logarithm, which is no number for an age of 0.
    pub(crate) fn take_logarithms(&self) -> &Self {
        self.add_a_billionth_of(&[("Log", &["age"], "logarithm"), ("Mul", &["age", "logarithm"], "term")])
    }

    /// Adds next to nothing to the probability: a billionth of a root, which is no number for an age above 100.
    pub(crate) fn take_roots(&self) -> &Self {
        self.add_a_billionth_of(&[("Sub", &["hundred", "age"], "left"), ("Sqrt", &["left"], "term")])
    }

    /// Adds nodes, each with its operator, its inputs and its output, that make a `term` of the `age`.
    fn add_a_billionth_of(&self, nodes: &[(&str, &[&str], &str)]) -> &Self {
        self.edit_graph(|model| {
            let graph = model.graph.as_mut().unwrap();
            let package = package::open(None).unwrap();
            let names = package.feature_names().iter();
            let picked: Vec<f32> = names.map(|name| if &**name == "age" { 1.0 } else { 0.0 }).collect();
            let constant = |name: &str, values: Vec<f32>| TensorProto {
                name: name.to_owned(),
                data_type: tensor_proto::DataType::Float.into(),
                dims: vec![i64::try_from(values.len()).unwrap(), 1],
                float_data: values,
                ..TensorProto::default()
            };
            let constants = [("picked", picked), ("billionth", vec![1e-9]), ("hundred", vec![100.0])];
            graph.initializer.extend(constants.map(|(name, values)| constant(name, values)));
            let pick: (&str, &[&str], &str) = ("MatMul", &["features", "picked"], "age");
            let add: [(&str, &[&str], &str); 2] =
                [("Mul", &["term", "billionth"], "little"), ("Add", &["probability", "little"], "moved")];
            for (op, inputs, output) in [&[pick], nodes, &add].concat() {
                graph.node.push(node(op, inputs, output));
            }
            "moved".clone_into(&mut graph.output[0].name);
        });
        self.seal()
    }

    fn edit_graph(&self, edit: impl FnOnce(&mut ModelProto)) {
        let path = self.path("model.onnx");
        let mut graph = ModelProto::decode(&*fs::read(&path).unwrap()).unwrap();
        edit(&mut graph);
        fs::write(path, graph.encode_to_vec()).unwrap();
    }
}
