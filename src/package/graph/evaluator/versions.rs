//! The versions of the operators that a graph uses.

use tract_onnx::pb::OperatorSetIdProto;

use super::fault::Fault;

/// The versions of the operators that a graph uses.
#[derive(Debug, Clone, Copy)]
pub(in crate::package::graph) struct Versions {
    pub(super) core: i64,
    pub(super) ml: i64,
}

/// The newest versions whose operators are known.
const NEWEST: Versions = Versions { core: 27, ml: 5 };

impl Versions {
    /// Reads what a file imports, and refuses what is newer than this program. A domain that is imported twice counts with its newer
    /// version; one that is not imported, with the newest.
    pub(in crate::package::graph) fn read(imports: &[OperatorSetIdProto]) -> Result<Self, Fault> {
        let version = |domains: &[&str], newest: i64| {
            let imported = imports.iter().filter(|import| domains.contains(&&*import.domain));
            let version = imported.map(|import| import.version).max().unwrap_or(newest);
            if version > newest {
                let found = format!("version {version} of {:?}", domains[domains.len() - 1]);
                let mend = format!("export the model with target_opset={newest}, or an older one");
                return Err(Fault::new(format!("operators of version {newest} at most"), found).mended_by(mend));
            }
            Ok(version)
        };
        Ok(Self { core: version(&["", "ai.onnx"], NEWEST.core)?, ml: version(&["ai.onnx.ml"], NEWEST.ml)? })
    }
}
