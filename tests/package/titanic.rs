//! The built-in recipe, and the rows that it was fitted to.

use std::path::PathBuf;
use std::sync::LazyLock;

use lifeboat::package::recipe::{self, Fitted, HistoryRecords, Recipe, RecipeDescriptor, State};
use lifeboat::table::record::Labelled;
use lifeboat::table::{Draft, Schema, load};
use sha2::{Digest, Sha256};

pub(crate) static SCHEMA: LazyLock<Schema> = LazyLock::new(|| load::schema(&read("schema.json")).unwrap());

pub(crate) static DESCRIPTOR: LazyLock<RecipeDescriptor> =
    LazyLock::new(|| recipe::parse(&read("recipe.json")).unwrap());

pub(crate) static STATE: LazyLock<State> = LazyLock::new(|| State::parse(&read("state.json")).unwrap());

pub(crate) static HISTORY: LazyLock<HistoryRecords> =
    LazyLock::new(|| HistoryRecords::parse(&read("history.json")).unwrap());

pub(crate) static RECIPE: LazyLock<Recipe> =
    LazyLock::new(|| Recipe::compile(&DESCRIPTOR, &SCHEMA, &STATE, Some(&HISTORY)).unwrap());

/// Every labelled record, in the order of the file.
pub(crate) static TRAIN: LazyLock<Vec<Labelled>> = LazyLock::new(|| {
    let mut reader = csv::Reader::from_path(path("train.csv")).unwrap();
    let header = reader.headers().unwrap().clone();
    let labelled = |row: csv::StringRecord| {
        let mut draft = Draft::labelled(&SCHEMA);
        for (name, cell) in header.iter().zip(&row) {
            draft.set_from_file(SCHEMA.column(name).unwrap(), cell);
        }
        draft.finish_labelled().unwrap()
    };
    reader.records().map(|row| labelled(row.unwrap())).collect()
});

/// The path of a file in `model/`.
pub(crate) fn path(name: &str) -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "model/titanic", name].iter().collect()
}

pub(crate) fn read(name: &str) -> Vec<u8> {
    std::fs::read(path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// Fits the recipe to rows.
pub(crate) fn fit(rows: &[Labelled]) -> Fitted {
    let data_hash: String = Sha256::digest(read("train.csv")).iter().map(|byte| format!("{byte:02x}")).collect();
    recipe::fit(&DESCRIPTOR, &SCHEMA, rows, &data_hash).unwrap()
}

/// Compiles what was fitted.
pub(crate) fn compile(fitted: &Fitted) -> Recipe {
    Recipe::compile(&DESCRIPTOR, &SCHEMA, &fitted.state, fitted.history.as_ref()).unwrap()
}
