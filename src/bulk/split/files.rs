//! Which objects are meant.

use crate::bulk::Bulk;
use crate::bulk::failure::Failure;
use crate::bulk::reach::Reach;
use crate::objects::{Head, Location, Object};

/// Lists the objects that a place means: the one that is called like that, else those below it; names that begin with a dot or an
/// underscore are no data.
pub(super) fn list(bulk: &Bulk, input: &Location, reach: &Reach) -> Result<Vec<Object>, Failure> {
    if !input.key.is_empty()
        && !input.key.ends_with('/')
        && let Some(Head { object, .. }) =
            bulk.objects.head(&input.bucket, &input.key).map_err(|error| reach.of_input(input, &error))?
    {
        return Ok(vec![object]);
    }
    let slash = if input.key.is_empty() || input.key.ends_with('/') { "" } else { "/" };
    let prefix = Location { bucket: input.bucket.clone(), key: format!("{}{slash}", input.key) };
    let mut found = bulk.objects.list(&prefix).map_err(|error| reach.of_input(input, &error))?;
    found.retain(|object| is_data(&object.key[prefix.key.len()..]));
    if found.is_empty() {
        return Err(Failure::InvalidInput(format!("there is no object {input}, and none below {prefix}")));
    }
    Ok(found)
}

/// Returns whether an object is data, by its key below the prefix.
fn is_data(below: &str) -> bool {
    !below.ends_with('/') && !below.split('/').any(|part| part.starts_with(['.', '_']))
}

#[cfg(test)]
mod tests {
    use super::is_data;

    #[test]
    fn markers_and_hidden_objects_are_no_data() {
        for (key, expected) in [
            ("a.csv", true),
            ("day=1/a.csv", true),
            ("", true),
            ("day=1/", false),
            ("_SUCCESS", false),
            ("_temporary/0/a.csv", false),
            ("day=1/.a.csv.crc", false),
        ] {
            assert_eq!(is_data(key), expected, "{key}");
        }
    }
}
