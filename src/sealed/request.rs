//! What a request asks for, and the doing of it.
//!
//! Owns: the order in which a request is refused: its path and method if it needs no session; then whether it has one that is still
//! good; then the token in its path; then its body. Not here: the commands and files themselves (`app`).
//!
//! Only a good token shows that a request is its user's. Whoever watches the line has the cookie, and can ask for what needs no token:
//! `/info`, `/idt` and `/edt` without a body, and leaving. None of these keeps a session alive.

use std::sync::Arc;

use hyper::body::{Bytes, Incoming};
use hyper::{Request, StatusCode};

use super::answer::{self, Answer, Content, Refusal};
use super::handshake;
use super::intake::Intake;
use super::route::Asked;
use super::sessions::{Beginning, Session, Sessions};
use super::talk::Talk;
use crate::app::{App, SealedUser};
use crate::config::limits;
use crate::domain::{Action, Credential, Error, FilePath, Network, Outcome, UnixTime};
use crate::door::Settings;
use crate::door::networks::Networks;
use crate::keys::{PrivateKey, Share};

/// What all requests of a listener need.
#[derive(Debug)]
pub(super) struct House {
    pub(super) app: App,
    pub(super) key: PrivateKey,
    pub(super) sessions: Sessions,
    pub(super) settings: Arc<Settings>,
    pub(super) networks: Networks,
}

impl House {
    /// Answers a request from somewhere.
    pub(super) async fn answer(&self, network: Network, request: Request<Incoming>) -> Answer {
        let (head, body) = request.into_parts();
        let asked = Asked::of(head.uri.path());
        let session = self.sessions.of(&head.headers);
        let room = self.networks.room(network);
        let intake = Intake::new(body, &head.headers, &self.settings, room);
        let right_method = asked.takes(&head.method);
        let answer = match (&asked, session) {
            (Asked::Info | Asked::Auth, None) if !right_method => answer::refused(&Refusal::Method),
            (Asked::Info, None) => answer::plain(StatusCode::OK, self.info()),
            (Asked::Auth, session) if right_method => self.auth(network, session, intake).await,
            (_, None) => answer::refused(&Refusal::Error(Error::Unauthorized)),
            (_, Some(session)) if !right_method && asked != Asked::Nothing => {
                answer::refused_inside(&session, &Refusal::Method)
            }
            (_, Some(session)) => tokio::select! {
                biased;
                () = session.ended() => answer::refused(&Refusal::Error(Error::Unauthorized)),
                answer = self.inside(network, &session, &asked, intake) => answer,
            },
        };
        tracing::debug!(path = asked.name(), status = answer.status().as_u16(), "answered on the sealed channel");
        answer
    }

    fn info(&self) -> String {
        format!("cloud-python {}", self.app.versions().server)
    }

    /// Begins a session, or ends the one that there is.
    async fn auth(&self, network: Network, session: Option<Arc<Session>>, intake: Result<Intake, Refusal>) -> Answer {
        let body = match intake {
            Ok(intake) => intake.whole(limits::BODY_BYTES).await,
            Err(refusal) => Err(refusal),
        };
        let entered = match body {
            Ok(body) if body.is_empty() => {
                self.leave(network, session).await;
                return answer::plain(StatusCode::OK, "Disconnected");
            }
            Ok(body) => self.enter(network, session, &body).await,
            Err(refusal) => Err(refusal),
        };
        entered.unwrap_or_else(|refusal| answer::refused(&refusal))
    }

    async fn leave(&self, network: Network, session: Option<Arc<Session>>) {
        let Some(session) = session else { return };
        self.sessions.end(&session);
        // Whoever has not shown that they have the key was never here.
        if session.noted.initialized() {
            let credential = Credential::Sealed(session.stands.clone());
            // Whoever has been removed has left already.
            let _ = self.app.handle(network, credential, Action::Leave).await;
        }
    }

