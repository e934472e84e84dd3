//! A session on a sealed channel, and what can be asked in it.
//!
//! Owns: [`Channel`], that it is ours before anything is asked in it, and how long what may take. Not here: sending and believing
//! (`line`, `said`).

use std::io::{ErrorKind, Read};
use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use hyper::header::SET_COOKIE;
use hyper::{Method, StatusCode};
use tokio::sync::mpsc;

use super::hello::{Hello, cookie};
use super::line::{Line, Reply, Sending};
use super::said::{Keeper, SealedOutput};
use super::{SealedError, SealedUrl, words};
use crate::client::calls::bounded;
use crate::client::terminal;
use crate::clock::Clock;
use crate::config::limits;
use crate::domain::UserName;
use crate::keys::{PrivateKey, PublicKey};
use crate::sealed::Fernet;
use crate::vault;

/// A session with a server that has shown its key and has said that the session is ours.
#[derive(Debug)]
pub struct Channel {
    line: Line,
    cookie: String,
    keeper: Keeper,
}

/// Bytes that are to be sent, as they are read.
#[derive(Debug)]
pub struct Source(mpsc::Receiver<std::io::Result<Vec<u8>>>);

impl Source {
    /// Reads on a thread of its own: a read cannot be called off.
    pub fn of(mut reader: impl Read + Send + 'static) -> Self {
        let (pieces, source) = mpsc::channel(1);
        std::thread::spawn(move || {
            let mut block = vec![0; limits::SEALED_BLOCK_BYTES];
            loop {
                let read = match reader.read(&mut block) {
                    Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                    read => read.map(|count| block.get(..count).unwrap_or_default().to_vec()),
                };
                let last = read.as_ref().map_or(true, Vec::is_empty);
                if pieces.blocking_send(read).is_err() || last {
                    return;
                }
            }
        });
        Self(source)
    }

    /// The next piece. It is empty at the end.
    async fn next(&mut self) -> Result<Vec<u8>, SealedError> {
        let piece = self.0.recv().await.unwrap_or_else(|| Err(ErrorKind::UnexpectedEof.into()));
        piece.map_err(SealedError::Source)
    }

    /// All that there is, or more than `most` bytes of it.
    async fn gather(&mut self, most: usize) -> Result<Vec<u8>, SealedError> {
        let mut bytes = vec![];
        while bytes.len() <= most {
            let piece = self.next().await?;
            if piece.is_empty() {
                break;
            }
            bytes.extend_from_slice(&piece);
        }
        Ok(bytes)
    }
}

impl Channel {
    /// Begins a session with a fresh share, and asks whose it is.
    ///
    /// `patience` is waited for every answer instead of the times in [`limits`].
    pub async fn enter(
        url: &SealedUrl,
        server: &PublicKey,
        user: &UserName,
        key: &PrivateKey,
        patience: Option<Duration>,
    ) -> Result<Self, SealedError> {
        let (line, hello) = (Line { url: url.clone(), patience }, Hello::new()?);
        let body = Sending::Whole(Some(hello.body(user, key)?.into()));
        let within = line.within(limits::CALL);
        let entered = async {
            let mut reply = line.exchange(Method::POST, "/auth", None, body).await?;
            match reply.status {
                StatusCode::OK => {}
                StatusCode::FORBIDDEN => return Err(SealedError::NotLetIn(user.clone())),
                StatusCode::TOO_MANY_REQUESTS => return Err(SealedError::SlowDown(reply.retry_after())),
                StatusCode::SERVICE_UNAVAILABLE => return Err(SealedError::Overloaded(reply.retry_after())),
                status if status.is_server_error() => return Err(SealedError::ServerFault(status.as_u16())),
                status => return Err(unexpected(&format!("status {}", status.as_u16()))),
            }
            let answer = reply.whole(limits::SMALL_ANSWER_BYTES).await?;
            let secret = hello.agree(url, server, &answer)?;
            let named = reply.says(&SET_COOKIE).and_then(|field| cookie(field, limits::SEALED_COOKIE_BYTES));
            Ok((secret, named.ok_or_else(|| unexpected("no session"))?))
        };
        let (secret, cookie) = bounded(within, entered).await.ok_or(SealedError::TooSlow(within))??;
        let keeper = Keeper::new(Clock::system(), Fernet::new(&secret)?);
        let mut channel = Self { line, cookie, keeper };
        channel.make_sure_of(user).await?;
        Ok(channel)
    }

