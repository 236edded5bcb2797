//! What names a prediction: the entity that its record is about, and a hash of all that decides it.
//!
//! The same record asked of the same model has one name, whoever asks and however often; that is what makes storing it twice impossible.
//!
//! - `hash`: the hash.
//! - `entity`: what a record is about.
//! - `id`: the name itself.
//! - `naming`: how a model's predictions are named.

mod entity;
mod hash;
mod id;
mod naming;

pub use entity::{Entity, MAX_ENTITY_BYTES};
pub use hash::{ContentHash, InvalidId};
pub use id::PredictionId;
pub use naming::Naming;
