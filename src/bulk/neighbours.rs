//! The outputs of other jobs around an output prefix and within it: whoever reads the outer one as a table would read both.

use super::Bulk;
use super::failure::Failure;
use super::places::Places;
use super::reach::Reach;
use crate::objects::{Location, ObjectError};

/// Refuses an output prefix that lies within that of another job, or that has one within.
///
/// `_JOB` is the first object of a job by its key, so that the first objects below a prefix tell of most jobs there: one behind a thousand
/// other objects is not seen.
pub(super) fn refuse(bulk: &Bulk, output: &Location, reach: &Reach) -> Result<(), Failure> {
    for outer in around(output) {
        let found = match bulk.objects.head(&outer.bucket, &Places { output: outer.clone() }.job()) {
            // Where this may not read, it may not write either, nor may any job of this stack.
            Err(ObjectError::NoAccess { .. }) => None,
            found => found?,
        };
        if found.is_some() {
            return Err(Failure::OtherJob(format!(
                "{output} lies within {outer}, which has the output of another job"
            )));
        }
    }
    let first = bulk.objects.list_first(output).map_err(|error| reach.of_output(output, &error))?;
    match first.iter().find_map(|object| Places::output_of(&output.bucket, &object.key)) {
        None => Ok(()),
        Some(inner) => {
            Err(Failure::OtherJob(format!("{inner}, which has the output of another job, lies within {output}")))
        }
    }
}

/// Returns the prefixes around a prefix, without the bucket as a whole.
fn around(output: &Location) -> Vec<Location> {
    let key = output.key.trim_end_matches('/');
    let ends = key.match_indices('/').map(|(at, _)| at + 1);
    ends.map(|end| Location::new(&output.bucket, &key[..end])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_around_is_not_the_prefix_itself() {
        let around = |key| around(&Location::new("data", key)).into_iter().map(|outer| outer.key).collect::<Vec<_>>();
        assert_eq!(around("out/a/b/"), ["out/", "out/a/"]);
        assert_eq!(around("out/"), Vec::<String>::new());
    }
}
