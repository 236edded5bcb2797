//! The contract that every prediction store keeps, and what each adapter adds to it.

mod commands;
mod contract;
mod dynamodb;
mod dynamodb_forgetting;
mod dynamodb_outcomes;
mod dynamodb_published;
mod earlier;
mod forgetting;
mod killed;
mod making;
mod moved;
mod outcomes;
mod predictions;
mod published;
mod sqlite;
mod world;

#[path = "../fixtures"]
mod fixtures {
    pub(crate) mod dynamodb;
    pub(crate) mod faulty;
    pub(crate) mod fitted;
    pub(crate) mod passengers;
    pub(crate) mod program;
    pub(crate) mod stopping;
    pub(crate) mod tram_package;
}
