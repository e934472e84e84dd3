//! The small commands that a file area needs: `ls`, `cat`, `rm`, `mv`, `mkdir`, `pwd`, `echo`.
//!
//! Owns: their options and what they say, as people know it from other machines. Not here: what a workspace allows.

use std::fmt::Write;

use super::command::{Output, Running};
use crate::config::limits;
use crate::domain::{FilePath, UnixTime};
use crate::workspace::{Entry, EntryKind, Workspace, WorkspaceError};

/// The working directory, as a script sees it.
pub(super) const HOME: &str = "/home/user";

pub(super) const FAILED: u8 = 1;
pub(super) const WRONG_USAGE: u8 = 2;
pub(super) const TOOK_TOO_LONG: u8 = 124;
pub(super) const NOT_FOUND: u8 = 127;

/// Which one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Builtin {
    Ls,
    Cat,
    Rm,
    Mv,
    Mkdir,
    Pwd,
    Echo,
}

impl Builtin {
    pub(super) fn named(name: &[u8]) -> Option<Self> {
        let all = [Self::Ls, Self::Cat, Self::Rm, Self::Mv, Self::Mkdir, Self::Pwd, Self::Echo];
        all.into_iter().find(|builtin| builtin.name().as_bytes() == name)
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Ls => "ls",
            Self::Cat => "cat",
            Self::Rm => "rm",
            Self::Mv => "mv",
            Self::Mkdir => "mkdir",
            Self::Pwd => "pwd",
            Self::Echo => "echo",
        }
    }

    /// The letters of its options.
    const fn options(self) -> &'static [u8] {
        match self {
            Self::Ls => b"la1",
            Self::Rm => b"rRf",
            Self::Mkdir => b"p",
            Self::Cat | Self::Mv | Self::Pwd | Self::Echo => b"",
        }
    }
}

/// A sentence for the user, without the command's name before it.
type Complaint = String;

/// Does it, and returns the exit code.
pub(super) async fn run(running: &mut Running, builtin: Builtin, arguments: &[Vec<u8>]) -> u8 {
    let output = running.output.clone();
    if builtin == Builtin::Echo {
        output.write([arguments.join(&b' ').as_slice(), b"\n"].concat()).await;
        return 0;
    }
    let (options, operands) = match Options::read(builtin, arguments) {
        Ok(read) => read,
        Err(complaint) => {
            output.write(format!("{}: {complaint}\n", builtin.name())).await;
            return WRONG_USAGE;
        }
    };
    let mut work = Work { builtin, options, workspace: running.workspace.clone(), output, failed: false };
    match builtin {
        Builtin::Ls => work.ls(&operands).await,
        Builtin::Cat => work.cat(&operands, running).await,
        Builtin::Rm => work.rm(&operands).await,
        Builtin::Mv => work.mv(&operands).await,
        Builtin::Mkdir => work.mkdir(&operands).await,
        Builtin::Pwd => work.output.write(format!("{HOME}\n")).await,
        Builtin::Echo => {}
    }
    if work.failed { FAILED } else { 0 }
}

/// The option letters that were given.
struct Options(Vec<u8>);

impl Options {
    fn read(builtin: Builtin, arguments: &[Vec<u8>]) -> Result<(Self, Vec<Vec<u8>>), Complaint> {
        let (mut letters, mut operands, mut rest) = (vec![], vec![], arguments.iter());
        for argument in rest.by_ref() {
            match argument.as_slice() {
                b"--" => break,
                [b'-', given @ ..] if !given.is_empty() => {
                    match given.iter().find(|letter| !builtin.options().contains(letter)) {
                        Some(unknown) => return Err(format!("there is no option -{}", unknown.escape_ascii())),
                        None => letters.extend_from_slice(given),
                    }
                }
                _ => operands.push(argument.clone()),
            }
        }
        operands.extend(rest.cloned());
        Ok((Self(letters), operands))
    }

    fn has(&self, letter: u8) -> bool {
        self.0.contains(&letter)
    }
}

/// Where something is that a user names as on other machines: `.` and `..` are understood, and so is what [`HOME`] is before.
/// Nothing means the workspace itself.
pub(super) fn place(name: &[u8]) -> Result<Option<FilePath>, Complaint> {
    let outside = || "leads out of the workspace".to_owned();
    let home = HOME.as_bytes();
    let inside = match name {
        [] => return Err("No such file or directory".to_owned()),
        [b'/', ..] => name.strip_prefix(home).filter(|rest| matches!(rest, [] | [b'/', ..])).ok_or_else(outside)?,
        _ => name,
    };
    let mut parts: Vec<&[u8]> = vec![];
    for part in inside.split(|byte| *byte == b'/') {
        match part {
            b"" | b"." => {}
            b".." => drop(parts.pop().ok_or_else(outside)?),
            _ => parts.push(part),
        }
    }
    match parts.is_empty() {
        true => Ok(None),
        false => FilePath::parse(parts.join(&b'/')).map(Some).map_err(|_| "File name too long".to_owned()),
    }
}

