//! Whatever is done to a graph, loading it ends in a package or in an error, and asking it in answers or in an error: without a panic, within
//! a time and within a memory.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use lifeboat::package::{Package, seal};
use proptest::collection::vec;
use proptest::prelude::*;
use prost::Message;
use tract_onnx::pb::{AttributeProto, ModelProto, NodeProto};

use crate::{Beside, graphs, records};

/// Time that a graph may take to be loaded and asked, without optimisation.
const MAX_TIME: Duration = Duration::from_secs(20);

/// Memory that all graphs may take, in kB.
const MAX_MEMORY: u64 = 2 << 20;

/// Cases of each kind, and those of a minute, which `make fuzz` asks for by `FUZZ_MINUTES`.
const CASES: u32 = 192;
const CASES_A_MINUTE: u32 = 10_000;

fn config() -> ProptestConfig {
    let minutes = std::env::var("FUZZ_MINUTES").ok().and_then(|minutes| minutes.parse::<u32>().ok());
    let cases = minutes.map_or(CASES, |minutes| minutes * CASES_A_MINUTE);
    ProptestConfig { failure_persistence: None, max_shrink_iters: 64, ..ProptestConfig::with_cases(cases) }
}

/// A change of a few bytes.
#[derive(Debug, Clone)]
enum Harm {
    Set(prop::sample::Index, u8),
    Flip(prop::sample::Index, u8),
    Remove(prop::sample::Index, usize),
    Double(prop::sample::Index, usize),
}

fn harm() -> impl Strategy<Value = Harm> {
    let place = any::<prop::sample::Index>;
    prop_oneof![
        (place(), any::<u8>()).prop_map(|(place, byte)| Harm::Set(place, byte)),
        (place(), 0..8_u8).prop_map(|(place, bit)| Harm::Flip(place, bit)),
        (place(), 1..9_usize).prop_map(|(place, count)| Harm::Remove(place, count)),
        (place(), 1..9_usize).prop_map(|(place, count)| Harm::Double(place, count)),
    ]
}

fn harmed(mut bytes: Vec<u8>, harms: &[Harm]) -> Vec<u8> {
    for harm in harms {
        if bytes.is_empty() {
            break;
        }
        match harm {
            Harm::Set(place, byte) => {
                let place = place.index(bytes.len());
                bytes[place] = *byte;
            }
            Harm::Flip(place, bit) => {
                let place = place.index(bytes.len());
                bytes[place] ^= 1 << bit;
            }
            Harm::Remove(place, count) => {
                let place = place.index(bytes.len());
                bytes.drain(place..(place + count).min(bytes.len()));
            }
            Harm::Double(place, count) => {
                let place = place.index(bytes.len());
                let part = bytes[place..(place + count).min(bytes.len())].to_vec();
                bytes.splice(place..place, part);
            }
        }
    }
    bytes
}

/// A change of what a node says, which the reader of files lets pass.
#[derive(Debug, Clone)]
enum Lie {
    Integer(prop::sample::Index, i64),
    Float(prop::sample::Index, f32),
    Shorter(prop::sample::Index),
    Forgotten(prop::sample::Index),
    Operator(prop::sample::Index),
    Input(prop::sample::Index, prop::sample::Index),
    Dimension(prop::sample::Index, i64),
}

fn lie() -> impl Strategy<Value = Lie> {
    let place = any::<prop::sample::Index>;
    let integers = prop_oneof![-3..64_i64, any::<i64>(), Just(i64::MIN), Just(i64::MAX), Just(1 << 40)];
    let dimensions = integers.clone();
    prop_oneof![
        3 => (place(), integers).prop_map(|(place, number)| Lie::Integer(place, number)),
        3 => (place(), any::<f32>()).prop_map(|(place, number)| Lie::Float(place, number)),
        2 => place().prop_map(Lie::Shorter),
        1 => place().prop_map(Lie::Forgotten),
        2 => place().prop_map(Lie::Operator),
        2 => (place(), any::<prop::sample::Index>()).prop_map(|(place, other)| Lie::Input(place, other)),
        1 => (place(), dimensions).prop_map(|(place, number)| Lie::Dimension(place, number)),
    ]
}

