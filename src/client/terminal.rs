//! Bytes of a stranger, on somebody's terminal.
//!
//! Owns: which characters a terminal would obey or be confused by, and how they are shown instead. Not here: whether standard
//! output is a terminal; to a pipe or a file all bytes go as they are.
//!
//! Escaped: control characters (C0 but newline and tab, DEL, C1), bytes that are not UTF-8 (some terminals still take 0x9b for
//! "escape ["), the characters that turn the direction of text (they make a line read as what it is not), and the line and
//! paragraph separators. A carriage return is among them: it lets text overwrite what stands before it.
//! Not escaped: characters without width, as U+200B or U+200D. They hide, but nothing obeys them, and emoji and several scripts
//! are not written without them. Backslashes stay as they are, so that ordinary output is not changed: what is shown is for
//! people, and does not tell an escape from one that the script printed itself.

use std::io::{self, Write};

use crate::config::limits;

/// Writes bytes so that a terminal shows them and does nothing else. Lines stay lines.
pub fn write(out: &mut impl Write, bytes: &[u8]) -> io::Result<()> {
    for chunk in bytes.utf8_chunks() {
        write_text(out, chunk.valid())?;
        for byte in chunk.invalid() {
            write!(out, "\\x{byte:02x}")?;
        }
    }
    Ok(())
}

/// The harmless runs as they are, whole, and an escape between two of them.
fn write_text(out: &mut impl Write, mut text: &str) -> io::Result<()> {
    while let Some((at, odd)) = text.char_indices().find(|(_, c)| is_odd(*c) && !matches!(c, '\n' | '\t')) {
        let (before, from) = text.split_at(at);
        out.write_all(before.as_bytes())?;
        out.write_all(escape(odd).as_bytes())?;
        text = from.get(odd.len_utf8()..).unwrap_or_default();
    }
    out.write_all(text.as_bytes())
}

/// Something the server said, as part of one line: at most [`limits::SENTENCE_CHARS`] characters of it, newlines and tabs
/// escaped too.
pub fn sentence(text: &str) -> String {
    let mut shown = String::new();
    for (count, c) in text.chars().enumerate() {
        if count == limits::SENTENCE_CHARS {
            return shown + " ...";
        }
        if is_odd(c) { shown.push_str(&escape(c)) } else { shown.push(c) }
    }
    shown
}

/// What is shown in place of this character, if a terminal would do something else with it than show it.
pub fn instead(c: char) -> Option<String> {
    is_odd(c).then(|| escape(c))
}

/// Puts characters together that come in two pieces, for output that comes bit by bit.
#[derive(Debug, Default)]
pub struct Pieces {
    held: Vec<u8>,
}

impl Pieces {
    /// All but the beginning of a character whose end has not come yet.
    pub fn whole(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut whole = [&self.held, bytes].concat();
        let begun = whole.utf8_chunks().last().map_or(0, |chunk| begun(chunk.invalid()));
        self.held = whole.split_off(whole.len().saturating_sub(begun));
        whole
    }

    /// What has been held back and will not get an end.
    pub fn rest(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.held)
    }
}

/// How many of these bytes, which are no character, may be the beginning of one.
fn begun(bytes: &[u8]) -> usize {
    match std::str::from_utf8(bytes) {
        Err(error) if error.error_len().is_none() => bytes.len(),
        _ => 0,
    }
}

/// Whether a terminal would do something else with it than show it.
fn is_odd(c: char) -> bool {
    // Unicode's bidirectional controls but the three marks, which change nothing beside themselves.
    let turns = matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    c.is_control() || turns || matches!(c, '\u{2028}' | '\u{2029}')
}

