//! JSON in its one canonical text (RFC 8785), so that what means the same has the same hash.
//!
//! Owns: [`Json`], a value that has such a text, and the writing of it. What could be read in two ways is refused while it is
//! parsed: a key that is there twice, and a whole number that a double-precision number does not hold. So is what would be too large:
//! a value takes many times the memory of its text. Not here: what is hashed.

use std::fmt::Formatter;

use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use crate::config::limits;

/// The largest whole number that other parsers are sure to understand (RFC 7493, section 2.2).
const WHOLE: u64 = 1 << 53;
/// From here on numbers are written with an exponent.
const EXPONENT_FROM: f64 = 1e21;

/// A JSON value. Depth is bounded by whoever parses it.
#[derive(Clone, Debug, PartialEq)]
pub enum Json {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// Any number; those that are written whole are at most 2^53 either way.
    Number(f64),
    /// A string.
    Text(String),
    /// A list.
    List(Vec<Self>),
    /// An object, in the order in which it is written.
    Object(Vec<(String, Self)>),
}

impl Json {
    /// The canonical text.
    pub fn canonical(&self) -> String {
        let mut text = String::new();
        self.write(&mut text);
        text
    }

    /// The value of a key, if this is an object that has it.
    pub fn get(&self, wanted: &str) -> Option<&Self> {
        let Self::Object(pairs) = self else { return None };
        pairs.iter().find(|(key, _)| key == wanted).map(|(_, value)| value)
    }

    fn write(&self, to: &mut String) {
        match self {
            Self::Null => to.push_str("null"),
            Self::Bool(true) => to.push_str("true"),
            Self::Bool(false) => to.push_str("false"),
            Self::Number(number) => to.push_str(&number_text(*number)),
            Self::Text(text) => write_text(text, to),
            Self::List(values) => {
                to.push('[');
                for (place, value) in values.iter().enumerate() {
                    separate(place, to);
                    value.write(to);
                }
                to.push(']');
            }
            Self::Object(pairs) => {
                to.push('{');
                for (place, (key, value)) in pairs.iter().enumerate() {
                    separate(place, to);
                    write_text(key, to);
                    to.push(':');
                    value.write(to);
                }
                to.push('}');
            }
        }
    }
}

fn separate(place: usize, to: &mut String) {
    if place > 0 {
        to.push(',');
    }
}

/// Section 3.2.2.2: what must be escaped is, in the shortest way, and nothing else.
fn write_text(text: &str, to: &mut String) {
    to.push('"');
    for character in text.chars() {
        match character {
            '"' => to.push_str("\\\""),
            '\\' => to.push_str("\\\\"),
            '\u{8}' => to.push_str("\\b"),
            '\t' => to.push_str("\\t"),
            '\n' => to.push_str("\\n"),
            '\u{c}' => to.push_str("\\f"),
            '\r' => to.push_str("\\r"),
            '\0'..='\u{1f}' => to.push_str(&format!("\\u{:04x}", u32::from(character))),
            _ => to.push(character),
        }
    }
    to.push('"');
}

/// Section 3.2.2.3, which is `Number::toString` of ECMAScript: the shortest digits that are read as the same number.
fn number_text(number: f64) -> String {
    if number == 0.0 {
        return "0".to_owned();
    }
    let scientific = shortest(number.abs());
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let digits: String = mantissa.chars().filter(|digit| *digit != '.').collect();
    // The number is 0.DIGITS times ten to the power of this.
    let point = exponent.parse::<i32>().unwrap_or_default().saturating_add(1);
    let sign = if number < 0.0 { "-" } else { "" };
    let zeros = |count: i32| "0".repeat(usize::try_from(count).unwrap_or_default());
    let length = i32::try_from(digits.len()).unwrap_or(i32::MAX);
    let split = |at: i32| digits.split_at(usize::try_from(at).unwrap_or_default().min(digits.len()));
    match point {
        1..=21 if length <= point => format!("{sign}{digits}{}", zeros(point - length)),
        1..=21 => {
            let (whole, part) = split(point);
            format!("{sign}{whole}.{part}")
        }
        -5..=0 => format!("{sign}0.{}{digits}", zeros(-point)),
        _ => {
            let (first, rest) = split(1);
            let part = if rest.is_empty() { String::new() } else { format!(".{rest}") };
            format!("{sign}{first}{part}e{:+}", point - 1)
        }
    }
}

