//! The HTTP interface: the router in process, and the real binary over TCP, under load and under misfortune.

mod app;
mod arbitrary_bodies;
mod backing_up;
mod bad_input;
mod broken_packages;
mod checking;
mod command_line;
mod contract;
mod crashes;
mod exporting;
mod folder;
mod inference;
mod keys;
mod large_windows;
mod lookups;
mod manners;
mod metrics;
mod monitoring;
mod moved_files;
mod mutations;
mod options;
mod outcomes;
mod package;
mod pages;
#[path = "../fixtures/passengers.rs"]
mod passengers;
mod predicting;
mod server;
mod serving;
mod shadow;
mod shell;
mod sites;
mod slow_clients;
mod tables;
mod unreliable_store;
