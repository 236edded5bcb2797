//! What is done with stored predictions: drift, performance and comparison.

mod chance;
mod parts;
mod statistics;
mod tables;
mod titanic;
