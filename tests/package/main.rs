//! A package: what a recipe computes, what it refuses, and what no record may learn from it; that packages answer as they were trained
//! to, explain what they answer, and are refused where they do not fit together.

mod broken;
mod explanations;
mod faults;
mod features;
mod folder;
mod json_schemas;
mod leave_one_out;
mod left_out;
mod mutations;
mod neutral;
mod own_table;
#[path = "../fixtures/package_folder.rs"]
mod package_folder;
mod packages;
mod parity;
mod recent;
mod recipe_mutations;
mod steps;
mod titanic;
mod titanic_explanations;