fn lied(model: &mut ModelProto, lie: &Lie) {
    let Some(graph) = &mut model.graph else { return };
    let weights = graph.initializer.len();
    if let Lie::Dimension(place, number) = lie
        && weights > 0
    {
        graph.initializer[place.index(weights)].dims = vec![*number];
        return;
    }
    let nodes = &mut graph.node;
    let all: Vec<NodeProto> = nodes.clone();
    let count = nodes.len();
    let (Lie::Integer(place, _)
    | Lie::Float(place, _)
    | Lie::Shorter(place)
    | Lie::Forgotten(place)
    | Lie::Operator(place)
    | Lie::Input(place, _)
    | Lie::Dimension(place, _)) = lie;
    let node = &mut nodes[place.index(count)];
    match lie {
        Lie::Operator(place) => node.op_type.clone_from(&all[place.index(count) / 2].op_type),
        Lie::Input(place, other) if !node.input.is_empty() => {
            let inputs = node.input.len();
            let other = &all[other.index(count)];
            node.input[place.index(inputs)] = other.output.first().cloned().unwrap_or_default();
        }
        Lie::Forgotten(place) if !node.attribute.is_empty() => {
            let attributes = node.attribute.len();
            node.attribute.remove(place.index(attributes));
        }
        lie if !node.attribute.is_empty() => {
            let attributes = node.attribute.len();
            attribute(&mut node.attribute[place.index(attributes)], *place, lie);
        }
        _ => {}
    }
}

fn attribute(attribute: &mut AttributeProto, place: prop::sample::Index, lie: &Lie) {
    match lie {
        Lie::Integer(_, number) if !attribute.ints.is_empty() => {
            let count = attribute.ints.len();
            attribute.ints[place.index(count)] = *number;
        }
        Lie::Integer(_, number) => attribute.i = *number,
        Lie::Float(_, number) if !attribute.floats.is_empty() => {
            let count = attribute.floats.len();
            attribute.floats[place.index(count)] = *number;
        }
        Lie::Float(_, number) => attribute.f = *number,
        Lie::Shorter(_) => {
            attribute.ints.pop();
            attribute.floats.pop();
            attribute.strings.pop();
        }
        _ => {}
    }
}

/// Makes a package of a graph, and asks it.
fn ask(graph: &Path, bytes: &[u8]) {
    let start = Instant::now();
    let beside: Beside = serde_json::from_slice(&fs::read(graph.with_extension("json")).unwrap()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("schema.json"), beside.schema.to_string()).unwrap();
    fs::write(folder.path().join("manifest.json"), beside.manifest.to_string()).unwrap();
    fs::write(folder.path().join("model.onnx"), bytes).unwrap();
    seal(folder.path()).unwrap();
    match Package::load(folder.path()) {
        Ok(package) => {
            let records = records(package.schema(), &beside);
            match package.answers(&records) {
                Ok(answers) => assert_eq!(answers.len(), records.len()),
                Err(error) => assert!(!error.to_string().is_empty()),
            }
        }
        Err(error) => assert!(error.to_string().starts_with("model.onnx"), "{error}"),
    }
    assert!(start.elapsed() < MAX_TIME, "{} took {:?}", graph.display(), start.elapsed());
    if let Ok(status) = fs::read_to_string("/proc/self/status") {
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        let peak: u64 = peak.trim().trim_end_matches(" kB").parse().unwrap();
        assert!(peak < MAX_MEMORY, "{} took {peak} kB", graph.display());
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn a_graph_whose_bytes_are_changed_is_a_package_or_an_error(
        graph in any::<prop::sample::Index>(),
        harms in vec(harm(), 1..5),
    ) {
        let graphs = graphs();
        let graph = &graphs[graph.index(graphs.len())];
        ask(graph, &harmed(fs::read(graph).unwrap(), &harms));
    }

    #[test]
    fn a_graph_whose_nodes_lie_is_a_package_or_an_error(
        graph in any::<prop::sample::Index>(),
        lies in vec(lie(), 1..4),
    ) {
        let graphs = graphs();
        let graph = &graphs[graph.index(graphs.len())];
        let mut model = ModelProto::decode(&*fs::read(graph).unwrap()).unwrap();
        for lie in &lies {
            lied(&mut model, lie);
        }
        ask(graph, &model.encode_to_vec());
    }
}
