//! Answers that stream.
//!
//! Owns: their heads: how long they are, which part of something they are, and that no browser shows them. Not here: where the bytes
//! come from (`parcels`), and all other answers (`reply`).

use std::ops::Range;

use hyper::StatusCode;
use hyper::body::Bytes;
use hyper::header::{self, HeaderValue};
use warp::Stream;

use super::reply::{Answer, JSON, NO_CONTENT, finish_head};
use crate::app::Broken;

/// The type of plain bytes.
pub(super) const OCTETS: &str = "application/octet-stream";

/// Answers with bytes as they come, of which there are so many: a part of something if it is said which.
pub(super) fn streamed(
    bytes: impl Stream<Item = Result<Bytes, Broken>> + Send + Sync + 'static,
    length: u64,
    kind: Streamed<'_>,
) -> Answer {
    let mut answer = warp::reply::Reply::into_response(warp::reply::stream(bytes));
    finish_head(&mut answer, if matches!(kind, Streamed::Json) { JSON } else { OCTETS }, NO_CONTENT);
    let mut fields = vec![(header::CONTENT_LENGTH, length.to_string())];
    if let Streamed::Bytes { name, range, size } = kind {
        fields.push((header::ACCEPT_RANGES, "bytes".to_owned()));
        fields.push((header::ETAG, format!("\"{name}\"")));
        fields.push((header::CONTENT_DISPOSITION, "attachment".to_owned()));
        if let Some(range) = range {
            *answer.status_mut() = StatusCode::PARTIAL_CONTENT;
            let last = range.end.saturating_sub(1);
            fields.push((header::CONTENT_RANGE, format!("bytes {}-{last}/{size}", range.start)));
        }
    }
    for (name, value) in fields {
        if let Ok(value) = HeaderValue::try_from(value) {
            answer.headers_mut().insert(name, value);
        }
    }
    answer
}

/// What streams.
pub(super) enum Streamed<'a> {
    /// JSON.
    Json,
    /// Bytes of something with this name and size, perhaps not all of them.
    Bytes { name: &'a str, range: Option<Range<u64>>, size: u64 },
}
