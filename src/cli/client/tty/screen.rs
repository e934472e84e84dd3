//! What stands on the last row of the terminal: the end of what the script wrote, and behind it the line that is being typed.
//!
//! Owns: which bytes make it so. Not here: what the line is (`editor`), and writing.
//!
//! The line keeps to one row, the last column left free, so that no terminal wraps it; of a longer one the part around the cursor
//! is shown until it is complete. Only moves to the left, to the right and "erase to the end of the row" are used (ECMA-48), so a
//! column that was reckoned wrongly does no more than wrap a long line too early. A newline is one byte: the kernel makes CR LF of it.

use super::width;
use crate::client::terminal;

/// Columns where the terminal does not say, and the fewest that are believed.
const COLUMNS: usize = 80;
const COLUMNS_MIN: usize = 20;
/// Columns that a tab takes in the line that is being typed.
const TAB: &str = "    ";
/// From one tab stop to the next.
const TAB_STOP: usize = 8;

/// The row.
#[derive(Debug)]
pub(super) struct Screen {
    columns: usize,
    /// Where the script's output has ended, and the line begins.
    column: usize,
    skipped: Skipped,
    drawn: View,
}

/// The part of a line that is shown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct View {
    text: String,
    columns: usize,
    cursor: usize,
    /// Whether it is the beginning of the line.
    from_start: bool,
}

/// Whether what follows is part of a control sequence, which takes no room. Output that is not escaped may have some.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Skipped {
    Nothing,
    Escape,
    Sequence,
    Text,
    TextEscape,
}

impl Screen {
    /// A terminal with this many columns; 0 if it does not say.
    pub(super) fn new(columns: usize) -> Self {
        let mut screen = Self { columns: COLUMNS, column: 0, skipped: Skipped::Nothing, drawn: View::default() };
        screen.resize(columns);
        screen
    }

    /// It has another width now.
    pub(super) fn resize(&mut self, columns: usize) {
        self.columns = if columns == 0 { COLUMNS } else { columns.max(COLUMNS_MIN) };
    }

    /// Draws the line as it is now: what the terminal must be sent.
    pub(super) fn draw(&mut self, line: &[char], cursor: usize) -> String {
        if line.is_empty() {
            return self.erase();
        }
        let mut out = String::new();
        if self.drawn.text.is_empty() && self.room() < COLUMNS_MIN / 2 {
            out.push('\n');
            self.column = 0;
        }
        let view = View::of(line, cursor, self.room());
        let added = view.text.strip_prefix(&self.drawn.text).filter(|_| self.drawn.cursor == self.drawn.columns);
        match added {
            Some(added) if view.cursor == view.columns => out.push_str(added),
            _ => {
                out.push_str(&self.erase());
                out.push_str(&view.text);
                out.push_str(&left(view.columns - view.cursor));
            }
        }
        self.drawn = view;
        out
    }

    /// Leaves a line that is complete in its place, whole, and begins a new row.
    pub(super) fn enter(&mut self, line: &str) -> String {
        let whole = shown(line);
        let mut out = match whole.strip_prefix(&self.drawn.text).filter(|_| self.drawn.from_start) {
            Some(added) => right(self.drawn.columns - self.drawn.cursor) + added,
            None => self.erase() + &whole,
        };
        out.push('\n');
        (self.column, self.drawn) = (0, View::default());
        out
    }

    /// Takes the line away, to put something before it.
    pub(super) fn erase(&mut self) -> String {
        let drawn = std::mem::take(&mut self.drawn);
        if drawn.text.is_empty() { String::new() } else { left(drawn.cursor) + "\x1b[K" }
    }

    /// Reckons where output ends that is written where no line is.
    pub(super) fn wrote(&mut self, output: &[u8]) {
        for c in String::from_utf8_lossy(output).chars() {
            self.skipped = match (self.skipped, c) {
                (Skipped::Nothing, c) => self.wrote_one(c),
                (Skipped::Escape, '[') => Skipped::Sequence,
                (Skipped::Escape, ']' | 'P' | '_' | '^' | 'X') => Skipped::Text,
                (Skipped::Text, '\x1b') => Skipped::TextEscape,
                (Skipped::Sequence, c) if !('\x40'..='\x7e').contains(&c) => Skipped::Sequence,
                (Skipped::Text, c) if c != '\x07' => Skipped::Text,
                _ => Skipped::Nothing,
            };
        }
    }

    fn wrote_one(&mut self, c: char) -> Skipped {
        match c {
            '\x1b' => return Skipped::Escape,
            '\n' | '\r' => self.column = 0,
            '\t' => self.column = ((self.column / TAB_STOP + 1) * TAB_STOP).min(self.columns - 1),
            '\x08' => self.column = self.column.saturating_sub(1),
            c if c.is_control() => {}
            c => {
                let columns = width::of(c);
                self.column = if self.column + columns > self.columns { columns } else { self.column + columns };
            }
        }
        Skipped::Nothing
    }

