//! Words as a line: the other direction of [`words`](crate::domain::words).

/// Several words as one line that is taken apart into the same words again; one word as the line it is.
pub fn command_line(words: &[&[u8]]) -> Vec<u8> {
    match words {
        [line] => line.to_vec(),
        words => words.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(&b' '),
    }
}

/// As a POSIX shell takes it for one word (Shell Command Language, section 2.2.2).
pub(super) fn quoted(word: &[u8]) -> Vec<u8> {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"_-./,:=+@%".contains(byte);
    if !word.is_empty() && word.iter().all(plain) {
        return word.to_vec();
    }
    let parts: Vec<&[u8]> = word.split(|byte| *byte == b'\'').collect();
    [b"'", parts.join(&b"'\\''"[..]).as_slice(), b"'"].concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::words;

    #[test]
    fn words_arrive_as_they_were_typed() {
        let given = ["python3", "-c", "print('a b', \"c\", $HOME)\nx = '\\'", "", "*", "a\\b", "\u{e9}", "#", "~", "-"];
        let given = given.map(str::as_bytes);
        assert_eq!(words(&command_line(&given)).unwrap(), given);
        assert_eq!(command_line(&[b"ls -l 'a b'"]), b"ls -l 'a b'");
        assert_eq!(command_line(&[b"ls", b"-l"]), b"ls -l");
    }
}
