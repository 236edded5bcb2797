//! `LabelEncoder`: values of values, by a dictionary.

use std::hash::Hash;

use rustc_hash::FxHashMap;

use super::super::data::{Data, Item, Text, for_each_type};
use super::super::fault::Fault;
use super::super::fault::check_length;
use super::super::node::Node;
use super::super::steps::Kernel;
use super::super::tensor::Tensor;
use super::kernel::one;

/// From this version on, NaN is a key like others; before, it equals nothing.
const FINDING_MISSING: i64 = 4;

pub(super) fn label_encoder(node: &Node<'_>) -> Result<Kernel, Fault> {
    let classes = node.texts("classes_strings")?;
    if !classes.is_empty() {
        return by_place(node, classes);
    }
    let keys = listed(node, "keys_")?.ok_or_else(|| Fault::new("keys", "none"))?;
    let values = listed(node, "values_")?.ok_or_else(|| Fault::new("values", "none"))?;
    check_length("values, as many as keys", keys.len(), values.len())?;
    let default = default(node, &values)?;
    let finds_missing = node.version >= FINDING_MISSING;
    for_each_type!(&values, values => by_keys(&keys, values, default.data(), finds_missing))
}

/// The operator's first version, which knows one list of classes: texts become their places, and places texts.
fn by_place(node: &Node<'_>, classes: Vec<Text>) -> Result<Kernel, Fault> {
    let (integer, text) = (node.integer("default_int64")?.unwrap_or(-1), node.text("default_string")?);
    let text = text.unwrap_or_else(|| "_Unused".into());
    let places: FxHashMap<Text, i64> = classes.iter().cloned().zip(0..).collect();
    one(move |inputs| {
        let input = inputs.need(0)?;
        let data = match input.data() {
            Data::Text(values) => {
                Data::Integer(values.iter().map(|value| places.get(value).copied().unwrap_or(integer)).collect())
            }
            Data::Integer(values) => {
                let class = |value: &i64| usize::try_from(*value).ok().and_then(|place| classes.get(place));
                Data::Text(values.iter().map(|value| class(value).unwrap_or(&text).clone()).collect())
            }
            data => return Err(Fault::new("string or int64", data.element().name())),
        };
        Tensor::new(input.shape(), data)
    })
}

/// Reads a list of keys or values, in whichever attribute it stands.
fn listed(node: &Node<'_>, prefix: &str) -> Result<Option<Data>, Fault> {
    let name = |suffix: &str| format!("{prefix}{suffix}");
    let told = |suffix: &str| node.proto.attribute.iter().any(|attribute| attribute.name == name(suffix));
    Ok(Some(if let Some(tensor) = node.tensor(&name("tensor"))? {
        tensor.data().clone()
    } else if told("strings") {
        Data::Text(node.texts(&name("strings"))?)
    } else if told("int64s") {
        Data::Integer(node.integers(&name("int64s"))?.to_vec())
    } else if told("floats") {
        Data::Float(node.floats(&name("floats"))?.to_vec())
    } else {
        return Ok(None);
    }))
}

/// Returns what stands for a key that is not there.
fn default(node: &Node<'_>, values: &Data) -> Result<Tensor, Fault> {
    if let Some(default) = node.tensor("default_tensor")? {
        let expected = values.element();
        if default.len() == 1 && default.element() == expected {
            return Ok(default);
        }
        let found = format!("{} of {}", default.len(), default.element().name());
        return Err(Fault::new(format!("one default of {}", expected.name()), found));
    }
    let data = match values {
        Data::Text(_) => Data::Text(vec![node.text("default_string")?.unwrap_or_else(|| "_Unused".into())]),
        Data::Integer(_) => Data::Integer(vec![node.integer("default_int64")?.unwrap_or(-1)]),
        Data::Float(_) => Data::Float(vec![node.float("default_float")?.unwrap_or(-0.0)]),
        Data::Double(_) => Data::Double(vec![-0.0]),
        Data::Short(_) => Data::Short(vec![-1]),
        Data::Boolean(_) => return Err(Fault::new("values of numbers or texts", "bool")),
    };
    Tensor::new([1], data)
}

/// What a key is looked up by: a number by its bits, of which -0 has those of 0.
trait Key: Item {
    type Hashed: Hash + Eq + Send + Sync + 'static;

    fn hashed(&self) -> Self::Hashed;

    fn is_missing(&self) -> bool {
        false
    }
}

macro_rules! key {
    ($($item:ty),*) => {
        $(impl Key for $item {
            type Hashed = $item;

            fn hashed(&self) -> $item {
                self.clone()
            }
        })*
    };
}

macro_rules! float_key {
    ($float:ty, $bits:ty) => {
        impl Key for $float {
            type Hashed = $bits;

            fn hashed(&self) -> $bits {
                if self.is_nan() { <$float>::NAN.to_bits() } else { (self + 0.0).to_bits() }
            }

            fn is_missing(&self) -> bool {
                self.is_nan()
            }
        }
    };
}

key!(Text, i64, i32, bool);
float_key!(f32, u32);
float_key!(f64, u64);

fn by_keys<V: Item + Send + Sync + 'static>(
    keys: &Data,
    values: &[V],
    default: &Data,
    finds_missing: bool,
) -> Result<Kernel, Fault> {
    let default = V::of(default).and_then(<[V]>::first).ok_or_else(|| Fault::new("a default", "none"))?;
    for_each_type!(keys, keys => dictionary(keys, values, default.clone(), finds_missing))
}

fn dictionary<K: Key, V: Item + Send + Sync + 'static>(
    keys: &[K],
    values: &[V],
    default: V,
    finds_missing: bool,
) -> Result<Kernel, Fault> {
    let mut of_keys: FxHashMap<K::Hashed, V> = FxHashMap::default();
    for (key, value) in keys.iter().zip(values).filter(|(key, _)| finds_missing || !key.is_missing()) {
        // Of a key that stands twice, the first counts.
        of_keys.entry(key.hashed()).or_insert_with(|| value.clone());
    }
    one(move |inputs| {
        let input = inputs.need(0)?;
        let found = input.values::<K>()?.iter().map(|key| of_keys.get(&key.hashed()).unwrap_or(&default).clone());
        Tensor::from(input.shape(), found.collect())
    })
}