    /// What brings the cursor to a fresh row, if it is not on one.
    pub(super) fn fresh_row(&mut self) -> &'static str {
        let fresh = self.column == 0 && self.drawn.text.is_empty();
        (self.column, self.drawn) = (0, View::default());
        if fresh { "" } else { "\n" }
    }

    /// Whether a line stands there.
    pub(super) fn has_line(&self) -> bool {
        !self.drawn.text.is_empty()
    }

    /// Columns for the line, the cursor behind it not counted.
    fn room(&self) -> usize {
        self.columns.saturating_sub(self.column + 1)
    }
}

impl View {
    fn of(line: &[char], cursor: usize, room: usize) -> Self {
        let columns = |chars: &[char]| chars.iter().map(|c| cell(*c).1).sum::<usize>();
        let (before, _) = line.split_at_checked(cursor).unwrap_or((line, &[]));
        let (mut skipped, mut at) = (0, columns(before));
        for c in before {
            if at <= room {
                break;
            }
            (skipped, at) = (skipped + 1, at - cell(*c).1);
        }
        let mut view = Self { text: String::new(), columns: 0, cursor: at, from_start: skipped == 0 };
        for c in line.iter().skip(skipped) {
            let (text, columns) = cell(*c);
            if view.columns + columns > room {
                break;
            }
            view.text.push_str(&text);
            view.columns += columns;
        }
        view
    }
}

/// How a typed character is shown, and how many columns that takes.
fn cell(c: char) -> (String, usize) {
    match c {
        '\t' => (TAB.to_owned(), TAB.len()),
        c => match terminal::instead(c) {
            Some(text) => (text.clone(), text.len()),
            None => (c.to_string(), width::of(c)),
        },
    }
}

fn shown(line: &str) -> String {
    line.chars().map(|c| cell(c).0).collect()
}

fn left(columns: usize) -> String {
    if columns == 0 { String::new() } else { format!("\x1b[{columns}D") }
}

