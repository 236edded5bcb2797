//! Bodies that come or go compressed are no text, and so travel through Lambda in base64.

use std::io::Read;

use base64::prelude::{BASE64_STANDARD, Engine};
use flate2::Compression;
use flate2::read::{GzDecoder, GzEncoder};
use serde_json::{Value, json};

use crate::bootstrap::{Function, on_table};
use crate::fixtures::dynamodb::{config, new_table, url};
use crate::fixtures::passengers::numbered;

#[tokio::test]
async fn a_compressed_list_is_answered_compressed() {
    let function = Function::start(&on_table(&config(&new_table().await, &url()))).await;
    let passengers = json!((0..50).map(numbered).collect::<Vec<_>>()).to_string();
    let mut body = Vec::new();
    GzEncoder::new(passengers.as_bytes(), Compression::fast()).read_to_end(&mut body).unwrap();
    let mut event: Value = serde_json::from_str(include_str!("../../events/predict_array.json")).unwrap();
    event["body"] = json!(BASE64_STANDARD.encode(&body));
    event["isBase64Encoded"] = json!(true);
    event["headers"]["content-encoding"] = json!("gzip");
    event["headers"]["accept-encoding"] = json!("gzip");
    let answer = function.invoke(&event).await;
    assert_eq!((&answer["statusCode"], &answer["isBase64Encoded"]), (&json!(200), &json!(true)), "{answer}");
    assert_eq!(answer["headers"]["content-encoding"], "gzip");
    let body = BASE64_STANDARD.decode(answer["body"].as_str().unwrap()).unwrap();
    let list: Vec<Value> = serde_json::from_reader(GzDecoder::new(&*body)).unwrap();
    assert_eq!(list.len(), 50);
}
