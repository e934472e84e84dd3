//! What a child that has escaped may say to the server, and what must come of it.

use std::io::Write;
use std::os::unix::net::UnixStream;

pub(crate) const STDOUT: u8 = 16;
pub(crate) const END: u8 = 18;
const JOB: u8 = 1;
const STDERR: u8 = 17;
const FILE: u8 = 19;

/// How the server must take a lie.
#[derive(Clone, Copy, Debug)]
pub(crate) enum MustBe {
    Lost,
    TimedOut,
    OutputTooLarge,
}

pub(crate) struct Lie {
    pub(crate) name: &'static str,
    pub(crate) must_be: MustBe,
    tell: fn(&mut UnixStream),
}

pub(crate) const ALL: &[Lie] = &[
    Lie { name: "nothing-and-goes", must_be: MustBe::Lost, tell: |_| {} },
    Lie { name: "nothing-and-stays", must_be: MustBe::TimedOut, tell: stay },
    Lie { name: "unknown-kind", must_be: MustBe::Lost, tell: |stream| say(stream, &frame(99, b"x")) },
    Lie { name: "a-job-for-the-server", must_be: MustBe::Lost, tell: |stream| say(stream, &frame(JOB, b"print(1)")) },
    Lie { name: "a-length-of-4-GiB", must_be: MustBe::Lost, tell: |stream| say(stream, &[STDOUT, 255, 255, 255, 255]) },
    Lie {
        name: "a-length-just-too-large",
        must_be: MustBe::Lost,
        tell: |stream| say(stream, &frame(STDOUT, &[0; 65537])),
    },
    Lie { name: "half-a-head", must_be: MustBe::Lost, tell: |stream| say(stream, &[STDOUT, 1]) },
    Lie { name: "half-a-frame", must_be: MustBe::Lost, tell: |stream| say(stream, &[STDOUT, 9, 0, 0, 0, b'x']) },
    Lie { name: "half-a-frame-and-stays", must_be: MustBe::TimedOut, tell: half_and_stay },
    Lie { name: "an-end-too-short", must_be: MustBe::Lost, tell: |stream| say(stream, &frame(END, &[0; 17])) },
    Lie { name: "an-end-too-long", must_be: MustBe::Lost, tell: |stream| say(stream, &frame(END, &[0; 19])) },
    Lie { name: "an-unknown-end", must_be: MustBe::Lost, tell: |stream| say(stream, &frame(END, &[9; 18])) },
    Lie { name: "output-without-end", must_be: MustBe::OutputTooLarge, tell: |stream| flood(stream, STDOUT) },
    Lie { name: "errors-without-end", must_be: MustBe::OutputTooLarge, tell: |stream| flood(stream, STDERR) },
    Lie { name: "empty-frames-without-end", must_be: MustBe::TimedOut, tell: empty_flood },
    Lie { name: "more-after-the-end", must_be: MustBe::Lost, tell: more_after_the_end },
    Lie {
        name: "a-file-nobody-asked-for",
        must_be: MustBe::OutputTooLarge,
        tell: |stream| say(stream, &frame(FILE, b"\x01\x00acontent")),
    },
    Lie {
        name: "a-file-that-leaves",
        must_be: MustBe::OutputTooLarge,
        tell: |stream| say(stream, &frame(FILE, b"\x04\x00../acontent")),
    },
    Lie { name: "half-a-file's-name", must_be: MustBe::Lost, tell: |stream| say(stream, &frame(FILE, b"\xff\x00a")) },
    Lie { name: "noise", must_be: MustBe::Lost, tell: |stream| say(stream, &[0xa5; 4096]) },
];

pub(crate) fn tell(name: &str, stream: &mut UnixStream) {
    let lie = ALL.iter().find(|lie| lie.name == name).expect("a known lie");
    (lie.tell)(stream);
}

pub(crate) fn frame(kind: u8, payload: &[u8]) -> Vec<u8> {
    let len = u32::try_from(payload.len()).expect("short").to_le_bytes();
    [&[kind], len.as_slice(), payload].concat()
}

/// The server may have hung up already; that is its right.
fn say(stream: &mut UnixStream, bytes: &[u8]) {
    let _ = stream.write_all(bytes);
}

fn stay(_: &mut UnixStream) {
    loop {
        std::hint::spin_loop();
    }
}

fn half_and_stay(stream: &mut UnixStream) {
    say(stream, &[STDOUT, 9, 0, 0, 0, b'x']);
    stay(stream);
}

fn more_after_the_end(stream: &mut UnixStream) {
    say(stream, &[frame(END, &[0; 18]), frame(STDOUT, b"for whoever is next")].concat());
}

fn flood(stream: &mut UnixStream, kind: u8) {
    while stream.write_all(&frame(kind, &[b'x'; 60_000])).is_ok() {}
}

fn empty_flood(stream: &mut UnixStream) {
    while stream.write_all(&frame(STDOUT, b"").repeat(1000)).is_ok() {}
}
