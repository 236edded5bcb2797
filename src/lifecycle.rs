//! What is done with stored predictions: drift, performance, and the comparison of models. Nothing here knows any table in particular.
//!
//! - [`sum`], [`cells`]: numbers that are added up or counted in constant memory, in any order.
//! - [`days`]: the day of a record, where a table has a time.
//! - [`answer`]: what a model answers and what really happens, for each kind of task.
//! - [`baseline`], [`quality_baseline`], [`daily`], [`load`], [`binning`]: what the training data looks like, as a whole and by day, as `baseline.json` has it.
//! - [`values`]: the values of a field, as they are counted.
//! - [`shares`]: values by their shares, and those that the training data lacks.
//! - [`drift`], [`blocks`], [`column_drift`]: how far a column has shifted, and what to make of it.
//! - [`numbers`], [`categories`], [`top_texts`], [`texts`]: the values of one column of a window, counted by its baseline.
//! - `described`, [`columns`], [`answers`], [`watch`]: features, fields and answers of a window, and all of a table.
//! - [`builder`]: makes a baseline from training records.
//! - [`performance`]: how good answers are where the outcome is known.
//! - [`standing`], [`timeline`]: whether they are as good as those to the training data, and a window day by day.
//! - [`verdict`]: what to make of drift and quality.
//! - [`stored`]: stored predictions as the statistics take them.
//! - [`monitor`], `shadow`, [`report`], [`reports`], [`html`]: a report over a window of stored predictions.
//! - [`window`]: which window is asked for.
//! - [`snapshot`]: the next snapshot of a history that changes.
//! - [`schedule`]: what a schedule asks for, a report or a snapshot, and who does it.
//! - [`quality`]: whether a table is fit to train on.
//! - [`comparison`]: whether a new model may take the place of the one that serves.

pub mod sum;

pub mod cells;

pub mod days;

pub mod answer;

pub mod baseline;

pub mod quality_baseline;

pub mod daily;

pub mod load;

pub mod binning;

pub mod values;

pub mod shares;

pub mod drift;

pub mod blocks;

pub mod column_drift;

pub mod numbers;

pub mod categories;

pub mod top_texts;

pub mod texts;

mod described;

pub mod columns;

pub mod answers;

pub mod watch;

pub mod builder;

pub mod performance;

pub mod standing;

pub mod timeline;

pub mod verdict;

pub mod stored;

mod shadow;

pub mod report;

pub mod monitor;

pub mod reports;

pub mod html;

pub mod window;

pub mod statistics;

pub mod quality;

pub mod snapshot;

pub mod schedule;

pub mod comparison;
