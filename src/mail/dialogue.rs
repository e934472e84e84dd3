//! What is said to a mail server (RFC 5321), in words of lettre.
//!
//! Why not by lettre's own connection, too: it reads a line of any length before it looks how long it is, keeps what was said in the clear
//! before STARTTLS as if it had been said under TLS (RFC 3207, section 6), and panics at a blank line in the answer to EHLO. It also does
//! not tell which command was refused, and only a refused recipient is a reason to give a letter up.

use std::fmt::Display;

use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::commands::{Auth, Data, Ehlo, Mail, Quit, Rcpt, Starttls};
use lettre::transport::smtp::extension::ClientId;
use lettre::transport::smtp::response::{Category, Response, Severity};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};

use super::letter::Parcel;
use super::transport::Failure;
use crate::config::limits;

/// A conversation, over TLS or not.
pub(super) struct Dialogue<S>(BufReader<S>);

impl<S: AsyncRead + AsyncWrite + Unpin> Dialogue<S> {
    /// Nothing said yet.
    pub(super) fn new(stream: S) -> Self {
        Self(BufReader::new(stream))
    }

    /// Waits for the server to say that it is there.
    pub(super) async fn greeting(&mut self) -> Result<(), Failure> {
        let greeting = self.reply().await?;
        expect(&greeting, "the connection", Severity::PositiveCompletion)
    }

    /// Asks for TLS, and gives the stream back for it.
    pub(super) async fn start_tls(mut self, hello: &ClientId) -> Result<S, Failure> {
        if !offers(&self.hello(hello).await?, "STARTTLS", "") {
            return Err(Failure::NoTls);
        }
        self.ask("STARTTLS", Starttls, Severity::PositiveCompletion).await?;
        // Whoever can put words into a connection must not have them taken for the server's.
        if self.0.buffer().is_empty() { Ok(self.0.into_inner()) } else { Err(Failure::Nonsense) }
    }

    /// Hands a message over and leaves. On success the server has it.
    pub(super) async fn deliver(
        mut self,
        hello: &ClientId,
        login: Option<&Credentials>,
        parcel: &Parcel,
    ) -> Result<(), Failure> {
        let result = self.transaction(hello, login, parcel).await;
        // What it answers to this changes nothing, so nobody waits for it.
        let _ = self.say(Quit.to_string().as_bytes()).await;
        let _ = self.0.shutdown().await;
        result
    }

    async fn transaction(
        &mut self,
        hello: &ClientId,
        login: Option<&Credentials>,
        parcel: &Parcel,
    ) -> Result<(), Failure> {
        let extensions = self.hello(hello).await?;
        if let Some(login) = login {
            self.log_in(&extensions, login).await?;
        }
        self.ask("MAIL", Mail::new(Some(parcel.sender.clone()), vec![]), Severity::PositiveCompletion).await?;
        let rcpt = Rcpt::new(parcel.recipient.clone(), vec![]);
        self.ask("RCPT", rcpt, Severity::PositiveCompletion).await.map_err(refusal)?;
        self.ask("DATA", Data, Severity::PositiveIntermediate).await.map_err(refusal)?;
        self.say(&transparent(&parcel.bytes)).await?;
        expect(&self.reply().await?, "the message", Severity::PositiveCompletion).map_err(refusal)
    }

    async fn hello(&mut self, name: &ClientId) -> Result<Response, Failure> {
        self.ask("EHLO", Ehlo::new(name.clone()), Severity::PositiveCompletion).await
    }

    async fn log_in(&mut self, extensions: &Response, login: &Credentials) -> Result<(), Failure> {
        let known = [(Mechanism::Plain, "PLAIN"), (Mechanism::Login, "LOGIN")];
        let offered = known.into_iter().find(|(_, name)| offers(extensions, "AUTH", name));
        let (mechanism, _) = offered.ok_or(Failure::NoLogin)?;
        let mut words = Auth::new(mechanism, login.clone(), None);
        for _ in 0..limits::SMTP_CHALLENGES {
            self.say(words.map_err(|_| Failure::Nonsense)?.to_string().as_bytes()).await?;
            let reply = self.reply().await?;
            match reply.code().severity {
                Severity::PositiveCompletion => return Ok(()),
                Severity::PositiveIntermediate => words = Auth::new_from_response(mechanism, login.clone(), &reply),
                _ => return Err(Failure::Login(reply.code().into())),
            }
        }
        Err(Failure::Nonsense)
    }

