//! The Lambda function: the real bootstrap under AWS's own Runtime Interface Emulator, on DynamoDB Local.

mod bootstrap;
mod compressed;
mod events;
mod faults;
mod keep_warm;
mod limits;
mod living;
mod metrics;
mod monitoring;
mod packages;
mod sources;
mod starting;
mod together;

#[path = "../fixtures"]
mod fixtures {
    pub(crate) mod dynamodb;
    pub(crate) mod faulty;
    pub(crate) mod passengers;
    pub(crate) mod tram_package;
    pub(crate) mod trams;
}
