//! A command and its two directions.
//!
//! Owns: input that waits for the command to read it, and how much of its output makes one answer. Not here: the command (`app`).

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::timeout_at;

use crate::app::{Command, CommandInput};
use crate::clock::monotonic;
use crate::config::limits;
use crate::domain::Error;

/// A command that goes on. Dropping it ends it.
#[derive(Debug)]
pub(super) struct Talk {
    command: Command,
    input: Option<mpsc::UnboundedSender<Vec<u8>>>,
    /// Bytes that the command has not taken yet.
    waiting: Arc<AtomicUsize>,
    feeder: JoinHandle<()>,
    /// Output that has not been answered with.
    rest: Vec<u8>,
}

/// What makes one answer.
#[derive(Debug)]
pub(super) struct Said {
    /// The output.
    pub(super) output: Vec<u8>,
    /// Whether the command was over before, and this is all that was left to say of it: nothing.
    pub(super) over: bool,
}

impl Talk {
    /// Takes a command that has just been started.
    pub(super) fn new(mut command: Command) -> Self {
        let (input, chunks) = mpsc::unbounded_channel();
        let waiting = Arc::new(AtomicUsize::new(0));
        let feeder = tokio::spawn(feed(command.input(), chunks, Arc::clone(&waiting)));
        Self { command, input: Some(input), waiting, feeder, rest: vec![] }
    }

    /// Hands over input. The command takes it when it reads. Whoever reads no more loses it.
    pub(super) fn say(&self, bytes: Vec<u8>) {
        if let Some(input) = &self.input {
            self.waiting.fetch_add(bytes.len(), Ordering::Relaxed);
            let _ = input.send(bytes);
        }
    }

    /// Whether input that would wait has room. For a command that reads no more, nothing waits.
    pub(super) fn has_room(&self, bytes: usize) -> bool {
        self.input.as_ref().is_none_or(mpsc::UnboundedSender::is_closed)
            || self.waiting.load(Ordering::Relaxed).saturating_add(bytes) <= limits::SEALED_INPUT_BYTES
    }

    /// The end of input.
    pub(super) fn hang_up(&mut self) {
        self.input = None;
    }

    /// What it says for a moment, as far as one answer holds it. Whoever stops waiting loses nothing.
    pub(super) async fn listen(&mut self) -> Result<Said, Error> {
        let until = monotonic() + limits::SEALED_TALK_WAIT;
        let mut over = false;
        while self.rest.len() < limits::SEALED_TALK_BYTES && !over {
            match timeout_at(until.into(), self.command.next()).await {
                Ok(Some(piece)) => self.rest.extend(piece?),
                Ok(None) => over = true,
                Err(_) => break,
            }
        }
        let rest = self.rest.split_off(self.rest.len().min(limits::SEALED_TALK_BYTES));
        let output = std::mem::replace(&mut self.rest, rest);
        Ok(Said { over: over && output.is_empty(), output })
    }

    /// What it says next, as it comes. Nothing when it is over.
    pub(super) async fn next(&mut self) -> Option<Result<Vec<u8>, Error>> {
        match self.rest.is_empty() {
            true => self.command.next().await,
            false => Some(Ok(std::mem::take(&mut self.rest))),
        }
    }
}

impl Drop for Talk {
    fn drop(&mut self) {
        self.feeder.abort();
    }
}

async fn feed(input: Option<CommandInput>, mut chunks: mpsc::UnboundedReceiver<Vec<u8>>, waiting: Arc<AtomicUsize>) {
    let Some(input) = input else { return };
    while let Some(chunk) = chunks.recv().await {
        let bytes = chunk.len();
        let taken = input.send(chunk).await;
        waiting.fetch_sub(bytes, Ordering::Relaxed);
        if !taken {
            return;
        }
    }
}
