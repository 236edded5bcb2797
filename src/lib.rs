//! Serves a trained model of survival on the Titanic: a passenger comes in, a prediction goes out and is stored exactly once.
//!
//! The way of a request, and the modules in that order:
//!
//! ```text
//! passenger JSON ─▶ Passenger ─▶ Features ─▶ Model (tract) ─▶ Prediction ─▶ PredictionStore ─▶ answer
//!                    parsed,      + History   loaded once       id = hash     put if absent
//!                    validated
//! ```
//!
//! - [`passenger`]: what a client describes, parsed so that a [`passenger::Passenger`] that exists is valid.
//! - [`history`]: earlier passengers, looked up by ticket and family.
//! - [`features`]: a passenger and the fitted state become the numbers that the model reads; nothing else computes them.
//! - [`model`]: the package of graph, state and manifest; the only file that knows tract.
//! - [`explanation`]: how far each thing about a passenger moved the model's answer.
//! - [`prediction`]: the record, and the id that follows from its content.
//! - [`observation`]: what monitoring reads of a record.
//! - [`store`]: the port where predictions are kept, and its adapters.
//! - [`service`]: all of the above in order; knows no HTTP and no cloud.
//! - [`statistics`], [`monitor`]: what passed through the model, against what it was trained on.
//! - [`comparison`]: whether a new model may take the place of the one that serves.
//! - [`metrics`]: what the service counts while it runs.
//! - [`quality`]: whether a table of passengers is fit to train on.
//! - [`api`]: the HTTP router, whoever hosts it.
//! - [`server`]: the connections of `lifeboat serve`, and how long each is waited for.
//! - [`lambda`]: the router's host on AWS Lambda.
//! - [`config`], [`logging`], [`cli`]: settings, log lines and the command line.
//!
//! The programs know one table so far. What takes its place knows none, and is tested, but no program uses it yet:
//!
//! - [`table`]: what a record of any table is, by a schema that is data, and the readers and writers of files.
//! - [`identity`]: what names a prediction of any table.
//! - [`package`]: a folder with all that answers for a table: recipe, graph, manifest, explanations.
//! - [`lifecycle`]: drift, performance and comparison by a baseline of any table.
//!
//! Three programs wire these together: `lifeboat` is the command line with the local server, `api` is the Lambda function, and `monitor`
//! is the one that a schedule calls.

pub mod table;

pub mod identity;

pub mod package;

pub mod lifecycle;

pub mod passenger;

pub mod history;

pub mod features;

pub mod model;

pub mod explanation;

pub mod prediction;

pub mod observation;

pub mod store;

pub mod service;

pub mod statistics;

pub mod monitor;

pub mod comparison;

pub mod metrics;

pub mod quality;

pub mod api;

pub mod server;

pub mod lambda;

pub mod config;

pub mod logging;

pub mod cli;
