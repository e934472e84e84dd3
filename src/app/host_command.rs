//! Commands of the machine itself, for users whose key's entry allows them on a server that is configured to have them.
//!
//! Owns: what such a process is given and that none is left. No shell reads the line: its words are the arguments. What the process
//! does is the operator's to answer for: it runs as the server's own user, outside of every wall.

use std::ffi::OsStr;
use std::io::{Error as IoError, ErrorKind};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::{Child, Command};

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};
use sha2::{Digest, Sha256};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::unix::pipe;
use tokio::task::{JoinHandle, spawn_blocking};
use tokio::time::timeout;

use super::AppError;
use super::builtins::{FAILED, NOT_FOUND, TOOK_TOO_LONG};
use super::command::{Output, Running};
use crate::config::limits;
use crate::domain::{Actor, Error, Event};

/// Where names are looked for.
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
/// What a shell answers for a file that is no program.
const NOT_EXECUTABLE: u8 = 126;
/// What a shell adds to the number of the signal that ended a process.
const SIGNALLED: i32 = 128;

impl Running {
    /// Whether this user may.
    pub(super) fn may_use_the_machine(&self) -> bool {
        self.user.host_commands && self.app.0.settings.host_commands
    }

    /// Runs it to its end. The audit trail has it before it begins.
    pub(super) async fn host_command(&mut self, words: Vec<Vec<u8>>) -> Result<u8, Error> {
        self.note(&words).await?;
        let workspace = self.workspace.clone();
        let begun = spawn_blocking(move || {
            let started = Process::start(&words, workspace.path());
            (words, started)
        });
        let (words, started) = begun.await.map_err(ours)?;
        let mut process = match started {
            Ok(process) => process,
            Err(error) => return Ok(self.not_started(&words, &error).await),
        };
        let limit = self.app.0.settings.runs.timeout;
        let ended = timeout(limit, process.drive(&mut self.input, &self.output)).await;
        let code = process.end().await.map_err(ours)?;
        self.workspace.recount().await;
        match ended {
            Ok(Ok(())) => Ok(code),
            Ok(Err(complaint)) => {
                self.output.write(format!("{complaint}\n")).await;
                Ok(FAILED)
            }
            Err(_) => {
                self.output.write(format!("ended: it took longer than {} seconds\n", limit.as_secs_f64())).await;
                Ok(TOOK_TOO_LONG)
            }
        }
    }

    async fn not_started(&self, words: &[Vec<u8>], error: &IoError) -> u8 {
        let name = words.first().map(Vec::as_slice).unwrap_or_default();
        let (what, code) = match error.kind() {
            ErrorKind::NotFound => ("command not found".to_owned(), NOT_FOUND),
            _ => (error.to_string(), NOT_EXECUTABLE),
        };
        self.output.write([name, format!(": {what}\n").as_bytes()].concat()).await;
        code
    }

    async fn note(&self, words: &[Vec<u8>]) -> Result<(), Error> {
        let rooms = &self.app.0.rooms;
        let (now, about) = (rooms.clock.now(), format!("{}: {}", self.user.name.as_str(), shown(words)));
        let noted = rooms.store.write(move |change| {
            change.append_audit_about(now, Actor::Owner, Event::HostCommand, Some(about)).map_err(AppError::from)
        });
        Ok(noted.await?)
    }
}

fn ours(error: impl std::fmt::Display) -> Error {
    Error::Ours(error.to_string())
}

/// A command line as the audit trail has it: one line of plain characters, however long and odd it was, from which its words can be
/// read. Of a long one there are the beginning and the SHA-256 of all its words, each with a NUL behind it.
fn shown(words: &[Vec<u8>]) -> String {
    let words_shown: Vec<String> = words.iter().map(|word| quoted(word)).collect();
    let mut line = words_shown.join(" ");
    if line.len() > limits::AUDIT_COMMAND_BYTES {
        let hash = words.iter().fold(Sha256::new(), |hash, word| hash.chain_update(word).chain_update([0]));
        let hex: String = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        line.truncate(limits::AUDIT_COMMAND_BYTES);
        line.push_str("... sha256:");
        line.push_str(&hex);
    }
    line
}

/// A word as it is, if it needs no quotes; otherwise between quotes, with backslashes before what is no plain character.
fn quoted(word: &[u8]) -> String {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"_-./:=@%+,".contains(byte);
    match !word.is_empty() && word.iter().all(plain) {
        true => String::from_utf8_lossy(word).into_owned(),
        false => format!("'{}'", word.escape_ascii()),
    }
}

/// A process with a group of its own. Dropping it kills the group.
struct Process {
    child: Option<Child>,
    group: Pid,
    /// Ends with the process, which is then still there to be waited for: its number is nobody else's.
    end: JoinHandle<()>,
    stdin: Option<pipe::Sender>,
    output: pipe::Receiver,
}

impl Process {
    /// Its environment is three variables, its descriptors are its three streams, and both kinds of output are one.
    fn start(words: &[Vec<u8>], home: &Path) -> std::io::Result<Self> {
        let mut words = words.iter().map(|word| OsStr::from_bytes(word));
        let (input, stdin) = std::io::pipe()?;
        let (output, stdout) = std::io::pipe()?;
        let mut command = Command::new(words.next().unwrap_or_default());
        command.args(words).current_dir(home).process_group(0);
        command.env_clear().env("PATH", PATH).env("HOME", home).env("LANG", "C.UTF-8");
        command.stdin(input).stderr(stdout.try_clone()?).stdout(stdout);
        let child = command.spawn()?;
        // Its own ends of the pipes go with this; ours alone would not show that it has ended.
        drop(command);
        Self::watch(child, stdin.into(), output.into())
    }

