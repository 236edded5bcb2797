//! What is done with stored predictions: drift, performance and comparison.

mod baseline;
mod chance;
mod earlier;
mod parts;
mod statistics;
mod tables;
