//! Letters through mail servers: a real one, and some that no operator would choose.

mod exim;

use std::time::Duration;

use cloud_python::clock::{Clock, monotonic};
use cloud_python::config::SmtpSecurity as Security;
use cloud_python::config::limits;
use cloud_python::domain::{Email, UnixTime};
use cloud_python::mail::{Letter, MailError, Outbox, Smtp, SmtpSettings, Transport};
use cloud_python::store::Store;
use cloud_python::vault::Vault;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

use exim::Exim;

const NOW: UnixTime = UnixTime(1_800_000_000);
const LINK: &str = "https://cloud.example/verify/wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY";
/// How long a server that hangs is waited for here.
const PATIENCE: Duration = Duration::from_millis(500);

fn email(text: &str) -> Email {
    Email::parse(text).unwrap()
}

/// An outbox and what it sends by.
struct Sender {
    store: Store,
    clock: Clock,
    outbox: Outbox,
}

impl Sender {
    fn by(settings: &SmtpSettings) -> Self {
        let (store, clock) = (Store::in_memory().unwrap(), Clock::manual(NOW));
        let transport = Transport::Smtp(Smtp::new(settings).unwrap());
        let vault = Vault::in_memory().unwrap();
        let outbox = Outbox::new(store.clone(), vault, clock.clone(), transport, email("cloud@example.org"));
        Self { store, clock, outbox }
    }

    /// Sends a letter to this address. Says how many letters wait then, and how often the first was tried.
    async fn send(&self, to: &str) -> (usize, Option<u32>) {
        let text = format!("Gr\u{fc}\u{df}e!\n.\nFollow {LINK} please.\n");
        let (to, subject, expires) = (email(to), "Your link".to_owned(), NOW.plus(limits::LINK_LIFE));
        let letter = Letter { to, subject, text, expires, decoy: false };
        let outbox = self.outbox.clone();
        let stored: Result<(), MailError> = self.store.write(move |change| outbox.put(change, &letter)).await;
        stored.unwrap();
        self.deliver().await
    }

    async fn deliver(&self) -> (usize, Option<u32>) {
        let next = self.outbox.deliver_due().await.unwrap();
        let waiting = self.store.read(|view| view.mails(100)).unwrap();
        assert_eq!(next, waiting.first().map(|(_, mail)| mail.next_try));
        (waiting.len(), waiting.first().map(|(_, mail)| mail.attempts))
    }
}

fn settings(port: u16, security: Security) -> SmtpSettings {
    SmtpSettings {
        host: "localhost".to_owned(),
        port: Some(port),
        security,
        user: None,
        password_file: None,
        ca_file: None,
        hello: None,
        patience: limits::SMTP_SESSION,
    }
}