fn shown(name: &[u8]) -> String {
    String::from_utf8_lossy(name).into_owned()
}

struct Work {
    builtin: Builtin,
    options: Options,
    workspace: Workspace,
    output: Output,
    failed: bool,
}

impl Work {
    async fn complain(&mut self, about: &[u8], complaint: impl std::fmt::Display) {
        self.failed = true;
        self.output.write(format!("{}: {}: {complaint}\n", self.builtin.name(), shown(about))).await;
    }

    async fn missing_operand(&mut self) {
        self.failed = true;
        self.output.write(format!("{}: a name is missing\n", self.builtin.name())).await;
    }

    async fn ls(&mut self, names: &[Vec<u8>]) {
        let here = [b".".to_vec()];
        let names = if names.is_empty() { &here } else { names };
        let (mut files, mut directories) = (vec![], vec![]);
        for name in names {
            match self.look(name).await {
                Ok(Some(Entry { kind: EntryKind::Directory, path, .. })) => directories.push((name, Some(path))),
                Ok(None) => directories.push((name, None)),
                Ok(Some(file)) => files.push((name.clone(), file)),
                Err(complaint) => self.complain(name, complaint).await,
            }
        }
        let mut blocks = vec![];
        if !files.is_empty() {
            blocks.push(self.lines(&files));
        }
        let with_heads = names.len() > 1;
        for (name, path) in directories {
            match self.workspace.list(path).await {
                Ok(entries) => {
                    let visible = |entry: &Entry| self.options.has(b'a') || !entry.path.name().starts_with(b".");
                    let entries = entries.into_iter().filter(visible).map(|entry| (entry.path.name().to_vec(), entry));
                    let lines = self.lines(&entries.collect::<Vec<_>>());
                    let head = if with_heads { [name.as_slice(), b":\n"].concat() } else { vec![] };
                    blocks.push([head, lines].concat());
                }
                Err(error) => self.complain(name, error).await,
            }
        }
        for (number, block) in blocks.into_iter().enumerate() {
            if number > 0 {
                self.output.write(b"\n").await;
            }
            self.output.write(block).await;
        }
    }

    /// What has this name. Nothing means the workspace itself.
    async fn look(&self, name: &[u8]) -> Result<Option<Entry>, Complaint> {
        match place(name)? {
            Some(path) => self.workspace.entry(path).await.map(Some).map_err(|error| error.to_string()),
            None => Ok(None),
        }
    }

    fn lines(&self, entries: &[(Vec<u8>, Entry)]) -> Vec<u8> {
        let mut lines = vec![];
        for (name, entry) in entries {
            if self.options.has(b'l') {
                lines.extend_from_slice(long(entry).as_bytes());
            }
            lines.extend_from_slice(name);
            lines.push(b'\n');
        }
        lines
    }

    async fn cat(&mut self, names: &[Vec<u8>], running: &mut Running) {
        let input = [b"-".to_vec()];
        let mut left = limits::COMMAND_OUTPUT_BYTES;
        for name in if names.is_empty() { &input } else { names } {
            let done = match name.as_slice() {
                b"-" => self.pass_input(running, &mut left).await,
                _ => self.show(name, &mut left).await,
            };
            if let Err(complaint) = done {
                self.complain(name, complaint).await;
            }
        }
    }

    async fn pass_input(&self, running: &mut Running, left: &mut u64) -> Result<(), Complaint> {
        while let Some(bytes) = running.input.recv().await {
            self.pass(bytes, left).await?;
        }
        Ok(())
    }

    async fn show(&self, name: &[u8], left: &mut u64) -> Result<(), Complaint> {
        let said = |error: WorkspaceError| error.to_string();
        let path = place(name)?.ok_or("Is a directory")?;
        let mut file = self.workspace.get(path).await.map_err(said)?;
        while let Some(bytes) = file.next().await.map_err(said)? {
            self.pass(bytes, left).await?;
        }
        Ok(())
    }