    /// Does all the work before it says no: an unknown user costs what a known one does.
    async fn enter(&self, network: Network, before: Option<Arc<Session>>, body: &[u8]) -> Result<Answer, Refusal> {
        let proof = handshake::proof(body).ok_or_else(|| Refusal::malformed("no hello"))?;
        let ours = Share::make().map_err(|error| Error::Ours(error.to_string()))?;
        let share = proof.share;
        let admitted = self.app.handle(network, Credential::Signed(proof), Action::Enter).await;
        if let Err(error @ Error::SlowDown(_)) = admitted {
            return Err(error.into());
        }
        let agreed = handshake::agree(&self.key, &ours, &share);
        let (Outcome::Entered(stands), Some(key)) = (admitted?, agreed.key) else {
            return Err(Error::Unauthorized.into());
        };
        let session = self.sessions.begin(Beginning { network, stands, share: &share, key: &key, before })?;
        let mut answer = answer::plain(StatusCode::OK, agreed.answer);
        let cookie = session.cookie().try_into().map_err(|_| Error::Ours("a cookie cannot be written".to_owned()))?;
        answer.headers_mut().insert(hyper::header::SET_COOKIE, cookie);
        Ok(answer)
    }

    async fn inside(
        &self,
        network: Network,
        session: &Arc<Session>,
        asked: &Asked,
        intake: Result<Intake, Refusal>,
    ) -> Answer {
        match self.done(network, session, asked, intake).await {
            Ok((content, counts)) => answer::sealed(StatusCode::OK, session, content, counts),
            Err(refusal @ Refusal::Error(Error::Unauthorized)) => {
                self.sessions.end(session);
                answer::refused(&refusal)
            }
            Err(refusal) => answer::refused_inside(session, &refusal),
        }
    }

    /// What comes of a request, and whether it counts as use of its session. [`Error::Unauthorized`] if the user has been removed.
    async fn done(
        &self,
        network: Network,
        session: &Arc<Session>,
        asked: &Asked,
        intake: Result<Intake, Refusal>,
    ) -> Result<(Content, bool), Refusal> {
        let user = self.app.sealed_user(network, &session.stands).await?;
        match asked {
            Asked::Get(token) | Asked::Put(token) | Asked::Command(token) | Asked::Start(token) => {
                let (_, argument) = session.take(token, UnixTime(0)).map_err(Refusal::Token)?;
                // Only now is it known to be asked by whoever has the key.
                let _busy = session.busy();
                self.note(network, session).await?;
                let mut talk = session.talk.lock().await;
                *talk = None;
                let content = match asked {
                    Asked::Start(_) => self.start(network, session, &argument, intake?, &mut talk).await,
                    _ => {
                        drop(talk);
                        self.act(network, session, &user, asked, argument, intake?).await
                    }
                };
                Ok((content?, true))
            }
            Asked::Input => input(session, intake?, false).await,
            Asked::End => input(session, intake?, true).await,
            // Who is told with whom this key was agreed can tell whether it was with them.
            Asked::Info => {
                let text = format!("{}\r\nuser: {}", self.info(), user.name.as_str());
                Ok((Content::Bytes(text.into()), false))
            }
            Asked::Auth | Asked::Nothing => Err(Error::NotFound.into()),
        }
    }

    /// The first good token of a session shows that its user is here, and not somebody with a hello that they have seen.
    async fn note(&self, network: Network, session: &Session) -> Result<(), Error> {
        let confirm = || self.app.handle(network, Credential::Sealed(session.stands.clone()), Action::Confirm);
        session.noted.get_or_try_init(|| async { confirm().await.map(drop) }).await.map(drop)
    }

    async fn act(
        &self,
        network: Network,
        session: &Arc<Session>,
        user: &SealedUser,
        asked: &Asked,
        argument: Vec<u8>,
        intake: Intake,
    ) -> Result<Content, Refusal> {
        match asked {
            Asked::Get(_) => Ok(Content::File(self.app.get(user, path(&argument)?).await?)),
            Asked::Put(_) => {
                let name = path(&argument)?;
                let mut upload = self.app.put(user, name.clone()).await?;
                let mut contents = intake.contents_in_time(session);
                while let Some(piece) = contents.next().await? {
                    upload.write(piece).await.map_err(Error::from)?;
                }
                // It may have taken long: whoever was removed meanwhile changes nothing any more.
                let user = self.app.sealed_user(network, &session.stands).await?;
                if !contents.had_any() {
                    self.may_empty(&user, name).await?;
                }
                upload.commit().await.map_err(Error::from)?;
                Ok(Content::Bytes(Bytes::new()))
            }
            _ => {
                let (stdin, room) = intake.contents_in_time(session).collect(limits::STDIN_BYTES).await?;
                let mut talk = self.command(network, session, &argument).await?;
                talk.say(stdin);
                talk.hang_up();
                Ok(Content::Command { talk, _room: room })
            }
        }
    }

