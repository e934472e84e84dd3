//! The outbox, with a clock that is moved by hand.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;

use super::*;
use crate::clock::Clock;
use crate::config::{SmtpSecurity as Security, limits};
use crate::domain::{Email, UnixTime};
use crate::store::Store;
use crate::vault::Vault;

const NOW: UnixTime = UnixTime(1_800_000_000);
const LINK: &str = "https://cloud.example/verify/wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY";

struct World {
    store: Store,
    vault: Vault,
    clock: Clock,
    outbox: Outbox,
}

fn email(text: &str) -> Email {
    Email::parse(text).unwrap()
}

fn world(transport: Transport) -> World {
    world_of(Store::in_memory().unwrap(), Vault::in_memory().unwrap(), transport)
}

fn world_of(store: Store, vault: Vault, transport: Transport) -> World {
    let clock = Clock::manual(NOW);
    let from = email("cloud@example.org");
    let outbox = Outbox::new(store.clone(), vault.clone(), clock.clone(), transport, from);
    World { store, vault, clock, outbox }
}

fn letter(to: &str, life: Duration) -> Letter {
    let text = format!("Follow {LINK} please.\n");
    Letter { to: email(to), subject: "Your link".to_owned(), text, expires: NOW.plus(life), decoy: false }
}

impl World {
    async fn put(&self, letter: Letter) {
        let outbox = self.outbox.clone();
        self.store.write(move |change| outbox.put(change, &letter)).await.unwrap();
    }

    async fn deliver(&self) -> Option<UnixTime> {
        self.outbox.deliver_due().await.unwrap()
    }

    fn waiting(&self) -> u64 {
        self.store.read(|view| view.mail_count()).unwrap()
    }

    /// Delivers at every moment something is due, and says after how many seconds that was.
    async fn moments(&self, most: usize) -> Vec<u64> {
        let mut moments = vec![];
        while let Some(next) = self.deliver().await.filter(|_| moments.len() < most) {
            let now = self.clock.now();
            assert!(next > now);
            moments.push(next.0 - NOW.0);
            self.clock.advance(now.until(next));
        }
        moments
    }
}

/// A folder that cannot be made, because there is a file in its way.
fn in_the_way(folder: &Path) -> Transport {
    std::fs::write(folder.join("file"), "").unwrap();
    Transport::Directory(folder.join("file/outbox"))
}

fn recipients(memory: &Memory) -> Vec<String> {
    memory.take().into_iter().map(|sent| sent.to.to_string()).collect()
}

/// A mail server on this machine that answers each line as told.
async fn smtp(answer: impl Fn(&str) -> &'static str + Send + Sync + Copy + 'static) -> Transport {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let (read, mut write) = stream.split();
                let mut lines = BufReader::new(read).lines();
                let mut reply = "220 here";
                while write.write_all(format!("{reply}\r\n").as_bytes()).await.is_ok() {
                    let mut line = lines.next_line().await.unwrap_or_default();
                    while reply.starts_with("354") && line.as_ref().is_some_and(|line| line != ".") {
                        line = lines.next_line().await.unwrap_or_default();
                    }
                    let Some(line) = line else { return };
                    reply = answer(&line);
                }
            });
        }
    });
    let settings = SmtpSettings {
        host: "127.0.0.1".to_owned(),
        port: Some(port),
        security: Security::Plain,
        user: None,
        password_file: None,
        ca_file: None,
        hello: None,
        patience: limits::SMTP_SESSION,
    };
    Transport::Smtp(Smtp::new(&settings).unwrap())
}

#[tokio::test]
async fn letters_go_in_the_order_in_which_they_came_and_are_forgotten() {
    let memory = Memory::default();
    let world = world(Transport::Memory(memory.clone()));
    for number in 0..20 {
        world.put(letter(&format!("p{number}@example.net"), limits::LINK_LIFE)).await;
    }
    assert_eq!(memory.take(), []);
    assert_eq!(world.deliver().await, None);
    assert_eq!(recipients(&memory), (0..20).map(|number| format!("p{number}@example.net")).collect::<Vec<_>>());
    assert_eq!(world.waiting(), 0);
}

#[tokio::test]
async fn a_letter_is_there_only_if_what_it_is_about_is() {
    let memory = Memory::default();
    let world = world(Transport::Memory(memory.clone()));
    let outbox = world.outbox.clone();
    let undone: Result<(), MailError> = world
        .store
        .write(move |change| {
            outbox.put(change, &letter("bob@example.net", limits::LINK_LIFE))?;
            Err(MailError::Full)
        })
        .await;
    assert!(undone.is_err());
    assert_eq!(world.deliver().await, None);
    assert_eq!(memory.take(), []);
}

