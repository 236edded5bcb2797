//! A part a day: several days are read and written at a time, each part is whole or not there.

use std::collections::HashSet;
use std::fmt;
use std::iter;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use anyhow::anyhow;
use futures_util::TryStreamExt;
use indicatif::ProgressBar;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use tokio::runtime::Handle;

use super::super::counted::counted;
use super::super::progress;
use super::super::sample::Sample;
use super::destination::Destination;
use super::rows::Rows;
use super::terms::Terms;
use crate::package::Package;
use crate::store::{PredictionStore, Window};
use crate::table::writer::{Layout, TableWriter};

/// So many days are read and written at a time. Each has some pages of predictions in memory, and a group of rows.
const DAYS_AT_ONCE: usize = 2;

/// How long after its end a day is over: what is stored of a large file is dated by when its reading began, and takes hours.
const SETTLING: SignedDuration = SignedDuration::from_hours(24);

/// What is exported, and where to.
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of the command line")]
pub(super) struct Days<'a> {
    pub(super) store: &'a dyn PredictionStore,
    pub(super) package: &'a Arc<Package>,
    pub(super) runtime: &'a Handle,
    pub(super) layout: Arc<Layout>,
    /// Whether predictions without an outcome are left out.
    pub(super) is_labelled: bool,
    /// Whether all but the table's own columns are left out.
    pub(super) own_only: bool,
    /// Whether parts that are there are made anew.
    pub(super) renews: bool,
    pub(super) destination: &'a Destination,
    pub(super) is_quiet: bool,
}

/// What was exported.
#[derive(Debug, Default)]
pub(super) struct Exported {
    rows: u64,
    parts: usize,
    /// How many parts were there already.
    kept: usize,
    /// What was read of the sample.
    pub(super) sample: Sample,
}

impl fmt::Display for Exported {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} exported as {}", self.rows, counted(self.parts, "part"))?;
        if self.kept > 0 { write!(f, ", {} kept", counted(self.kept, "part")) } else { Ok(()) }
    }
}

/// Returns the whole days of UTC that a window touches.
pub(super) fn whole(window: Window) -> Window {
    let [first, last] = [window.from, window.last()].map(day_of);
    Window { from: midnight(first), to: last.tomorrow().map_or(Timestamp::MAX, midnight) }
}

fn day_of(time: Timestamp) -> Date {
    TimeZone::UTC.to_datetime(time).date()
}

fn midnight(day: Date) -> Timestamp {
    TimeZone::UTC.to_timestamp(day.into()).unwrap_or(Timestamp::MAX)
}

/// Returns the days that a window touches, in order.
fn days_of(window: Window) -> impl Iterator<Item = Date> {
    let last = day_of(window.last());
    iter::successors(Some(day_of(window.from)), |day| day.tomorrow().ok()).take_while(move |&day| day <= last)
}

/// What the threads share.
struct Work<'a> {
    left: Mutex<Box<dyn Iterator<Item = Date> + Send + 'a>>,
    terms: Mutex<Terms>,
    exported: Mutex<Exported>,
    /// Whether a day could not be exported: the others stop.
    has_failed: AtomicBool,
    /// What was there at the beginning.
    names: HashSet<String>,
    now: Timestamp,
    progress: ProgressBar,
}

impl Days<'_> {
    /// Exports the days of a window whose parts are not there, and says what was done.
    pub(super) fn export(&self, window: Window, terms: Terms) -> anyhow::Result<Exported> {
        let terms = terms.agree(self.destination)?;
        let names = self.destination.names()?;
        let now = Timestamp::now();
        let (kept, left): (Vec<Date>, Vec<Date>) = days_of(window)
            .partition(|&day| !self.renews && names.contains(&terms.name(day)) && !terms.is_unfinished(day));
        let days = format!("{{pos}} of {}", counted(left.len(), "day"));
        let progress = progress::bar(self.is_quiet, left.len() as u64, &days);
        let work = Work {
            left: Mutex::new(Box::new(left.into_iter())),
            terms: Mutex::new(terms),
            exported: Mutex::new(Exported { kept: kept.len(), ..Exported::default() }),
            has_failed: AtomicBool::new(false),
            names,
            now,
            progress,
        };
        thread::scope(|scope| {
            let threads: Vec<_> = (0..DAYS_AT_ONCE).map(|_| scope.spawn(|| self.work(&work))).collect();
            let ends = threads.into_iter().map(|thread| thread.join().map_err(|_| anyhow!("a thread failed"))?);
            // All of them are waited for before the first failure is told.
            ends.collect::<Vec<_>>().into_iter().collect::<anyhow::Result<()>>()
        })?;
        work.progress.finish_and_clear();
        Ok(work.exported.into_inner().unwrap_or_else(PoisonError::into_inner))
    }

    /// Exports one day after another, until none is left or one fails.
    fn work(&self, work: &Work<'_>) -> anyhow::Result<()> {
        while let Some(day) = work.next() {
            if let Err(error) = self.export_day(day, work) {
                work.has_failed.store(true, Ordering::Relaxed);
                return Err(error.context(format!("the predictions of {day} cannot be exported")));
            }
            work.progress.inc(1);
        }
        Ok(())
    }

    /// Writes a day's part; a day without any row has none.
    fn export_day(&self, day: Date, work: &Work<'_>) -> anyhow::Result<()> {
        let is_over = midnight(day.tomorrow()?).checked_add(SETTLING)? <= work.now;
        let name = lock(&work.terms).name(day);
        let mut to_rows = Rows::new(Arc::clone(self.package), self.own_only);
        let mut pages = self.store.window(Window { from: midnight(day), to: midnight(day.tomorrow()?) });
        let mut table = None;
        let mut rows = 0;
        while let Some(page) = self.runtime.block_on(pages.try_next())? {
            if work.has_failed.load(Ordering::Relaxed) {
                return Ok(());
            }
            lock(&work.exported).sample.count_all(page.iter().map(|prediction| &prediction.id));
            for prediction in page {
                if self.is_labelled && prediction.outcome().is_none() {
                    continue;
                }
                let table = match &mut table {
                    Some(table) => table,
                    none => none.insert(TableWriter::new(&self.layout, self.destination.create(&name)?)?),
                };
                self.runtime.block_on(to_rows.learn(&prediction.model_version, self.store))?;
                to_rows.write(&prediction, table)?;
                rows += 1;
            }
        }
        match table {
            Some(table) => {
                let part = table.finish()?;
                if !is_over {
                    lock(&work.terms).begin(day, self.destination)?;
                }
                part.finish(work.names.contains(&name))?;
            }
            None if work.names.contains(&name) => self.destination.remove(&name)?,
            None => {}
        }
        if is_over {
            lock(&work.terms).finish(day, self.destination)?;
        }
        work.count(rows);
        Ok(())
    }
}

impl Work<'_> {
    fn next(&self) -> Option<Date> {
        if self.has_failed.load(Ordering::Relaxed) { None } else { lock(&self.left).next() }
    }

    /// Counts a day's rows.
    fn count(&self, rows: u64) {
        let mut exported = lock(&self.exported);
        exported.rows += rows;
        exported.parts += usize::from(rows > 0);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
