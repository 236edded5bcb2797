//! Probabilities that stand in an output for each class, as skl2onnx writes them with `zipmap='columns'`: joined into one.

use std::collections::HashSet;

use tract_onnx::pb::attribute_proto::AttributeType;
use tract_onnx::pb::tensor_proto::DataType;
use tract_onnx::pb::{AttributeProto, GraphProto, NodeProto, TensorProto, TypeProto, ValueInfoProto, type_proto};

use super::declared::tensor;
use crate::package::classes::ClassOrder;

/// Adds an output with a column for each class, where each class has an output that is named after it: `i0` for 0, `syes` for yes.
pub(super) fn join(graph: &mut GraphProto, classes: &ClassOrder) -> Option<String> {
    let outputs: Option<Vec<String>> = classes.columns.iter().map(|&class| output_of(graph, class, classes)).collect();
    let outputs = outputs?;
    let taken: HashSet<&str> = graph.node.iter().flat_map(|node| &node.output).map(String::as_str).collect();
    let new = |name: &str| {
        let mut name = name.to_owned();
        while taken.contains(name.as_str()) {
            name.push('_');
        }
        name
    };
    let (joined, shape) = (new("joined"), new("joined_shape"));
    let columns: Vec<String> = outputs.iter().map(|output| new(&format!("joined_{output}"))).collect();
    for (output, column) in outputs.iter().zip(&columns) {
        graph.node.push(node("Reshape", vec![output.clone(), shape.clone()], column, Vec::new()));
    }
    let axis =
        AttributeProto { name: "axis".to_owned(), r#type: AttributeType::Int.into(), i: 1, ..Default::default() };
    graph.node.push(node("Concat", columns, &joined, vec![axis]));
    graph.initializer.push(TensorProto {
        name: shape,
        dims: vec![2],
        data_type: DataType::Int64.into(),
        int64_data: vec![-1, 1],
        ..Default::default()
    });
    let elements = type_proto::Tensor { elem_type: DataType::Float.into(), ..Default::default() };
    let value = Some(type_proto::Value::TensorType(elements));
    let r#type = Some(TypeProto { value, ..Default::default() });
    graph.output.push(ValueInfoProto { name: joined.clone(), r#type, ..Default::default() });
    Some(joined)
}

fn node(operator: &str, input: Vec<String>, output: &str, attribute: Vec<AttributeProto>) -> NodeProto {
    let output = vec![output.to_owned()];
    NodeProto { op_type: operator.to_owned(), name: output[0].clone(), input, output, attribute, ..Default::default() }
}

/// Returns the output of floats that is named after a class.
fn output_of(graph: &GraphProto, class: usize, classes: &ClassOrder) -> Option<String> {
    let is_float = |output: &&ValueInfoProto| tensor(output).is_some_and(|(_, kind)| kind == DataType::Float);
    let is_of_class = |output: &&ValueInfoProto| {
        let number = output.name.strip_prefix('i').and_then(|number| number.parse().ok());
        let by_number = number.and_then(|number| classes.of_number(number));
        let by_text = output.name.strip_prefix('s').and_then(|text| classes.of_text(text));
        by_number == Some(class) || by_text == Some(class)
    };
    graph.output.iter().filter(is_float).find(is_of_class).map(|output| output.name.clone())
}
