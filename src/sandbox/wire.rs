//! What travels between server and children, as bytes. Pure: no descriptor is touched here.
//!
//! Owns: the frames of a child's stream: a run's input, output and end. Not here: what the launcher is told (`orders`), and who
//! sends what when (`run`, `child`).
//!
//! The server reads what a child writes as it would read a stranger: a child may have escaped its first two walls. So
//! every length is bounded before it is believed and every unknown byte is an error.

use std::time::Duration;

use super::orders::{Order, Report};
use crate::config::limits;
use crate::domain::{JobOutcome, JobSpec, Spent};

/// A frame's head: one byte kind, four bytes length of the payload, little-endian.
pub(super) const HEAD: usize = 5;

/// Bytes that a record of a job has beside its content: kind, length, and the length of a file's path.
const RECORD_BYTES: usize = 1 + 4 + 2;

/// What a frame carries. The numbers of the two directions do not overlap, so an echo is not mistaken for an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Kind {
    /// To the child: the terms and the job. Starts a run.
    Job = 1,
    /// To the child: bytes for standard input.
    Stdin = 2,
    /// To the child: standard input has ended.
    StdinEnd = 3,
    /// From the child: bytes of standard output.
    Stdout = 16,
    /// From the child: bytes of standard error.
    Stderr = 17,
    /// From the child: the run is over.
    End = 18,
    /// From the child: bytes of a file to return. See [`FilePart`].
    File = 19,
}

/// Bytes that are no frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WireError {
    /// An unknown kind of frame, or one that has no business in this direction.
    #[error("unexpected frame kind {0}")]
    Kind(u8),
    /// A length beyond what a frame of its kind may have.
    #[error("frame of {0} bytes")]
    Length(usize),
    /// A payload that does not say what its kind must say.
    #[error("malformed payload")]
    Payload,
}

impl Kind {
    fn parse(byte: u8) -> Result<Self, WireError> {
        [Self::Job, Self::Stdin, Self::StdinEnd, Self::Stdout, Self::Stderr, Self::End, Self::File]
            .into_iter()
            .find(|kind| *kind as u8 == byte)
            .ok_or(WireError::Kind(byte))
    }

    fn max_len(self) -> usize {
        match self {
            Self::Job => {
                let records = limits::FILES + limits::ARGUMENTS + limits::OUTPUTS + 5;
                let names = limits::PROGRAM_BYTES + limits::OUTPUTS * limits::PATH_BYTES;
                Terms::BYTES + limits::JOB_BYTES + names + RECORD_BYTES * records
            }
            Self::Stdin | Self::Stdout | Self::Stderr | Self::File => limits::FRAME_BYTES,
            Self::StdinEnd => 0,
            Self::End => End::BYTES,
        }
    }
}

/// A parsed head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) kind: Kind,
    pub(super) len: usize,
}

impl Head {
    pub(super) fn parse(bytes: [u8; HEAD]) -> Result<Self, WireError> {
        let [kind, len @ ..] = bytes;
        let (kind, len) = (Kind::parse(kind)?, u32::from_le_bytes(len) as usize);
        match len <= kind.max_len() {
            true => Ok(Self { kind, len }),
            false => Err(WireError::Length(len)),
        }
    }

    pub(super) fn encode(self) -> [u8; HEAD] {
        let len = u32::try_from(self.len).unwrap_or(u32::MAX).to_le_bytes();
        [self.kind as u8, len[0], len[1], len[2], len[3]]
    }
}

/// Appends a whole frame, to be sent with one call.
pub(super) fn put_frame(bytes: &mut Vec<u8>, kind: Kind, payload: &[u8]) {
    bytes.extend_from_slice(&Head { kind, len: payload.len() }.encode());
    bytes.extend_from_slice(payload);
}

/// The first frame from a child in the bytes, if all of it is there.
pub(super) fn whole_frame(bytes: &[u8]) -> Result<Option<(Head, &[u8])>, WireError> {
    let Some((head, rest)) = bytes.split_first_chunk() else { return Ok(None) };
    let head = Head::parse(*head)?;
    if head.len > limits::FRAME_BYTES {
        return Err(WireError::Length(head.len));
    }
    Ok(rest.get(..head.len).map(|payload| (head, payload)))
}

/// What a run may use, as the child is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Terms {
    pub(super) wall: Duration,
    pub(super) fuel: u64,
    pub(super) memory: u64,
    pub(super) output: u64,
    /// Bytes of files that may be returned.
    pub(super) files: u64,
}

impl Terms {
    pub(super) const BYTES: usize = 40;

    pub(super) fn of(spec: &JobSpec) -> Self {
        let budget = spec.budget();
        Self {
            wall: budget.wall(),
            fuel: budget.fuel(),
            memory: budget.memory() as u64,
            output: budget.output(),
            files: spec.returned_bytes() as u64,
        }
    }

