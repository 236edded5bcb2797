//! Tables of other packages than the one that is built in, end to end: what is served follows from the package alone.

mod answers;
mod contract;
mod faults;
mod keys;
mod monitoring;
mod outcomes;
mod pages;
mod tensors;
mod types;

use axum::body::Body;
use axum::http::{Method, Request};
use lifeboat::package::Package;
use lifeboat::table::{Schema, Task};
use serde_json::{Map, Value, json};
use tract_onnx::pb::GraphProto;
use tract_onnx::pb::tensor_proto::DataType;

use crate::app::{Answer, App};
use crate::package_folder::{COMMITTED, Folder, committed, matrix, node};

/// Words of the table that is built in, in lower case; nothing that another package serves has one.
const WORDS: [&str; 10] =
    ["titanic", "passenger", "pclass", "sibsp", "parch", "embarked", "survived", "cabin", "ticket", "fare"];

/// A committed package, served, and what is known of its table.
struct Table {
    app: App,
    name: &'static str,
    label: String,
    task: Task,
    fields: Vec<String>,
    /// Records, each with the answers of onnxruntime: of its classes, or the number.
    golden: Vec<(Value, Vec<f64>)>,
}

impl Table {
    /// Serves each of the committed packages.
    fn all() -> [Self; 3] {
        COMMITTED.map(Self::serve)
    }

    fn serve(name: &'static str) -> Self {
        let package = Package::load(&committed(name)).unwrap();
        let schema = package.schema();
        let (label, task, golden) = (schema.label_field().name.to_string(), schema.task(), golden(name, schema));
        let fields = schema.inputs().map(|(_, field)| field.name.to_string()).collect();
        Self { app: App::serving(package), name, label, task, fields, golden }
    }

    /// Returns the names of the fields that a client sends, in the order of the schema.
    fn fields(&self) -> Vec<&str> {
        self.fields.iter().map(String::as_str).collect()
    }

    fn records(&self) -> Vec<Value> {
        self.golden.iter().map(|(record, _)| record.clone()).collect()
    }

    /// Returns records as comma-separated values.
    fn csv(records: &[Value]) -> String {
        let mut table = csv::Writer::from_writer(Vec::new());
        table.write_record(records[0].as_object().unwrap().keys()).unwrap();
        for record in records {
            table.write_record(record.as_object().unwrap().values().map(Value::to_string)).unwrap();
        }
        String::from_utf8(table.into_inner().unwrap()).unwrap()
    }
}

/// Reads the rows of `golden.csv`: all fields of these tables are numbers.
fn golden(name: &str, schema: &Schema) -> Vec<(Value, Vec<f64>)> {
    let mut reader = csv::Reader::from_path(committed(name).join("golden.csv")).unwrap();
    let header = reader.headers().unwrap().clone();
    let row = |row: csv::StringRecord| {
        let (mut record, mut answers) = (Map::new(), Vec::new());
        for (name, cell) in header.iter().zip(&row) {
            match schema.place(name) {
                Some(_) => drop(record.insert(name.to_owned(), serde_json::from_str(cell).unwrap())),
                None => answers.push(cell.parse().unwrap()),
            }
        }
        (Value::Object(record), answers)
    };
    reader.records().map(|cells| row(cells.unwrap())).collect()
}

async fn send(app: &App, method: Method, path: &str, headers: &[(&str, &str)], body: impl Into<Body>) -> Answer {
    let request = Request::builder().method(method).uri(path);
    let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
    app.send(request.body(body.into()).unwrap()).await
}

/// Says what really happened to what a prediction is of.
async fn tell(app: &App, id: &str, outcome: &Value) -> Answer {
    let path = format!("/predictions/{id}/outcome");
    send(app, Method::PUT, &path, &[("content-type", "application/json")], outcome.to_string()).await
}

/// Returns the numbers that an answer says: of the positive class, of each class, or the number itself.
fn numbers(answer: &Value, label: &str) -> Vec<f64> {
    match (&answer["probability"], &answer["probabilities"]) {
        (Value::Number(probability), _) => vec![probability.as_f64().unwrap()],
        (_, Value::Object(probabilities)) => probabilities.values().map(|value| value.as_f64().unwrap()).collect(),
        _ => vec![answer["prediction"][label].as_f64().unwrap()],
    }
}

fn id(answer: &Answer) -> String {
    answer.json()["id"].as_str().unwrap_or_else(|| panic!("no id: {answer:?}")).to_owned()
}

/// Serves a table of a number `x` and whatever else there is, whose label is `x` or twice as much.
fn small(schema: &Value) -> App {
    App::serving(small_package(schema).load().unwrap())
}

fn small_package(schema: &Value) -> Folder {
    let manifest = json!({"name": "small", "semantic_version": "1.0.0", "means": {"x": 0.5}});
    let is_number = schema["fields"]
        .as_array()
        .unwrap()
        .iter()
        .any(|field| field["name"] == schema["lifeboat"]["label"] && field["type"] == "number");
    let (op, inputs, output) =
        if is_number { ("Add", &["x", "x"][..], "value") } else { ("Identity", &["x"][..], "probability") };
    let graph = GraphProto {
        node: vec![node(op, inputs, output)],
        input: vec![matrix("x", DataType::Float, 1)],
        output: vec![matrix(output, DataType::Float, 1)],
        ..GraphProto::default()
    };
    Folder::new(schema, &manifest, &graph)
}

/// Returns a schema of these fields, of `x`, and of a label.
fn schema(fields: &Value, label: &Value, lifeboat: &Value) -> Value {
    let x = json!({"name": "x", "type": "number", "constraints": {"required": true, "minimum": 0, "maximum": 1}});
    let fields: Vec<&Value> = fields.as_array().unwrap().iter().chain([&x, label]).collect();
    let mut own = json!({"label": label["name"]});
    own.as_object_mut().unwrap().extend(lifeboat.as_object().unwrap().clone());
    json!({"fields": fields, "lifeboat": own})
}