#[tokio::test]
async fn the_outbox_folder_holds_messages_for_its_owner_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("outbox");
    let world = world(Transport::Directory(path.clone()));
    world.put(letter("bob@example.net", limits::LINK_LIFE)).await;
    world.put(letter("eve@example.net", limits::LINK_LIFE)).await;
    assert_eq!(world.deliver().await, None);
    let mut names: Vec<_> = std::fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["2027-01-15-000001.eml", "2027-01-15-000002.eml"]);
    let text = std::fs::read_to_string(path.join(&names[0])).unwrap();
    assert!(text.contains("To: bob@example.net\r\n") && text.contains(LINK), "{text}");
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&path), mode(&path.join(&names[0]))), (0o700, 0o600));
}

#[tokio::test]
async fn what_fails_is_tried_less_and_less_often() {
    let folder = tempfile::tempdir().unwrap();
    let world = world(in_the_way(folder.path()));
    world.put(letter("admin@example.net", limits::APPROVAL_LIFE)).await;
    let moments = world.moments(14).await;
    assert_eq!(moments, [5, 15, 35, 75, 155, 315, 635, 1275, 2555, 5115, 8715, 12315, 15915, 19515]);
    assert_eq!(world.waiting(), 1);
    // What was in the way is gone.
    std::fs::remove_file(folder.path().join("file")).unwrap();
    world.clock.advance(limits::MAIL_RETRY_LAST);
    assert_eq!(world.deliver().await, None);
    assert_eq!(world.waiting(), 0);
    assert_eq!(std::fs::read_dir(folder.path().join("file/outbox")).unwrap().count(), 1);
}

#[tokio::test]
async fn a_letter_that_does_not_live_long_is_tried_to_its_end_and_given_up() {
    let folder = tempfile::tempdir().unwrap();
    let world = world(in_the_way(folder.path()));
    world.put(letter("bob@example.net", limits::LINK_LIFE)).await;
    let moments = world.moments(100).await;
    assert_eq!(
        moments,
        [5, 15, 35, 75, 155, 266, 349, 411, 458, 493, 519, 539, 554, 565, 573, 579, 584, 589, 594, 599, 600]
    );
    assert_eq!(world.waiting(), 0);
    assert!(!folder.path().join("file").is_dir());
}

#[tokio::test]
async fn what_a_server_refuses_for_good_is_given_up_and_what_it_puts_off_is_kept() {
    let world = world(
        smtp(|line| match line {
            "RCPT TO:<nobody@example.net>" => "550 nobody@example.net is unknown here",
            "RCPT TO:<grey@example.net>" => "451 grey@example.net: come again later",
            "DATA" => "354 go",
            _ => "250 ok",
        })
        .await,
    );
    for to in ["grey@example.net", "nobody@example.net", "bob@example.net"] {
        world.put(letter(to, limits::LINK_LIFE)).await;
    }
    assert_eq!(world.deliver().await, Some(NOW.plus(limits::MAIL_RETRY_FIRST)));
    let waiting = world.store.read(|view| view.mails(10)).unwrap();
    assert_eq!(waiting.len(), 1);
    assert_eq!((waiting[0].0.0, waiting[0].1.attempts), (1, 1));
}

#[tokio::test]
async fn a_decoy_is_stored_like_a_letter_and_goes_nowhere() {
    let memory = Memory::default();
    let world = world(Transport::Memory(memory.clone()));
    world.put(Letter { decoy: true, ..letter("bob@example.net", limits::LINK_LIFE) }).await;
    world.put(letter("bob@example.net", limits::LINK_LIFE)).await;
    let waiting = world.store.read(|view| view.mails(10)).unwrap();
    assert_eq!(waiting[0].1.sealed.len(), waiting[1].1.sealed.len());
    assert_eq!(world.deliver().await, None);
    assert_eq!(memory.take().len(), 1);
    assert_eq!(world.waiting(), 0);
}

