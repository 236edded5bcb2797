//! Serves a trained model of a table: a record comes in, a prediction goes out and is stored exactly once.
//!
//! The program knows no table. All that is particular to one stands in a package, a folder of data: what a record is, how features come from
//! it, the graph that answers. The way of a request, and the modules in that order:
//!
//! ```text
//! JSON, CSV ─▶ Record ─▶ features ─▶ graph (ONNX)  ─▶ Prediction ─▶ PredictionStore ─▶ answer
//!              by the     by the      of the            id = hash     put if absent
//!              schema     recipe      package
//! ```
//!
//! - [`table`]: what a record is, by a [`table::Schema`] that is data; a [`table::Record`] that exists is valid. Readers and writers of files.
//! - [`identity`]: what names a prediction: the entity that a record is about, and a hash of all that decides the answer.
//! - [`package`]: schema, recipe, graph and manifest, checked as a whole; a [`package::Package`] that exists fits together.
//! - [`prediction`]: a prediction as it is stored.
//! - [`outcome`]: what really happened, as somebody tells it.
//! - [`aws`]: how AWS is reached, whichever of its services.
//! - [`store`]: the port where predictions are kept, and its adapters.
//! - [`objects`]: objects of S3, read and written by threads that block; of what stands above it uses [`aws`] and a trait of [`table`] alone.
//! - [`clock`]: what tells the time.
//! - [`service`]: all of the above in order; knows no HTTP, no cloud, no monitoring and no counting.
//! - [`scoring`]: a whole table, on every processor.
//! - [`lifecycle`]: what is done with what was stored: drift, performance, comparison of models, quality of tables.
//! - [`bulk`]: a data set of any size, in S3, by slices.
//! - [`metrics`]: what the service counts while it runs.
//! - [`api`]: the HTTP router, whoever hosts it.
//! - [`server`]: the connections of `lifeboat serve`, and how long each is waited for.
//! - [`lambda`]: the router's host on AWS Lambda.
//! - [`config`], [`logging`]: settings and log lines.
//! - [`start`]: how programs start: a package, its database, and the service of both.
//! - [`cli`]: the command line.
//!
//! Each module uses only what stands above it in this list. Four programs wire these together: `lifeboat` is the command line with the local
//! server, `api` is the Lambda function, `monitor` is the one that a schedule calls, and `batch` is the one of bulk scoring.

pub mod table;

pub mod identity;

pub mod package;

pub mod prediction;

pub mod outcome;

pub mod aws;

pub mod store;

pub mod objects;

pub mod clock;

pub mod service;

pub mod scoring;

pub mod lifecycle;

pub mod bulk;

pub mod metrics;

pub mod api;

pub mod server;

pub mod lambda;

pub mod config;

pub mod logging;

pub mod start;

pub mod cli;
