//! The schema of a table, and the records that are read by it.

mod compressed;
mod csv_files;
mod cutting;
mod encodings;
mod extra_columns;
mod faults;
mod identity;
mod json_files;
mod mutations;
mod parquet_files;
mod reading;
mod writers;
