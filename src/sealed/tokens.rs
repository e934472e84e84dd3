//! Where one token ends and the next begins, in a body that comes in pieces cut anywhere.
//!
//! Owns: the two framings: a body that says its length is one token; one that comes in chunks has a token on each line, and its
//! chunks have nothing to do with its lines. Not here: what a token says (`fernet`).

/// How a body is made of tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Framing {
    /// It is one.
    Whole,
    /// One a line.
    Lines,
}

/// A token that is longer than is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TooLong;

/// Finds the tokens of one body.
#[derive(Debug)]
pub(crate) struct Tokens {
    framing: Framing,
    most: usize,
    bytes: Vec<u8>,
    /// Up to here there is no end of a line.
    searched: usize,
}

impl Tokens {
    /// Of a body with tokens of at most `most` bytes.
    pub(crate) const fn new(framing: Framing, most: usize) -> Self {
        Self { framing, most, bytes: vec![], searched: 0 }
    }

    /// Bytes that are held.
    pub(crate) fn held(&self) -> usize {
        self.bytes.capacity()
    }

    /// Takes the next piece. All tokens in it must have been taken out before the next one comes.
    pub(crate) fn push(&mut self, piece: &[u8]) -> Result<(), TooLong> {
        self.grow(piece.len());
        self.bytes.extend_from_slice(piece);
        let end = self.end_of_line();
        // A line's end may be CR and LF.
        match end.unwrap_or(self.bytes.len()) > self.most.saturating_add(2) {
            true => Err(TooLong),
            false => Ok(()),
        }
    }

    /// Makes room as a vector would, but not beyond what a token may have: it is counted.
    fn grow(&mut self, more: usize) {
        let needed = self.bytes.len().saturating_add(more);
        if needed > self.bytes.capacity() {
            let ample = self.bytes.capacity().saturating_mul(2).min(self.most.saturating_add(2)).max(needed);
            self.bytes.reserve_exact(ample.saturating_sub(self.bytes.len()));
        }
    }

    /// A token that is there whole.
    pub(crate) fn next(&mut self) -> Option<Vec<u8>> {
        let end = self.end_of_line()?;
        let rest = self.bytes.split_off(end.saturating_add(1));
        let mut line = std::mem::replace(&mut self.bytes, rest);
        self.searched = 0;
        trim(&mut line);
        Some(line)
    }

    /// The last one, once the body has ended.
    pub(crate) fn last(&mut self) -> Option<Vec<u8>> {
        let mut rest = std::mem::take(&mut self.bytes);
        self.searched = 0;
        trim(&mut rest);
        (!rest.is_empty()).then_some(rest)
    }

    /// Where the first line ends.
    fn end_of_line(&mut self) -> Option<usize> {
        if self.framing == Framing::Whole {
            return None;
        }
        let found = self.bytes.iter().skip(self.searched).position(|byte| *byte == b'\n');
        match found {
            Some(found) => Some(self.searched.saturating_add(found)),
            None => {
                self.searched = self.bytes.len();
                None
            }
        }
    }
}

/// Takes the end of a line off.
fn trim(line: &mut Vec<u8>) {
    if line.last() == Some(&b'\n') {
        line.pop();
    }
    if line.last() == Some(&b'\r') {
        line.pop();
    }
}

/// For the fuzzer: however a body is cut into pieces, its tokens are the same, and are its lines. The first byte says where to cut.
pub fn read_any_body(bytes: &[u8]) {
    let Some((cut, body)) = bytes.split_first() else { return };
    for framing in [Framing::Whole, Framing::Lines] {
        let whole = collect(framing, [body].into_iter());
        let pieces = collect(framing, body.chunks(usize::from(*cut).max(1)));
        assert_eq!(whole, pieces, "a cut changes what is there");
        let said: usize = whole.iter().map(Vec::len).sum();
        assert!(said <= body.len());
        if framing == Framing::Lines {
            assert!(!whole.iter().flatten().any(|byte| *byte == b'\n'));
        }
    }
}

fn collect<'a>(framing: Framing, pieces: impl Iterator<Item = &'a [u8]>) -> Vec<Vec<u8>> {
    let mut tokens = Tokens::new(framing, usize::MAX);
    let mut found = vec![];
    for piece in pieces {
        let _ = tokens.push(piece);
        found.extend(std::iter::from_fn(|| tokens.next()));
    }
    found.extend(tokens.last());
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_split_of_the_bytes_gives_the_same_lines() {
        for body in ["one\r\ntwo\r\nthree", "one\r\ntwo\r\nthree\r\n", "one\ntwo\nthree\n"] {
            for first in 0..=body.len() {
                for second in first..=body.len() {
                    let pieces = [&body[..first], &body[first..second], &body[second..]];
                    let found = collect(Framing::Lines, pieces.into_iter().map(str::as_bytes));
                    assert_eq!(found, [&b"one"[..], b"two", b"three"], "{body:?} {first} {second}");
                }
            }
        }
    }

    #[test]
    fn an_empty_body_has_no_token_and_an_empty_line_is_an_empty_one() {
        let lines = |body: &[u8]| collect(Framing::Lines, [body].into_iter());
        assert!(lines(b"").is_empty() && lines(b"\r").is_empty());
        assert_eq!(lines(b"\r\n"), [b""]);
        assert_eq!(lines(b"a\r\n\r\nb"), [&b"a"[..], b"", b"b"]);
        assert_eq!(lines(b"a\r\r\nb"), [&b"a\r"[..], b"b"]);
    }

    #[test]
    fn a_whole_body_is_one_token_whatever_is_in_it() {
        let whole = |body: &[u8]| collect(Framing::Whole, body.chunks(3));
        assert_eq!(whole(b"one\r\ntwo\r\n"), [b"one\r\ntwo"]);
        assert_eq!(whole(b"one"), [b"one"]);
        assert!(whole(b"").is_empty() && whole(b"\r\n").is_empty());
    }

    #[test]
    fn a_token_without_end_is_given_up() {
        for framing in [Framing::Whole, Framing::Lines] {
            let mut tokens = Tokens::new(framing, 10);
            assert_eq!(tokens.push(b"0123456789"), Ok(()));
            assert_eq!(tokens.push(b"\r\n"), Ok(()));
            assert_eq!(tokens.push(b"0123456789"), if framing == Framing::Whole { Err(TooLong) } else { Ok(()) });
        }
        let mut tokens = Tokens::new(Framing::Lines, 10);
        assert_eq!(tokens.push(b"0123456789012"), Err(TooLong));
    }
}
