//! The command line: the program as a process, on files, streams and databases of its own.

mod bulk;
mod checking;
mod exporting;
#[path = "../fixtures/fitted.rs"]
mod fitted;
mod fitting;
#[path = "../fixtures/folder.rs"]
mod folder;
mod forgetting;
mod inputs;
mod lines;
mod many_files;
mod other_tables;
mod outputs;
mod owners;
mod packages;
mod packing;
mod predicting;
#[path = "../fixtures/program.rs"]
mod program;
mod replaying;
mod shell;
mod snapshots;
mod stored;
#[path = "../fixtures/training.rs"]
mod training;
#[path = "../fixtures/tram_package.rs"]
mod tram_package;
#[path = "../fixtures/trams.rs"]
mod trams;
mod wide;
