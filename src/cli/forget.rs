//! `lifeboat forget`: deletes what is stored of an entity.

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow, bail};
use clap::Args;
use futures_util::future::join_all;

use super::counted::{Listed, counted};
use super::failure::UsageError;
use super::format;
use super::options::{self, DatabaseOption, PackageOption};
use crate::identity::{Entity, MAX_ENTITY_BYTES};
use crate::start;
use crate::store::{Forgotten, PredictionStore, StoreError};
use crate::table::columns::{ExtraColumns, Purpose, Selection};
use crate::table::fault::in_words;
use crate::table::reader::{Options, Reader};
use crate::table::{Schema, Value};

/// So many entities are forgotten at a time.
const CONCURRENT_ENTITIES: usize = 16;

/// Deletes all that is stored of an entity, which its key names: records, predictions and outcomes. There is no way back.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  lifeboat forget --key customer=1070
  lifeboat forget --key shop=12 --key till=3 --package sales/
  lifeboat forget --keys who_left.csv --database-url dynamodb:predictions

A server may go on meanwhile. Copies are not touched: backups, exported files, a package that was trained on them; nor are sums, which
name nobody: reports, snapshots of history. Nothing stored is no failure. On DynamoDB this takes dynamodb:DeleteItem, which no
function of the template has.")]
pub(super) struct ForgetArgs {
    /// Field of the key with its value, as in customer=1070; given once for each field of the key
    #[arg(long, value_name = "FIELD=VALUE", required_unless_present = "keys")]
    key: Vec<String>,
    /// File with the fields of the key, an entity a row; other columns are ignored; `-` is standard input
    #[arg(long, value_name = "FILE", conflicts_with = "key")]
    keys: Option<PathBuf>,
    #[command(flatten)]
    database: DatabaseOption,
    #[command(flatten)]
    package: PackageOption,
}

/// Deletes: all keys are read before the first is forgotten.
pub(super) fn forget(args: &ForgetArgs, quiet: bool) -> anyhow::Result<()> {
    let config = options::config(&[args.database.setting(), args.package.setting()])?;
    let package = start::open_package(&config)?;
    let schema = package.schema();
    if schema.key().is_empty() {
        return Err(
            UsageError(anyhow!("the table has no key: what is stored cannot be told apart by whom it is of")).into()
        );
    }
    let entities = match &args.keys {
        None => BTreeSet::from([given(schema, &args.key).map_err(UsageError)?]),
        Some(file) => read(schema, file).with_context(|| format!("nothing was deleted of {}", format::name(file)))?,
    };
    let store = options::existing_store(&config, &package)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut tally = Tally::default();
    let done = runtime.block_on(tally.forget_all(&entities, store.as_ref()));
    if !quiet {
        writeln!(io::stderr(), "{}", tally.in_words(entities.len()))?;
    }
    done
}

/// Reads the fields of a key as they were given.
fn given(schema: &Schema, key: &[String]) -> anyhow::Result<Entity> {
    let mut values: Vec<Option<Value>> = vec![None; schema.key().len()];
    for given in key {
        let (name, text) = given.split_once('=').with_context(|| format!("--key {given}: expected FIELD=VALUE"))?;
        let column = schema.column(name.trim()).filter(|column| schema.key().contains(&column.field()));
        let place = column.and_then(|column| schema.key().iter().position(|&place| place == column.field()));
        let place = place.with_context(|| format!("--key {given}: the key is {}", names(schema)))?;
        let value = schema.fields()[schema.key()[place]].read_from_file(text.trim());
        let value = value.map_err(|fault| anyhow!("--key {given}: it {fault}"))?;
        if values[place].is_some() {
            bail!("--key {given}: {} is given twice", name.trim());
        }
        values[place] = value;
    }
    whole(schema, values)
}

/// Returns the entity of the values of a key, which must all be there.
fn whole(schema: &Schema, values: Vec<Option<Value>>) -> anyhow::Result<Entity> {
    let values: Option<Vec<Value>> = values.into_iter().collect();
    let values = values.with_context(|| format!("the key must be whole, with a value of {}", names(schema)))?;
    let fields = schema.key().iter().map(|&place| &schema.fields()[place]);
    Entity::from_values(fields.zip(&values))
        .with_context(|| format!("the key is longer than the {MAX_ENTITY_BYTES} bytes of one that is stored"))
}

fn names(schema: &Schema) -> String {
    schema.key().iter().map(|&place| &*schema.fields()[place].name).collect::<Vec<_>>().join(", ")
}

/// Reads every row, or tells of every one that is no key.
fn read(schema: &Schema, file: &Path) -> anyhow::Result<BTreeSet<Entity>> {
    let selection = Selection { extra_columns: ExtraColumns::Ignore, purpose: Purpose::Fields };
    let reader = Reader::open(format::source(file)?, schema, &Options { selection, ..Options::default() })?;
    let (mut entities, mut faults, mut rows) = (BTreeSet::new(), Listed::default(), 0);
    reader.for_each(|row| {
        rows += 1;
        let values = row.fields(schema, schema.key()).map_err(|found| in_words(&found));
        let key = |mut values: Vec<Option<Value>>| schema.key().iter().map(|&place| values[place].take()).collect();
        let entity = values.and_then(|values| whole(schema, key(values)).map_err(|fault| fault.to_string()));
        match entity {
            Ok(entity) => drop(entities.insert(entity)),
            Err(fault) => faults.push(|| format!("  {}: {fault}", row.place())),
        }
        anyhow::Ok(())
    })?;
    match faults.count() {
        0 => Ok(entities),
        count => bail!("rows that are no keys: {count} of {rows}:\n{faults}"),
    }
}

/// What was deleted.
#[derive(Debug, Default)]
struct Tally {
    forgotten: Forgotten,
    /// Of how many entities nothing was stored.
    absent: usize,
    failure: Option<StoreError>,
}

impl Tally {
    async fn forget_all(&mut self, entities: &BTreeSet<Entity>, store: &dyn PredictionStore) -> anyhow::Result<()> {
        let entities: Vec<&Entity> = entities.iter().collect();
        for some in entities.chunks(CONCURRENT_ENTITIES) {
            // Where one fails, what was deleted of the others is told.
            for forgotten in join_all(some.iter().map(|entity| store.forget(entity))).await {
                match forgotten {
                    Ok(forgotten) => {
                        self.absent += usize::from(forgotten == Forgotten::default());
                        self.forgotten.add(forgotten);
                    }
                    Err(error) => self.failure = Some(error),
                }
            }
            if let Some(error) = self.failure.take() {
                return Err(error).context("not all was deleted: the same again deletes the rest");
            }
        }
        Ok(())
    }

    fn in_words(&self, entities: usize) -> String {
        let Forgotten { predictions, outcomes } = self.forgotten;
        let deleted = format!("{} and {} deleted", counted(predictions, "prediction"), counted(outcomes, "outcome"));
        match (self.absent, entities) {
            (0, _) => deleted,
            (1, 1) => "nothing is stored of this key".to_owned(),
            (absent, _) => format!("{deleted}; nothing is stored of {absent} of {entities} keys"),
        }
    }
}
