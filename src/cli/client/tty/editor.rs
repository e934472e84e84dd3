//! The line that is being typed: what each key does to it.
//!
//! Owns: text, cursor and history. Not here: bytes (`keys`), and how the line is shown (`screen`).

use std::collections::VecDeque;

use super::keys::Key;
use super::width;
use crate::config::limits;

/// What a key has brought about beyond the line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Done {
    /// A line, without its end.
    Line(String),
    /// There will be no more lines.
    End,
    /// Ctrl-C.
    Interrupted,
}

/// A line, and those before it.
#[derive(Debug, Default)]
pub(super) struct Editor {
    line: Vec<char>,
    /// Characters before the cursor.
    cursor: usize,
    bytes: usize,
    history: VecDeque<Vec<char>>,
    /// How far back in the history, and what was being typed before going there.
    back: usize,
    draft: Vec<char>,
    ended: bool,
}

impl Editor {
    /// The line so far, and how many of its characters are before the cursor.
    pub(super) fn line(&self) -> (&[char], usize) {
        (&self.line, self.cursor)
    }

    /// Presses a key. After the end of input all but Ctrl-C do nothing.
    pub(super) fn press(&mut self, key: Key) -> Option<Done> {
        match key {
            Key::Interrupt => return Some(Done::Interrupted),
            _ if self.ended => {}
            Key::Enter => return Some(Done::Line(self.enter())),
            Key::DeleteOrEnd if self.line.is_empty() => {
                self.ended = true;
                return Some(Done::End);
            }
            Key::Char(c) => self.insert(c),
            Key::Backspace => self.delete(self.before(), self.cursor),
            Key::Delete | Key::DeleteOrEnd => self.delete(self.cursor, self.after()),
            Key::DeleteBefore => self.delete(0, self.cursor),
            Key::DeleteAfter => self.delete(self.cursor, self.line.len()),
            Key::DeleteWord => self.delete(self.word(), self.cursor),
            Key::Left => self.cursor = self.before(),
            Key::Right => self.cursor = self.after(),
            Key::Home => self.cursor = 0,
            Key::End => self.cursor = self.line.len(),
            Key::Up => self.go(self.back + 1),
            Key::Down => self.go(self.back.saturating_sub(1)),
        }
        None
    }

    /// A longer line than is taken gets no longer.
    fn insert(&mut self, c: char) {
        if self.bytes + c.len_utf8() <= limits::TYPED_LINE_BYTES {
            self.bytes += c.len_utf8();
            self.line.insert(self.cursor, c);
            self.cursor += 1;
        }
    }

    fn delete(&mut self, from: usize, to: usize) {
        let gone: usize = self.line.drain(from..to).map(char::len_utf8).sum();
        self.bytes -= gone;
        self.cursor = from;
    }

    /// The character before the cursor begins here: what has no width of its own belongs to what stands before it.
    fn before(&self) -> usize {
        let before = self.line.iter().take(self.cursor).rposition(|c| width::of(*c) > 0);
        before.unwrap_or(0)
    }

    /// The character after the cursor ends here.
    fn after(&self) -> usize {
        let rest = self.line.iter().skip(self.cursor + 1);
        let more = rest.take_while(|c| width::of(**c) == 0).count();
        (self.cursor + 1 + more).min(self.line.len())
    }

    /// The word before the cursor begins here.
    fn word(&self) -> usize {
        let before = || self.line.iter().take(self.cursor);
        let end = before().rposition(|c| !c.is_whitespace()).map_or(0, |at| at + 1);
        before().take(end).rposition(|c| c.is_whitespace()).map_or(0, |at| at + 1)
    }

    fn enter(&mut self) -> String {
        let line = std::mem::take(&mut self.line);
        let text = line.iter().collect();
        if !line.is_empty() && self.history.back() != Some(&line) {
            self.history.push_back(line);
        }
        if self.history.len() > limits::TYPED_LINES {
            self.history.pop_front();
        }
        (self.cursor, self.bytes, self.back) = (0, 0, 0);
        self.draft.clear();
        text
    }

