//! The JSON bodies, from the client's end.
//!
//! Owns: what is sent and what is believed. Wrong types, double fields, missing fields, bytes after the end and text that is not
//! UTF-8 are refused; fields that we do not know are not looked at, so that a newer server can say more.
//! The server has its own shapes of the same bodies: two hands, so that a slip in one shows in the tests of both.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashSet};
use std::fmt::Formatter;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use crate::config::limits;
use crate::domain::{FilePath, JobFile};

/// `POST /register`.
#[derive(Serialize)]
pub(super) struct Register<'a> {
    pub(super) email: &'a str,
    pub(super) password: &'a str,
}

/// `POST /login`.
#[derive(Serialize)]
pub(super) struct Login<'a> {
    pub(super) email: &'a str,
    pub(super) password: &'a str,
    pub(super) totop: &'a str,
}

/// `POST /execute` with a bearer token, and the first message of a live session.
#[derive(Serialize)]
pub(super) struct Execute<'a> {
    /// None is the interactive interpreter, which only a session can be.
    pub(super) data: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) args: Vec<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) stdin: Option<String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) files: BTreeMap<&'a str, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) outputs: Option<Vec<&'a str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) timeout: Option<f64>,
}

/// What every answer has.
#[derive(Deserialize)]
pub(super) struct Said<'a> {
    #[serde(borrow)]
    pub(super) error: Cow<'a, str>,
}

/// The answer to `POST /login`.
#[derive(Deserialize)]
pub(super) struct LoggedIn<'a> {
    #[serde(borrow)]
    pub(super) token: Cow<'a, str>,
    pub(super) expires_in: u64,
}

/// The answer to `POST /execute` for a script that ended by itself.
#[derive(Deserialize)]
pub(super) struct Ran<'a> {
    #[serde(borrow)]
    pub(super) stdout: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) stderr: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) exit_code: Cow<'a, str>,
    pub(super) files: Option<Files>,
}

/// How a live session ended, or why there is none.
#[derive(Deserialize)]
pub(super) struct Control<'a> {
    #[serde(borrow)]
    pub(super) error: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) exit_code: Option<Cow<'a, str>>,
    pub(super) retry_after: Option<u64>,
    pub(super) files: Option<Files>,
}

/// Files that come back: each with a plain path below nothing, none of them twice. Whether they were asked for shows elsewhere.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Files(pub(super) Vec<JobFile>);

impl<'de> Deserialize<'de> for Files {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct ByName;
        impl<'de> Visitor<'de> for ByName {
            type Value = Files;

            fn expecting(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
                f.write_str("files by name")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Files, A::Error> {
                let (mut names, mut files) = (HashSet::new(), vec![]);
                while let Some((Text(name), Text(content))) = object.next_entry::<Text<'de>, Text<'de>>()? {
                    let path = FilePath::parse(name.as_bytes()).map_err(A::Error::custom)?;
                    let content = base64(&content).ok_or_else(|| A::Error::custom("a file that is not base64"))?;
                    if files.len() == limits::FILES {
                        return Err(A::Error::custom(format!("more than {} files", limits::FILES)));
                    }
                    if !names.insert(path.clone()) {
                        return Err(A::Error::custom("a file twice"));
                    }
                    files.push(JobFile { path, content });
                }
                Ok(Files(files))
            }
        }
        from.deserialize_map(ByName)
    }
}

/// A string that is copied only if it has escapes in it.
#[derive(Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

/// Reads a body: one JSON object and nothing after it. The reason, which may quote the body, if it is something else.
pub(super) fn object<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, String> {
    // A list of the fields' values would pass for the object otherwise.
    match body.trim_ascii_start().starts_with(b"{") {
        true => serde_json::from_slice(body).map_err(|error| error.to_string()),
        false => Err("no JSON object".to_owned()),
    }
}

/// The `error` field of a body, if it has one.
pub(super) fn error(body: &[u8]) -> Option<String> {
    object(body).ok().map(|Said { error }| error.into_owned())
}

/// Standard base64 with padding, strictly (RFC 4648, section 4).
pub(super) fn base64(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text).ok()
}

