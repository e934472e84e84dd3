//! A live session: a script that the owner of an account talks with while it runs.
//!
//! Owns: the same way in as every action has (room, credential, place), and ending a session when its account is ended. Not here:
//! the run itself (`sandbox`), and the wire (the door).

use super::App;
use super::runs::{AccountEnd, Run};
use crate::domain::{Credential, Error, JobResult, JobSpec, Network};
use crate::sandbox::{Event, LiveRun};

pub use crate::sandbox::{Stdin, Stream};

/// A script that runs for somebody who is there. Dropping it kills the run.
#[derive(Debug)]
pub struct Conversation {
    app: App,
    run: LiveRun,
    /// None once the run is over: the account may open the next session while the last words of this one are on their way.
    place: Option<Run>,
    account_end: AccountEnd,
}

/// What a session tells.
#[derive(Clone, Debug)]
pub enum Said {
    /// The script wrote this.
    Output(Stream, Vec<u8>),
    /// The run is over, and its place is free. Nothing follows.
    Ended(Box<JobResult>),
}

impl App {
    /// Whether there is a place for one more session now. To be asked before anything is done for it.
    pub fn has_room_for_session(&self) -> Result<(), Error> {
        self.0.sessions.has_room()
    }

    /// Starts a script for whoever may run one, with its input and output live.
    pub async fn open(&self, from: Network, credential: &Credential, job: JobSpec) -> Result<Conversation, Error> {
        let opened = self.try_open(from, credential, job).await;
        self.0.metrics.answered("session", opened.as_ref().map(drop));
        opened
    }

    async fn try_open(&self, from: Network, credential: &Credential, job: JobSpec) -> Result<Conversation, Error> {
        self.has_room_for_session()?;
        let principal = self.0.rooms.auth.admit(from, credential).await?;
        let member = principal.member()?;
        let mut place = self.0.sessions.enter(member.id).await?;
        // Looked at again now that a suspension would end it: one that came in between is not missed.
        self.still_approved(member)?;
        let run = tokio::select! {
            run = self.0.rooms.sandbox.open(member.id, job) => run.map_err(|error| Error::Ours(error.to_string()))?,
            () = place.ended() => return Err(Error::Unauthorized),
        };
        Ok(Conversation { app: self.clone(), run, account_end: place.end(), place: Some(place) })
    }
}

impl Conversation {
    /// The door for standard input. There is one; a second call returns nothing.
    pub fn stdin(&mut self) -> Option<Stdin> {
        self.run.stdin()
    }

    /// The end of the account, for whoever waits for a client and does not ask what happens next.
    pub(crate) fn account_end(&self) -> AccountEnd {
        self.account_end.clone()
    }

    /// What happens next. [`Error::Unauthorized`] if the account may not go on. Dropping the future loses nothing.
    pub async fn next(&mut self) -> Result<Said, Error> {
        let event = tokio::select! {
            biased;
            () = self.account_end.come() => Err(Error::Unauthorized),
            event = self.run.next() => match event {
                Some(Ok(Event::Output(stream, bytes))) => return Ok(Said::Output(stream, bytes)),
                Some(Ok(Event::Ended(result))) => Ok(result),
                Some(Err(error)) => Err(Error::Ours(error.to_string())),
                None => Err(Error::Ours("a session went on after its end".to_owned())),
            },
        };
        self.place = None;
        let result = event?;
        self.app.0.metrics.ran(&result);
        tracing::debug!(outcome = ?result.outcome, wall_ms = result.usage.wall.as_millis(), "a session ended");
        Ok(Said::Ended(result))
    }
}