    /// Says a command and takes an answer of this kind only.
    async fn ask(&mut self, name: &'static str, command: impl Display, kind: Severity) -> Result<Response, Failure> {
        self.say(command.to_string().as_bytes()).await?;
        let reply = self.reply().await?;
        expect(&reply, name, kind)?;
        Ok(reply)
    }

    async fn say(&mut self, words: &[u8]) -> Result<(), Failure> {
        self.0.write_all(words).await.map_err(Failure::Broken)?;
        self.0.flush().await.map_err(Failure::Broken)
    }

    /// Reads one reply, of one or more lines (RFC 5321, section 4.2.1).
    async fn reply(&mut self) -> Result<Response, Failure> {
        let mut reply = vec![];
        loop {
            let begun = reply.len();
            let room = limits::SMTP_REPLY_BYTES.saturating_sub(begun as u64);
            (&mut self.0).take(room).read_until(b'\n', &mut reply).await.map_err(Failure::Broken)?;
            let line = reply.get(begun..).unwrap_or_default();
            if !line.ends_with(b"\n") {
                return Err(if room > line.len() as u64 { closed() } else { Failure::Nonsense });
            }
            if line.get(3) != Some(&b'-') {
                break;
            }
        }
        String::from_utf8_lossy(&reply).parse().map_err(|_| Failure::Nonsense)
    }
}

fn closed() -> Failure {
    Failure::Broken(std::io::ErrorKind::UnexpectedEof.into())
}

fn expect(reply: &Response, to: &'static str, kind: Severity) -> Result<(), Failure> {
    if reply.code().severity == kind { Ok(()) } else { Err(Failure::Answer(to, reply.code().into())) }
}

/// What makes a recipient's or a message's refusal final: 55x, where the middle digit says that it is about the mail and not about us
/// (RFC 5321, section 4.2.1). 530, for one, is an operator's mistake, and mended sooner or later.
fn refusal(failure: Failure) -> Failure {
    match failure {
        Failure::Answer(_, code) if code / 10 == FINAL => Failure::Refused(code),
        other => other,
    }
}

const FINAL: u16 = Severity::PermanentNegativeCompletion as u16 * 10 + Category::MailSystem as u16;

/// Whether the answer to EHLO has this keyword with this parameter, or with any if it is empty.
fn offers(extensions: &Response, keyword: &str, parameter: &str) -> bool {
    extensions.message().skip(1).any(|line| {
        let mut words = line.split_ascii_whitespace();
        words.next().is_some_and(|word| word.eq_ignore_ascii_case(keyword))
            && (parameter.is_empty() || words.any(|word| word.eq_ignore_ascii_case(parameter)))
    })
}

