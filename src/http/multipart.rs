//! `multipart/form-data` (RFC 7578), as it comes in.
//!
//! Owns: where its parts begin and end, and what they are called. It is fed bytes and hands them on, and keeps no more than a line of
//! them. Stricter than the standard where that only helps those who hide things: nothing may stand before the first part or after
//! the last, and a part has one name. Not here: what the parts mean.

use bytes::{Bytes, BytesMut};
use memchr::memmem::Finder;

use crate::config::limits;
use crate::domain::Error;

/// Characters of a boundary at most (RFC 2046, section 5.1.1).
const BOUNDARY: usize = 70;

/// A body in parts.
#[derive(Debug)]
pub(super) struct Multipart {
    /// What ends a part: a line end, two hyphens and the boundary.
    delimiter: Finder<'static>,
    buffer: BytesMut,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Before the first delimiter.
    Start,
    /// Just behind a delimiter.
    Between,
    /// In the head of a part.
    Head,
    /// In the data of a part.
    Data,
    /// Behind the last delimiter.
    End,
}

/// What comes next.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Event {
    /// A part of this name begins.
    Part(String),
    /// These bytes are in it.
    Data(Bytes),
    /// It ends.
    PartEnd,
}

impl Multipart {
    /// A body whose type says this (with the name and parameters). Nothing if it is another type, or has no boundary.
    pub(super) fn of_type(content_type: &str) -> Option<Self> {
        let (kind, parameters) = content_type.split_once(';')?;
        if !kind.trim().eq_ignore_ascii_case("multipart/form-data") {
            return None;
        }
        let boundary = parameter(parameters, "boundary")?;
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"'()+_,-./:=? ".contains(&byte);
        let good = (1..=BOUNDARY).contains(&boundary.len()) && boundary.bytes().all(plain) && !boundary.ends_with(' ');
        good.then(|| Self {
            delimiter: Finder::new(&format!("\r\n--{boundary}")).into_owned(),
            // As if the first line had one before it.
            buffer: BytesMut::from(&b"\r\n"[..]),
            state: State::Start,
        })
    }

    /// Takes the next bytes of the body.
    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// What comes next; nothing as long as more bytes are needed to know.
    pub(super) fn next(&mut self) -> Result<Option<Event>, Error> {
        loop {
            let event = match self.state {
                State::Start => self.start()?,
                State::Between => self.between()?,
                State::Head => return self.head(),
                State::Data => return Ok(self.data()),
                State::End => return self.end().map(|()| None),
            };
            if !event {
                return Ok(None);
            }
        }
    }

    /// The body has ended: says whether that was its end.
    pub(super) fn finish(mut self) -> Result<(), Error> {
        match self.state {
            State::End => self.end(),
            _ => Err(malformed("it ends in the middle of a part")),
        }
    }

    fn start(&mut self) -> Result<bool, Error> {
        let delimiter = self.delimiter.needle();
        let common = self.buffer.len().min(delimiter.len());
        if self.buffer.get(..common) != delimiter.get(..common) {
            return Err(malformed("it does not begin with its boundary"));
        }
        Ok(common == delimiter.len() && self.passed(common, State::Between))
    }

    fn between(&mut self) -> Result<bool, Error> {
        match self.buffer.get(..2) {
            None => Ok(false),
            Some(b"\r\n") => Ok(self.passed(2, State::Head)),
            Some(b"--") => Ok(self.passed(2, State::End)),
            Some(_) => Err(malformed("a boundary is not alone on its line")),
        }
    }

    fn head(&mut self) -> Result<Option<Event>, Error> {
        let Some(end) = memchr::memmem::find(&self.buffer, b"\r\n\r\n") else {
            return match self.buffer.len() > limits::PART_HEAD_BYTES {
                true => Err(malformed("the head of a part is too long")),
                false => Ok(None),
            };
        };
        if end > limits::PART_HEAD_BYTES {
            return Err(malformed("the head of a part is too long"));
        }
        let head = self.buffer.split_to(end);
        let name = name(&head)?;
        self.passed(b"\r\n\r\n".len(), State::Data);
        Ok(Some(Event::Part(name)))
    }

    fn data(&mut self) -> Option<Event> {
        if let Some(end) = self.delimiter.find(&self.buffer) {
            if end > 0 {
                return Some(Event::Data(self.buffer.split_to(end).freeze()));
            }
            self.passed(self.delimiter.needle().len(), State::Between);
            return Some(Event::PartEnd);
        }
        // The rest may be the beginning of a delimiter.
        let sure = self.buffer.len().saturating_sub(self.delimiter.needle().len().saturating_sub(1));
        (sure > 0).then(|| Event::Data(self.buffer.split_to(sure).freeze()))
    }

    /// One more line end is what some write there.
    fn end(&mut self) -> Result<(), Error> {
        match b"\r\n".starts_with(&self.buffer) {
            true => Ok(()),
            false => Err(malformed("something follows its last boundary")),
        }
    }

