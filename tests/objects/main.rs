//! Objects of S3, on MiniStack, and over a network on which a test calls down misfortune.

mod errors;
mod faults;
#[cfg(target_os = "linux")]
mod memory;
mod network;
mod parquet_file;
mod reading;
mod writing;

#[path = "../fixtures"]
mod fixtures {
    pub(crate) mod s3;
}

use lifeboat::objects::{Object, Objects};

use fixtures::s3;
use network::Network;

/// Returns objects over a network of their own, and an empty bucket.
fn behind_a_network() -> (Network, Objects, String) {
    let network = Network::start();
    let objects = s3::objects(&s3::settings(&network.url()));
    (network, objects, s3::new_bucket())
}

/// Returns an empty bucket.
fn fresh() -> (Objects, String) {
    (s3::objects(&s3::settings(&s3::url())), s3::new_bucket())
}

/// Returns bytes of which no two pieces are alike.
fn noise(bytes: usize) -> Vec<u8> {
    let mut random = fastrand::Rng::with_seed(bytes as u64);
    (0..bytes).map(|_| random.u8(..)).collect()
}

/// Makes an object without the network, and returns it as it is.
fn put(bucket: &str, key: &str, body: &[u8]) -> Object {
    let objects = s3::objects(&s3::settings(&s3::url()));
    objects.put(bucket, key, body.to_vec()).unwrap();
    objects.head(bucket, key).unwrap().unwrap().object
}