/// Settings for a real server, with this password.
fn settings_for(exim: &Exim, security: Security, folder: &tempfile::TempDir, password: &str) -> SmtpSettings {
    let password_file = folder.path().join("password");
    std::fs::write(&password_file, format!("{password}\n")).unwrap();
    SmtpSettings {
        user: Some("cloud".to_owned()),
        password_file: Some(password_file),
        ca_file: Some(exim.certificate.ca.clone()),
        ..settings(exim.port, security)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_real_server_delivers_what_it_is_given_under_tls() {
    let folder = tempfile::tempdir().unwrap();
    for (security, from_the_first_byte) in [(Security::StartTls, false), (Security::Tls, true)] {
        let Some(exim) = Exim::start(from_the_first_byte) else { return };
        let sender = Sender::by(&settings_for(&exim, security, &folder, "right word"));
        assert_eq!(sender.send("bob@example.net").await, (0, None));
        exim.wait();
        let letters = exim.delivered();
        let [letter] = letters.as_slice() else { panic!("{letters:?}") };
        assert!(letter.contains("with esmtpsa"), "{letter}");
        assert!(letter.contains("\nFrom: cloud@example.org\nTo: bob@example.net\nSubject: Your link\n"), "{letter}");
        let body = letter.split_once("\n\n").unwrap().1.replace("=\n", "");
        assert_eq!(body, format!("Gr=C3=BC=C3=9Fe!\n.\nFollow {LINK} please.\n"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_real_server_refuses_for_good_or_puts_off_and_the_outbox_knows_which() {
    let folder = tempfile::tempdir().unwrap();
    let Some(exim) = Exim::start(false) else { return };
    let sender = Sender::by(&settings_for(&exim, Security::StartTls, &folder, "right word"));
    assert_eq!(sender.send("nobody@example.net").await, (0, None));
    exim.wait();
    assert_eq!(sender.send("grey@example.net").await, (1, Some(1)));
    exim.wait();
    assert_eq!(exim.delivered(), [""; 0]);
    exim.knows_grey();
    sender.clock.advance(limits::MAIL_RETRY_FIRST);
    assert_eq!(sender.deliver().await, (0, None));
    exim.wait();
    assert_eq!(exim.delivered().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_or_authority_loses_no_letter() {
    let folder = tempfile::tempdir().unwrap();
    let Some(exim) = Exim::start(false) else { return };
    let right = settings_for(&exim, Security::StartTls, &folder, "right word");
    let other = tempfile::tempdir().unwrap();
    let wrong = settings_for(&exim, Security::StartTls, &other, "wrong word");
    let other_name = SmtpSettings { host: "127.0.0.1".to_owned(), ..right.clone() };
    let Some(stranger) = Exim::start(false) else { return };
    let other_authority = SmtpSettings { ca_file: Some(stranger.certificate.ca.clone()), ..right.clone() };
    let nobody = SmtpSettings { user: None, password_file: None, ..right.clone() };
    // The certificate is for 127.0.0.1, too.
    assert_eq!(Sender::by(&other_name).send("bob@example.net").await, (0, None));
    exim.wait();
    for settings in [wrong, other_authority] {
        assert_eq!(Sender::by(&settings).send("bob@example.net").await, (1, Some(1)), "{settings:?}");
        exim.wait();
    }
    // `550 log in first` cannot be told from `550 no such person`.
    assert_eq!(Sender::by(&nobody).send("bob@example.net").await, (0, None));
    exim.wait();
    assert_eq!(exim.delivered().len(), 1);
}

/// A server on this machine that does this with every connection.
async fn server<F: Future<Output = ()> + Send>(each: impl Fn(TcpStream) -> F + Send + 'static) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            each(stream).await;
        }
    });
    port
}

/// What is left of a letter after one attempt at a server, and how long that took.
async fn attempt(port: u16, security: Security) -> ((usize, Option<u32>), Duration) {
    let folder = tempfile::tempdir().unwrap();
    let authority = cloud_python::certs::Authority::open_or_make(folder.path(), &[""; 0], NOW).unwrap();
    let settings = SmtpSettings { ca_file: Some(authority.ca), patience: PATIENCE, ..settings(port, security) };
    let (sender, begun) = (Sender::by(&settings), monotonic());
    (sender.send("bob@example.net").await, begun.elapsed())
}

const KEPT: (usize, Option<u32>) = (1, Some(1));
const ALL: [Security; 3] = [Security::Plain, Security::StartTls, Security::Tls];

#[tokio::test]
async fn a_server_that_is_not_there_is_waited_for() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    for security in ALL {
        assert_eq!(attempt(port, security).await.0, KEPT);
    }
}

#[tokio::test]
async fn a_server_that_hangs_is_left_after_a_while() {
    for banner in ["", "220 here\r\n", "220-here\r\n", "220"] {
        let port = server(async |mut stream| {
            let _ = stream.write_all(banner.as_bytes()).await;
            let _ = stream.read_to_end(&mut vec![]).await;
        })
        .await;
        for security in ALL {
            let (left, took) = attempt(port, security).await;
            assert_eq!(left, KEPT);
            // TLS says at once that this is not its first byte.
            assert!(took >= PATIENCE || (security == Security::Tls && !banner.is_empty()), "{took:?}");
            assert!(took < PATIENCE * 10, "{took:?}");
        }
    }
}

/// Answers as a server does until this many lines have come, then breaks off.
async fn dies_after(lines: usize, stream: TcpStream) {
    let mut stream = BufReader::new(stream);
    let mut in_message = false;
    let _ = stream.write_all(b"220 here\r\n").await;
    for _ in 0..lines {
        let mut line = String::new();
        if stream.read_line(&mut line).await.unwrap_or(0) == 0 {
            return;
        }
        let answer = match line.as_str() {
            ".\r\n" => "250 mine\r\n",
            _ if in_message => "",
            "DATA\r\n" => "354 go\r\n",
            _ => "250 ok\r\n",
        };
        in_message |= line == "DATA\r\n";
        let _ = stream.write_all(answer.as_bytes()).await;
    }
}

#[tokio::test]
async fn a_server_that_dies_at_any_line_gets_the_letter_again() {
    let mut left = vec![];
    for lines in 0..40 {
        let port = server(move |stream| dies_after(lines, stream)).await;
        left.push(attempt(port, Security::Plain).await.0);
    }
    // EHLO, MAIL, RCPT and DATA come before the message, and its last line is the full stop.
    let kept = left.iter().take_while(|left| **left == KEPT).count();
    assert!((6..30).contains(&kept), "{kept}");
    assert!(left[kept..].iter().all(|left| *left == (0, None)));
}

#[tokio::test]
async fn rubbish_is_no_server() {
    let rubbish: [&'static [u8]; 8] = [
        b"\r\n",
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        b"\xff\xfe\xfd\r\n",
        b"\0\0\0\0\0\0\r\n",
        b"999 what\r\n",
        b"2200 what\r\n",
        b"220 here\n",
        b"220-a\r\n221 b\r\n",
    ];
    for bytes in rubbish {
        let port = server(async move |mut stream| {
            let _ = stream.write_all(bytes).await;
            let _ = stream.read_to_end(&mut vec![]).await;
        })
        .await;
        for security in ALL {
            let (left, took) = attempt(port, security).await;
            assert_eq!(left, KEPT);
            assert!(took < PATIENCE * 10, "{took:?}");
        }
    }
}

#[tokio::test]
async fn endless_lines_fill_neither_memory_nor_time() {
    for line in ["a", "220-more\r\n", "220-\r\n"] {
        let (counted, mut count) = tokio::sync::mpsc::unbounded_channel();
        let port = server(move |mut stream: TcpStream| {
            let counted = counted.clone();
            async move {
                let (chunk, mut bytes) = (line.repeat(1 << 10), 0);
                while stream.write_all(chunk.as_bytes()).await.is_ok() {
                    bytes += chunk.len();
                }
                counted.send(bytes).unwrap();
            }
        })
        .await;
        for security in ALL {
            let (left, took) = attempt(port, security).await;
            assert_eq!(left, KEPT);
            assert!(took < PATIENCE, "{took:?}");
            // What lay in the kernel's buffers when we hung up counts, too.
            assert!(count.recv().await.unwrap() < 16 << 20);
        }
    }
}

#[tokio::test]
async fn a_server_without_tls_hears_nothing_that_is_secret() {
    let (said, mut heard) = tokio::sync::mpsc::unbounded_channel();
    let port = server(move |stream| {
        let said = said.clone();
        async move {
            let mut stream = BufReader::new(stream);
            let _ = stream.write_all(b"220 here\r\n").await;
            let mut line = String::new();
            while stream.read_line(&mut line).await.unwrap_or(0) > 0 {
                let _ = stream.write_all(b"250-here\r\n250 AUTH PLAIN\r\n").await;
            }
            said.send(line).unwrap();
        }
    })
    .await;
    assert_eq!(attempt(port, Security::StartTls).await.0, KEPT);
    assert_eq!(heard.recv().await.unwrap(), "EHLO [127.0.0.1]\r\n");
}