    /// Starts a command and leaves it running.
    async fn start(
        &self,
        network: Network,
        session: &Arc<Session>,
        line: &[u8],
        intake: Intake,
        slot: &mut Option<Talk>,
    ) -> Result<Content, Refusal> {
        let (stdin, _room) = intake.contents_in_time(session).collect(limits::SEALED_INPUT_BYTES).await?;
        say(slot.insert(self.command(network, session, line).await?), stdin)?;
        listen(slot).await
    }

    /// Starts a command for whoever its session's user is now: its input may have taken long.
    async fn command(&self, network: Network, session: &Session, line: &[u8]) -> Result<Talk, Error> {
        let user = self.app.sealed_user(network, &session.stands).await?;
        Ok(Talk::new(self.app.command(&user, line).await?))
    }

    /// A body without a token says nothing that only its user can say: with it, whoever holds a `/get` back could send it as a `/put`.
    async fn may_empty(&self, user: &SealedUser, name: FilePath) -> Result<(), Error> {
        let there = match self.app.get(user, name).await {
            Ok(mut file) => file.next().await?.is_some(),
            Err(Error::NotFound) => false,
            Err(error) => return Err(error),
        };
        match there {
            false => Ok(()),
            true => Err(Error::Conflict("there is a file that is not empty: to empty it, remove it first".to_owned())),
        }
    }
}

/// Feeds the command that runs; with `last` it is told that nothing more comes, and heard out. It counts if there was something to
/// feed it with.
async fn input(session: &Arc<Session>, intake: Intake, last: bool) -> Result<(Content, bool), Refusal> {
    let (stdin, room) = intake.contents(session).collect(limits::SEALED_INPUT_BYTES).await?;
    let counts = !stdin.is_empty();
    let mut slot = session.talk.lock().await;
    say(slot.as_mut().ok_or_else(|| Refusal::malformed("no command is running"))?, stdin)?;
    let content = match slot.take_if(|_| last) {
        None => listen(&mut slot).await?,
        Some(mut talk) => {
            talk.hang_up();
            Content::Command { talk, _room: room }
        }
    };
    Ok((content, counts))
}

fn say(talk: &Talk, stdin: Vec<u8>) -> Result<(), Refusal> {
    match (stdin.is_empty(), talk.has_room(stdin.len())) {
        (true, _) => Ok(()),
        (false, true) => {
            talk.say(stdin);
            Ok(())
        }
        (false, false) => {
            let sentence = format!("more than {} bytes wait for the command to read them", limits::SEALED_INPUT_BYTES);
            Err(Error::TooLarge(sentence).into())
        }
    }
}

/// One answer's worth of what a command says. It stays where it is, with what it has said, if whoever asks goes away; and until an
/// answer has shown that there is nothing more, so that `/edt` finds one that has ended by itself.
async fn listen(slot: &mut Option<Talk>) -> Result<Content, Refusal> {
    let talk = slot.as_mut().ok_or_else(|| Refusal::malformed("no command is running"))?;
    let said = talk.listen().await?;
    if said.over {
        *slot = None;
    }
    Ok(Content::Bytes(said.output.into()))
}

/// A name as programs write them: `./a//b` is `a/b`.
fn path(name: &[u8]) -> Result<FilePath, Error> {
    let parts: Vec<&[u8]> = match name {
        // It would lead out, and is refused for that.
        [b'/', ..] => vec![name],
        _ => name.split(|byte| *byte == b'/').filter(|part| !part.is_empty() && *part != b".").collect(),
    };
    FilePath::parse(parts.join(&b'/')).map_err(|error| Error::Malformed(error.to_string()))
}
