//! Categories as columns, and columns as a dictionary.

use rustc_hash::FxHashMap;

use super::super::data::{Data, Text};
use super::super::fault::{Fault, check_length};
use super::super::node::Node;
use super::super::steps::Kernel;
use super::super::tensor::{Tensor, size};
use super::cast::whole;
use super::kernel::one;

pub(super) fn one_hot_encoder(node: &Node<'_>) -> Result<Kernel, Fault> {
    let (integers, texts) = (node.integers("cats_int64s")?, node.texts("cats_strings")?);
    let takes_unknown = node.is_set("zeros", true)?;
    if integers.is_empty() == texts.is_empty() {
        return Err(Fault::new("categories, integers or texts", if texts.is_empty() { "none" } else { "both" }));
    }
    let count = integers.len().max(texts.len());
    let of_integers: FxHashMap<i64, usize> = integers.iter().copied().zip(0..).collect();
    let of_texts: FxHashMap<Text, usize> = texts.into_iter().zip(0..).collect();
    one(move |inputs| {
        let input = inputs.need(0)?;
        let mut shape = input.shape().to_vec();
        shape.push(count);
        let mut columns = vec![0.0_f32; size(&shape)?];
        let mut rows = columns.chunks_exact_mut(count);
        let mut set = |category: Option<&usize>, shown: &dyn Fn() -> String| match (category, rows.next()) {
            (Some(&category), Some(row)) => {
                row[category] = 1.0;
                Ok(())
            }
            (None, Some(_)) if takes_unknown => Ok(()),
            _ => Err(Fault::new("a category that the encoder knows", shown())),
        };
        match input.data() {
            Data::Text(values) => {
                values.iter().try_for_each(|value| set(of_texts.get(value), &|| format!("{value:?}")))
            }
            Data::Integer(values) => {
                values.iter().try_for_each(|value| set(of_integers.get(value), &|| value.to_string()))
            }
            Data::Short(values) => {
                values.iter().try_for_each(|&value| set(of_integers.get(&value.into()), &|| value.to_string()))
            }
            Data::Float(values) => {
                values.iter().try_for_each(|&value| set(of_integers.get(&whole(value.into())), &|| value.to_string()))
            }
            Data::Double(values) => {
                values.iter().try_for_each(|&value| set(of_integers.get(&whole(value)), &|| value.to_string()))
            }
            data @ Data::Boolean(_) => Err(Fault::new("texts or numbers", data.element().name())),
        }?;
        Tensor::from(shape, columns)
    })
}

/// A dictionary for each row has the row's numbers in the order of its keys, so they are passed on as they are.
pub(super) fn zip_map(node: &Node<'_>) -> Result<Kernel, Fault> {
    let labels = node.class_labels("classlabels_int64s")?;
    one(move |inputs| {
        let input = inputs.need(0)?;
        let (_, columns) = input.rows_and_columns()?;
        check_length("columns, as many as keys", labels.len(), columns)?;
        Ok(input.clone())
    })
}