    fn watch(mut child: Child, stdin: OwnedFd, output: OwnedFd) -> std::io::Result<Self> {
        let watched = (|| {
            let group = i32::try_from(child.id()).ok().and_then(Pid::from_raw).ok_or(ErrorKind::InvalidData)?;
            let (stdin, output) = (pipe::Sender::from_owned_fd(stdin)?, pipe::Receiver::from_owned_fd(output)?);
            Ok((group, stdin, output))
        })();
        match watched {
            Ok((group, stdin, output)) => {
                let end = spawn_blocking(move || {
                    let _ = waitid(WaitId::Pid(group), WaitIdOptions::EXITED | WaitIdOptions::NOWAIT);
                });
                Ok(Self { child: Some(child), group, end, stdin: Some(stdin), output })
            }
            Err(error) => {
                child.kill()?;
                child.wait()?;
                Err(error)
            }
        }
    }

    /// Passes input and output until the process ends. What it has left behind in the background is not waited for.
    async fn drive(&mut self, input: &mut tokio::sync::mpsc::Receiver<Vec<u8>>, output: &Output) -> Result<(), String> {
        let stdin = self.stdin.take();
        let feed = async move {
            if let Some(mut stdin) = stdin {
                while let Some(bytes) = input.recv().await {
                    if stdin.write_all(&bytes).await.is_err() {
                        break;
                    }
                }
            }
            std::future::pending::<()>().await;
        };
        let show = show(&mut self.output, &mut self.end, self.group, output);
        tokio::select! {
            shown = show => shown,
            () = feed => Ok(()),
        }
    }

    /// Kills whatever is left of the group and returns the exit code.
    async fn end(mut self) -> std::io::Result<u8> {
        let Some(mut child) = self.child.take() else { return Ok(FAILED) };
        let group = self.group;
        let ended = spawn_blocking(move || kill(&mut child, group)).await;
        let status = ended.map_err(IoError::other)??;
        let code = status.code().unwrap_or_else(|| SIGNALLED + status.signal().unwrap_or_default());
        Ok(u8::try_from(code).unwrap_or(u8::MAX))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            // Here and now: at the end of the server no thread may get so far.
            let _ = kill_process_group(self.group, Signal::KILL);
            // Where no thread can be had nobody waits for it, and its number stays taken until the server ends.
            let _ = std::thread::Builder::new().spawn(move || child.wait());
        }
    }
}

/// The group first: while its leader has not been waited for, no other group has its number.
fn kill(child: &mut Child, group: Pid) -> std::io::Result<std::process::ExitStatus> {
    let _ = kill_process_group(group, Signal::KILL);
    child.wait()
}

async fn show(from: &mut pipe::Receiver, end: &mut JoinHandle<()>, group: Pid, output: &Output) -> Result<(), String> {
    let mut left = Left(limits::COMMAND_OUTPUT_BYTES);
    let mut piece = vec![0; limits::FRAME_BYTES];
    let mut is_open = true;
    loop {
        let count = tokio::select! {
            read = from.read(&mut piece), if is_open => read.unwrap_or_default(),
            _ = &mut *end => break,
        };
        is_open = count > 0;
        left.pass(piece.get(..count).unwrap_or_default(), output).await?;
    }
    // What it has left in the background writes no more; what has been written is still in the pipe. The pipe itself is asked: `try_read`
    // asks the runtime, which may not have heard of it yet.
    let _ = kill_process_group(group, Signal::KILL);
    while let Ok(count @ 1..) = rustix::io::read(&*from, &mut piece) {
        left.pass(piece.get(..count).unwrap_or_default(), output).await?;
    }
    Ok(())
}

/// Bytes that may still be written.
struct Left(u64);

impl Left {
    async fn pass(&mut self, bytes: &[u8], output: &Output) -> Result<(), String> {
        let rest = self.0.checked_sub(bytes.len() as u64);
        self.0 = rest.ok_or_else(|| format!("ended: more than {} bytes of output", limits::COMMAND_OUTPUT_BYTES))?;
        output.write(bytes).await;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_trail_has_one_plain_line_of_every_command() {
        let shown = |words: &[&[u8]]| shown(&words.iter().map(|word| word.to_vec()).collect::<Vec<_>>());
        assert_eq!(shown(&[b"ls", b"-l", b"a\nb\x1b[2J\xff"]), r"ls -l 'a\nb\x1b[2J\xff'");
        // Different words are different lines: `rm 'a b'` was once noted as `rm a b` is.
        let lines: [&[&[u8]]; 7] = [
            &[b"rm", b"a b"],
            &[b"rm", b"a", b"b"],
            &[b"rm", b"a", b"", b"b"],
            &[b"rm", b"a' 'b"],
            &[b"rm", b"'a", b"b'"],
            &[b"rm", b"a\\", b"b"],
            &[b"rm", b"a\\' 'b"],
        ];
        let lines: std::collections::HashSet<String> = lines.into_iter().map(shown).collect();
        assert_eq!(lines.len(), 7, "{lines:?}");
        let long = shown(&[&[b'x'; 10_000]]);
        assert_eq!(long.len(), limits::AUDIT_COMMAND_BYTES + "... sha256:".len() + 64);
        assert!(long.contains("xxx... sha256:") && long != shown(&[&[b'x'; 10_001]]));
    }
}
