//! A letter: as its writer hands it in, as it is stored, and as it is sent.

use std::time::{Duration, SystemTime};

use lettre::message::header::{ContentTransferEncoding, ContentType, HeaderName, HeaderValue};
use lettre::message::{Body, Mailbox, SinglePart};
use lettre::{Address, Message};

use super::MailError;
use crate::config::limits;
use crate::domain::{Email, Secret, UnixTime};
use crate::store::MailId;
use crate::vault::{self, Vault, VaultError};

/// What somebody is told by mail.
#[derive(Clone)]
pub struct Letter {
    /// To whom.
    pub to: Email,
    /// About what. One line.
    pub subject: String,
    /// Plain text. It may hold a link's secret.
    pub text: String,
    /// When it is of no use any more: then it is given up.
    pub expires: UnixTime,
    /// Whether it is stored like any other and thrown away instead of being sent: registering an address that is known must cost
    /// what an unknown one costs.
    pub decoy: bool,
}

impl std::fmt::Debug for Letter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Letter")
    }
}

impl Letter {
    /// What is stored: sealed, because whoever reads a waiting letter could follow its link. Its length says little, and nothing
    /// about whether it is a decoy.
    pub(super) fn seal(&self, vault: &Vault) -> Result<Vec<u8>, MailError> {
        if self.subject.contains(char::is_control) || self.text.contains('\0') {
            return Err(MailError::Unwritable);
        }
        let (decoy, mark) = (u8::from(self.decoy), u128::from_ne_bytes(vault::random()?));
        let plain = format!("{VERSION}\n{decoy}\n{mark:032x}\n{}\n{}\n{}", self.to, self.subject, self.text);
        if plain.len() > limits::LETTER_BYTES {
            return Err(MailError::TooLong);
        }
        let mut padded = plain.into_bytes();
        padded.resize(padded.len().next_multiple_of(limits::LETTER_BLOCK), 0);
        Ok(vault.seal(PURPOSE, Secret::new(padded).expose())?)
    }
}

/// A letter as it was stored.
pub(super) struct Stored {
    is_decoy: bool,
    /// Random, so that nobody can guess a `Message-ID`.
    mark: String,
    to: Email,
    subject: String,
    text: String,
}

impl Stored {
    pub(super) fn unseal(vault: &Vault, sealed: &[u8]) -> Result<Self, VaultError> {
        let plain = vault.unseal(PURPOSE, sealed)?;
        let plain = std::str::from_utf8(plain.expose()).map_err(|_| VaultError::Sealed)?;
        Self::parse(plain.trim_end_matches('\0')).ok_or(VaultError::Sealed)
    }

    fn parse(plain: &str) -> Option<Self> {
        let mut parts = plain.splitn(6, '\n');
        let mut part = || parts.next();
        if part()? != VERSION {
            return None;
        }
        let (is_decoy, mark, to) = (part()? == "1", part()?.to_owned(), Email::parse(part()?).ok()?);
        Some(Self { is_decoy, mark, to, subject: part()?.to_owned(), text: part()?.to_owned() })
    }

    pub(super) const fn is_decoy(&self) -> bool {
        self.is_decoy
    }

    /// The message (RFC 5322), the same at every attempt. Nothing if lettre takes one of the addresses for none.
    pub(super) fn compose(self, id: MailId, from: &Email, created: UnixTime) -> Option<Parcel> {
        let (sender, recipient): (Address, Address) = (from.as_str().parse().ok()?, self.to.as_str().parse().ok()?);
        // lettre ends the last line.
        let body = self.text.strip_suffix('\n').unwrap_or(&self.text);
        let message = Message::builder()
            .from(Mailbox::new(None, sender.clone()))
            .to(Mailbox::new(None, recipient.clone()))
            .subject(self.subject.as_str())
            .date(SystemTime::UNIX_EPOCH + Duration::from_secs(created.0.min(LAST_DATE)))
            .message_id(Some(format!("<{}.{}@{}>", id.0, self.mark, sender.domain())))
            // Holiday notices do not answer machines (RFC 3834, sections 2 and 5).
            .raw_header(HeaderValue::new(HeaderName::new_from_ascii_str("Auto-Submitted"), "auto-generated".to_owned()))
            .singlepart(SinglePart::builder().header(ContentType::TEXT_PLAIN).body(encoded(body)));
        let bytes = message.ok()?.formatted();
        let letter = Sent { to: self.to, subject: self.subject, text: self.text };
        // What is not ASCII would need a server that says it takes it (RFC 6152).
        bytes.is_ascii().then_some(Parcel { id, created, sender, recipient, bytes, letter })
    }
}