    fn passed(&mut self, bytes: usize, state: State) -> bool {
        let _ = self.buffer.split_to(bytes.min(self.buffer.len()));
        self.state = state;
        true
    }
}

/// The name that the head of a part says.
fn name(head: &[u8]) -> Result<String, Error> {
    let head = std::str::from_utf8(head).map_err(|_| malformed("the head of a part is not UTF-8"))?;
    let mut found = None;
    for line in head.split("\r\n") {
        let (field, value) =
            line.split_once(':').ok_or_else(|| malformed("the head of a part has a line that is no field"))?;
        if field.eq_ignore_ascii_case("content-transfer-encoding") && !value.trim().eq_ignore_ascii_case("binary") {
            return Err(malformed("a part must be sent as it is, without Content-Transfer-Encoding"));
        }
        if field.eq_ignore_ascii_case("content-disposition") {
            let (kind, parameters) = value.split_once(';').unwrap_or((value, ""));
            let name = parameter(parameters, "name").filter(|_| kind.trim().eq_ignore_ascii_case("form-data"));
            if found.replace(name).is_some() {
                return Err(malformed("a part has more than one Content-Disposition"));
            }
        }
    }
    found.flatten().ok_or_else(|| malformed("a part has no name"))
}

/// The value of a parameter (RFC 9110, section 5.6.6). Nothing if it is not there once, or if any of them cannot be read.
fn parameter(text: &str, wanted: &str) -> Option<String> {
    let (mut rest, mut found) = (text.trim_matches([' ', '\t', ';']), None);
    while !rest.is_empty() {
        let (name, after) = rest.split_once('=')?;
        let (value, after) =
            if let Some(quoted) = after.strip_prefix('"') { quoted_string(quoted)? } else { token(after) };
        if name.trim().eq_ignore_ascii_case(wanted) && found.replace(value).is_some() {
            return None;
        }
        let after = after.trim_start_matches([' ', '\t']);
        if !after.is_empty() && !after.starts_with(';') {
            return None;
        }
        rest = after.trim_start_matches([' ', '\t', ';']);
    }
    found
}

fn token(text: &str) -> (String, &str) {
    let (value, rest) = text.split_at(text.find(';').unwrap_or(text.len()));
    (value.trim_end_matches([' ', '\t']).to_owned(), rest)
}

/// What is between quotation marks, and what is behind them.
fn quoted_string(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut characters = text.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return Some((value, text.get(at + 1..)?)),
            '\\' => value.push(characters.next()?.1),
            other => value.push(other),
        }
    }
    None
}

fn malformed(what: &str) -> Error {
    Error::Malformed(format!("the multipart body cannot be read: {what}"))
}

/// For the fuzzer: however the body is cut, it means the same; and what is in its parts was in it.
pub fn read_any_multipart(bytes: &[u8]) {
    let whole = events(bytes, bytes.len().max(1));
    for step in [1, 2, 7] {
        assert_eq!(events(bytes, step), whole, "cut into {step}");
    }
    for (_, data) in whole.unwrap_or_default() {
        assert!(data.is_empty() || memchr::memmem::find(bytes, &data).is_some(), "out of nowhere: {data:?}");
    }
}