    async fn pass(&self, bytes: Vec<u8>, left: &mut u64) -> Result<(), Complaint> {
        let rest = left.checked_sub(bytes.len() as u64);
        *left =
            rest.ok_or_else(|| format!("more than {} bytes: get the file instead", limits::COMMAND_OUTPUT_BYTES))?;
        self.output.write(bytes).await;
        Ok(())
    }

    async fn rm(&mut self, names: &[Vec<u8>]) {
        let (all, force) = (self.options.has(b'r') || self.options.has(b'R'), self.options.has(b'f'));
        if names.is_empty() && !force {
            self.missing_operand().await;
        }
        for name in names {
            let removed = match place(name) {
                Ok(Some(path)) => match self.workspace.remove(path, all).await {
                    Err(WorkspaceError::NotFound) if force => Ok(()),
                    done => done.map_err(|error| error.to_string()),
                },
                Ok(None) => Err("the workspace itself stays".to_owned()),
                Err(complaint) => Err(complaint),
            };
            if let Err(complaint) = removed {
                self.complain(name, complaint).await;
            }
        }
    }

    async fn mv(&mut self, names: &[Vec<u8>]) {
        let Some((target, sources @ [_, ..])) = names.split_last() else {
            return self.missing_operand().await;
        };
        let to = match self.look(target).await {
            Ok(Some(entry)) if sources.len() == 1 || entry.kind == EntryKind::Directory => Ok(Some(entry.path)),
            Ok(None) => Ok(None),
            // A new name.
            Err(_) if sources.len() == 1 => place(target),
            _ => Err("Not a directory".to_owned()),
        };
        let to = match to {
            Ok(to) => to,
            Err(complaint) => return self.complain(target, complaint).await,
        };
        for name in sources {
            let moved = match place(name) {
                Ok(Some(from)) => self.workspace.rename(from, to.clone()).await.map_err(|error| error.to_string()),
                Ok(None) => Err("the workspace itself stays".to_owned()),
                Err(complaint) => Err(complaint),
            };
            if let Err(complaint) = moved {
                self.complain(name, complaint).await;
            }
        }
    }

    async fn mkdir(&mut self, names: &[Vec<u8>]) {
        if names.is_empty() {
            self.missing_operand().await;
        }
        let parents = self.options.has(b'p');
        for name in names {
            let made = match place(name) {
                Ok(Some(path)) => self.workspace.make_directory(path, parents).await.map_err(|error| error.to_string()),
                Ok(None) if parents => Ok(()),
                Ok(None) => Err("File exists".to_owned()),
                Err(complaint) => Err(complaint),
            };
            if let Err(complaint) = made {
                self.complain(name, complaint).await;
            }
        }
    }
}

/// What `ls -l` says of something before its name: kind and mode, size, and when it was changed (UTC).
fn long(entry: &Entry) -> String {
    let (mode, bytes) = match entry.kind {
        EntryKind::File(bytes) => ("-rw-------", bytes),
        EntryKind::Directory => ("drwx------", 0),
    };
    let mut line = format!("{mode} {bytes:>12} ");
    // Writing into a string does not fail.
    let _ = write!(line, "{} ", date(entry.changed));
    line
}

fn date(time: UnixTime) -> String {
    let seconds = i64::try_from(time.0).unwrap_or_default();
    let date = time::OffsetDateTime::from_unix_timestamp(seconds).unwrap_or(time::OffsetDateTime::UNIX_EPOCH);
    let (year, month, day) = (date.year(), u8::from(date.month()), date.day());
    format!("{year:04}-{month:02}-{day:02} {:02}:{:02}", date.hour(), date.minute())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_understood_as_on_other_machines_and_stay_inside() {
        for (name, path) in [
            ("a", Some("a")),
            ("./a//b/", Some("a/b")),
            ("a/../b", Some("b")),
            (".", None),
            ("a/..", None),
            ("/home/user", None),
            ("/home/user/a", Some("a")),
        ] {
            assert_eq!(place(name.as_bytes()), Ok(path.map(|path| FilePath::parse(path).unwrap())), "{name}");
        }
        for name in ["..", "a/../..", "/", "/etc/passwd", "/home/user/..", "/home/username", "/home/user2/a", ""] {
            assert!(place(name.as_bytes()).is_err(), "{name}");
        }
        assert!(place(&vec![b'a'; limits::PATH_BYTES + 1]).is_err());
    }

    #[test]
    fn a_date_is_one_that_people_read() {
        assert_eq!(date(UnixTime(1_700_000_000)), "2023-11-14 22:13");
    }
}