    /// A handshake does not say for whom the server has signed: whoever sits on the line may have signed our share as theirs.
    async fn make_sure_of(&mut self, user: &UserName) -> Result<(), SealedError> {
        let info = self.ask(Method::GET, "/info", Sending::nothing(), limits::CALL).await?;
        let info = info.all(limits::SMALL_ANSWER_BYTES).await?;
        let info = String::from_utf8_lossy(&info);
        match info.lines().find_map(|line| line.strip_prefix("user: ")) {
            Some(said) if said == user.as_str() => Ok(()),
            Some(said) => Err(SealedError::OtherUser(user.clone(), terminal::sentence(said))),
            None => Err(SealedError::NoUser),
        }
    }

    /// A file of the workspace. An answer can be cut on the way, and a refusal passed off as a file: so it is asked first how large the
    /// file is.
    pub async fn get(&mut self, name: &[u8]) -> Result<SealedOutput<'_>, SealedError> {
        let bytes = self.size(name).await?;
        let path = self.path("get", name)?;
        let answer = self.ask(Method::GET, &path, Sending::nothing(), limits::CALL).await?;
        Ok(answer.of_length(bytes))
    }

    /// Puts a file into the workspace, or replaces one. `passed` is told how many bytes are on their way. The answer to it says nothing
    /// that nobody else could say: so it is asked before and afterwards what is there. A file that is there could be as long as the
    /// new one: so this gets a name of its own first, which it loses when it takes the other's place.
    pub async fn put(&mut self, name: &[u8], source: &mut Source, passed: &AtomicU64) -> Result<(), SealedError> {
        if self.find(name).await?.is_none() {
            return self.put_new(name, source, passed).await.map(drop);
        }
        let fresh = beside(name)?;
        let replaced = self.replace(name, &fresh, source, passed).await;
        if replaced.is_err() {
            let removing = [b"rm -f -- ", words::quoted(&here(&fresh)).as_slice()].concat();
            let _ = bounded(limits::LINGER, self.say(&removing)).await;
        }
        replaced
    }

    /// Puts a file where none is, and makes sure that all of it is there: how many bytes that is.
    async fn put_new(&mut self, name: &[u8], source: &mut Source, passed: &AtomicU64) -> Result<u64, SealedError> {
        self.send(name, source, passed).await?;
        let (sent, there) = (passed.load(Ordering::Relaxed), self.size(name).await?);
        if sent == there { Ok(sent) } else { Err(SealedError::Cut(sent, there)) }
    }

    async fn replace(
        &mut self,
        name: &[u8],
        fresh: &[u8],
        source: &mut Source,
        passed: &AtomicU64,
    ) -> Result<(), SealedError> {
        let sent = self.put_new(fresh, source, passed).await?;
        let moving = [b"mv --", words::quoted(&here(fresh)).as_slice(), &words::quoted(&here(name))].join(&b' ');
        let said = self.say(&moving).await?;
        if !said.is_empty() {
            return Err(refused(&said));
        }
        // Anybody can say nothing.
        match (self.find(fresh).await?, self.size(name).await?) {
            (Some(_), _) => Err(SealedError::NotReplaced),
            (None, there) if there != sent => Err(SealedError::Cut(sent, there)),
            (None, _) => Ok(()),
        }
    }

    async fn size(&mut self, name: &[u8]) -> Result<u64, SealedError> {
        let none = || refused(&[b"ls: ", name, b": No such file or directory"].concat());
        self.find(name).await?.ok_or_else(none)
    }

    /// How large a file is, in a sentence that nobody else can say. Nothing if nothing has this name.
    async fn find(&mut self, name: &[u8]) -> Result<Option<u64>, SealedError> {
        let name = here(name);
        let said = self.say(&[b"ls -l -- ", words::quoted(&name).as_slice()].concat()).await?;
        if said.is_empty() {
            return Err(SealedError::Silent(terminal::sentence(&String::from_utf8_lossy(&name))));
        }
        if said == format!("ls: {}: No such file or directory\n", String::from_utf8_lossy(&name)).as_bytes() {
            return Ok(None);
        }
        let facts = said.strip_suffix(b"\n").and_then(|line| line.strip_suffix(name.as_slice()));
        let facts = facts.and_then(|facts| std::str::from_utf8(facts).ok()).filter(|facts| facts.starts_with("-rw"));
        let size = facts.and_then(|facts| facts.split_whitespace().nth(1)?.parse().ok());
        size.map(Some).ok_or_else(|| refused(&said))
    }

    /// What a command says that says little.
    async fn say(&mut self, line: &[u8]) -> Result<Vec<u8>, SealedError> {
        self.command(line, None).await?.all(limits::SMALL_ANSWER_BYTES).await
    }

    async fn send(&mut self, name: &[u8], source: &mut Source, passed: &AtomicU64) -> Result<(), SealedError> {
        let begun = source.gather(limits::SEALED_WHOLE_BYTES).await?;
        let path = self.path("put", name)?;
        let answer = match begun.len() > limits::SEALED_WHOLE_BYTES {
            false => {
                passed.fetch_add(begun.len() as u64, Ordering::Relaxed);
                let token = Sending::whole(self.keeper.seal(&begun)?);
                self.ask(Method::POST, &path, token, limits::CALL).await?
            }
            true => self.put_lines(&path, begun, source, passed).await?,
        };
        answer.all(limits::SMALL_ANSWER_BYTES).await.map(drop)
    }

    /// Sends what has been read and then the rest, a token a line.
    async fn put_lines(
        &mut self,
        path: &str,
        begun: Vec<u8>,
        source: &mut Source,
        passed: &AtomicU64,
    ) -> Result<SealedOutput<'_>, SealedError> {
        let Self { line, cookie, keeper } = self;
        keeper.ask();
        let within = line.within(limits::CALL);
        let (lines, queue) = mpsc::channel(1);
        let mut exchange = pin!(line.exchange(Method::POST, path, Some(cookie), Sending::Lines(queue)));
        let pump = async {
            let mut piece = begun;
            while !piece.is_empty() {
                for block in piece.chunks(limits::SEALED_BLOCK_BYTES) {
                    let token = keeper.seal(block)? + "\r\n";
                    if !hand_over(&lines, Some(token.into()), within).await? {
                        return Ok(false);
                    }
                    passed.fetch_add(block.len() as u64, Ordering::Relaxed);
                }
                piece = source.next().await?;
            }
            hand_over(&lines, None, within).await
        };
        let (reply, whole) = tokio::select! {
            biased;
            reply = &mut exchange => (reply, false),
            pumped = pump => {
                let whole = pumped?;
                // A large file is written to the disk before the answer comes.
                (answered(line.within(limits::RUN_EXTRA), exchange).await, whole)
            },
        };
        let answer = SealedOutput::of(reply?, keeper, within).await?;
        // Before the end a server can refuse, but not be done.
        if whole { Ok(answer) } else { Err(unexpected("all has come, it says, before all was sent")) }
    }

    /// Runs a command to its end. Its output comes as it is written, standard output and standard error in one.
    pub async fn command(&mut self, words: &[u8], input: Option<&mut Source>) -> Result<SealedOutput<'_>, SealedError> {
        let input = match input {
            Some(source) => source.gather(limits::STDIN_BYTES).await?,
            None => vec![],
        };
        if input.len() > limits::STDIN_BYTES {
            return Err(SealedError::TooMuchInput(limits::STDIN_BYTES));
        }
        let path = self.path("cmd", words)?;
        let sending = if input.is_empty() { Sending::nothing() } else { Sending::whole(self.keeper.seal(&input)?) };
        self.ask_long(&path, sending).await
    }

    /// Starts a command and leaves it running: what it writes first. Any other request than [`Self::input`] and [`Self::end`] ends it.
    pub async fn start(&mut self, words: &[u8]) -> Result<Vec<u8>, SealedError> {
        let path = self.path("icm", words)?;
        let output = self.ask(Method::POST, &path, Sending::nothing(), limits::RUN_EXTRA).await?;
        output.all(limits::SMALL_ANSWER_BYTES).await
    }

    /// Gives the running command more input, which may be none: what it has written meanwhile. Nothing if there is none running.
    pub async fn input(&mut self, bytes: &[u8]) -> Result<Option<Vec<u8>>, SealedError> {
        // A token with nothing in it says that we are still there.
        let token = Sending::whole(self.keeper.seal(bytes)?);
        match self.ask(Method::POST, "/idt", token, limits::CALL).await {
            Ok(output) => output.all(limits::SMALL_ANSWER_BYTES).await.map(Some),
            Err(error) => none_runs(error).map(|()| None),
        }
    }

    /// Ends the running command's input: the rest of what it writes. Nothing if there is none running.
    pub async fn end(&mut self) -> Result<Option<SealedOutput<'_>>, SealedError> {
        let token = Sending::whole(self.keeper.seal(b"")?);
        match self.ask_long("/edt", token).await {
            Ok(output) => Ok(Some(output)),
            Err(error) => none_runs(error).map(|()| None),
        }
    }

    /// Ends the session. Whoever takes long over it is not waited for: it ends by itself some time.
    pub async fn leave(self) {
        let leaving = self.line.exchange(Method::POST, "/auth", Some(&self.cookie), Sending::nothing());
        let _ = bounded(limits::LINGER, leaving).await;
    }

    /// Asks for what may say nothing for long once it has begun to be answered.
    async fn ask_long(&mut self, path: &str, sending: Sending) -> Result<SealedOutput<'_>, SealedError> {
        let silence = self.line.within(limits::WALL_MAX + limits::RUN_EXTRA);
        Ok(self.ask(Method::POST, path, sending, limits::RUN_EXTRA).await?.with_silence(silence))
    }

    fn path(&mut self, verb: &str, content: &[u8]) -> Result<String, SealedError> {
        Ok(format!("/{verb}/{}", self.keeper.seal(content)?))
    }

    async fn ask(
        &mut self,
        method: Method,
        path: &str,
        sending: Sending,
        silence: Duration,
    ) -> Result<SealedOutput<'_>, SealedError> {
        let silence = self.line.within(silence);
        self.keeper.ask();
        let bytes = hyper::body::Body::size_hint(&sending).lower();
        let worth = Duration::from_secs(bytes / limits::BODY_RATE);
        let exchange = self.line.exchange(method, path, Some(&self.cookie), sending);
        let reply = answered(silence.saturating_add(worth), exchange).await?;
        SealedOutput::of(reply, &mut self.keeper, silence).await
    }
}

