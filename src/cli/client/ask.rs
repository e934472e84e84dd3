//! Passwords and codes: typed at the terminal without echo, or out of a file for programs. Never on the command line, where
//! every user of the machine can read them.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

use tokio::signal::unix::{SignalKind, signal};

use crate::config::limits;
use crate::domain::{Secret, TotpCode};

/// No password, or no code.
#[derive(Debug, thiserror::Error)]
pub(super) enum AskError {
    #[error("cannot read {0}: {1}")]
    File(PathBuf, std::io::Error),
    #[error("{0} is not UTF-8 text")]
    NotText(PathBuf),
    #[error("there is no terminal to ask at ({0}): use {1}")]
    NoTerminal(std::io::Error, &'static str),
    #[error("nothing was typed")]
    Nothing,
    #[error("the two passwords are not the same")]
    Different,
    #[error("a code is six digits: the ones that your app shows now")]
    Code,
    #[error("interrupted")]
    Interrupted,
}

/// The password of an account.
pub(super) fn password(file: Option<&Path>) -> Result<String, AskError> {
    file.map_or_else(|| typed("Password: ", "--password-file FILE"), read)
}

/// The pass phrase of a key: what is typed, or the first line of a file.
pub(super) fn pass_phrase(file: Option<&Path>) -> Result<Secret<String>, AskError> {
    let text = Secret::new(file.map_or_else(|| typed("Pass phrase: ", "--passphrase-file FILE"), read)?);
    Ok(Secret::new(text.expose().lines().next().unwrap_or_default().to_owned()))
}

/// A password for a new account. A slip of the finger would not be seen, so it is typed twice.
pub(super) fn new_password(file: Option<&Path>) -> Result<String, AskError> {
    let password = password(file)?;
    if file.is_some() {
        return Ok(password);
    }
    let again = Secret::new(typed("Password again: ", "--password-file FILE")?);
    if *again.expose() == password { Ok(password) } else { Err(AskError::Different) }
}

/// The code of the moment. Many apps show it as two groups of three, so spaces are no matter.
pub(super) fn code(file: Option<&Path>) -> Result<Secret<String>, AskError> {
    let text = Secret::new(file.map_or_else(|| typed("Code: ", "--code-file FILE"), read)?);
    let digits: String = text.expose().split_whitespace().collect();
    TotpCode::parse(&digits).map(|_| Secret::new(digits)).ok_or(AskError::Code)
}

/// Asks at the terminal itself, whatever standard input is.
fn typed(prompt: &str, instead: &'static str) -> Result<String, AskError> {
    // Ctrl-C would end the process with the echo still off. With this it ends the question.
    let _caught = signal(SignalKind::interrupt());
    match rpassword::prompt_password(prompt) {
        Ok(text) if text.is_empty() => Err(AskError::Nothing),
        Ok(text) => Ok(text),
        Err(error) if error.kind() == ErrorKind::Interrupted => Err(AskError::Interrupted),
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => Err(AskError::Nothing),
        Err(error) => Err(AskError::NoTerminal(error, instead)),
    }
}

/// The content of a file (`-` is standard input) without the end of its line. Of a longer one no more than shows that.
fn read(path: &Path) -> Result<String, AskError> {
    let unreadable = |error| AskError::File(path.to_owned(), error);
    let source: Box<dyn Read> = match path.as_os_str() == "-" {
        true => Box::new(std::io::stdin()),
        false => Box::new(File::open(path).map_err(unreadable)?),
    };
    let mut bytes = vec![];
    let most = limits::PASSWORD_BYTES as u64 + "\r\n".len() as u64 + 1;
    source.take(most).read_to_end(&mut bytes).map_err(unreadable)?;
    let mut text = String::from_utf8(bytes).map_err(|_| AskError::NotText(path.to_owned()))?;
    let line = text.strip_suffix('\n').map_or(text.len(), |line| line.strip_suffix('\r').unwrap_or(line).len());
    text.truncate(line);
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(content: &[u8]) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        std::fs::write(&path, content).unwrap();
        (folder, path)
    }

    #[test]
    fn a_password_in_a_file_is_its_bytes_but_the_end_of_the_line() {
        for (content, expected) in
            [("a b ", "a b "), ("a b \n", "a b "), ("a\r\n", "a"), ("a\n\n", "a\n"), ("\n", ""), ("a\r", "a\r")]
        {
            let (_folder, path) = written(content.as_bytes());
            assert_eq!(password(Some(&path)).unwrap(), expected);
        }
        let (_folder, path) = written(&[b'x'; 5000]);
        assert_eq!(password(Some(&path)).unwrap().len(), limits::PASSWORD_BYTES + 3);
        let (_folder, path) = written(b"\xff");
        assert!(matches!(password(Some(&path)), Err(AskError::NotText(_))));
    }

    #[test]
    fn a_code_is_six_digits_with_or_without_a_gap() {
        for content in ["012345\n", "012 345", " 012345 \r\n"] {
            let (_folder, path) = written(content.as_bytes());
            assert_eq!(code(Some(&path)).unwrap().expose(), "012345");
        }
        for content in ["", "12345", "1234567", "abcdef", "12345\u{661}"] {
            let (_folder, path) = written(content.as_bytes());
            assert!(matches!(code(Some(&path)), Err(AskError::Code)), "{content}");
        }
    }
}
