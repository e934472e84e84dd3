//! A command line, split as a POSIX shell splits it (IEEE Std 1003.1-2024, volume Shell and Utilities, section 2.2).
//!
//! Owns: quotes, backslashes, comments. A line for which a shell would do more than splitting (variables, wildcards, pipes,
//! redirections, several commands) is refused: to take it literally would be to do something else than it says.

/// A line that is not a plain list of words. The text says what to mend.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WordsError {
    /// A character that joins commands or redirects their streams.
    #[error(
        "there are no pipes, redirections or lists of commands here: put '{0}' into quotes if it is meant as it stands"
    )]
    Operator(char),
    /// A character that a shell would replace, together with what follows it.
    #[error(
        "there are no variables and no substitutions here: put '{0}' into single quotes if it is meant as it stands"
    )]
    Expansion(char),
    /// A character that a shell would take for a pattern of names.
    #[error("there are no wildcards here: put '{0}' into quotes if it is meant as it stands")]
    Pattern(char),
    /// A second line.
    #[error("there can be only one line: put the end of the line into quotes if it is meant as it stands")]
    Lines,
    /// A quote without its partner.
    #[error("a quotation that begins with {0} does not end")]
    Quote(char),
    /// A backslash at the very end.
    #[error("the line ends with a backslash: write two, or none")]
    Backslash,
    /// No argument of a command can have one.
    #[error("the line has a NUL byte")]
    Nul,
}

/// The words of a line. None for a line of spaces and comments.
pub fn words(line: &[u8]) -> Result<Vec<Vec<u8>>, WordsError> {
    let mut splitter = Splitter { rest: line, words: vec![], word: None };
    while let Some(byte) = splitter.next()? {
        splitter.plain(byte)?;
    }
    splitter.end_word();
    Ok(splitter.words)
}

struct Splitter<'a> {
    rest: &'a [u8],
    words: Vec<Vec<u8>>,
    /// The word at hand. An empty one comes of empty quotes.
    word: Option<Vec<u8>>,
}