/// The same, for sending.
pub(super) fn to_base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_needed_is_not_sent() {
        let plain = Execute {
            data: Some("pass"),
            args: vec![],
            stdin: None,
            files: BTreeMap::default(),
            outputs: None,
            timeout: None,
        };
        assert_eq!(serde_json::to_string(&plain).unwrap(), r#"{"data":"pass"}"#);
        assert_eq!(serde_json::to_string(&Execute { data: None, ..plain }).unwrap(), r#"{"data":null}"#);
        let full = Execute {
            data: Some("pass"),
            args: vec!["a"],
            stdin: Some(to_base64(b"\xff")),
            files: BTreeMap::from([("f", to_base64(b""))]),
            outputs: Some(vec!["o"]),
            timeout: Some(1.5),
        };
        assert_eq!(
            serde_json::to_string(&full).unwrap(),
            r#"{"data":"pass","args":["a"],"stdin":"/w==","files":{"f":""},"outputs":["o"],"timeout":1.5}"#
        );
    }

    #[test]
    fn files_are_read_one_by_one_and_none_twice() {
        let read = |text: &str| object::<Files>(text.as_bytes()).map(|Files(files)| files);
        let file =
            |path: &str, content: &[u8]| JobFile { path: FilePath::parse(path).unwrap(), content: content.to_vec() };
        assert_eq!(read(r#"{"b/\u00e9":"/w==","a":""}"#), Ok(vec![file("b/\u{e9}", &[0xff]), file("a", b"")]));
        let bad = ["", "/a", "/etc/passwd", "../x", "a/../../b", "a/..", ".", "a/", "a//b", "a\\u0000"];
        for name in bad.iter().copied().chain([&*"x".repeat(limits::PATH_BYTES + 1)]) {
            let error = read(&format!(r#"{{"{name}":""}}"#)).unwrap_err();
            assert!(error.starts_with("a file's name must be a relative path"), "{name}: {error}");
        }
        for (wrong, why) in [
            (r#"{"a":"*"}"#, "a file that is not base64"),
            (r#"{"a":"AA"}"#, "a file that is not base64"),
            (r#"{"a":"","a":""}"#, "a file twice"),
            (r#"{"a":"","\u0061":""}"#, "a file twice"),
            (r#"{"a":null}"#, "invalid type"),
            (r#"{"a":["AA=="]}"#, "invalid type"),
            (r#"{"a":{}}"#, "invalid type"),
        ] {
            let error = read(wrong).unwrap_err();
            assert!(error.starts_with(why), "{wrong}: {error}");
        }
        let many = |count: usize| {
            let files: Vec<String> = (0..count).map(|number| format!("\"{number}\":\"\"")).collect();
            read(&format!("{{{}}}", files.join(",")))
        };
        assert_eq!(many(limits::FILES).unwrap().len(), limits::FILES);
        assert!(many(limits::FILES + 1).unwrap_err().starts_with("more than 10000 files"));
    }

    #[test]
    fn answers_are_read_strictly_but_for_new_fields() {
        let read = |text: &str| object::<Ran<'_>>(text.as_bytes()).map(|ran| ran.exit_code.into_owned()).ok();
        let full = r#"{"error":"ok","stdout":"","stderr":"","exit_code":"AA==","new":[1]}"#;
        assert_eq!(read(full).as_deref(), Some("AA=="));
        for wrong in [
            r#"{"stdout":"","stderr":""}"#,
            r#"{"stdout":"","stderr":"","exit_code":0}"#,
            r#"{"stdout":"","stderr":"","exit_code":null}"#,
            r#"{"stdout":"","stdout":"","stderr":"","exit_code":"AA=="}"#,
            r#"{"stdout":"","stderr":"","exit_code":"AA=="} x"#,
            r#"["","","AA=="]"#,
            "",
        ] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
        for wrong in ["AA", "AA=", "AB==", "AA==\n", " AA==", "_w=="] {
            assert_eq!(base64(wrong), None, "{wrong:?}");
        }
        let deep = format!("{{\"error\":\"ok\",\"x\":{}", "[".repeat(1 << 20));
        assert_eq!(error(deep.as_bytes()), None);
    }
}