/// The text as it is, if a message may hold it as it is (RFC 5322, section 2.1.1). lettre would fold lines beyond 76 characters, and a
/// link with a fold in it is of no use to somebody who reads the file.
fn encoded(text: &str) -> Body {
    let plain = text.is_ascii() && !text.contains(['\r', '\0']) && text.split('\n').all(|line| line.len() <= LINE);
    match plain {
        true => {
            let bytes = text.replace('\n', "\r\n").into_bytes();
            Body::dangerous_pre_encoded(bytes, ContentTransferEncoding::SevenBit)
        }
        false => Body::new(text.to_owned()),
    }
}

/// A message that is ready to go.
pub(super) struct Parcel {
    pub(super) id: MailId,
    pub(super) created: UnixTime,
    pub(super) sender: Address,
    pub(super) recipient: Address,
    /// The message, in ASCII, its lines ended by CR LF.
    pub(super) bytes: Vec<u8>,
    pub(super) letter: Sent,
}

/// A letter that went out, as [`Memory`](super::Memory) keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    /// To whom.
    pub to: Email,
    /// About what.
    pub subject: String,
    /// The text.
    pub text: String,
}

const PURPOSE: &str = "mail";
const VERSION: &str = "1";
/// Characters of a line, beside its end.
const LINE: usize = 998;
/// The last second of the year 9999, beyond which lettre has no words.
const LAST_DATE: u64 = 253_402_300_799;

#[cfg(test)]
mod tests {
    use super::*;

    const CREATED: UnixTime = UnixTime(1_800_000_000);

    fn email(text: &str) -> Email {
        Email::parse(text).unwrap()
    }

    fn letter(to: &str, text: &str) -> Letter {
        let (to, subject, text) = (email(to), "Your link".to_owned(), text.to_owned());
        Letter { to, subject, text, expires: CREATED, decoy: false }
    }

    fn message(letter: &Letter) -> String {
        let vault = Vault::in_memory().unwrap();
        let stored = Stored::unseal(&vault, &letter.seal(&vault).unwrap()).unwrap();
        let parcel = stored.compose(MailId(17), &email("cloud@example.org"), CREATED).unwrap();
        String::from_utf8(parcel.bytes).unwrap()
    }

    /// Name and value of each header, unfolded, and the body.
    fn split(message: &str) -> (Vec<(String, String)>, String) {
        let (head, body) = message.split_once("\r\n\r\n").unwrap();
        let head = head.replace("\r\n ", " ");
        let header = |line: &str| line.split_once(": ").map(|(name, value)| (name.to_owned(), value.to_owned()));
        (head.split("\r\n").map(|line| header(line).unwrap()).collect(), body.to_owned())
    }

    #[test]
    fn a_message_says_what_mail_programs_need() {
        let (mut headers, body) = split(&message(&letter("bob@example.net", "Follow this link:\nhttps://x/y\n")));
        let id = headers.iter().position(|(name, _)| name == "Message-ID").unwrap();
        let id = headers.remove(id).1;
        assert!(id.starts_with("<17.") && id.ends_with("@example.org>") && id.len() == 4 + 32 + 13, "{id}");
        headers.sort();
        let headers: Vec<String> = headers.into_iter().map(|(name, value)| format!("{name}: {value}")).collect();
        assert_eq!(
            headers,
            [
                "Auto-Submitted: auto-generated",
                "Content-Transfer-Encoding: 7bit",
                "Content-Type: text/plain; charset=utf-8",
                "Date: Fri, 15 Jan 2027 08:00:00 +0000",
                "From: cloud@example.org",
                "MIME-Version: 1.0",
                "Subject: Your link",
                "To: bob@example.net",
            ]
        );
        assert_eq!(body, "Follow this link:\r\nhttps://x/y\r\n");
    }

