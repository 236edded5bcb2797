//! The HTTP interface: the router in process, and the real binary over TCP, under load and under misfortune.

mod app;
mod arbitrary_bodies;
mod backing_up;
mod bad_input;
mod broken_packages;
mod contract;
mod crashes;
#[path = "../fixtures/folder.rs"]
mod folder;
mod in_batch;
mod inference;
mod keys;
mod large_windows;
mod living;
mod lookups;
mod manners;
mod many_outcomes;
mod metrics;
mod monitoring;
mod moved_files;
mod mutations;
mod neutral;
mod options;
mod other_tables;
mod outcomes;
mod package;
#[path = "../fixtures/package_folder.rs"]
mod package_folder;
mod pages;
#[path = "../fixtures/passengers.rs"]
mod passengers;
mod predicting;
#[path = "../fixtures/program.rs"]
mod program;
mod server;
mod serving;
mod shadow;
mod sites;
mod slow_clients;
mod tables;
mod test_clock;
#[path = "../fixtures/training.rs"]
mod training;
#[path = "../fixtures/tram_package.rs"]
mod tram_package;
#[path = "../fixtures/trams.rs"]
mod trams;
mod unreliable_store;