    /// Shows the line this far back; 0 is the one that was being typed.
    fn go(&mut self, back: usize) {
        if back == self.back || back > self.history.len() {
            return;
        }
        if self.back == 0 {
            self.draft = std::mem::take(&mut self.line);
        }
        self.line = match self.history.len().checked_sub(back).and_then(|at| self.history.get(at)) {
            Some(line) => line.clone(),
            None => std::mem::take(&mut self.draft),
        };
        self.back = back;
        self.cursor = self.line.len();
        self.bytes = self.line.iter().map(|c| c.len_utf8()).sum();
    }
}

#[cfg(test)]
mod tests {
    use super::super::keys::Keys;
    use super::*;

    /// The line with a bar where the cursor is, and what was done on the way.
    fn typed(bytes: &str) -> (String, Vec<Done>) {
        let (mut editor, mut keys) = (Editor::default(), Keys::default());
        let done = bytes.bytes().filter_map(|byte| editor.press(keys.next(byte)?)).collect();
        let (line, cursor) = editor.line();
        assert_eq!(line.iter().collect::<String>().len(), editor.bytes);
        let (left, right) = line.split_at(cursor);
        (left.iter().chain(&['|']).chain(right).collect(), done)
    }

    #[test]
    fn each_key_does_what_it_is_for() {
        for (bytes, line) in [
            ("abc", "abc|"),
            ("abc\x7f", "ab|"),
            ("\x7f\x1b[3~\x15\x0b\x17", "|"),
            ("abc\x1b[D\x1b[Dx", "ax|bc"),
            ("abc\x1b[D\x1b[D\x1b[3~", "a|c"),
            ("abc\x1b[D\x04", "ab|"),
            ("abc\x1b[D\x1b[D\x1b[D\x1b[D\x1b[C", "a|bc"),
            ("abc\x01x", "x|abc"),
            ("abc\x01\x05x", "abcx|"),
            ("abc\x1b[D\x15", "|c"),
            ("abc\x1b[D\x0b", "ab|"),
            ("one two  \x17", "one |"),
            ("one two\x1b[D\x17", "one |o"),
            (" \x17", "|"),
            ("a\tb", "a\tb|"),
            // A letter with an accent of its own is one letter.
            ("ae\u{301}\x1b[Dx", "ax|e\u{301}"),
            ("ae\u{301}\x7f", "a|"),
            ("e\u{301}a\x01\x1b[3~", "|a"),
            ("\u{301}\x7f", "|"),
        ] {
            assert_eq!(typed(bytes), (line.to_owned(), vec![]), "{bytes:?}");
        }
    }

    #[test]
    fn lines_ends_and_interrupts_are_told() {
        let line = |text: &str| Done::Line(text.to_owned());
        assert_eq!(typed("a\r\nb\rc").1, [line("a"), line(""), line("b")]);
        assert_eq!(typed("a\x04\x7f\x04\x04bc\rd"), ("|".to_owned(), vec![Done::End]));
        assert_eq!(typed("ab\x03").1, [Done::Interrupted]);
        assert_eq!(typed("\x04\x03").1, [Done::End, Done::Interrupted]);
    }

    #[test]
    fn the_history_goes_back_and_forth() {
        let (up, down) = ("\x1b[A", "\x1b[B");
        for (keys, line) in [
            (up.to_owned(), "three|"),
            (up.repeat(2), "two|"),
            (up.repeat(9), "one|"),
            (up.repeat(9) + down, "two|"),
            (format!("draft{up}{up}{down}{down}{down}"), "draft|"),
            // What was changed on the way is forgotten, unless it is sent.
            (format!("{up}x{up}{down}"), "three|"),
            (format!("{up}x\r{up}{up}"), "three|"),
            (format!("{down}x"), "x|"),
        ] {
            assert_eq!(typed(&format!("one\rtwo\rtwo\r\rthree\r{keys}")).0, line, "{keys:?}");
        }
        let many: String = (0..limits::TYPED_LINES + 9).map(|number| format!("{number}\r")).collect();
        assert_eq!(typed(&(many + &up.repeat(limits::TYPED_LINES + 9))).0, "9|");
    }

    #[test]
    fn a_line_without_end_ends() {
        let (line, done) = typed(&("\u{e9}".repeat(limits::TYPED_LINE_BYTES) + "\x7f\x7fx\r"));
        assert_eq!((line.as_str(), done.len()), ("|", 1));
        let Some(Done::Line(line)) = done.first() else { panic!("{done:?}") };
        assert_eq!(line.len(), limits::TYPED_LINE_BYTES - 3);
    }
}