fn right(columns: usize) -> String {
    if columns == 0 { String::new() } else { format!("\x1b[{columns}C") }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A terminal as simple as can be: rows of cells, a cursor, and the few things that `Screen` says.
    #[derive(Default)]
    struct Tube {
        rows: Vec<Vec<char>>,
        row: usize,
        column: usize,
        columns: usize,
    }

    impl Tube {
        fn take(&mut self, bytes: &str) {
            let mut chars = bytes.chars();
            while let Some(c) = chars.next() {
                match c {
                    '\n' => (self.row, self.column) = (self.row + 1, 0),
                    '\x1b' => {
                        assert_eq!(chars.next(), Some('['));
                        let rest = chars.as_str();
                        let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap();
                        let number = rest[..end].parse().unwrap_or(1);
                        match rest[end..].chars().next().unwrap() {
                            'D' => self.column = self.column.checked_sub(number).expect("not beyond the left border"),
                            'C' => self.column += number,
                            'K' => {
                                let cells = self.cells();
                                self.row().truncate(cells);
                            }
                            other => panic!("{other}"),
                        }
                        chars = rest[end + 1..].chars();
                    }
                    c => self.put(c),
                }
                assert!(self.column <= self.columns);
            }
        }

        fn row(&mut self) -> &mut Vec<char> {
            let row = self.row;
            self.rows.resize((row + 1).max(self.rows.len()), vec![]);
            &mut self.rows[row]
        }

        /// Cells before the cursor; a wide character is one and a filler.
        fn cells(&mut self) -> usize {
            let column = self.column;
            let row = self.row();
            let more = column.max(row.len());
            row.resize(more, ' ');
            column
        }

        fn put(&mut self, c: char) {
            let columns = width::of(c);
            if self.column + columns > self.columns {
                (self.row, self.column) = (self.row + 1, 0);
            }
            let at = self.cells();
            let row = self.row();
            row.truncate(at);
            row.push(c);
            row.resize(at + columns, '~');
            self.column += columns;
        }

        fn seen(&self) -> Vec<String> {
            self.rows.iter().map(|row| row.iter().filter(|c| **c != '~').collect()).collect()
        }
    }

    /// A screen, what is seen on it, and somebody's line.
    struct Desk {
        screen: Screen,
        tube: Tube,
        line: Vec<char>,
        cursor: usize,
    }

    impl Desk {
        fn new(columns: usize) -> Self {
            let tube = Tube { columns, ..Tube::default() };
            Self { screen: Screen::new(columns), tube, line: vec![], cursor: 0 }
        }

        fn edit(&mut self, line: &str, cursor: usize) -> String {
            (self.line, self.cursor) = (line.chars().collect(), cursor);
            let out = self.screen.draw(&self.line, self.cursor);
            self.tube.take(&out);
            out
        }

        fn output(&mut self, text: &str) {
            let erased = self.screen.erase();
            self.screen.wrote(text.as_bytes());
            let drawn = self.screen.draw(&self.line, self.cursor);
            self.tube.take(&(erased + text + &drawn));
        }

        fn enter(&mut self) {
            let line: String = std::mem::take(&mut self.line).iter().collect();
            let out = self.screen.enter(&line);
            self.tube.take(&out);
        }
    }

    #[test]
    fn what_is_typed_at_the_end_is_all_that_is_sent() {
        let mut desk = Desk::new(80);
        desk.output("name? ");
        assert_eq!(desk.edit("A", 1), "A");
        assert_eq!(desk.edit("Ada", 3), "da");
        assert_eq!(desk.edit("Ad", 2), "\x1b[3D\x1b[KAd");
        assert_eq!(desk.edit("Ad", 1), "\x1b[2D\x1b[KAd\x1b[1D");
        assert_eq!(desk.edit("", 0), "\x1b[1D\x1b[K");
        assert_eq!(desk.edit("", 0), "");
        assert_eq!(desk.tube.seen(), ["name? "]);
    }

    #[test]
    fn output_stands_before_what_is_typed() {
        let mut desk = Desk::new(80);
        desk.edit("abc", 2);
        desk.output("name? ");
        assert_eq!((desk.tube.seen(), desk.tube.column), (vec!["name? abc".to_owned()], 8));
        desk.output("no\nagain? ");
        assert_eq!((desk.tube.seen(), desk.tube.column), (vec!["name? no".to_owned(), "again? abc".to_owned()], 9));
        desk.edit("abxc", 3);
        desk.enter();
        desk.output("ok");
        assert_eq!(desk.tube.seen(), ["name? no", "again? abxc", "ok"]);
    }

    #[test]
    fn a_long_line_keeps_to_its_row_and_is_left_whole() {
        let mut desk = Desk::new(30);
        desk.output("name? ");
        let long = "0123456789abcdefghijklmnopqrstuvwxyz";
        for cursor in (0..=long.len()).chain((0..long.len()).rev()) {
            desk.edit(long, cursor);
            let rows = desk.tube.seen();
            assert!(rows.len() == 1 && rows[0].chars().count() < 30, "{rows:?}");
            let under = rows[0].chars().nth(desk.tube.column);
            assert!(under == long.chars().nth(cursor) || desk.tube.column == 29, "{cursor} {rows:?}");
        }
        desk.enter();
        assert_eq!(desk.tube.seen(), ["name? 0123456789abcdefghijklmn", "opqrstuvwxyz"]);
    }

    #[test]
    fn where_a_row_is_nearly_full_the_line_gets_one_of_its_own() {
        for output in ["x".repeat(25), "x".repeat(30), "\u{4e2d}".repeat(14), "x".repeat(85)] {
            let mut desk = Desk::new(30);
            desk.output(&output);
            desk.edit("abc", 3);
            assert_eq!(desk.tube.seen().last().unwrap(), "abc", "{output}");
            desk.output("more ");
            assert_eq!(desk.tube.seen().last().unwrap(), "more abc", "{output}");
        }
    }

    #[test]
    fn wide_characters_take_two_columns_and_odd_ones_are_spelt_out() {
        let mut desk = Desk::new(30);
        desk.output("\u{4e2d}\u{6587}? ");
        desk.edit("a\u{4e2d}b", 1);
        assert_eq!((desk.tube.seen(), desk.tube.column), (vec!["\u{4e2d}\u{6587}? a\u{4e2d}b".to_owned()], 7));
        desk.edit("a\u{202e}\tb", 2);
        assert_eq!((desk.tube.seen()[0].as_str(), desk.tube.column), ("\u{4e2d}\u{6587}? a\\u{202e}    b", 15));
    }

    #[test]
    fn control_sequences_take_no_room() {
        for (output, column) in [
            ("\x1b[1;31mred\x1b[0m> ", 5),
            ("\x1b]0;a title\x07> ", 2),
            ("\x1b]0;a title\x1b\\> ", 2),
            ("\x1bMx", 1),
            ("50 %\r100 %", 5),
            ("ab\x08", 1),
            ("a\tb", 9),
            ("a\nb\0\x07", 1),
        ] {
            let mut screen = Screen::new(80);
            screen.wrote(output.as_bytes());
            assert_eq!(screen.column, column, "{output:?}");
        }
    }

    #[test]
    fn a_fresh_row_is_begun_where_there_is_something_on_this_one() {
        let mut screen = Screen::new(0);
        assert_eq!(screen.fresh_row(), "");
        screen.wrote(b"name? ");
        assert_eq!([screen.fresh_row(), screen.fresh_row()], ["\n", ""]);
        screen.draw(&['a'], 1);
        assert!(screen.has_line());
        assert_eq!([screen.fresh_row(), screen.fresh_row()], ["\n", ""]);
    }
}
