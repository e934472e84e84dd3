//! Which bytes of something are wanted.
//!
//! Owns: `Range` and `If-Range`, as far as they are taken: one range of bytes. Not here: what they are taken of.

use std::ops::Range;

use hyper::header;

use super::head::Head;
use super::reply::Refusal;

/// Some bytes of something (RFC 9110, section 14.1.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    /// From here to there, or to the end.
    From(u64, Option<u64>),
    /// So many at the end.
    Last(u64),
}

impl Wanted {
    /// Which of so many bytes these are. Nothing if none of them is there.
    pub(super) fn of(self, size: u64) -> Option<Range<u64>> {
        let range = match self {
            Self::From(first, last) => first..last.map_or(size, |last| last.saturating_add(1)).min(size),
            Self::Last(count) => size.saturating_sub(count)..size,
        };
        (range.start < range.end).then_some(range)
    }

    /// One range of bytes. Anything else is passed over, as the standard allows: the answer is the whole.
    fn parse(text: &str) -> Option<Self> {
        let (first, last) = text.strip_prefix("bytes=")?.split_once('-')?;
        let number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?;
        match (first.trim(), last.trim()) {
            ("", last) => Some(Self::Last(number(last)?)),
            (first, "") => Some(Self::From(number(first)?, None)),
            (first, last) => {
                let (first, last) = (number(first)?, number(last)?);
                (first <= last).then_some(Self::From(first, Some(last)))
            }
        }
    }
}

impl Head {
    /// The part that is wanted of what has this name now (RFC 9110, sections 13.1.5 and 14.2). Nothing means the whole.
    pub(super) fn range(&self, name: &str) -> Result<Option<Wanted>, Refusal> {
        let Some(range) = self.only(&header::RANGE)?.and_then(|range| range.to_str().ok()) else { return Ok(None) };
        let fresh = self.only(&header::IF_RANGE)?.is_none_or(|of| of.as_bytes() == format!("\"{name}\"").as_bytes());
        Ok(Wanted::parse(range).filter(|_| fresh))
    }
}

/// For the fuzzer: bytes that are wanted are there.
pub fn read_any_range(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Some(range) = Wanted::parse(text) {
        for size in [0, 1, 10, u64::MAX] {
            assert!(range.of(size).is_none_or(|range| range.start < range.end && range.end <= size), "{range:?}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_what_the_standard_says() {
        for (text, expected) in [
            ("bytes=0-4", Some(0..5)),
            ("bytes=5-", Some(5..10)),
            ("bytes=-3", Some(7..10)),
            ("bytes=-100", Some(0..10)),
            ("bytes=9-100", Some(9..10)),
            ("bytes=0-18446744073709551615", Some(0..10)),
            ("bytes=10-", None),
            ("bytes=-0", None),
        ] {
            assert_eq!(Wanted::parse(text).unwrap().of(10), expected, "{text}");
        }
        assert_eq!(Wanted::Last(5).of(0), None);
        for passed_over in
            ["bytes=", "bytes=-", "bytes=5-4", "bytes=0-1,3-4", "bytes=+1-2", "items=0-1", "0-1", "bytes=a-b"]
        {
            assert_eq!(Wanted::parse(passed_over), None, "{passed_over}");
        }
    }
}
