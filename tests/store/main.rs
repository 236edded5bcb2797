//! The contract that every prediction store keeps, and what SQLite adds to it.

mod contract;
#[path = "../fixtures/passengers.rs"]
mod passengers;
mod predictions;
mod sqlite;
