//! What a terminal sends, as keys.
//!
//! Owns: UTF-8 and the sequences of the keys that are no characters (as xterm and its like send them, and the Linux console), in
//! whatever pieces they come. Not here: what a key does.

/// A key, by what it is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Key {
    /// A character that can be seen, a space or a tab.
    Char(char),
    Enter,
    Backspace,
    Delete,
    Left,
    Right,
    Up,
    Down,
    Home,
    End,
    /// Ctrl-D: the end of input on an empty line, otherwise like Delete.
    DeleteOrEnd,
    /// Ctrl-U, Ctrl-K, Ctrl-W: delete from the start, to the end, a word.
    DeleteBefore,
    DeleteAfter,
    DeleteWord,
    /// Ctrl-C.
    Interrupt,
}

/// Where in a sequence the last byte was.
#[derive(Debug, Default)]
enum State {
    #[default]
    Ground,
    /// A character of several bytes, of which some are missing.
    Text(Vec<u8>),
    /// After an escape.
    Escape,
    /// After `ESC [`, and the number that follows it; parameters after the first are modifiers, and not looked at.
    Sequence { number: u16, first: bool },
    /// After `ESC O`.
    Single,
}

/// Takes bytes apart. What no key of ours sends is dropped: other controls (Ctrl-Z and Ctrl-\ among them), other sequences, Alt
/// with a key, and bytes that are not UTF-8.
#[derive(Debug, Default)]
pub(super) struct Keys(State);

impl Keys {
    /// The key that this byte completes, if it does.
    pub(super) fn next(&mut self, byte: u8) -> Option<Key> {
        match std::mem::take(&mut self.0) {
            State::Ground => self.ground(byte),
            State::Text(begun) => self.text(begun, byte),
            State::Escape => {
                self.0 = match byte {
                    b'[' => State::Sequence { number: 0, first: true },
                    b'O' => State::Single,
                    0x1b => State::Escape,
                    _ => State::Ground,
                };
                None
            }
            State::Sequence { number, first } => self.sequence(number, first, byte),
            State::Single => letter(byte),
        }
    }

    fn ground(&mut self, byte: u8) -> Option<Key> {
        match byte {
            0x01 => Some(Key::Home),
            0x03 => Some(Key::Interrupt),
            0x04 => Some(Key::DeleteOrEnd),
            0x05 => Some(Key::End),
            0x08 | 0x7f => Some(Key::Backspace),
            b'\r' | b'\n' => Some(Key::Enter),
            0x0b => Some(Key::DeleteAfter),
            0x15 => Some(Key::DeleteBefore),
            0x17 => Some(Key::DeleteWord),
            b'\t' | b' '..=b'~' => Some(Key::Char(char::from(byte))),
            0x1b => {
                self.0 = State::Escape;
                None
            }
            0x80.. => self.text(vec![], byte),
            _ => None,
        }
    }

    fn text(&mut self, mut begun: Vec<u8>, byte: u8) -> Option<Key> {
        begun.push(byte);
        match std::str::from_utf8(&begun) {
            Ok(text) => text.chars().next().filter(|c| !c.is_control()).map(Key::Char),
            Err(error) if error.error_len().is_none() => {
                self.0 = State::Text(begun);
                None
            }
            // A character that was cut off takes nothing along of what follows it.
            Err(_) if begun.len() > 1 => self.ground(byte),
            Err(_) => None,
        }
    }

    fn sequence(&mut self, number: u16, first: bool, byte: u8) -> Option<Key> {
        match byte {
            b'0'..=b'9' if first => {
                let number = number.saturating_mul(10).saturating_add(u16::from(byte - b'0'));
                self.0 = State::Sequence { number, first };
            }
            // Further parameters and intermediate bytes (ECMA-48, section 5.4).
            0x20..=0x3f => self.0 = State::Sequence { number, first: false },
            b'~' => return numbered(number),
            0x40..=0x7e => return letter(byte),
            0x1b => self.0 = State::Escape,
            // No part of a sequence. A terminal would obey it as if it stood alone.
            _ => return self.ground(byte),
        }
        None
    }
}

fn letter(byte: u8) -> Option<Key> {
    match byte {
        b'A' => Some(Key::Up),
        b'B' => Some(Key::Down),
        b'C' => Some(Key::Right),
        b'D' => Some(Key::Left),
        b'H' => Some(Key::Home),
        b'F' => Some(Key::End),
        b'M' => Some(Key::Enter),
        _ => None,
    }
}

fn numbered(number: u16) -> Option<Key> {
    match number {
        1 | 7 => Some(Key::Home),
        3 => Some(Key::Delete),
        4 | 8 => Some(Key::End),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(bytes: &[u8]) -> Vec<Key> {
        let mut keys = Keys::default();
        bytes.iter().filter_map(|byte| keys.next(*byte)).collect()
    }

    #[test]
    fn keys_are_known_by_what_they_send() {
        for (bytes, key) in [
            (&b"\x1b[A"[..], Key::Up),
            (b"\x1bOB", Key::Down),
            (b"\x1b[1;5C", Key::Right),
            (b"\x1b[D", Key::Left),
            (b"\x1b[H", Key::Home),
            (b"\x1bOF", Key::End),
            (b"\x1b[1~", Key::Home),
            (b"\x1b[3;2~", Key::Delete),
            (b"\x1b[8~", Key::End),
            (b"\r", Key::Enter),
            (b"\n", Key::Enter),
            (b"\x7f", Key::Backspace),
            (b"\x08", Key::Backspace),
            (b"\x01", Key::Home),
            (b"\x05", Key::End),
            (b"\x15", Key::DeleteBefore),
            (b"\x0b", Key::DeleteAfter),
            (b"\x17", Key::DeleteWord),
            (b"\x04", Key::DeleteOrEnd),
            (b"\x03", Key::Interrupt),
            (b"\t", Key::Char('\t')),
            ("\u{1f40d}".as_bytes(), Key::Char('\u{1f40d}')),
        ] {
            assert_eq!(keys(bytes), [key], "{bytes:?}");
        }
    }

    #[test]
    fn what_is_no_key_of_ours_is_dropped_and_takes_nothing_along() {
        let x = Key::Char('x');
        for dropped in [
            &b"\0\x1a\x1c\x1d\x11\x13\x16"[..],
            b"\x1b[200~",
            b"\x1b[99999999999999~",
            b"\x1b[?1;2c",
            b"\x1bb",
            b"\x1b\x1bO5",
            b"\xff\xc0\x80",
            b"\xe4\xb8",
            // Controls of the upper half, and half of a surrogate.
            b"\xc2\x9b",
            b"\xed\xa0\x80",
        ] {
            assert_eq!(keys(&[dropped, b"x"].concat()), [x], "{dropped:?}");
        }
        assert_eq!(keys(b"\x1b[\x03"), [Key::Interrupt], "in the middle of a sequence too");
        assert_eq!(keys(b"\xe4\xb8\x03"), [Key::Interrupt], "and of a character");
    }

    /// Whatever bytes come, no key is a control character.
    #[test]
    fn no_character_is_a_control() {
        for a in 0..=255 {
            for b in 0..=255 {
                for key in keys(&[a, b, b'x', a, b]) {
                    assert!(!matches!(key, Key::Char(c) if c.is_control() && c != '\t'), "{a} {b}");
                }
            }
        }
    }
}