    #[test]
    fn no_address_adds_a_header() {
        // All that the parser of addresses lets through, one by one, in front of everything that might end a header.
        for character in (0..=0x7f_u8).map(char::from) {
            for text in [format!("a{character}b@example.net"), format!("a@ex{character}ample.net")] {
                let Ok(to) = Email::parse(&text) else { continue };
                let (headers, _) = split(&message(&letter(to.as_str(), "x")));
                assert_eq!(headers.len(), 9, "{text:?}: {headers:?}");
                let to = headers.iter().find(|(name, _)| name == "To").unwrap();
                assert!(to.1 == text || to.1 == format!("<{text}>"), "{text:?}: {to:?}");
            }
        }
    }

    #[test]
    fn no_subject_adds_a_header() {
        let vault = Vault::in_memory().unwrap();
        for subject in ["a\r\nBcc: eve@example.net", "a\nb", "a\rb", "a\0b", "a\tb", "a\u{85}b"] {
            let letter = Letter { subject: subject.to_owned(), ..letter("bob@example.net", "x") };
            assert!(matches!(letter.seal(&vault), Err(MailError::Unwritable)), "{subject:?}");
        }
        let letter = Letter { subject: "Gr\u{fc}\u{df}e \u{2028} ".repeat(20), ..letter("bob@example.net", "x") };
        assert_eq!(split(&message(&letter)).0.len(), 9);
    }

    #[test]
    fn any_text_goes_as_ascii_in_short_lines() {
        for text in ["", "x", ".", "\n.\n", "Gr\u{fc}\u{df}e \u{1f600}", &"long ".repeat(2000), "a\rb", "From here\n"] {
            let message = message(&letter("bob@example.net", text));
            assert!(message.is_ascii(), "{text:?}");
            assert!(message.split("\r\n").all(|line| line.len() <= 998 && !line.contains('\n')), "{text:?}");
        }
    }

    #[test]
    fn a_link_is_not_folded() {
        let link = format!("https://{}.example.org/verify/{}", "a".repeat(60), "B".repeat(43));
        let (_, body) = split(&message(&letter("bob@example.net", &format!("Open this:\n\n{link}\n"))));
        assert_eq!(body, format!("Open this:\r\n\r\n{link}\r\n"));
    }

    #[test]
    fn a_decoy_is_as_long_as_a_letter_and_an_opened_letter_says_which() {
        let vault = Vault::in_memory().unwrap();
        for length in (0..3000).step_by(7) {
            let letter = letter("bob@example.net", &"x".repeat(length));
            let decoy = Letter { decoy: true, ..letter.clone() };
            let (letter, decoy) = (letter.seal(&vault).unwrap(), decoy.seal(&vault).unwrap());
            assert_eq!(letter.len(), decoy.len());
            assert!(!Stored::unseal(&vault, &letter).unwrap().is_decoy());
            assert!(Stored::unseal(&vault, &decoy).unwrap().is_decoy());
        }
    }

    #[test]
    fn what_is_not_one_of_our_letters_is_not_opened() {
        let vault = Vault::in_memory().unwrap();
        for plain in ["", "2\n0\nmark\na@b.example\nsubject\ntext", "1\n0\nmark\nnobody\nsubject\ntext", "1\n0\nmark"] {
            let sealed = vault.seal(PURPOSE, plain.as_bytes()).unwrap();
            assert!(matches!(Stored::unseal(&vault, &sealed), Err(VaultError::Sealed)), "{plain:?}");
        }
        let long = letter("bob@example.net", &"x".repeat(limits::LETTER_BYTES));
        assert!(matches!(long.seal(&vault), Err(MailError::TooLong)));
    }
}