impl Splitter<'_> {
    fn next(&mut self) -> Result<Option<u8>, WordsError> {
        match self.rest {
            [] => Ok(None),
            [0, ..] => Err(WordsError::Nul),
            [byte, rest @ ..] => {
                self.rest = rest;
                Ok(Some(*byte))
            }
        }
    }

    fn push(&mut self, byte: u8) {
        self.word.get_or_insert_default().push(byte);
    }

    fn end_word(&mut self) {
        self.words.extend(self.word.take());
    }

    /// A character outside of quotes.
    fn plain(&mut self, byte: u8) -> Result<(), WordsError> {
        match byte {
            b' ' | b'\t' => self.end_word(),
            b'\n' => self.end_line()?,
            b'\'' => self.single()?,
            b'"' => self.double()?,
            b'\\' => match self.next()? {
                Some(b'\n') => {}
                Some(byte) => self.push(byte),
                None => return Err(WordsError::Backslash),
            },
            b'#' if self.word.is_none() => {
                while self.rest.first().is_some_and(|byte| *byte != b'\n') {
                    self.next()?;
                }
            }
            b'~' if self.word.is_none() => return Err(WordsError::Expansion('~')),
            b'|' | b'&' | b';' | b'<' | b'>' | b'(' | b')' => return Err(WordsError::Operator(char::from(byte))),
            b'$' | b'`' => return Err(WordsError::Expansion(char::from(byte))),
            b'*' | b'?' | b'[' => return Err(WordsError::Pattern(char::from(byte))),
            _ => self.push(byte),
        }
        Ok(())
    }

    /// Ends of lines before the first word and after the last are nothing.
    fn end_line(&mut self) -> Result<(), WordsError> {
        self.end_word();
        match self.words.is_empty() || self.rest.iter().all(|byte| b" \t\n".contains(byte)) {
            true => Ok(()),
            false => Err(WordsError::Lines),
        }
    }

    fn single(&mut self) -> Result<(), WordsError> {
        self.word.get_or_insert_default();
        loop {
            match self.next()? {
                Some(b'\'') => return Ok(()),
                Some(byte) => self.push(byte),
                None => return Err(WordsError::Quote('\'')),
            }
        }
    }

    fn double(&mut self) -> Result<(), WordsError> {
        self.word.get_or_insert_default();
        loop {
            match self.next()? {
                Some(b'"') => return Ok(()),
                Some(byte @ (b'$' | b'`')) => return Err(WordsError::Expansion(char::from(byte))),
                Some(b'\\') => self.escaped()?,
                Some(byte) => self.push(byte),
                None => return Err(WordsError::Quote('"')),
            }
        }
    }

    /// A backslash between double quotes is one unless it stands before what it can take the meaning from.
    fn escaped(&mut self) -> Result<(), WordsError> {
        match self.next()? {
            Some(b'\n') => {}
            Some(byte @ (b'$' | b'`' | b'"' | b'\\')) => self.push(byte),
            Some(byte) => {
                self.push(b'\\');
                self.push(byte);
            }
            None => return Err(WordsError::Quote('"')),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    use std::process::Command;

    fn split(line: &str) -> Result<Vec<String>, WordsError> {
        let text = |word: Vec<u8>| String::from_utf8(word).unwrap();
        Ok(words(line.as_bytes())?.into_iter().map(text).collect())
    }

    #[test]
    fn words_are_split_as_everybody_expects() {
        for (line, expected) in [
            ("", vec![]),
            (" \t\n", vec![]),
            ("ls", vec!["ls"]),
            ("  ls \t -la  ", vec!["ls", "-la"]),
            ("a 'b c' \"d e\" f\\ g", vec!["a", "b c", "d e", "f g"]),
            ("a'b'\"c\"d", vec!["abcd"]),
            ("'' \"\" a''", vec!["", "", "a"]),
            ("'\\' \"\\a\\\"\\\\\"", vec!["\\", "\\a\"\\"]),
            ("'$x *?|' \"*?|\\$\" \\$ \\*", vec!["$x *?|", "*?|$", "$", "*"]),
            ("a\\\nb \"c\\\nd\"", vec!["ab", "cd"]),
            ("'a\nb'", vec!["a\nb"]),
            ("\n a\n\n", vec!["a"]),
            ("a # b 'c", vec!["a"]),
            ("a#b \\#c", vec!["a#b", "#c"]),
            ("a~b {c,d} e=f ! %", vec!["a~b", "{c,d}", "e=f", "!", "%"]),
        ] {
            assert_eq!(split(line), Ok(expected.into_iter().map(str::to_owned).collect()), "{line:?}");
        }
    }

    #[test]
    fn what_a_shell_would_do_more_is_refused() {
        for (line, error) in [
            ("a | b", WordsError::Operator('|')),
            ("a;b", WordsError::Operator(';')),
            ("a&", WordsError::Operator('&')),
            ("a > b", WordsError::Operator('>')),
            ("a 2<b", WordsError::Operator('<')),
            ("(a)", WordsError::Operator('(')),
            ("a $HOME", WordsError::Expansion('$')),
            ("a \"$HOME\"", WordsError::Expansion('$')),
            ("a `b`", WordsError::Expansion('`')),
            ("a ~", WordsError::Expansion('~')),
            ("ls *.py", WordsError::Pattern('*')),
            ("ls a?", WordsError::Pattern('?')),
            ("ls [ab]", WordsError::Pattern('[')),
            ("a\nb", WordsError::Lines),
            ("a 'b", WordsError::Quote('\'')),
            ("a \"b\\", WordsError::Quote('"')),
            ("a\\", WordsError::Backslash),
            ("a\0", WordsError::Nul),
        ] {
            assert_eq!(split(line), Err(error), "{line:?}");
        }
    }

    /// What the machine's own shell makes of a line, each word with a mark behind it that no word has.
    fn shell(line: &[u8]) -> Vec<Vec<u8>> {
        let script = [b"printf '%s\\1' ".as_slice(), line].concat();
        let output = Command::new("sh").arg("-c").arg(OsStr::from_bytes(&script)).output().unwrap();
        assert!(output.status.success(), "{line:?}: {output:?}");
        let mut words: Vec<Vec<u8>> = output.stdout.split(|byte| *byte == 1).map(<[u8]>::to_vec).collect();
        words.pop();
        words
    }

    /// Lines of the characters that mean something, made anew from a seed: no dependency, and every failure can be repeated.
    #[test]
    fn whatever_is_split_is_split_as_the_shell_does() {
        const LETTERS: &[u8] = b"ab  \t'\"\\\\#=~\n\xe9-{}!%$*|";
        let mut state = 0x2545_f491_4f6c_dd1d_u64;
        let mut next = |below: usize| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            usize::try_from(state % below as u64).unwrap()
        };
        let mut compared = 0;
        while compared < 400 {
            // A first word, so that there is no end of line before it.
            let rest: Vec<u8> = (0..next(14)).map(|_| LETTERS[next(LETTERS.len())]).collect();
            let line = [b"x ".as_slice(), &rest].concat();
            let Ok(words) = words(&line) else { continue };
            assert_eq!(words, shell(&line), "{:?}", String::from_utf8_lossy(&line));
            compared += 1;
        }
    }
}