    pub(super) fn parse(bytes: &[u8; Self::BYTES]) -> Self {
        let mut words = bytes.chunks_exact(8).map(|word| word.try_into().map_or(0, u64::from_le_bytes));
        let mut word = || words.next().unwrap_or_default();
        Self { wall: Duration::from_nanos(word()), fuel: word(), memory: word(), output: word(), files: word() }
    }

    fn encode(self, into: &mut Vec<u8>) {
        let wall = u64::try_from(self.wall.as_nanos()).unwrap_or(u64::MAX);
        for word in [wall, self.fuel, self.memory, self.output, self.files] {
            into.extend_from_slice(&word.to_le_bytes());
        }
    }
}

/// The records of a job, as `python-wasm/guest/host.h` lists them.
#[derive(Clone, Copy)]
#[repr(u8)]
enum Record {
    Program = 1,
    Argument = 2,
    Script = 3,
    File = 4,
    Output = 5,
    Interactive = 6,
    Unbuffered = 7,
    Tree = 8,
    Directory = 9,
    Aside = 10,
}

/// The frame that starts a run.
pub(super) fn job_frame(spec: &JobSpec) -> Vec<u8> {
    let mut bytes = vec![Kind::Job as u8, 0, 0, 0, 0];
    Terms::of(spec).encode(&mut bytes);
    put_record(&mut bytes, Record::Program, &[spec.program().as_bytes()]);
    for argument in spec.arguments() {
        put_record(&mut bytes, Record::Argument, &[argument.as_bytes()]);
    }
    for file in spec.files() {
        let path = file.path.as_bytes();
        put_record(&mut bytes, Record::File, &[&path_len(path), path, &file.content]);
    }
    for directory in spec.directories() {
        put_record(&mut bytes, Record::Directory, &[directory.as_bytes()]);
    }
    if spec.whole_directory() {
        put_record(&mut bytes, Record::Tree, &[]);
    }
    for output in spec.outputs() {
        put_record(&mut bytes, Record::Output, &[output.as_bytes()]);
    }
    if spec.unbuffered() {
        put_record(&mut bytes, Record::Unbuffered, &[]);
    }
    if spec.aside() {
        put_record(&mut bytes, Record::Aside, &[]);
    }
    match spec.script() {
        Some(script) => put_record(&mut bytes, Record::Script, &[script.as_bytes()]),
        None => put_record(&mut bytes, Record::Interactive, &[]),
    }
    let head = Head { kind: Kind::Job, len: bytes.len() - HEAD }.encode();
    bytes.splice(..HEAD, head);
    bytes
}

fn put_record(bytes: &mut Vec<u8>, record: Record, parts: &[&[u8]]) {
    let len: usize = parts.iter().map(|part| part.len()).sum();
    bytes.push(record as u8);
    bytes.extend_from_slice(&u32::try_from(len).unwrap_or(u32::MAX).to_le_bytes());
    parts.iter().for_each(|part| bytes.extend_from_slice(part));
}

/// A path is at most [`limits::PATH_BYTES`] long.
fn path_len(path: &[u8]) -> [u8; 2] {
    u16::try_from(path.len()).unwrap_or(u16::MAX).to_le_bytes()
}

/// A piece of a file that is returned: two bytes length of its path, the path, and bytes that follow those of the piece before. The
/// first piece of a file may be empty. `host_output` in `python-wasm/guest/host.h` says what pieces of a whole working directory mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FilePart<'a> {
    pub(super) path: &'a [u8],
    pub(super) bytes: &'a [u8],
}

impl<'a> FilePart<'a> {
    pub(super) fn parse(payload: &'a [u8]) -> Result<Self, WireError> {
        let (len, rest) = payload.split_first_chunk().ok_or(WireError::Payload)?;
        let (path, bytes) = rest.split_at_checked(usize::from(u16::from_le_bytes(*len))).ok_or(WireError::Payload)?;
        Ok(Self { path, bytes })
    }

    /// Appends a whole frame with it.
    pub(super) fn put_frame(self, bytes: &mut Vec<u8>) {
        let len = 2 + self.path.len() + self.bytes.len();
        bytes.extend_from_slice(&Head { kind: Kind::File, len }.encode());
        for part in [path_len(self.path).as_slice(), self.path, self.bytes] {
            bytes.extend_from_slice(part);
        }
    }
}

/// The last frame of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct End {
    pub(super) outcome: JobOutcome,
    pub(super) fuel: u64,
    pub(super) memory: u64,
}

impl End {
    pub(super) const BYTES: usize = 18;

