//! The model package: the same numbers as in training, and no label that leaks.

mod explanations;
mod leave_one_out;
mod parity;
mod statistics;
mod training;
