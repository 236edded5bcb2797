//! How programs start: a package, its database and the service of both, from the settings.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, bail};
use tracing::warn;

use crate::clock::{self, Clock};
use crate::config::Config;
use crate::metrics::field_names;
use crate::metrics::prometheus::PrometheusMetrics;
use crate::package::{self, Package};
use crate::service::{LiveService, PredictionService};
use crate::store::sqlite::{self, SqliteConfig};
use crate::store::{self, Database, Owner, PredictionStore};

/// What every database was called before it was called after its package.
const EARLIER_FILE: &str = "predictions.db";

/// Opens the package that the settings name, or the one that is built in.
pub fn open_package(config: &Config) -> anyhow::Result<Arc<Package>> {
    let folder = config.model_dir.as_deref();
    let package = package::open(folder).with_context(|| unusable(folder))?;
    Ok(Arc::new(package))
}

/// Says of the package in a folder, or of the one that is built in, that it cannot be used.
pub fn unusable(folder: Option<&Path>) -> String {
    let name = folder.map_or_else(|| "that is built in".to_owned(), |folder| format!("in {}", folder.display()));
    format!("the package {name} cannot be used")
}

/// Describes a package to the database of its predictions.
pub fn owner(package: &Package) -> Owner {
    Owner::new(package.name(), package.schema(), Arc::clone(package.version()), package.feature_names().into())
}

/// Returns where the predictions of a package are kept: where the settings say, else in a file that is called after the package.
///
/// A file under the earlier name is not passed over: a new one in its place would hide what is stored there.
pub fn database(config: &Config, package: &Package) -> anyhow::Result<Database> {
    let database = config.database_of(package.name());
    if config.database.is_none()
        && let Database::Sqlite(SqliteConfig { path, .. }) = &database
        && !sqlite::is_at(path)?
        && sqlite::belongs_to(Path::new(EARLIER_FILE), &owner(package))
    {
        let (new, name) = (path.display(), package.name());
        bail!(
            "{EARLIER_FILE} holds predictions of {name} under the name that earlier versions gave, and {new} is not there: \
             set DATABASE_URL=sqlite:{EARLIER_FILE} to go on with it, or rename it (together with {EARLIER_FILE}-wal, where that is there); \
             DATABASE_URL=sqlite:{new} begins a new file"
        );
    }
    Ok(database)
}

/// Opens the database of a package's predictions, making a file that is not there.
pub fn open_store(config: &Config, package: &Package) -> anyhow::Result<Arc<dyn PredictionStore>> {
    store::open(database(config, package)?, owner(package))
}

/// Counts what a package serves.
pub fn counts(package: &Package) -> PrometheusMetrics {
    let counts = PrometheusMetrics::new(field_names(package.schema()));
    if package.living_recipe().is_some() { counts.with_snapshot_age() } else { counts }
}

/// Joins a package and its database, with a package in the shadow where the settings name one.
pub fn service(config: &Config, package: Arc<Package>, store: Arc<dyn PredictionStore>) -> anyhow::Result<LiveService> {
    let shadow = config.shadow_model_dir.as_deref().map(|folder| package::open(Some(folder)));
    let shadow = shadow.transpose().context("the package of the shadow cannot be used")?;
    let service = PredictionService::new(package, store).with_clock(clock(config)?).with_shadow(shadow.map(Arc::new));
    Ok(LiveService::new(service, config.snapshot_refresh))
}

/// Returns the clock of the system, or that of a test, of which the log warns.
fn clock(config: &Config) -> anyhow::Result<Clock> {
    let Some(file) = &config.test_clock else { return Ok(clock::of_system()) };
    let clock = clock::of_file(file.clone()).context("TEST_CLOCK cannot be used")?;
    warn!(file = %file.display(), now = %clock(), "all that is stored is dated by a test's clock");
    Ok(clock)
}