/// The message as it goes over the wire: no line of it is the full stop that ends it (RFC 5321, section 4.5.2).
fn transparent(message: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(message.len() + 64);
    for line in message.split_inclusive(|byte| *byte == b'\n') {
        if line.starts_with(b".") {
            bytes.push(b'.');
        }
        bytes.extend_from_slice(line);
    }
    if !bytes.ends_with(b"\r\n") {
        bytes.extend_from_slice(b"\r\n");
    }
    bytes.extend_from_slice(b".\r\n");
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Email, UnixTime};
    use crate::mail::Letter;
    use crate::mail::letter::Stored;
    use crate::store::MailId;
    use crate::vault::Vault;
    use tokio::io::DuplexStream;

    const EHLO: &str = "250-mail.example\r\n250-AUTH PLAIN LOGIN\r\n250 STARTTLS\r\n";

    fn parcel() -> Parcel {
        let vault = Vault::in_memory().unwrap();
        let letter = Letter {
            to: Email::parse("bob@example.net").unwrap(),
            subject: "x".to_owned(),
            text: "one\n.\n..two\n".to_owned(),
            expires: UnixTime(0),
            decoy: false,
        };
        let stored = Stored::unseal(&vault, &letter.seal(&vault).unwrap()).unwrap();
        stored.compose(MailId(1), &Email::parse("cloud@example.org").unwrap(), UnixTime(0)).unwrap()
    }

    /// Says the replies one after the other, each when a whole line (or, after 354, a whole message) has come, and returns what came.
    async fn server(mut stream: DuplexStream, replies: Vec<String>) -> Vec<String> {
        let mut heard = vec![];
        let mut in_message = false;
        for reply in replies {
            let (mut words, end) = (vec![], if in_message { "\r\n.\r\n" } else { "\r\n" });
            while !words.ends_with(end.as_bytes()) {
                match stream.read_u8().await {
                    Ok(byte) => words.push(byte),
                    Err(_) => return heard,
                }
            }
            heard.push(String::from_utf8(words).unwrap());
            in_message = reply.starts_with("354");
            if stream.write_all(reply.as_bytes()).await.is_err() {
                return heard;
            }
        }
        heard
    }

    fn hello() -> ClientId {
        ClientId::Domain("us.example".to_owned())
    }

    async fn deliver(replies: &[&str], login: Option<&Credentials>) -> (Result<(), Failure>, Vec<String>) {
        let (ours, theirs) = tokio::io::duplex(1 << 16);
        let replies = replies.iter().map(|reply| (*reply).to_owned()).collect();
        let server = tokio::spawn(server(theirs, replies));
        let result = Dialogue::new(ours).deliver(&hello(), login, &parcel()).await;
        (result, server.await.unwrap())
    }

    #[tokio::test]
    async fn a_letter_is_handed_over_line_by_line() {
        let (result, heard) =
            deliver(&[EHLO, "250 ok\r\n", "250 ok\r\n", "354 go\r\n", "250 ok\r\n", "221 bye\r\n"], None).await;
        result.unwrap();
        assert_eq!(
            heard[..4],
            ["EHLO us.example\r\n", "MAIL FROM:<cloud@example.org>\r\n", "RCPT TO:<bob@example.net>\r\n", "DATA\r\n",]
        );
        assert!(heard[4].ends_with("\r\n\r\none\r\n..\r\n...two\r\n.\r\n"), "{}", heard[4]);
        assert_eq!(heard[5], "QUIT\r\n");
    }

    #[tokio::test]
    async fn only_a_refused_letter_is_refused_for_good() {
        let table = [
            // Which answer, what is said there, what is made of it.
            (0, "550 no\r\n", "the mail server answers 550 to EHLO"),
            (0, "421 not now\r\n", "the mail server answers 421 to EHLO"),
            (1, "550 you\r\n", "the mail server answers 550 to MAIL"),
            (1, "530 log in\r\n", "the mail server answers 530 to MAIL"),
            (2, "550 nobody\r\n", "the mail server refuses it (550)"),
            (2, "550-no\r\n550 body\r\n", "the mail server refuses it (550)"),
            (2, "556 never\r\n", "the mail server refuses it (556)"),
            (2, "530 log in\r\n", "the mail server answers 530 to RCPT"),
            (2, "503 what\r\n", "the mail server answers 503 to RCPT"),
            (2, "451 later\r\n", "the mail server answers 451 to RCPT"),
            (2, "354 what\r\n", "the mail server answers 354 to RCPT"),
            (3, "554 no\r\n", "the mail server refuses it (554)"),
            (3, "250 ok\r\n", "the mail server answers 250 to DATA"),
            (4, "554 spam\r\n", "the mail server refuses it (554)"),
            (4, "452 full\r\n", "the mail server answers 452 to the message"),
            (4, "rubbish\r\n", "what answers is not a mail server"),
            (4, "250 bare\n", "what answers is not a mail server"),
            (4, "\r\n", "what answers is not a mail server"),
            (4, "250-one\r\n550 two\r\n", "what answers is not a mail server"),
            (4, "\u{fffd}\u{0}\r\n", "what answers is not a mail server"),
        ];
        for (at, said, expected) in table {
            let mut replies = [EHLO, "250 ok\r\n", "250 ok\r\n", "354 go\r\n", "250 ok\r\n"];
            replies[at] = said;
            let failure = deliver(&replies[..=at], None).await.0.unwrap_err();
            assert_eq!(failure.to_string(), expected, "{said:?}");
            assert_eq!(failure.is_final(), expected.contains("refuses"));
            // Cut off instead.
            let failure = deliver(&replies[..at], None).await.0.unwrap_err();
            assert!(matches!(failure, Failure::Broken(_)), "{failure}");
        }
    }

    #[tokio::test]
    async fn it_logs_in_as_the_server_wants() {
        let login = Credentials::new("user".to_owned(), "word".to_owned());
        let ways: [(&[&str], &[&str]); 3] = [
            (&["250-x\r\n250 auth login plain\r\n", "235 ok\r\n"], &["AUTH PLAIN AHVzZXIAd29yZA==\r\n"]),
            (
                &["250-x\r\n250 AUTH LOGIN\r\n", "334 VXNlcm5hbWU6\r\n", "334 UGFzc3dvcmQ6\r\n", "235 ok\r\n"],
                &["AUTH LOGIN\r\n", "dXNlcg==\r\n", "d29yZA==\r\n"],
            ),
            (&["250-x\r\n250-  \r\n250 AUTH PLAIN\r\n", "235 ok\r\n"], &["AUTH PLAIN AHVzZXIAd29yZA==\r\n"]),
        ];
        for (replies, expected) in ways {
            let (result, heard) = deliver(&[replies, &["451 later\r\n"]].concat(), Some(&login)).await;
            assert!(matches!(result, Err(Failure::Answer("MAIL", 451))), "{result:?}");
            assert_eq!(heard[1..=expected.len()], *expected);
        }
        let wrong: [(&[&str], &str); 6] = [
            (&["250 mail.example\r\n"], "the mail server offers no way to log in"),
            (&["250-AUTH PLAIN\r\n250 x\r\n"], "the mail server offers no way to log in"),
            (&["250-x\r\n250 AUTH GSSAPI\r\n"], "the mail server offers no way to log in"),
            (&[EHLO, "535 wrong\r\n"], "the mail server does not take the user name and the password (535)"),
            (&[EHLO, "454 later\r\n"], "the mail server does not take the user name and the password (454)"),
            (&[EHLO, "334 VXNlcm5hbWU6\r\n"], "what answers is not a mail server"),
        ];
        for (replies, expected) in wrong {
            let failure = deliver(replies, Some(&login)).await.0.unwrap_err();
            assert!(failure.to_string().starts_with(expected) && !failure.is_final(), "{failure}");
        }
        let endless = [&["250-x\r\n250 AUTH LOGIN\r\n"], ["334 VXNlcm5hbWU6\r\n"; 100].as_slice()].concat();
        assert!(matches!(deliver(&endless, Some(&login)).await.0, Err(Failure::Nonsense)));
    }

    #[tokio::test]
    async fn what_is_said_before_tls_is_not_taken_for_said_under_it() {
        for (ehlo, answer, fine) in [
            (EHLO, "220 go\r\n", true),
            (EHLO, "220 go\r\n250 AUTH PLAIN\r\n", false),
            (EHLO, "454 not now\r\n", false),
            ("250 mail.example\r\n", "220 go\r\n", false),
        ] {
            let (ours, theirs) = tokio::io::duplex(1 << 16);
            let server = tokio::spawn(server(theirs, vec![ehlo.to_owned(), answer.to_owned()]));
            assert_eq!(Dialogue::new(ours).start_tls(&hello()).await.is_ok(), fine, "{answer:?}");
            let heard = server.await.unwrap();
            assert_eq!(heard.contains(&"STARTTLS\r\n".to_owned()), ehlo == EHLO);
        }
    }

    #[tokio::test]
    async fn endless_answers_end() {
        for chunk in ["a".repeat(1000), "250-x\r\n".repeat(100), "250-".to_owned() + &"x".repeat(900) + "\r\n"] {
            let (ours, mut theirs) = tokio::io::duplex(4096);
            let endless = tokio::spawn(async move {
                let mut bytes = 0_u64;
                while theirs.write_all(chunk.as_bytes()).await.is_ok() {
                    bytes += chunk.len() as u64;
                }
                bytes
            });
            let mut dialogue = Dialogue::new(ours);
            assert!(matches!(dialogue.greeting().await, Err(Failure::Nonsense)));
            drop(dialogue);
            assert!(endless.await.unwrap() < limits::SMTP_REPLY_BYTES + 16 * 1024);
        }
    }
}
