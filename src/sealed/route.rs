//! What a path asks for.
//!
//! Owns: the table of paths, and the methods they take. Not here: whether the token in a path is good.

use hyper::Method;

/// What is asked. A token is as it stood in the path, without escapes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    /// `/info`.
    Info,
    /// `/auth`.
    Auth,
    /// `/get/` and the token of a file's name.
    Get(Vec<u8>),
    /// `/put/` and the token of a file's name.
    Put(Vec<u8>),
    /// `/cmd/` and the token of a command line.
    Command(Vec<u8>),
    /// `/icm/` and the token of a command line.
    Start(Vec<u8>),
    /// `/idt`.
    Input,
    /// `/edt`.
    End,
    /// There is nothing there.
    Nothing,
}

impl Asked {
    /// Reads the path of a request, without its query.
    pub(super) fn of(path: &str) -> Self {
        let mut parts = path.splitn(3, '/');
        let (root, verb, rest) = (parts.next(), parts.next(), parts.next());
        let token = rest.filter(|rest| !rest.contains('/')).and_then(unescaped);
        match (root, verb, rest, token) {
            (Some(""), Some("info"), None, _) => Self::Info,
            (Some(""), Some("auth"), None, _) => Self::Auth,
            (Some(""), Some("idt"), None, _) => Self::Input,
            (Some(""), Some("edt"), None, _) => Self::End,
            (Some(""), Some("get"), _, Some(token)) => Self::Get(token),
            (Some(""), Some("put"), _, Some(token)) => Self::Put(token),
            (Some(""), Some("cmd"), _, Some(token)) => Self::Command(token),
            (Some(""), Some("icm"), _, Some(token)) => Self::Start(token),
            _ => Self::Nothing,
        }
    }

    /// `GET` and `POST` are the same to all of them. Something is put by `PUT`, too, and `/info` may be asked for its head.
    pub(super) fn takes(&self, method: &Method) -> bool {
        matches!(
            (self, method),
            (_, &Method::GET | &Method::POST) | (Self::Put(_), &Method::PUT) | (Self::Info, &Method::HEAD)
        )
    }

    /// For the log: a token says nothing there.
    pub(super) const fn name(&self) -> &'static str {
        match self {
            Self::Info => "/info",
            Self::Auth => "/auth",
            Self::Get(_) => "/get/{token}",
            Self::Put(_) => "/put/{token}",
            Self::Command(_) => "/cmd/{token}",
            Self::Start(_) => "/icm/{token}",
            Self::Input => "/idt",
            Self::End => "/edt",
            Self::Nothing => "another path",
        }
    }
}

/// A segment without its escapes (RFC 3986, section 2.1): some clients write the `=` of a token as `%3D`.
fn unescaped(segment: &str) -> Option<Vec<u8>> {
    let mut parts = segment.split('%');
    let mut bytes = parts.next()?.as_bytes().to_vec();
    for part in parts {
        let (digits, rest) =
            part.split_at_checked(2).filter(|(digits, _)| digits.bytes().all(|b| b.is_ascii_hexdigit()))?;
        bytes.push(u8::from_str_radix(digits, 16).ok()?);
        bytes.extend_from_slice(rest.as_bytes());
    }
    Some(bytes)
}

/// For the fuzzer: reading a path does not panic, and a token without escapes comes out as it went in.
pub fn read_any_path(bytes: &[u8]) {
    let Ok(path) = std::str::from_utf8(bytes) else { return };
    if let Asked::Get(token) | Asked::Put(token) | Asked::Command(token) | Asked::Start(token) = Asked::of(path) {
        assert!(path.contains('%') || path.as_bytes().ends_with(&token), "{path:?}");
        assert!(token.len() <= path.len());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_read_as_it_stands() {
        let token = |text: &str| text.as_bytes().to_vec();
        for (path, asked) in [
            ("/info", Asked::Info),
            ("/auth", Asked::Auth),
            ("/idt", Asked::Input),
            ("/edt", Asked::End),
            ("/get/gAAA-_==", Asked::Get(token("gAAA-_=="))),
            ("/put/gAAA%3D%3d", Asked::Put(token("gAAA=="))),
            ("/cmd/x", Asked::Command(token("x"))),
            ("/icm/", Asked::Start(vec![])),
            ("/get", Asked::Nothing),
            ("/get/a/b", Asked::Nothing),
            ("/get/%", Asked::Nothing),
            ("/get/%4", Asked::Nothing),
            ("/get/%\u{e9}", Asked::Nothing),
            ("/info/", Asked::Nothing),
            ("/idt/x", Asked::Nothing),
            ("/INFO", Asked::Nothing),
            ("//info", Asked::Nothing),
            ("info", Asked::Nothing),
            ("/", Asked::Nothing),
            ("", Asked::Nothing),
            ("*", Asked::Nothing),
        ] {
            assert_eq!(Asked::of(path), asked, "{path}");
        }
    }

    #[test]
    fn get_and_post_are_the_same_to_all() {
        let all = ["/info", "/auth", "/get/x", "/put/x", "/cmd/x", "/icm/x", "/idt", "/edt"].map(Asked::of);
        for asked in &all {
            assert!(asked.takes(&Method::GET) && asked.takes(&Method::POST));
            assert!(!asked.takes(&Method::DELETE) && !asked.takes(&Method::OPTIONS));
        }
        let put = all.iter().filter(|asked| asked.takes(&Method::PUT)).map(Asked::name);
        assert_eq!(put.collect::<Vec<_>>(), ["/put/{token}"]);
        let head = all.iter().filter(|asked| asked.takes(&Method::HEAD)).map(Asked::name);
        assert_eq!(head.collect::<Vec<_>>(), ["/info"]);
    }
}
