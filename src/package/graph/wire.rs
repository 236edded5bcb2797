//! Reads the bytes of a model. Its long lists, of which trees are made, are read at once: a reader of any message looks at the tag before
//! each number as if anything could follow, and a text of its own for each node's mode takes more memory than all else of the node.
//!
//! What is unusual is left to the reader of any message, which says what is wrong.

use prost::{DecodeError, Message};
use tract_onnx::pb::{AttributeProto, GraphProto, ModelProto, NodeProto};

/// The modes of nodes of trees. A list of them is kept in [`AttributeProto::s`], a byte each: its place here.
pub(super) const MODES: [&[u8]; 7] =
    [b"LEAF", b"BRANCH_LEQ", b"BRANCH_LT", b"BRANCH_GTE", b"BRANCH_GT", b"BRANCH_EQ", b"BRANCH_NEQ"];

/// The attribute that lists modes.
pub(super) const NODES_MODES: &str = "nodes_modes";

/// How often training rows came to a node, which nothing asks.
const HIT_RATES: &str = "nodes_hitrates";

/// Tags: the number of a field, and the kind of what follows.
const GRAPH_OF_MODEL: u8 = 7 << 3 | BYTES;
const NODE_OF_GRAPH: u8 = 1 << 3 | BYTES;
const ATTRIBUTE_OF_NODE: u8 = 5 << 3 | BYTES;
const FLOAT: u8 = 7 << 3 | FOUR_BYTES;
const INTEGER: u8 = 8 << 3;
const TEXT: u8 = 9 << 3 | BYTES;

/// Kinds of what follows a tag; 0 is a number of one to ten bytes.
const EIGHT_BYTES: u8 = 1;
const BYTES: u8 = 2;
const FOUR_BYTES: u8 = 5;

/// Reads a model.
pub(super) fn model(bytes: &[u8]) -> Result<ModelProto, DecodeError> {
    match quickly(bytes) {
        Some(model) => Ok(model),
        None => ModelProto::decode(bytes),
    }
}

fn quickly(bytes: &[u8]) -> Option<ModelProto> {
    let mut graphs = Vec::new();
    let mut model: ModelProto = parted(bytes, GRAPH_OF_MODEL, |bytes| {
        graphs.push(graph(bytes)?);
        Some(())
    })?;
    // Several parts of a graph would have to be joined.
    if graphs.len() > 1 {
        return None;
    }
    model.graph = graphs.pop();
    Some(model)
}

fn graph(bytes: &[u8]) -> Option<GraphProto> {
    let mut nodes = Vec::new();
    let mut graph: GraphProto = parted(bytes, NODE_OF_GRAPH, |bytes| {
        nodes.push(node(bytes)?);
        Some(())
    })?;
    graph.node = nodes;
    Some(graph)
}

fn node(bytes: &[u8]) -> Option<NodeProto> {
    let (mut attributes, mut longest) = (Vec::new(), 0);
    let mut node: NodeProto = parted(bytes, ATTRIBUTE_OF_NODE, |bytes| {
        let attribute = attribute(bytes, longest)?;
        longest = longest.max(attribute.ints.len());
        attributes.push(attribute);
        Some(())
    })?;
    node.attribute = attributes;
    Some(node)
}

/// Reads a message but for the fields of a tag, which are handed on.
fn parted<M: Message + Default>(bytes: &[u8], tag: u8, mut take: impl FnMut(&[u8]) -> Option<()>) -> Option<M> {
    let (mut message, mut wire, mut rest) = (M::default(), Wire { bytes, at: 0 }, 0);
    while let Some(&found) = bytes.get(wire.at) {
        let start = wire.at;
        if found == tag {
            message.merge(&bytes[rest..start]).ok()?;
            wire.at += 1;
            take(wire.bytes()?)?;
            rest = wire.at;
        } else {
            wire.skip()?;
        }
    }
    message.merge(&bytes[rest..]).ok()?;
    Some(message)
}

/// Reads an attribute, whose list of integers may be as long as another one's.
fn attribute(bytes: &[u8], expected: usize) -> Option<AttributeProto> {
    let (mut message, mut wire, mut rest) = (AttributeProto::default(), Wire { bytes, at: 0 }, 0);
    while let Some(&found) = bytes.get(wire.at) {
        if !matches!(found, FLOAT | INTEGER | TEXT) {
            wire.skip()?;
            continue;
        }
        message.merge(&bytes[rest..wire.at]).ok()?;
        match found {
            FLOAT if message.name == HIT_RATES => wire.each(FLOAT, |wire| wire.four_bytes().map(drop)),
            FLOAT => wire.each(FLOAT, |wire| {
                message.floats.push(f32::from_le_bytes(wire.four_bytes()?));
                Some(())
            }),
            INTEGER => {
                message.ints.reserve_exact(expected);
                wire.each(INTEGER, |wire| {
                    message.ints.push(wire.varint()?.cast_signed());
                    Some(())
                })
            }
            _ if message.name == NODES_MODES => wire.each(TEXT, |wire| {
                let text = wire.bytes()?;
                let place = MODES.iter().position(|mode| *mode == text)?;
                message.s.push(u8::try_from(place).ok()?);
                Some(())
            }),
            _ => wire.each(TEXT, |wire| {
                message.strings.push(wire.bytes()?.to_vec());
                Some(())
            }),
        }?;
        rest = wire.at;
    }
    message.merge(&bytes[rest..]).ok()?;
    Some(message)
}

