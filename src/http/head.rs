//! The head of a request: what it says about the request and about its body.
//!
//! Owns: reading its fields, and refusing what could be read in two ways. Not here: the request line's method and path, which the
//! table of routes reads.

use hyper::header::{self, HeaderMap, HeaderName, HeaderValue};
use hyper::{Method, Version};
use warp::path::FullPath;

use super::asked::Bearer;
use super::connection::Caller;
use super::reply::{Form, Refusal};
use super::route::Takes;
use crate::config::limits;
use crate::domain::{BearerToken, Error, Network};

const JSON_ONLY: &str = "send the body as JSON in UTF-8, with Content-Type: application/json";
const JSON_OR_FORM: &str =
    "send the body with Content-Type: application/json or application/x-www-form-urlencoded, in UTF-8";

/// The head of a request.
#[derive(Debug)]
pub(super) struct Head {
    caller: Caller,
    method: Method,
    path: FullPath,
    query: String,
    fields: HeaderMap,
}

impl Head {
    pub(super) const fn new(caller: Caller, method: Method, path: FullPath, query: String, fields: HeaderMap) -> Self {
        Self { caller, method, path, query, fields }
    }

    pub(super) fn network(&self) -> Network {
        self.caller.network
    }

    pub(super) fn is_http2(&self) -> bool {
        self.caller.version == Version::HTTP_2
    }

    pub(super) fn is_http11(&self) -> bool {
        self.caller.version == Version::HTTP_11
    }

    pub(super) const fn fields(&self) -> &HeaderMap {
        &self.fields
    }

    pub(super) fn method(&self) -> &Method {
        &self.method
    }

    pub(super) fn path(&self) -> &str {
        self.path.as_str()
    }

    pub(super) fn query(&self) -> &str {
        &self.query
    }

    /// Refuses what hyper lets pass, and another server on the way might have read in another way.
    pub(super) fn check(&self) -> Result<(), Refusal> {
        // In HTTP/1.1 hyper counts them, in HTTP/2 their bytes only.
        if self.fields.len() > limits::HEAD_FIELDS {
            return Err(Refusal::TooManyFields);
        }
        // RFC 9112, section 3.2.
        if self.caller.version == Version::HTTP_11 && self.fields.get_all(header::HOST).iter().count() != 1 {
            return Err(malformed("a request in HTTP/1.1 has exactly one Host field"));
        }
        let mut codings = self.fields.get_all(header::TRANSFER_ENCODING).iter();
        let chunked = |coding: &HeaderValue| coding.as_bytes().eq_ignore_ascii_case(b"chunked");
        if codings.next().is_some_and(|coding| !chunked(coding)) || codings.next().is_some() {
            return Err(malformed("Transfer-Encoding can be chunked and nothing else"));
        }
        Ok(())
    }

    /// Refuses a body in a form that the route does not take. Whether it is a browser's form.
    pub(super) fn check_media_type(&self, takes: Takes) -> Result<bool, Refusal> {
        let wanted = match takes {
            Takes::Unread | Takes::Nothing => return Ok(false),
            Takes::Json(_) => JSON_ONLY,
            Takes::JsonOrForm(_) => JSON_OR_FORM,
        };
        if self.fields.contains_key(header::CONTENT_ENCODING) {
            return Err(Refusal::MediaType("send the body as it is, without Content-Encoding"));
        }
        let kind = self.only(&header::CONTENT_TYPE).map_err(|_| Refusal::MediaType(wanted))?.and_then(media_type);
        match (kind.as_deref(), takes) {
            (Some("application/json"), _) => Ok(false),
            (Some("application/x-www-form-urlencoded"), Takes::JsonOrForm(_)) => Ok(true),
            _ => Err(Refusal::MediaType(wanted)),
        }
    }

    /// How long the body says it is. It may be wrong.
    pub(super) fn length(&self) -> Result<Option<u64>, Refusal> {
        let length = self.only(&header::CONTENT_LENGTH)?;
        let number = length.map(|length| length.to_str().ok().and_then(|text| text.parse().ok()));
        number.map(|number| number.ok_or_else(|| malformed("Content-Length must be a number of bytes"))).transpose()
    }

    /// What the caller shows.
    pub(super) fn bearer(&self) -> Result<Bearer, Refusal> {
        let Some(shown) = self.only(&header::AUTHORIZATION)? else { return Ok(Bearer::None) };
        let token = shown.to_str().ok().and_then(|text| text.split_once(' ')).and_then(|(scheme, token)| {
            scheme.eq_ignore_ascii_case("bearer").then(|| BearerToken::parse(token.trim_matches(' '))).flatten()
        });
        Ok(token.map_or(Bearer::Unknown, Bearer::Token))
    }

    /// JSON for whoever asks for it; browsers ask for HTML, too, and most people who type a command ask for nothing.
    pub(super) fn wanted(&self) -> Form {
        let accepted = self.fields.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
        let kinds =
            accepted.flat_map(|value| value.split(',')).map(|kind| kind.split(';').next().unwrap_or_default().trim());
        let (mut json, mut html) = (false, false);
        for kind in kinds {
            json |= kind.eq_ignore_ascii_case("application/json");
            html |= kind.eq_ignore_ascii_case("text/html");
        }
        if json && !html { Form::Json } else { Form::Html }
    }

    /// A field that can be there once at most.
    pub(super) fn only(&self, name: &HeaderName) -> Result<Option<&HeaderValue>, Refusal> {
        let mut values = self.fields.get_all(name).iter();
        match (values.next(), values.next()) {
            (value, None) => Ok(value),
            _ => Err(malformed(format!("the head has more than one {name} field"))),
        }
    }
}

/// `type/subtype` in small letters. Nothing if its letters are not those of UTF-8.
fn media_type(value: &HeaderValue) -> Option<String> {
    let text = value.to_str().ok()?.to_ascii_lowercase();
    let (kind, parameters) = text.split_once(';').unwrap_or((&text, ""));
    let foreign = parameters.split(';').filter_map(|parameter| parameter.trim().strip_prefix("charset="));
    let foreign = foreign.map(|charset| charset.trim_matches('"')).any(|charset| charset != "utf-8");
    (!foreign).then(|| kind.trim().to_owned())
}

fn malformed(sentence: impl Into<String>) -> Refusal {
    Refusal::Error(Error::Malformed(sentence.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_json_in_utf_8() {
        for (value, json) in [
            ("application/json", true),
            ("Application/JSON; charset=UTF-8", true),
            ("application/json;charset=\"utf-8\";x=y", true),
            ("application/json; charset=utf-16", false),
            ("application/jsonp", false),
            ("application/json, text/plain", false),
            ("text/json", false),
            ("", false),
        ] {
            let kind = media_type(&HeaderValue::from_str(value).unwrap());
            assert_eq!(kind.as_deref() == Some("application/json"), json, "{value}");
        }
    }
}
