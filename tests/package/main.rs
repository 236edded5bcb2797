//! A package: what a recipe computes, what it refuses, and what no record may learn from it; that packages answer as they were trained
//! to, explain what they answer, and are refused where they do not fit together.

mod broken;
mod explanations;
mod faults;
mod features;
mod folder;
mod leave_one_out;
mod mutations;
mod neutral;
mod packages;
mod recipe_mutations;
mod steps;
mod titanic;
mod todays_features;