/// Whether somebody has taken a line, in the time for it. If nobody does any more, the answer says why.
async fn hand_over(
    lines: &mpsc::Sender<Option<hyper::body::Bytes>>,
    line: Option<hyper::body::Bytes>,
    within: Duration,
) -> Result<bool, SealedError> {
    let sent = bounded(within, lines.send(line)).await.ok_or(SealedError::TooSlow(within))?;
    Ok(sent.is_ok())
}

async fn answered(
    within: Duration,
    exchange: impl Future<Output = Result<Reply, SealedError>>,
) -> Result<Reply, SealedError> {
    bounded(within, exchange).await.ok_or(SealedError::TooSlow(within))?
}

/// A name as commands are told it. What they say of it has a slash, as no name in the list of a directory has.
fn here(name: &[u8]) -> Vec<u8> {
    [b"./", name].concat()
}

/// A name in the same directory that nothing has.
fn beside(name: &[u8]) -> Result<Vec<u8>, SealedError> {
    let fresh = format!(".put-{:032x}", u128::from_be_bytes(vault::random()?));
    let folder = name.iter().rposition(|byte| *byte == b'/').and_then(|end| name.get(..=end)).unwrap_or_default();
    Ok([folder, fresh.as_bytes()].concat())
}

/// What `ls` or `mv` complains of, without its own name before it; without a complaint it is a list.
fn refused(said: &[u8]) -> SealedError {
    let said = String::from_utf8_lossy(said);
    let (status, sentence) = match said.trim_end().split_once(": ") {
        Some(("ls" | "mv", complaint)) => (StatusCode::NOT_FOUND, complaint.strip_prefix("./").unwrap_or(complaint)),
        _ => (StatusCode::CONFLICT, "this is a directory there"),
    };
    SealedError::Refused(status.as_u16(), terminal::sentence(sentence))
}

/// The server's word that no command is running.
fn none_runs(error: SealedError) -> Result<(), SealedError> {
    match error {
        SealedError::Refused(400, sentence) if sentence.contains("no command") => Ok(()),
        error => Err(error),
    }
}

fn unexpected(what: &str) -> SealedError {
    SealedError::Unexpected(what.to_owned())
}
