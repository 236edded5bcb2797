//! Text that is not UTF-8.

use lifeboat::table::Source;

use crate::reading::{bytes, plain, records, refusal};

fn utf16(text: &str, to_bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
    text.encode_utf16().flat_map(to_bytes).collect()
}

#[test]
fn utf16_of_either_order_is_read_with_a_mark_and_without() {
    let text = String::from_utf8(bytes("plain.csv")).unwrap();
    for to_bytes in [u16::to_le_bytes as fn(u16) -> _, u16::to_be_bytes] {
        for mark in ["\u{feff}", ""] {
            let encoded = utf16(&format!("{mark}{text}"), to_bytes);
            assert_eq!(records(Source::from_bytes(encoded)), plain(), "{mark:?}");
        }
    }
}

#[test]
fn characters_beyond_16_bits_are_read_wherever_a_buffer_ends() {
    for padding in 0..3 {
        let name = "\u{1f6a2}".repeat(100) + "é";
        let row = format!("3,male,{name}\n");
        let text = format!("Pclass,Sex,Name{}\n", " ".repeat(padding)) + &row.repeat(500);
        let records = records(Source::from_bytes(utf16(&text, u16::to_le_bytes)));
        assert_eq!(records.len(), 500);
        assert!(records.iter().all(|record| record == &records[0]));
    }
}

#[test]
fn half_a_character_is_told() {
    let mut text = utf16("Pclass,Sex\n3,male\n", u16::to_le_bytes);
    text.push(b'4');
    assert_eq!(refusal(text.clone()), "the input is truncated: its UTF-16 text ends within a character");
    text.pop();
    text.extend([0x00, 0xd8, b'x', 0]);
    assert_eq!(refusal(text), "the input is not valid UTF-16: it has half of a character, so save it as UTF-8");
}

#[test]
fn a_mark_of_utf8_is_dropped_from_json_too() {
    let text = "\u{feff}".to_owned() + &String::from_utf8(bytes("records.json")).unwrap();
    assert_eq!(records(Source::from_bytes(text)), plain());
}