/// Bytes of a message, and how far they are read.
struct Wire<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Wire<'a> {
    /// Reads what follows a tag as often as it stands, one after another.
    fn each(&mut self, tag: u8, mut read: impl FnMut(&mut Self) -> Option<()>) -> Option<()> {
        while self.bytes.get(self.at) == Some(&tag) {
            self.at += 1;
            read(self)?;
        }
        Some(())
    }

    fn varint(&mut self) -> Option<u64> {
        let mut number = 0;
        for place in 0..10 {
            let byte = *self.bytes.get(self.at)?;
            self.at += 1;
            number |= u64::from(byte & 0x7f) << (7 * place);
            if byte < 0x80 {
                return Some(number);
            }
        }
        None
    }

    fn four_bytes(&mut self) -> Option<[u8; 4]> {
        let found = self.bytes.get(self.at..)?.first_chunk()?;
        self.at += 4;
        Some(*found)
    }

    fn bytes(&mut self) -> Option<&'a [u8]> {
        let length = usize::try_from(self.varint()?).ok()?;
        let end = self.at.checked_add(length)?;
        let found = self.bytes.get(self.at..end)?;
        self.at = end;
        Some(found)
    }

    /// Passes a field over: its tag, and what follows.
    fn skip(&mut self) -> Option<()> {
        let tag = self.varint()?;
        match u8::try_from(tag & 7).ok()? {
            0 => self.varint().map(drop),
            BYTES => self.bytes().map(drop),
            kind @ (EIGHT_BYTES | FOUR_BYTES) => {
                let end = self.at + if kind == FOUR_BYTES { 4 } else { 8 };
                self.bytes.get(self.at..end)?;
                self.at = end;
                Some(())
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;

    /// Returns every graph of a folder.
    fn graphs(folder: &str) -> Vec<Vec<u8>> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
        let paths = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        paths
            .filter(|path| path.extension().is_some_and(|end| end == "onnx"))
            .map(|path| fs::read(path).unwrap())
            .collect()
    }

    /// Does with a model that was read as any message what is done with lists that are read at once.
    fn packed(mut model: ModelProto) -> ModelProto {
        let nodes = model.graph.iter_mut().flat_map(|graph| &mut graph.node);
        for attribute in nodes.flat_map(|node| &mut node.attribute) {
            match attribute.name.as_str() {
                HIT_RATES => attribute.floats.clear(),
                NODES_MODES if !attribute.strings.is_empty() => {
                    let place = |text: &Vec<u8>| MODES.iter().position(|mode| mode == text).unwrap();
                    attribute.s = attribute.strings.iter().map(|text| place(text).try_into().unwrap()).collect();
                    attribute.strings.clear();
                }
                _ => {}
            }
        }
        model
    }

    /// Compares by bytes: NaN is not equal to itself.
    fn is_same(quick: &ModelProto, other: ModelProto) -> bool {
        quick.encode_to_vec() == packed(other).encode_to_vec()
    }

    #[test]
    fn what_is_read_quickly_is_what_any_reader_reads() {
        let graphs = graphs("tests/exported");
        assert!(graphs.len() > 30, "{}", graphs.len());
        for bytes in graphs {
            let model = quickly(&bytes).expect("nothing is unusual");
            assert!(is_same(&model, ModelProto::decode(&*bytes).unwrap()), "{:?}", model.graph.map(|graph| graph.name));
        }
    }

    #[test]
    fn what_is_cut_off_or_unusual_is_left_to_the_reader_of_any_message() {
        let bytes = graphs("tests/exported").into_iter().min_by_key(Vec::len).unwrap();
        for end in 0..bytes.len() {
            match (quickly(&bytes[..end]), ModelProto::decode(&bytes[..end])) {
                (Some(model), Ok(other)) => assert!(is_same(&model, other), "{end}"),
                (Some(_), Err(error)) => panic!("{end} bytes were read, but {error}"),
                (None, _) => {}
            }
        }
        let text = |text: &str| [&[TEXT, u8::try_from(text.len()).unwrap()], text.as_bytes()].concat();
        let name = [&[1 << 3 | BYTES, 11], NODES_MODES.as_bytes()].concat();
        let modes = |mode: &str| [name.clone(), text("LEAF"), text(mode)].concat();
        assert_eq!(attribute(&modes("BRANCH_NEQ"), 0).unwrap().s, [0, 6]);
        assert_eq!(attribute(&modes("BRANCH_MEMBER"), 0), None);
        // Numbers in one piece, as newer writers have them.
        let packed = [8 << 3 | BYTES, 3, 1, 0x96, 1, INTEGER, 7];
        assert_eq!(attribute(&packed, 0).unwrap().ints, [1, 150, 7]);
    }
}