#[tokio::test]
async fn a_letter_that_was_sent_but_not_removed_is_sent_again_as_the_same_message() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let vault = Vault::open(&path("vault.key")).unwrap();
    let world = world_of(Store::open(&path("db")).unwrap(), vault.clone(), Transport::Directory(path("first")));
    world.put(letter("bob@example.net", limits::LINK_LIFE)).await;
    drop(world);
    // As the machine finds it when it stops between the sending and the removal.
    std::fs::copy(path("db"), path("db-before")).unwrap();
    for (database, outbox) in [("db", "first"), ("db-before", "second")] {
        let store = Store::open(&path(database)).unwrap();
        let world = world_of(store, vault.clone(), Transport::Directory(path(outbox)));
        world.clock.advance(Duration::from_secs(30));
        assert_eq!(world.deliver().await, None);
        assert_eq!(world.waiting(), 0);
    }
    let message = |outbox: &str| std::fs::read_to_string(path(outbox).join("2027-01-15-000001.eml")).unwrap();
    assert!(message("first").contains("\r\nMessage-ID: <1."));
    assert_eq!(message("first"), message("second"));
}

#[tokio::test]
async fn the_database_holds_no_link_that_could_be_followed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("db");
    let (vault, memory) = (Vault::in_memory().unwrap(), Memory::default());
    let world = world_of(Store::open(&path).unwrap(), vault, Transport::Memory(memory.clone()));
    let found = || {
        let bytes = std::fs::read(&path).unwrap();
        [LINK, "EXAMPLEKEY", "bob@example.net", "Your link"]
            .map(|text| bytes.windows(text.len()).any(|window| window == text.as_bytes()))
    };
    world.put(letter("bob@example.net", limits::LINK_LIFE)).await;
    assert_eq!(found(), [false; 4]);
    world.deliver().await;
    assert_eq!(memory.take().len(), 1);
    assert_eq!(found(), [false; 4]);
}

#[tokio::test]
async fn a_letter_sealed_with_another_key_waits_for_that_key() {
    let world = world(Transport::Memory(Memory::default()));
    world.put(letter("bob@example.net", limits::LINK_LIFE)).await;
    let memory = Memory::default();
    let other = world_of(world.store.clone(), Vault::in_memory().unwrap(), Transport::Memory(memory.clone()));
    assert_eq!(other.deliver().await, Some(NOW.plus(limits::MAIL_RETRY_FIRST)));
    let back = world_of(world.store.clone(), world.vault.clone(), Transport::Memory(memory.clone()));
    back.clock.advance(limits::MAIL_RETRY_FIRST);
    assert_eq!(back.deliver().await, None);
    assert_eq!(memory.take().len(), 1);
}

#[tokio::test]
async fn two_who_deliver_at_once_send_nothing_twice() {
    let memory = Memory::default();
    let world = world(Transport::Memory(memory.clone()));
    for number in 0..30 {
        world.put(letter(&format!("p{number}@example.net"), limits::LINK_LIFE)).await;
    }
    let (one, other) = (world.outbox.clone(), world.outbox.clone());
    let (one, other) = tokio::join!(one.deliver_due(), other.deliver_due());
    assert_eq!((one.unwrap(), other.unwrap()), (None, None));
    assert_eq!(memory.take().len(), 30);
}

#[tokio::test]
async fn the_worker_sends_when_it_is_woken_also_while_another_letter_hangs() {
    // It answers nobody who writes to slow@example.net.
    let world = world(
        smtp(|line| match line {
            "RCPT TO:<slow@example.net>" => "250-",
            "DATA" => "354 go",
            _ => "250 ok",
        })
        .await,
    );
    let worker = tokio::spawn(world.outbox.clone().run());
    for number in 0..10 {
        let to = if number == 0 { "slow@example.net".to_owned() } else { format!("p{number}@example.net") };
        world.put(letter(&to, limits::LINK_LIFE)).await;
        world.outbox.wake();
        while world.waiting() > 1 {
            tokio::task::yield_now().await;
        }
    }
    assert_eq!(world.store.read(|view| view.mails(10)).unwrap()[0].0.0, 1);
    worker.abort();
}

#[tokio::test]
async fn no_more_letters_wait_than_there_is_room_for() {
    let world = world(Transport::Memory(Memory::default()));
    let outbox = world.outbox.clone();
    let stored: Result<u64, MailError> = world
        .store
        .write(move |change| {
            let letter = letter("bob@example.net", limits::LINK_LIFE);
            let mut stored = 0;
            loop {
                match outbox.put(change, &letter) {
                    Ok(()) => stored += 1,
                    Err(MailError::Full) => return Ok(stored),
                    Err(other) => return Err(other),
                }
            }
        })
        .await;
    assert_eq!(stored.unwrap(), limits::LETTERS);
}
