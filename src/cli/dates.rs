//! Points in time, for people and programs alike: RFC 3339 in UTC.

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::domain::UnixTime;

/// `2026-01-31T12:00:00Z`; the bare seconds for a year that has more than four digits.
pub(super) fn rfc3339(time: UnixTime) -> String {
    let date = i64::try_from(time.0).ok().and_then(|seconds| OffsetDateTime::from_unix_timestamp(seconds).ok());
    date.and_then(|date| date.format(&Rfc3339).ok()).unwrap_or_else(|| time.0.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_in_utc() {
        assert_eq!(rfc3339(UnixTime(0)), "1970-01-01T00:00:00Z");
        assert_eq!(rfc3339(UnixTime(1_790_000_000)), "2026-09-21T14:13:20Z");
        assert_eq!(rfc3339(UnixTime(u64::MAX)), u64::MAX.to_string());
    }
}
