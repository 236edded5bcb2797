//! Why a text is not JSON, in words.

use super::signature::{other_encoding, packed};

/// What other programs write for a missing number, and what of it is left when the parser stops: behind a minus, it reads a byte more.
const NO_NUMBERS: [(&str, &str); 3] = [("NaN", "aN"), ("Infinity", "nfinity"), ("Infinity", "finity")];

/// Says why a text is not JSON, and what to send instead where that is known.
pub fn in_words(error: &serde_json::Error, text: &[u8]) -> String {
    if let Some(what) = packed(text).or_else(|| other_encoding(text)) {
        return what.to_owned();
    }
    let line = text.split(|&byte| byte == b'\n').nth(error.line().saturating_sub(1));
    let rest = line.and_then(|line| line.get(error.column()..)).unwrap_or_default();
    let literal = NO_NUMBERS.into_iter().find(|(_, ending)| rest.starts_with(ending.as_bytes()));
    match literal.filter(|_| error.is_syntax()) {
        Some((literal, _)) => format!("{error}: JSON has no {literal}: send null for a missing value"),
        None => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_json_is_told_with_what_to_send_instead() {
        let said =
            |text: &str| in_words(&serde_json::from_str::<serde_json::Value>(text).unwrap_err(), text.as_bytes());
        for (value, literal) in [("NaN", "NaN"), ("-Infinity", "Infinity"), ("Infinity", "Infinity")] {
            let said = said(&format!("{{\"a\": 3,\n \"b\": {value}}}"));
            assert!(said.ends_with(&format!(": JSON has no {literal}: send null for a missing value")), "{said}");
            assert!(said.contains(" at line 2 column "), "{said}");
        }
        assert_eq!(said("{\"a\": Nan}"), "expected value at line 1 column 7");
    }
}
