//! What a request asks for, and the doing of it.
//!
//! Owns: the order in which a request is refused: its path and method if it needs no session; then whether it has one that is still
//! good; then the token in its path; then its body. Not here: the commands and files themselves (`app`).
//!
//! A request counts for a session once a token of it is good, or where it has none to show (`/idt` and `/edt` without a body, `/info`,
//! leaving): whoever watches the line has the cookie, and can do that much.

use std::sync::Arc;

use hyper::body::Incoming;
use hyper::{Request, StatusCode};

use super::answer::{self, Answer, Content, Refusal};
use super::handshake;
use super::intake::Intake;
use super::route::Asked;
use super::sessions::{BadToken, Session, Sessions};
use super::talk::Talk;
use crate::app::App;
use crate::config::limits;
use crate::domain::{Action, Credential, Error, FilePath, Network, Outcome, SealedUser, UnixTime};
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
            (_, Some(session)) => self.inside(network, &session, &asked, intake).await,
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
        drop(session.talk.lock().await.take());
        let credential = Credential::Sealed(session.stands.clone());
        // Whoever has been removed has left already.
        let _ = self.app.handle(network, credential, Action::Leave).await;
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
        // Only its own user's session makes room for the new one: anybody can show a cookie that they have seen.
        if let Some(before) = before.filter(|before| before.stands.user == stands.user) {
            self.sessions.end(&before);
            drop(before.talk.lock().await.take());
        }
        let session = self.sessions.begin(network, stands, &key)?;
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
        let _busy = session.busy(false);
        let user = match self.app.sealed_user(network, &session.stands).await {
            Ok(user) => user,
            Err(error) => {
                if matches!(error, Error::Unauthorized) {
                    self.sessions.end(session);
                    drop(session.talk.lock().await.take());
                }
                return answer::refused(&error.into());
            }
        };
        let done = match (asked, intake) {
            (Asked::Input, Ok(intake)) => input(session, intake, false).await,
            (Asked::End, Ok(intake)) => input(session, intake, true).await,
            (Asked::Get(token) | Asked::Put(token) | Asked::Command(token) | Asked::Start(token), intake) => {
                let content = match session.take(token, UnixTime(0)) {
                    Ok((_, content)) => content,
                    Err(BadToken::TooMany) => {
                        return answer::refused(&Refusal::Error(Error::SlowDown(limits::SEALED_SKEW)));
                    }
                    Err(BadToken::Invalid) => return answer::refused(&Refusal::Error(Error::Unauthorized)),
                };
                // Only now is it known to be asked by whoever has the key.
                let mut talk = session.talk.lock().await;
                *talk = None;
                match intake {
                    Ok(intake) if matches!(asked, Asked::Start(_)) => {
                        self.start(session, &user, &content, intake, &mut talk).await
                    }
                    Ok(intake) => {
                        drop(talk);
                        self.act(network, session, &user, asked, content, intake).await
                    }
                    Err(refusal) => Err(refusal),
                }
            }
            (Asked::Info, _) => {
                drop(session.talk.lock().await.take());
                Ok(Content::Bytes(self.info().into_bytes()))
            }
            (_, Err(refusal)) => Err(refusal),
            _ => Err(Error::NotFound.into()),
        };
        match done {
            Ok(content) => answer::sealed(StatusCode::OK, session, content),
            Err(refusal) => answer::refused_inside(session, &refusal),
        }
    }

    async fn act(
        &self,
        network: Network,
        session: &Arc<Session>,
        user: &SealedUser,
        asked: &Asked,
        content: Vec<u8>,
        intake: Intake,
    ) -> Result<Content, Refusal> {
        match asked {
            Asked::Get(_) => Ok(Content::File(self.app.get(user, path(content)?).await?)),
            Asked::Put(_) => {
                let mut upload = self.app.put(user, path(content)?).await?;
                let mut contents = intake.contents(session);
                while let Some(piece) = contents.next().await? {
                    upload.write(piece).await.map_err(Error::from)?;
                }
                // It may have taken long: whoever was removed meanwhile changes nothing any more.
                self.app.sealed_user(network, &session.stands).await?;
                upload.commit().await.map_err(Error::from)?;
                Ok(Content::Bytes(vec![]))
            }
            _ => {
                let (stdin, room) = intake.contents(session).collect(limits::STDIN_BYTES).await?;
                let mut talk = Talk::new(self.app.command(user, &content).await?);
                talk.say(stdin);
                talk.hang_up();
                Ok(Content::Command(talk, room))
            }
        }
    }

    /// Starts a command and leaves it running.
    async fn start(
        &self,
        session: &Arc<Session>,
        user: &SealedUser,
        line: &[u8],
        intake: Intake,
        slot: &mut Option<Talk>,
    ) -> Result<Content, Refusal> {
        let (stdin, _room) = intake.contents(session).collect(limits::SEALED_INPUT_BYTES).await?;
        let talk = Talk::new(self.app.command(user, line).await?);
        say(&talk, stdin)?;
        listen(talk, slot).await
    }
}

/// Feeds the command that runs; with `last` it is told that nothing more comes, and heard out.
async fn input(session: &Arc<Session>, intake: Intake, last: bool) -> Result<Content, Refusal> {
    let (stdin, room) = intake.contents(session).collect(limits::SEALED_INPUT_BYTES).await?;
    let mut slot = session.talk.lock().await;
    let mut talk = slot.take().ok_or_else(|| Refusal::malformed("no command is running"))?;
    if let Err(refusal) = say(&talk, stdin) {
        *slot = Some(talk);
        return Err(refusal);
    }
    match last {
        false => listen(talk, &mut slot).await,
        true => {
            talk.hang_up();
            Ok(Content::Command(talk, room))
        }
    }
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

/// One answer's worth of what a command says, which is left running unless it is over.
async fn listen(mut talk: Talk, slot: &mut Option<Talk>) -> Result<Content, Refusal> {
    let said = talk.listen().await?;
    if !said.over {
        *slot = Some(talk);
    }
    Ok(Content::Bytes(said.output))
}

fn path(name: Vec<u8>) -> Result<FilePath, Error> {
    FilePath::parse(name).map_err(|error| Error::Malformed(error.to_string()))
}
