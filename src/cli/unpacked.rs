//! A package that is being made: what its recipe needs, before there is a graph and before it is packed.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;

use super::failure::{Advised, UsageError};
use crate::package::recipe::{self, HistoryRecords, Recipe, RecipeDescriptor, State};
use crate::table::{Schema, load};

/// The folder of a package, whole or not.
#[derive(Debug, Clone, Copy)]
pub(super) struct Unpacked<'a>(pub(super) &'a Path);

impl Unpacked<'_> {
    /// Reads the schema.
    pub(super) fn schema(self) -> anyhow::Result<Schema> {
        let path = self.path("schema.json");
        if !path.exists() {
            let problem = format!("{} does not exist: it says what a record of the package is", path.display());
            let advice = "write it, with a field for each column; docs/own-table.md has one to begin with".to_owned();
            return Err(UsageError(Advised { problem, advice }.into()).into());
        }
        load::schema(&self.read("schema.json")?).with_context(|| format!("{} cannot be used", path.display()))
    }

    /// Returns whether features are computed at all.
    pub(super) fn has_recipe(self) -> bool {
        self.path("recipe.json").exists()
    }

    /// Reads the recipe, without what was fitted for it.
    pub(super) fn descriptor(self) -> anyhow::Result<RecipeDescriptor> {
        let path = self.path("recipe.json");
        if !path.exists() {
            let problem =
                format!("{} does not exist: the package has no recipe, so it computes no features", path.display());
            let advice =
                "a graph without a recipe reads the fields themselves: train it on the table as it is".to_owned();
            return Err(UsageError(Advised { problem, advice }.into()).into());
        }
        Ok(recipe::parse(&self.read("recipe.json")?)?)
    }

    /// Reads the recipe with what was fitted for it, which may stand in another folder.
    pub(super) fn recipe(self, schema: &Schema, fitted: Unpacked<'_>) -> anyhow::Result<Recipe> {
        let descriptor = self.descriptor()?;
        if !fitted.path("state.json").exists() {
            let problem =
                format!("{} is missing, which holds what the recipe learnt", fitted.path("state.json").display());
            let advice = format!("run `lifeboat fit TRAIN --package {}` first", self.0.display());
            return Err(Advised { problem, advice }.into());
        }
        let state = State::parse(&fitted.read("state.json")?)?;
        let has_history = fitted.path("history.json").exists();
        let history = has_history.then(|| fitted.read("history.json")).transpose()?;
        let history = history.map(|text| HistoryRecords::parse(&text)).transpose()?;
        Ok(Recipe::compile(&descriptor, schema, &state, history.as_ref())?)
    }

    fn read(self, file: &str) -> anyhow::Result<Vec<u8>> {
        let path = self.path(file);
        fs::read(&path).with_context(|| format!("cannot read {}", path.display()))
    }

    fn path(self, file: &str) -> PathBuf {
        self.0.join(file)
    }
}
