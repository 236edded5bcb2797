//! What a client would rather have: headers such as `Accept`, with their weights.

use axum::http::HeaderValue;

/// Returns each choice of such a header with its weight, 0 to 1; a weight that is no number counts as 0.
pub(super) fn choices<'a>(values: impl IntoIterator<Item = &'a HeaderValue>) -> impl Iterator<Item = (&'a str, f32)> {
    values.into_iter().filter_map(|value| value.to_str().ok()).flat_map(|text| text.split(',')).map(|choice| {
        let mut parts = choice.split(';').map(str::trim);
        let name = parts.next().unwrap_or_default();
        let weight = parts.find_map(|part| part.strip_prefix("q=")).map_or(1.0, |q| q.parse().unwrap_or(0.0));
        (name, weight)
    })
}
