//! Somebody at a terminal: lines are edited here, and what the script writes is put before them.
//!
//! Owns: [`Console`], bytes in, bytes out, which `session` moves; and the terminal's [`mode`]. Nothing here waits.

mod editor;
mod keys;
pub(super) mod mode;
mod screen;
mod width;

use self::editor::{Done, Editor};
use self::keys::Keys;
use self::screen::Screen;

/// A terminal, between who types and what the script writes.
#[derive(Debug)]
pub(super) struct Console {
    keys: Keys,
    editor: Editor,
    screen: Screen,
}

/// What has come of what was typed.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Typed {
    /// What the terminal is to be sent.
    pub(super) echo: String,
    /// Lines for the script, with their ends.
    pub(super) lines: Vec<String>,
    /// Whether there will be no more.
    pub(super) ended: bool,
    /// Whether it was Ctrl-C. The kernel makes a signal of it, unless its settings have another key for that.
    pub(super) interrupted: bool,
}

impl Console {
    /// A terminal with this many columns; 0 if it does not say.
    pub(super) fn new(columns: usize) -> Self {
        Self { keys: Keys::default(), editor: Editor::default(), screen: Screen::new(columns) }
    }

    /// Takes what was typed.
    pub(super) fn typed(&mut self, bytes: &[u8]) -> Typed {
        let mut typed = Typed::default();
        for byte in bytes {
            match self.keys.next(*byte).and_then(|key| self.editor.press(key)) {
                Some(Done::Line(line)) => {
                    typed.echo.push_str(&self.screen.enter(&line));
                    typed.lines.push(line + "\n");
                }
                Some(Done::End) => typed.ended = true,
                Some(Done::Interrupted) => {
                    typed.interrupted = true;
                    break;
                }
                None => {}
            }
        }
        typed.echo.push_str(&self.draw());
        typed
    }

    /// Puts output before the line: what the terminal is to be sent.
    pub(super) fn output(&mut self, output: &[u8]) -> Vec<u8> {
        let erased = self.screen.erase();
        self.screen.wrote(output);
        [erased.as_bytes(), output, self.draw().as_bytes()].concat()
    }

    /// The terminal has another width: the line is drawn anew.
    pub(super) fn resize(&mut self, columns: usize) -> String {
        let erased = self.screen.erase();
        self.screen.resize(columns);
        erased + &self.draw()
    }

    /// What leaves the terminal in good order when the script has ended: a line that nobody will read is left behind.
    pub(super) fn left(&mut self) -> &'static str {
        if self.screen.has_line() { self.screen.fresh_row() } else { "" }
    }

    /// What leaves the terminal in good order when something else is to be said: a row of its own.
    pub(super) fn fresh_row(&mut self) -> &'static str {
        self.screen.fresh_row()
    }

    fn draw(&mut self) -> String {
        let (line, cursor) = self.editor.line();
        self.screen.draw(line, cursor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(typed: &Typed) -> Vec<&str> {
        typed.lines.iter().map(String::as_str).collect()
    }

    #[test]
    fn a_dialogue_is_seen_as_it_was() {
        let mut console = Console::new(80);
        assert_eq!(console.output(b"name? "), b"name? ");
        let typed = console.typed(b"Adx\x7fa");
        assert_eq!((typed.echo.as_str(), lines(&typed)), ("Ada", vec![]));
        let typed = console.typed(b"\r");
        assert_eq!((typed.echo.as_str(), lines(&typed)), ("\n", vec!["Ada\n"]));
        assert_eq!(console.output(b"hello Ada\n"), b"hello Ada\n");
        assert_eq!([console.left(), console.fresh_row()], ["", ""]);
    }

    #[test]
    fn several_lines_at_once_are_several_lines() {
        let mut console = Console::new(80);
        let typed = console.typed(b"one\rtwo\nthr");
        assert_eq!((typed.echo.as_str(), lines(&typed)), ("one\ntwo\nthr", vec!["one\n", "two\n"]));
        assert_eq!(console.output(b"1\n"), b"\x1b[3D\x1b[K1\nthr");
        assert_eq!(console.left(), "\n");
    }

    #[test]
    fn keys_may_come_in_pieces() {
        let mut console = Console::new(80);
        let pieces: [&[u8]; 6] = [b"a\xe4", b"\xb8", b"\xad\x1b", b"[", b"Dx", b"\r"];
        let typed: Vec<Typed> = pieces.iter().map(|piece| console.typed(piece)).collect();
        assert_eq!(lines(&typed[5]), ["ax\u{4e2d}\n"]);
        let echo: String = typed.into_iter().map(|typed| typed.echo).collect();
        assert_eq!(echo, "a\u{4e2d}\x1b[3D\x1b[Kax\u{4e2d}\x1b[2D\x1b[2C\n");
    }

    #[test]
    fn the_end_and_ctrl_c_are_told_once_each() {
        let mut console = Console::new(80);
        assert!(console.typed(b"a\r\x04").ended);
        assert_eq!(console.typed(b"b\r\x04"), Typed::default());
        let typed = console.typed(b"\x03\x03");
        assert!(typed.interrupted && !typed.ended);
    }

    #[test]
    fn a_new_width_holds_at_once() {
        let mut console = Console::new(80);
        console.typed(&[b'x'; 60]);
        assert_eq!(console.resize(40), format!("\x1b[60D\x1b[K{}", "x".repeat(39)));
    }
}