fn escape(c: char) -> String {
    if c.is_ascii() { format!("\\x{:02x}", u32::from(c)) } else { format!("\\u{{{:x}}}", u32::from(c)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(bytes: &[u8]) -> String {
        let mut out = vec![];
        write(&mut out, bytes).unwrap();
        String::from_utf8(out).expect("escaped output is UTF-8")
    }

    #[test]
    fn what_a_terminal_obeys_is_shown_instead() {
        for (bytes, expected) in [
            (&b"\x1b[2J\x1b]0;title\x07"[..], "\\x1b[2J\\x1b]0;title\\x07"),
            (b"50 %\r100 %\n", "50 %\\x0d100 %\n"),
            (b"a\x08\x7fb\0", "a\\x08\\x7fb\\x00"),
            (b"\x9b31m", "\\x9b31m"),
            ("\u{9b}31m".as_bytes(), "\\u{9b}31m"),
            ("\u{85}\u{2028}\u{2029}".as_bytes(), "\\u{85}\\u{2028}\\u{2029}"),
            ("a\u{202e}b\u{2066}c\u{2069}".as_bytes(), "a\\u{202e}b\\u{2066}c\\u{2069}"),
            // An overlong escape, a surrogate, a character cut off.
            (b"\xc0\x9b\xed\xa0\x80\xe2\x82", "\\xc0\\x9b\\xed\\xa0\\x80\\xe2\\x82"),
        ] {
            assert_eq!(shown(bytes), expected);
        }
    }

    #[test]
    fn ordinary_text_is_not_changed() {
        for text in [
            "",
            "Hello World\n\tindented\n",
            "C:\\x1b \\u{202e}",
            "\u{e9}\u{4e2d}\u{6587} \u{5d0}\u{5d1} \u{627}\u{644} \u{1f468}\u{200d}\u{1f469}\u{200d}\u{1f467} \u{1f40d}",
            "\u{feff}\u{200b}\u{a0}\u{ad}\u{e000}\u{10ffff}",
        ] {
            assert_eq!(shown(text.as_bytes()), text);
        }
    }

    /// Every byte and every character, alone and beside others, and a long run of pseudo-random bytes.
    #[test]
    fn no_escaped_output_has_a_control_character() {
        let harmless = |out: &str| out.chars().all(|c| matches!(c, '\n' | '\t') || !is_odd(c));
        let bytes: Vec<u8> = (0..=255).flat_map(|a| (0..=255).flat_map(move |b| [a, b, b'x'])).collect();
        assert!(harmless(&shown(&bytes)));
        let every: String = (char::MIN..=char::MAX).collect();
        assert!(harmless(&shown(every.as_bytes())));
        let mut state = 1_u32;
        let noise = std::iter::repeat_with(|| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            state.to_be_bytes()[0]
        });
        let noise: Vec<u8> = noise.take(1 << 20).collect();
        for cut in [&noise[..], &noise[1..], &noise[2..12345]] {
            assert!(harmless(&shown(cut)));
        }
    }

    #[test]
    fn a_character_in_pieces_is_not_torn() {
        let text = "a\u{e9}\u{4e2d}\u{1f40d}b".as_bytes();
        for cut in 0..=text.len() {
            let (mut pieces, (left, right)) = (Pieces::default(), text.split_at(cut));
            let left = pieces.whole(left);
            assert!(std::str::from_utf8(&left).is_ok(), "{cut}");
            assert_eq!([left, pieces.whole(right), pieces.rest()].concat(), text);
        }
        // Byte by byte, also of what is no character, and at most three are ever held back.
        let mut pieces = Pieces::default();
        let bytes = b"\xf0\x9f\x90\x8d\xff\xf0\x9fx\xe4\xb8";
        let parts: Vec<Vec<u8>> = bytes.iter().map(|byte| pieces.whole(&[*byte])).collect();
        let lengths: Vec<usize> = parts.iter().map(Vec::len).collect();
        assert_eq!(lengths, [0, 0, 0, 4, 1, 0, 0, 3, 0, 0]);
        assert_eq!([parts.concat(), pieces.rest()].concat(), bytes);
    }

    #[test]
    fn a_sentence_is_one_line_of_bounded_length() {
        assert_eq!(sentence("no\r\nsuch\tthing \u{1b}[31m"), "no\\x0d\\x0asuch\\x09thing \\x1b[31m");
        let long = sentence(&"\u{202e}".repeat(1 << 16));
        assert!(long.ends_with(" ...") && long.chars().count() == limits::SENTENCE_CHARS * 8 + 4);
        assert_eq!(sentence("ok"), "ok");
    }
}
