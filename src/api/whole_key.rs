//! What is said of the values of a key that must be whole, though a record may lack them.

/// Returns what a field says of a wrong value, but that it could be null: null is no key.
pub(super) fn without_null(detail: &str) -> String {
    let Some((expected, found)) = detail.split_once(", found ") else { return detail.to_owned() };
    if let Some(expected) = expected.strip_suffix(" or null") {
        return format!("{expected}, found {found}");
    }
    match expected.split_once(" or null, as in ") {
        Some((expected, example)) => format!("{expected}, as in {example}, found {found}"),
        None => detail.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn null_is_offered_to_nobody() {
        for (said, of_a_key) in [
            (
                "must be an integer from 0 or null, found the text \"x\"",
                "must be an integer from 0, found the text \"x\"",
            ),
            (
                "must be a date or null, as in 2013-11-03, found the text \"1\"",
                "must be a date, as in 2013-11-03, found the text \"1\"",
            ),
            ("must be \"C\", \"Q\" or null, found the text \"S\"", "must be \"C\", \"Q\", found the text \"S\""),
            (
                "must match ^a, found the text \"1 or null, found 2\"",
                "must match ^a, found the text \"1 or null, found 2\"",
            ),
            ("must be at most 256 characters long", "must be at most 256 characters long"),
        ] {
            assert_eq!(without_null(said), of_a_key);
        }
    }
}