/// The fewest digits, and of those the nearest; of two that are as near, the even ones.
fn shortest(number: f64) -> String {
    let shortest = format!("{number:e}");
    let digits = shortest.split('e').next().unwrap_or_default().len();
    let even = format!("{number:.*e}", digits.saturating_sub(2));
    if even.parse() == Ok(number) { even } else { shortest }
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        AnyJson(&mut { limits::PARCEL_METADATA_BYTES }).deserialize(from)
    }
}

/// Reads a value, and has so many bytes left for its text.
struct AnyJson<'a>(&'a mut usize);

impl AnyJson<'_> {
    /// Counts bytes that the canonical text will have at least.
    fn spend<E: Error>(&mut self, bytes: usize) -> Result<(), E> {
        let too_large = || E::custom(format!("it is larger than {} bytes", limits::PARCEL_METADATA_BYTES));
        *self.0 = self.0.checked_sub(bytes).ok_or_else(too_large)?;
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for AnyJson<'_> {
    type Value = Json;

    fn deserialize<D: Deserializer<'de>>(mut self, from: D) -> Result<Json, D::Error> {
        self.spend(1)?;
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for AnyJson<'_> {
    type Value = Json;

    fn expecting(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E: Error>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Json, E> {
        Ok(Json::Bool(value))
    }

    #[expect(clippy::cast_precision_loss, reason = "at most 2^53")]
    fn visit_u64<E: Error>(self, number: u64) -> Result<Json, E> {
        match number <= WHOLE {
            true => Ok(Json::Number(number as f64)),
            false => Err(E::custom("a whole number is beyond 2^53: write it as a string")),
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "at most 2^53")]
    fn visit_i64<E: Error>(self, number: i64) -> Result<Json, E> {
        match number.unsigned_abs() <= WHOLE {
            true => Ok(Json::Number(number as f64)),
            false => Err(E::custom("a whole number is beyond 2^53: write it as a string")),
        }
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Json, E> {
        match number.abs() {
            size if !size.is_finite() => Err(E::custom("a number is out of range")),
            // Its canonical text would be that of a whole number, which would not be taken.
            size if size > WHOLE as f64 && size < EXPONENT_FROM => {
                Err(E::custom("a whole number is beyond 2^53: write it as a string"))
            }
            _ => Ok(Json::Number(number)),
        }
    }

    fn visit_str<E: Error>(mut self, text: &str) -> Result<Json, E> {
        self.spend(text.len())?;
        Ok(Json::Text(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Json, A::Error> {
        let mut values = vec![];
        while let Some(value) = list.next_element_seed(AnyJson(&mut *self.0))? {
            values.push(value);
        }
        Ok(Json::List(values))
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut object: A) -> Result<Json, A::Error> {
        let mut pairs: Vec<(String, Json)> = vec![];
        while let Some(key) = object.next_key::<String>()? {
            self.spend(key.len())?;
            pairs.push((key, object.next_value_seed(AnyJson(&mut *self.0))?));
        }
        // Section 3.2.3: by UTF-16 code units.
        pairs.sort_by(|(one, _), (other, _)| one.encode_utf16().cmp(other.encode_utf16()));
        match pairs.windows(2).any(|two| matches!(two, [(one, _), (other, _)] if one == other)) {
            true => Err(A::Error::custom("a key is there twice")),
            false => Ok(Json::Object(pairs)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn canonical(text: &str) -> String {
        serde_json::from_str::<Json>(text).unwrap().canonical()
    }

    #[test]
    fn the_examples_of_the_standard_come_out_right() {
        // RFC 8785, sections 3.2.2 and 3.2.3.
        let literals = r#"{ "numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
            "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/", "literals": [null, true, false] }"#;
        let expected = "{\"literals\":[null,true,false],\"numbers\":[333333333.3333333,1e+30,4.5,0.002,1e-27],\"string\":\"\u{20ac}$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\"}";
        assert_eq!(canonical(literals), expected);
        let keys = r#"{"\u20ac":"Euro Sign","\r":"Carriage Return","\ufb33":"Hebrew Letter Dalet With Dagesh","1":"One",
            "\ud83d\ude00":"Emoji: Grinning Face","\u0080":"Control","\u00f6":"Latin Small Letter O With Diaeresis"}"#;
        let canonical = canonical(keys);
        let order = ["Carriage", "One", "Control", "Latin", "Euro", "Emoji", "Hebrew"];
        let places: Vec<_> = order.iter().map(|name| canonical.find(name).unwrap()).collect();
        assert!(places.is_sorted(), "{canonical}");
    }

    /// A parcel was taken with metadata that nobody could read again: its canonical text was refused.
    #[test]
    fn what_is_taken_is_taken_again_in_its_canonical_text() {
        for text in ["9007199254740992.0", "-9007199254740992.0", "1e21", "-1e300", "0.1e-320"] {
            let once = canonical(text);
            assert_eq!(canonical(&once), once);
        }
        for text in ["1234567890234567890.5", "9007199254740994.0", "-1e20", "999999999999999900000.0"] {
            let error = serde_json::from_str::<Json>(text).unwrap_err().to_string();
            assert!(error.contains("write it as a string"), "{text}: {error}");
        }
    }

    #[test]
    fn numbers_are_written_as_everybody_writes_them() {
        // RFC 8785, appendix B.
        for (bits, expected) in [
            (0x0000_0000_0000_0000, "0"),
            (0x8000_0000_0000_0000, "0"),
            (0x0000_0000_0000_0001, "5e-324"),
            (0x8000_0000_0000_0001, "-5e-324"),
            (0x7fef_ffff_ffff_ffff, "1.7976931348623157e+308"),
            (0x4340_0000_0000_0000, "9007199254740992"),
            (0xc340_0000_0000_0000, "-9007199254740992"),
            (0x4430_0000_0000_0000, "295147905179352830000"),
            (0x44b5_2d02_c7e1_4af5, "9.999999999999997e+22"),
            (0x44b5_2d02_c7e1_4af6, "1e+23"),
            (0x44b5_2d02_c7e1_4af7, "1.0000000000000001e+23"),
            (0x444b_1ae4_d6e2_ef4e, "999999999999999700000"),
            (0x444b_1ae4_d6e2_ef4f, "999999999999999900000"),
            (0x444b_1ae4_d6e2_ef50, "1e+21"),
            (0x3eb0_c6f7_a0b5_ed8c, "9.999999999999997e-7"),
            (0x3eb0_c6f7_a0b5_ed8d, "0.000001"),
            (0x41b3_de43_5555_5553, "333333333.3333332"),
            (0x41b3_de43_5555_5554, "333333333.33333325"),
            (0x41b3_de43_5555_5555, "333333333.3333333"),
            (0x41b3_de43_5555_5556, "333333333.3333334"),
            (0x41b3_de43_5555_5557, "333333333.33333343"),
            (0xbecb_f647_612f_3696, "-0.0000033333333333333333"),
            (0x4314_3ff3_c1cb_0959, "1424953923781206.2"),
        ] {
            assert_eq!(number_text(f64::from_bits(bits)), expected);
        }
    }

    #[test]
    fn the_text_of_a_value_is_that_of_its_text() {
        for text in [r#"{"b":[1,{"z":"","a":null}],"a":"\ud83d\udc0d\u2028"}"#, "[]", "{}", "-0", "1e0", "\"\\u0000\""]
        {
            let once = canonical(text);
            assert_eq!(canonical(&once), once);
        }
        assert_eq!(canonical(r#"{"b":1.0,"a":-0.0}"#), r#"{"a":0,"b":1}"#);
    }

    /// A list of zeros in 32 MiB of a stranger's text became half a gigabyte of values, and a worker's seconds to write them.
    #[test]
    fn what_would_be_too_large_is_refused_as_it_is_read() {
        let most = limits::PARCEL_METADATA_BYTES;
        let list = |count: usize| format!("[{}]", vec!["0"; count].join(","));
        assert!(serde_json::from_str::<Json>(&list(most - 1)).is_ok());
        let text = |length: usize| format!("\"{}\"", "x".repeat(length));
        assert!(serde_json::from_str::<Json>(&text(most - 1)).is_ok());
        let nested = format!("{{\"a\":{},\"b\":{}}}", list(most / 2), list(most / 2));
        let key = format!("{{{}:0}}", text(most));
        for large in [list(most), text(most), nested, key, format!("{} {{", list(most))] {
            let error = serde_json::from_str::<Json>(&large).unwrap_err().to_string();
            assert!(error.contains("larger than"), "{error}");
        }
    }

    #[test]
    fn what_could_be_read_in_two_ways_is_refused() {
        for (text, expected) in [
            (r#"{"a":1,"b":2,"a":1}"#, "twice"),
            (r#"{"a":{"b":1,"\u0062":2}}"#, "twice"),
            ("9007199254740993", "2^53"),
            ("-9007199254740993", "2^53"),
            ("18446744073709551615", "2^53"),
            ("1e999", "range"),
            (r#""\ud800""#, ""),
        ] {
            let error = serde_json::from_str::<Json>(text).unwrap_err().to_string();
            assert!(error.contains(expected), "{text}: {error}");
        }
    }
}
