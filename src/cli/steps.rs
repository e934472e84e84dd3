//! The next steps, as `serve` tells them to somebody at a terminal.
//!
//! Owns: commands that do what they say when they are pasted into a shell, whatever the folder is called. Not here: the commands.

use std::path::{Path, PathBuf};

/// What the steps depend on.
pub(super) struct Steps {
    /// How the program was called.
    pub(super) program: String,
    /// Where clients find the server.
    pub(super) url: String,
    /// The data folder.
    pub(super) data: PathBuf,
    /// The CA that clients are given; nothing where the certificate is the operator's own.
    pub(super) ca: Option<PathBuf>,
    /// Where mails are put as files, if they are.
    pub(super) outbox: Option<PathBuf>,
}

impl std::fmt::Display for Steps {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let program = word(&self.program);
        let ca = self.ca.as_deref().map_or_else(|| "CA.pem".to_owned(), path);
        let client = format!("{program} client --url {} --ca {ca}", word(&self.url));
        if self.ca.is_none() {
            writeln!(f, "  # CA.pem: the certificate of the authority that has issued yours")?;
        }
        writeln!(f, "  {client} register you@example.org")?;
        match &self.outbox {
            Some(outbox) => {
                writeln!(f, "  grep -h /verify/ {}/*.eml   # open this link (your browser will warn)", path(outbox))?
            }
            None => writeln!(f, "  # open the link in the mail that comes")?,
        }
        writeln!(f, "  {program} admin --data {} users approve you@example.org", path(&self.data))?;
        writeln!(f, "  {client} login you@example.org")?;
        writeln!(f, "  echo 'print(\"hello\")' | {program} client exec -")
    }
}

/// A path as a word; one that begins with `-` would be taken for an option.
fn path(path: &Path) -> String {
    let text = path.to_string_lossy();
    word(&if text.starts_with('-') { format!("./{text}") } else { text.into_owned() })
}

/// One word for a POSIX shell (section 2.2.2): quoted if it has anything in it that a shell might look at.
fn word(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-./:@%+,=".contains(c);
    match !text.is_empty() && text.chars().all(plain) {
        true => text.to_owned(),
        false => format!("'{}'", text.replace('\'', r"'\''")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shell_reads_the_words_that_were_meant() {
        for text in
            ["", "plain/path", "two words", "it's", "$(id) `id` \\ \" ! * ? ~ # ; & |", "a\nb", "\u{e9}", "~", "[::1]"]
        {
            let command = format!("printf %s {}", word(text));
            let output = std::process::Command::new("sh").args(["-c", &command]).output().unwrap();
            assert_eq!(String::from_utf8(output.stdout).unwrap(), text);
        }
        assert_eq!(path(Path::new("-data")), "./-data");
    }

    #[test]
    fn an_ordinary_server_has_ordinary_steps() {
        let mut steps = Steps {
            program: "cloud-python".to_owned(),
            url: "https://127.0.0.1:12344".to_owned(),
            data: "data".into(),
            ca: Some("data/ca.pem".into()),
            outbox: Some("data/outbox".into()),
        };
        assert_eq!(
            steps.to_string(),
            "  cloud-python client --url https://127.0.0.1:12344 --ca data/ca.pem register you@example.org\n\
             \x20 grep -h /verify/ data/outbox/*.eml   # open this link (your browser will warn)\n\
             \x20 cloud-python admin --data data users approve you@example.org\n\
             \x20 cloud-python client --url https://127.0.0.1:12344 --ca data/ca.pem login you@example.org\n\
             \x20 echo 'print(\"hello\")' | cloud-python client exec -\n"
        );
        (steps.ca, steps.outbox) = (None, None);
        let text = steps.to_string();
        assert!(text.contains("--ca CA.pem") && text.contains("  # open the link in the mail"), "{text}");
    }
}