/// Names and data of a body that is fed in steps, or nothing if it is refused.
fn events(bytes: &[u8], step: usize) -> Option<Vec<(String, Vec<u8>)>> {
    let mut multipart = Multipart::of_type("multipart/form-data; boundary=b")?;
    let mut parts: Vec<(String, Vec<u8>)> = vec![];
    for chunk in bytes.chunks(step) {
        multipart.push(chunk);
        while let Some(event) = multipart.next().ok()? {
            match event {
                Event::Part(name) => parts.push((name, vec![])),
                Event::Data(data) => parts.last_mut()?.1.extend_from_slice(&data),
                Event::PartEnd => {}
            }
        }
    }
    multipart.finish().ok()?;
    Some(parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(name: &str, data: &str) -> String {
        format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{data}\r\n")
    }

    fn read(body: &str) -> Option<Vec<(String, String)>> {
        let whole = events(body.as_bytes(), usize::MAX);
        for step in [1, 2, 3, 5, 64] {
            assert_eq!(events(body.as_bytes(), step), whole, "{step}: {body:?}");
        }
        Some(whole?.into_iter().map(|(name, data)| (name, String::from_utf8(data).unwrap())).collect())
    }

    #[test]
    fn parts_come_out_as_they_were_put_in() {
        let body =
            part("owner", "ada") + &part("metadata", "") + &part("file", "\r\n--\r\n--c\r\n\r\n--") + "--b--\r\n";
        let parts = read(&body).unwrap();
        let expected = [("owner", "ada"), ("metadata", ""), ("file", "\r\n--\r\n--c\r\n\r\n--")];
        assert_eq!(parts, expected.map(|(name, data)| (name.to_owned(), data.to_owned())));
        assert_eq!(read(&body[..body.len() - 2]), read(&body), "without its last line end");
        assert_eq!(read("--b--\r\n"), Some(vec![]));
    }

    #[test]
    fn heads_may_say_more_than_a_name() {
        for head in [
            "Content-Disposition: form-data; name=\"file\"; filename=\"x; name=\\\"y\\\".csv\"\r\nContent-Type: text/csv",
            "content-type: text/csv\r\ncontent-disposition:form-data;name=file",
            "CONTENT-DISPOSITION: Form-Data; filename=\"caf\u{e9}\"; NAME=\"file\"; filename*=utf-8''caf%C3%A9",
            "Content-Disposition: form-data; name=\"file\"\r\nContent-Transfer-Encoding: binary",
        ] {
            let parts = read(&format!("--b\r\n{head}\r\n\r\nx\r\n--b--"));
            assert_eq!(parts, Some(vec![("file".to_owned(), "x".to_owned())]), "{head}");
        }
    }

    #[test]
    fn what_is_not_in_good_form_is_refused() {
        let good = part("file", "x");
        let long = format!("X: {}", "x".repeat(limits::PART_HEAD_BYTES));
        for wrong in [
            String::new(),
            good.clone(),
            format!("{good}--b"),
            format!("{good}--b-"),
            format!("{good}--b--x"),
            format!("{good}--b--\r\n\r\n"),
            format!("preamble\r\n{good}--b--"),
            format!("\r\n{good}--b--"),
            good.replace("--b\r\n", "--b \r\n") + "--b--",
            good.replace("\r\n", "\n") + "--b--",
            "--b\r\n\r\nx\r\n--b--".to_owned(),
            "--b\r\nContent-Type: text/plain\r\n\r\nx\r\n--b--".to_owned(),
            "--b\r\nContent-Disposition: form-data\r\n\r\nx\r\n--b--".to_owned(),
            "--b\r\nContent-Disposition: attachment; name=\"file\"\r\n\r\nx\r\n--b--".to_owned(),
            "--b\r\nContent-Disposition: form-data; name=\"file\r\n\r\nx\r\n--b--".to_owned(),
            "--b\r\nContent-Disposition: form-data; name=\"a\"; name=\"b\"\r\n\r\nx\r\n--b--".to_owned(),
            "--b\r\nContent-Disposition: form-data; name=\"a\"x\r\n\r\nx\r\n--b--".to_owned(),
            "--b\r\nContent-Disposition: form-data; name=a\r\nContent-Disposition: form-data; name=b\r\n\r\nx\r\n--b--"
                .to_owned(),
            "--b\r\nContent-Disposition: form-data; name=a\r\nContent-Transfer-Encoding: base64\r\n\r\nx\r\n--b--"
                .to_owned(),
            "--b\r\nno field\r\n\r\nx\r\n--b--".to_owned(),
            format!("--b\r\n{long}\r\nContent-Disposition: form-data; name=a\r\n\r\nx\r\n--b--"),
        ] {
            assert_eq!(events(wrong.as_bytes(), usize::MAX), None, "{wrong:.200}");
            assert_eq!(events(wrong.as_bytes(), 1), None, "{wrong:.200}");
        }
    }

    #[test]
    fn a_boundary_is_named_in_good_form() {
        for good in [
            "multipart/form-data; boundary=b",
            "Multipart/Form-Data;boundary=\"b\"",
            "multipart/form-data; charset=utf-8; boundary=b; x=y",
            "multipart/form-data; boundary=\"a b\"",
        ] {
            assert!(Multipart::of_type(good).is_some(), "{good}");
        }
        let long = format!("multipart/form-data; boundary={}", "b".repeat(71));
        for wrong in [
            "multipart/form-data",
            "multipart/form-data; boundary=",
            "multipart/form-data; boundary=\"b",
            "multipart/form-data; boundary=\"b \"",
            "multipart/form-data; boundary=b; boundary=c",
            "multipart/form-data; boundary=\u{e9}",
            "multipart/mixed; boundary=b",
            "application/json; boundary=b",
            &long,
        ] {
            assert!(Multipart::of_type(wrong).is_none(), "{wrong}");
        }
    }

    #[test]
    fn no_more_is_kept_than_must_be() {
        let mut multipart = Multipart::of_type("multipart/form-data; boundary=b").unwrap();
        multipart.push(part("file", "").trim_end_matches("\r\n").as_bytes());
        multipart.push(b"\r\n\r\n");
        let mut bytes = 0;
        for _ in 0..100 {
            multipart.push(&[b'\r'; 10_000]);
            while let Some(event) = multipart.next().unwrap() {
                if let Event::Data(data) = event {
                    bytes += data.len();
                }
            }
            assert!(multipart.buffer.len() < 8, "{}", multipart.buffer.len());
        }
        assert!(bytes > 999_990);
    }
}
