//! What is taken away together when an answer is explained.

use super::recipe::Recipe;
use crate::table::Schema;

/// The groups of the columns that a graph reads.
#[derive(Debug)]
pub(super) struct Groups {
    /// Their names, in the order of the columns.
    pub(super) names: Box<[Box<str>]>,
    /// The group of each column.
    pub(super) of_columns: Box<[usize]>,
}

impl Groups {
    /// Takes the groups of the recipe's features in these columns; without a recipe, each field is a group.
    pub(super) fn new(schema: &Schema, recipe: Option<&Recipe>, sources: &[usize]) -> Self {
        let mut names: Vec<Box<str>> = Vec::new();
        let of_columns = sources.iter().map(|&source| {
            let name = match recipe {
                Some(recipe) => &recipe.groups()[source],
                None => &schema.fields()[source].name,
            };
            names.iter().position(|known| known == name).unwrap_or_else(|| {
                names.push(name.clone());
                names.len() - 1
            })
        });
        let of_columns = of_columns.collect();
        Self { names: names.into(), of_columns }
    }
}
