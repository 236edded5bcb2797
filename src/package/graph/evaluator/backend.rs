//! The standard's own tests of its operators: those of `ai.onnx.ml`, and of every other operator that is claimed.
//!
//! `infra/tools.sh onnx` brings them. They are read from `.tools/onnx`, or from the folder that `LIFEBOAT_ONNX_TESTS` names; without
//! either the test says so, and fails where `LIFEBOAT_REQUIRE_ONNX_TESTS` is set, as `make test` sets it.

use std::fs;
use std::path::{Path, PathBuf};

use prost::Message;
use tract_onnx::pb::{ModelProto, TensorProto};

use super::{Data, Tensor, Versions, operators, prepare, proto};

/// Tests that ran when they were last counted: fewer mean that something is gone.
const EXPECTED: usize = 572;

fn folder() -> Option<PathBuf> {
    let told = std::env::var_os("LIFEBOAT_ONNX_TESTS").map(PathBuf::from);
    let folder = told.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join(".tools/onnx/node"));
    folder.is_dir().then_some(folder)
}

/// How a test went.
enum Went {
    Right,
    /// It has an operator that is not claimed, or values of a type that is not.
    Skipped,
    Wrong(String),
}

#[test]
#[expect(clippy::print_stderr, reason = "a test that cannot run says so")]
fn operators_do_what_the_tests_of_the_standard_say() {
    let Some(folder) = folder() else {
        assert!(std::env::var_os("LIFEBOAT_REQUIRE_ONNX_TESTS").is_none(), "run infra/tools.sh onnx");
        eprintln!("SKIPPED: the tests of ONNX are not there; infra/tools.sh onnx brings them");
        return;
    };
    let (mut right, mut wrong) = (0, Vec::new());
    let mut tests: Vec<PathBuf> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    tests.sort();
    for test in tests.iter().filter(|test| test.join("model.onnx").is_file()) {
        match run(test) {
            Went::Right => right += 1,
            Went::Skipped => {}
            Went::Wrong(what) => wrong.push(format!("{}: {what}", test.file_name().unwrap().display())),
        }
    }
    assert!(wrong.is_empty(), "{right} right, {} wrong:\n{}", wrong.len(), wrong.join("\n"));
    let expected = if std::env::var_os("LIFEBOAT_ONNX_TESTS").is_some() { 1 } else { EXPECTED };
    assert!(right >= expected, "{right} tests ran, {expected} did before");
}

fn run(test: &Path) -> Went {
    let model = ModelProto::decode(&*fs::read(test.join("model.onnx")).unwrap()).unwrap();
    let graph = model.graph.as_ref().unwrap();
    for node in &graph.node {
        if operators::find(&node.domain, &node.op_type).is_none() {
            return Went::Skipped;
        }
    }
    // The first version of Scan had a dimension of batches, which no exporter writes any more.
    if graph.node.iter().any(|node| node.op_type == "Scan")
        && model.opset_import.iter().any(|import| import.version < 9)
    {
        return Went::Skipped;
    }
    let data = test.join("test_data_set_0");
    let read = |kind: &str, count: usize| -> Option<Vec<Tensor>> {
        let read = |number| {
            let bytes = fs::read(data.join(format!("{kind}_{number}.pb"))).ok()?;
            proto::tensor(&TensorProto::decode(&*bytes).ok()?).ok()
        };
        (0..count).map(read).collect()
    };
    let (Some(inputs), Some(outputs)) = (read("input", graph.input.len()), read("output", graph.output.len())) else {
        return Went::Skipped;
    };
    let names = |values: &[tract_onnx::pb::ValueInfoProto]| -> Vec<String> {
        values.iter().map(|value| value.name.clone()).collect()
    };
    let (input_names, output_names) = (names(&graph.input), names(&graph.output));
    let input_names: Vec<&str> = input_names.iter().map(String::as_str).collect();
    let output_names: Vec<&str> = output_names.iter().map(String::as_str).collect();
    let found = Versions::read(&model.opset_import)
        .map_err(|fault| fault.to_string())
        .and_then(|versions| prepare(graph, &input_names, &output_names, versions).map_err(|fault| fault.to_string()))
        .and_then(|evaluator| evaluator.run(inputs).map_err(|fault| fault.to_string()));
    match found {
        Err(why) => Went::Wrong(why),
        Ok(found) => {
            let differs = found.iter().zip(&outputs).find_map(|(found, expected)| difference(found, expected));
            differs.map_or(Went::Right, Went::Wrong)
        }
    }
}

/// Returns how two values differ, if they do.
fn difference(found: &Tensor, expected: &Tensor) -> Option<String> {
    let near = |a: f64, b: f64| {
        a.total_cmp(&b).is_eq() || (a.is_nan() && b.is_nan()) || (a - b).abs() <= 1e-5 * b.abs().max(1.0)
    };
    let is_same = found.shape() == expected.shape()
        && match (found.data(), expected.data()) {
            (Data::Float(a), Data::Float(b)) => a.iter().zip(b).all(|(&a, &b)| near(a.into(), b.into())),
            (Data::Double(a), Data::Double(b)) => a.iter().zip(b).all(|(&a, &b)| near(a, b)),
            (Data::Integer(a), Data::Integer(b)) => a == b,
            (Data::Short(a), Data::Short(b)) => a == b,
            (Data::Boolean(a), Data::Boolean(b)) => a == b,
            (Data::Text(a), Data::Text(b)) => a == b,
            _ => false,
        };
    (!is_same).then(|| format!("{found:?}, expected {expected:?}").chars().take(600).collect())
}