    pub(super) fn parse(bytes: &[u8]) -> Result<Self, WireError> {
        let bytes: &[u8; Self::BYTES] = bytes.try_into().map_err(|_| WireError::Payload)?;
        let [tag, code, rest @ ..] = bytes;
        let outcome = match tag {
            0 => JobOutcome::Exited(*code),
            1 => JobOutcome::Aborted,
            2 => JobOutcome::TimedOut(Spent::Wall),
            3 => JobOutcome::TimedOut(Spent::Fuel),
            4 => JobOutcome::OutputTooLarge,
            _ => return Err(WireError::Payload),
        };
        let mut words = rest.chunks_exact(8).map(|word| word.try_into().map_or(0, u64::from_le_bytes));
        Ok(Self { outcome, fuel: words.next().unwrap_or_default(), memory: words.next().unwrap_or_default() })
    }

    pub(super) fn encode(self) -> [u8; Self::BYTES] {
        let (tag, code) = match self.outcome {
            JobOutcome::Exited(code) => (0, code),
            JobOutcome::Aborted => (1, 0),
            JobOutcome::TimedOut(Spent::Wall) => (2, 0),
            JobOutcome::TimedOut(Spent::Fuel) => (3, 0),
            JobOutcome::OutputTooLarge => (4, 0),
        };
        let mut bytes = [0; Self::BYTES];
        let words = [self.fuel.to_le_bytes(), self.memory.to_le_bytes()];
        let all = [tag, code].into_iter().chain(words.into_iter().flatten());
        bytes.iter_mut().zip(all).for_each(|(to, from)| *to = from);
        bytes
    }
}

/// For the fuzzer: reads bytes as everything that travels between our processes. It must not panic, and what could be read must be read again
/// from what is written for it.
pub fn decode_any_frame(bytes: &[u8]) {
    let mut rest = bytes;
    while let Ok(Some((head, payload))) = whole_frame(rest) {
        let mut frame = vec![];
        put_frame(&mut frame, head.kind, payload);
        assert!(rest.starts_with(&frame), "{head:?} is written otherwise");
        rest = rest.get(frame.len()..).unwrap_or_default();
        if let Ok(part) = FilePart::parse(payload) {
            let mut frame = vec![];
            part.put_frame(&mut frame);
            assert_eq!(frame.get(HEAD..), Some(payload));
        }
        if let Ok(end) = End::parse(payload) {
            assert_eq!(End::parse(&end.encode()), Ok(end));
        }
    }
    if let Ok(order) = Order::parse(bytes) {
        assert_eq!(Order::parse(&order.encode()), Ok(order));
    }
    if let Ok(report) = Report::parse(bytes) {
        assert_eq!(Report::parse(&report.encode()), Ok(report));
    }
    if let Some(terms) = bytes.first_chunk() {
        let mut again = vec![];
        Terms::parse(terms).encode(&mut again);
        assert_eq!(again, terms);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Script;

    #[test]
    fn ends_survive_the_trip() {
        let outcomes = [
            JobOutcome::Exited(0),
            JobOutcome::Exited(255),
            JobOutcome::Aborted,
            JobOutcome::TimedOut(Spent::Wall),
            JobOutcome::TimedOut(Spent::Fuel),
            JobOutcome::OutputTooLarge,
        ];
        for outcome in outcomes {
            let end = End { outcome, fuel: u64::MAX, memory: 1 << 28 };
            assert_eq!(End::parse(&end.encode()), Ok(end));
        }
        assert_eq!(End::parse(&[5; End::BYTES]), Err(WireError::Payload));
        assert_eq!(End::parse(&[0; End::BYTES - 1]), Err(WireError::Payload));
    }

    #[test]
    fn heads_bound_every_length_before_it_is_believed() {
        let head = |kind: u8, len: usize| {
            let len = u32::try_from(len).unwrap().to_le_bytes();
            Head::parse([kind, len[0], len[1], len[2], len[3]])
        };
        assert!(head(Kind::Stdout as u8, limits::FRAME_BYTES).is_ok());
        assert_eq!(head(Kind::Stdout as u8, u32::MAX as usize), Err(WireError::Length(u32::MAX as usize)));
        assert_eq!(head(Kind::StdinEnd as u8, 1), Err(WireError::Length(1)));
        assert_eq!(head(99, 0), Err(WireError::Kind(99)));
    }

    #[test]
    fn a_job_frame_says_its_own_length_and_terms() {
        let spec = JobSpec::of(Script::parse("print(1)").unwrap()).build().unwrap();
        let bytes = job_frame(&spec);
        let head = Head::parse(bytes[..HEAD].try_into().unwrap()).unwrap();
        assert_eq!((head.kind, head.len), (Kind::Job, bytes.len() - HEAD));
        let terms = bytes[HEAD..HEAD + Terms::BYTES].try_into().unwrap();
        assert_eq!(Terms::parse(terms), Terms::of(&spec));
        assert!(bytes.ends_with(b"print(1)"));
    }
}
