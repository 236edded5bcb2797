//! Each rule of trees, one by one. Whole forests are compared with onnxruntime's answers by `tests/exported`.

use tract_onnx::pb::attribute_proto::AttributeType;
use tract_onnx::pb::tensor_proto::DataType;
use tract_onnx::pb::{AttributeProto, GraphProto, NodeProto, TensorProto};

use crate::package::graph::evaluator::{Data, Tensor, Versions, prepare};

const NAN: f32 = f32::NAN;

fn integers(name: &str, values: &[i64]) -> AttributeProto {
    let kind = AttributeType::Ints.into();
    AttributeProto { name: name.to_owned(), r#type: kind, ints: values.to_vec(), ..AttributeProto::default() }
}

fn integer(name: &str, value: i64) -> AttributeProto {
    AttributeProto { name: name.to_owned(), r#type: AttributeType::Int.into(), i: value, ..AttributeProto::default() }
}

fn floats(name: &str, values: &[f32]) -> AttributeProto {
    let kind = AttributeType::Floats.into();
    AttributeProto { name: name.to_owned(), r#type: kind, floats: values.to_vec(), ..AttributeProto::default() }
}

fn text(name: &str, value: &str) -> AttributeProto {
    let kind = AttributeType::String.into();
    AttributeProto { name: name.to_owned(), r#type: kind, s: value.into(), ..AttributeProto::default() }
}

fn texts(name: &str, values: &[&str]) -> AttributeProto {
    let strings = values.iter().map(|value| value.as_bytes().to_vec()).collect();
    AttributeProto {
        name: name.to_owned(),
        r#type: AttributeType::Strings.into(),
        strings,
        ..AttributeProto::default()
    }
}

fn tensor(name: &str, data_type: DataType, count: usize, fill: impl FnOnce(&mut TensorProto)) -> AttributeProto {
    let mut tensor =
        TensorProto { data_type: data_type.into(), dims: vec![count.try_into().unwrap()], ..TensorProto::default() };
    fill(&mut tensor);
    let kind = AttributeType::Tensor.into();
    AttributeProto { name: name.to_owned(), r#type: kind, t: Some(tensor), ..AttributeProto::default() }
}

/// A tree of one question: is the first column so to 0.5? Yes weighs 1, and no weighs 2.
fn stump(mode: &str, missing_is_yes: i64) -> Vec<AttributeProto> {
    vec![
        integers("nodes_treeids", &[0, 0, 0]),
        integers("nodes_nodeids", &[0, 1, 2]),
        integers("nodes_featureids", &[0, 0, 0]),
        texts("nodes_modes", &[mode, "LEAF", "LEAF"]),
        floats("nodes_values", &[0.5, 0.0, 0.0]),
        integers("nodes_truenodeids", &[1, 0, 0]),
        integers("nodes_falsenodeids", &[2, 0, 0]),
        integers("nodes_missing_value_tracks_true", &[missing_is_yes, 0, 0]),
    ]
}

fn with_targets(mut attributes: Vec<AttributeProto>, prefix: &str) -> Vec<AttributeProto> {
    attributes.extend([
        integers(&format!("{prefix}_treeids"), &[0, 0]),
        integers(&format!("{prefix}_nodeids"), &[1, 2]),
        integers(&format!("{prefix}_ids"), &[0, 0]),
        floats(&format!("{prefix}_weights"), &[1.0, 2.0]),
    ]);
    attributes
}

fn regressor(mode: &str, missing_is_yes: i64) -> Vec<AttributeProto> {
    with_targets(stump(mode, missing_is_yes), "target")
}

/// Two trees: the stump, and a leaf that weighs 4.
fn two_trees() -> Vec<AttributeProto> {
    vec![
        integers("nodes_treeids", &[0, 0, 0, 1]),
        integers("nodes_nodeids", &[0, 1, 2, 0]),
        integers("nodes_featureids", &[0; 4]),
        texts("nodes_modes", &["BRANCH_LEQ", "LEAF", "LEAF", "LEAF"]),
        floats("nodes_values", &[0.5, 0.0, 0.0, 0.0]),
        integers("nodes_truenodeids", &[1, 0, 0, 0]),
        integers("nodes_falsenodeids", &[2, 0, 0, 0]),
        integers("target_treeids", &[0, 0, 1]),
        integers("target_nodeids", &[1, 2, 0]),
        integers("target_ids", &[0; 3]),
        floats("target_weights", &[1.0, 2.0, 4.0]),
    ]
}

fn run(operator: &str, attribute: Vec<AttributeProto>, input: Data) -> Result<Vec<Data>, String> {
    let is_classifier = operator == "TreeEnsembleClassifier";
    let outputs: &[&str] = if is_classifier { &["labels", "scores"] } else { &["scores"] };
    let node = NodeProto {
        op_type: operator.to_owned(),
        domain: "ai.onnx.ml".to_owned(),
        input: vec!["x".to_owned()],
        output: outputs.iter().map(|&output| output.to_owned()).collect(),
        attribute,
        ..NodeProto::default()
    };
    let graph = GraphProto { node: vec![node], ..GraphProto::default() };
    let versions = Versions::read(&[]).map_err(|fault| fault.to_string())?;
    let evaluator = prepare(&graph, &["x"], outputs, versions).map_err(|fault| fault.to_string())?;
    let count = match &input {
        Data::Double(values) => values.len(),
        Data::Float(values) => values.len(),
        _ => 0,
    };
    let input = Tensor::new([count, 1], input).unwrap();
    let outputs = evaluator.run(vec![input]).map_err(|fault| fault.to_string())?;
    Ok(outputs.iter().map(|output| output.data().clone()).collect())
}

fn numbers(data: &Data) -> Vec<f64> {
    match data {
        Data::Float(values) => values.iter().map(|&value| value.into()).collect(),
        Data::Double(values) => values.clone(),
        other => panic!("{other:?} are no numbers"),
    }
}

/// Runs a regressor over 0, 0.5, 1 and NaN.
fn values(attributes: Vec<AttributeProto>) -> Vec<f64> {
    numbers(&run("TreeEnsembleRegressor", attributes, Data::Float(vec![0.0, 0.5, 1.0, NAN])).unwrap()[0])
}

#[test]
fn every_mode_asks_its_question_and_knows_where_missing_values_go() {
    let cases = [
        ("BRANCH_LEQ", [1.0, 1.0, 2.0], 2.0),
        ("BRANCH_LT", [1.0, 2.0, 2.0], 2.0),
        ("BRANCH_GTE", [2.0, 1.0, 1.0], 2.0),
        ("BRANCH_GT", [2.0, 2.0, 1.0], 2.0),
        ("BRANCH_EQ", [2.0, 1.0, 2.0], 2.0),
        // A missing value is unequal to all.
        ("BRANCH_NEQ", [1.0, 2.0, 1.0], 1.0),
    ];
    for (mode, expected, missing) in cases {
        let [zero, half, one] = expected;
        assert_eq!(values(regressor(mode, 0)), [zero, half, one, missing], "{mode}");
        assert_eq!(values(regressor(mode, 1)), [zero, half, one, 1.0], "{mode}, missing values go to yes");
    }
}

#[test]
fn doubles_are_compared_as_doubles_with_thresholds_of_floats() {
    let near = vec![0.5 - 1e-12, 0.5, 0.5 + 1e-12];
    for (mode, expected) in
        [("BRANCH_LEQ", [1.0, 1.0, 2.0]), ("BRANCH_LT", [1.0, 2.0, 2.0]), ("BRANCH_EQ", [2.0, 1.0, 2.0])]
    {
        let found = run("TreeEnsembleRegressor", regressor(mode, 0), Data::Double(near.clone())).unwrap();
        assert_eq!(numbers(&found[0]), expected, "{mode}");
    }
}

#[test]
fn weights_are_aggregated_and_base_values_added() {
    let cases = [("SUM", [5.0, 6.0]), ("AVERAGE", [2.5, 3.0]), ("MIN", [1.0, 2.0]), ("MAX", [4.0, 4.0])];
    for (function, [yes, no]) in cases {
        for base in [None, Some(10.0)] {
            let mut attributes = two_trees();
            attributes.push(text("aggregate_function", function));
            attributes.extend(base.map(|base| floats("base_values", &[base])));
            let base = f64::from(base.unwrap_or(0.0));
            assert_eq!(values(attributes)[1..3], [yes + base, no + base], "{function}");
        }
    }
}

#[test]
fn base_values_of_each_target_are_added_to_those_that_a_tree_speaks_of() {
    let mut attributes = regressor("BRANCH_LEQ", 0);
    attributes.extend([integer("n_targets", 2), floats("base_values", &[10.0, 20.0])]);
    assert_eq!(values(attributes), [11.0, 0.0, 11.0, 0.0, 12.0, 0.0, 12.0, 0.0]);
}

#[test]
fn two_classes_of_one_weight_have_labels_by_sign_or_half_and_texts_are_labels() {
    let labels = |weights: &[f32], transform: &str| {
        let mut attributes = stump("BRANCH_LEQ", 0);
        attributes.extend([
            integers("class_treeids", &[0, 0]),
            integers("class_nodeids", &[1, 2]),
            integers("class_ids", &[0, 0]),
            floats("class_weights", weights),
            texts("classlabels_strings", &["no", "yes"]),
            text("post_transform", transform),
        ]);
        let found = run("TreeEnsembleClassifier", attributes, Data::Float(vec![0.0, 1.0])).unwrap();
        let Data::Text(labels) = &found[0] else { panic!("{found:?}") };
        (labels.iter().map(ToString::to_string).collect::<Vec<_>>(), numbers(&found[1]))
    };
    let (by_half, scores) = labels(&[0.25, 0.75], "NONE");
    assert_eq!((by_half, scores), (vec!["no".to_owned(), "yes".to_owned()], vec![0.75, 0.25, 0.25, 0.75]));
    let (by_sign, scores) = labels(&[-1.0, 0.25], "NONE");
    assert_eq!((by_sign, scores), (vec!["no".to_owned(), "yes".to_owned()], vec![1.0, -1.0, -0.25, 0.25]));
    let (_, scores) = labels(&[0.0, 0.0], "LOGISTIC");
    assert_eq!(scores, [0.5, 0.5, 0.5, 0.5]);
}

/// A tree of version 5: is the value one of 1, 3 and 7? Yes is leaf 0, and no is leaf 1.
fn of_members() -> Vec<AttributeProto> {
    vec![
        integers("tree_roots", &[0]),
        integers("nodes_featureids", &[0]),
        tensor("nodes_modes", DataType::Uint8, 1, |tensor| tensor.raw_data = vec![6]),
        tensor("nodes_splits", DataType::Float, 1, |tensor| tensor.float_data = vec![NAN]),
        integers("nodes_truenodeids", &[0]),
        integers("nodes_trueleafs", &[1]),
        integers("nodes_falsenodeids", &[1]),
        integers("nodes_falseleafs", &[1]),
        integers("leaf_targetids", &[0, 0]),
        tensor("leaf_weights", DataType::Float, 2, |tensor| tensor.float_data = vec![1.0, 2.0]),
        tensor("membership_values", DataType::Float, 4, |tensor| tensor.float_data = vec![1.0, 3.0, 7.0, NAN]),
    ]
}

#[test]
fn a_set_has_its_members() {
    let found = run("TreeEnsemble", of_members(), Data::Float(vec![0.0, 1.0, 2.0, 3.0, 7.0, 8.0, NAN])).unwrap();
    assert_eq!(numbers(&found[0]), [2.0, 1.0, 2.0, 1.0, 1.0, 2.0, 2.0]);
}

#[test]
fn trees_that_are_none_are_refused() {
    type Harm = fn(&mut Vec<AttributeProto>);
    let cases: [(&str, &str, Harm); 9] = [
        ("a circle", "one way to each node", |tree| {
            tree[3] = texts("nodes_modes", &["BRANCH_LEQ", "BRANCH_LEQ", "LEAF"]);
        }),
        ("a node that is not there", "a node of the same tree", |tree| {
            tree[5] = integers("nodes_truenodeids", &[9, 0, 0]);
        }),
        ("a mode that is none", "nodes_modes of ONNX", |tree| {
            tree[3] = texts("nodes_modes", &["BRANCH", "LEAF", "LEAF"]);
        }),
        ("too few thresholds", "3 of nodes_values", |tree| tree[4] = floats("nodes_values", &[0.5])),
        ("a threshold of NaN", "numbers in nodes_values", |tree| tree[4] = floats("nodes_values", &[NAN, 0.0, 0.0])),
        ("a weight of NaN", "numbers in target_weights", |tree| tree[11] = floats("target_weights", &[NAN, 0.0])),
        ("a target too many", "a class or target below 1", |tree| tree[10] = integers("target_ids", &[0, 1])),
        ("a negative column", "a feature from 0", |tree| tree[2] = integers("nodes_featureids", &[-1, 0, 0])),
        ("a number twice", "nodes of numbers of their own", |tree| tree[1] = integers("nodes_nodeids", &[0, 1, 1])),
    ];
    for (what, expected, harm) in cases {
        let mut tree = regressor("BRANCH_LEQ", 0);
        harm(&mut tree);
        let error = run("TreeEnsembleRegressor", tree, Data::Float(vec![0.0])).expect_err(what);
        assert!(error.contains(expected), "{what}: {error}");
    }
    let mut wide = regressor("BRANCH_LEQ", 0);
    wide[2] = integers("nodes_featureids", &[7, 0, 0]);
    let error = run("TreeEnsembleRegressor", wide, Data::Float(vec![0.0])).unwrap_err();
    assert!(error.contains("8 columns at least"), "{error}");
}
