//! From typing `cloud-python run` to the first output, with the image prepared and nothing running.

use std::io::{Read, Write};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::table::{Samples, header, ms, row};
use crate::{PROGRAM, native};

const ROUNDS: usize = 50;

pub(crate) fn measure() {
    first_output(); // prepares the image, if nobody has yet
    let cold = Samples::new((0..ROUNDS).map(|_| first_output()).collect());
    let python = Samples::new((0..ROUNDS).map(|_| native::start_and_end()).collect());
    header(&["cold start", "median", "p90"]);
    row(&["cloud-python run, to the first output", &ms(cold.median()), &ms(cold.percentile(90))]);
    row(&["python3 -I -S -c pass, to its end", &ms(python.median()), &ms(python.percentile(90))]);
}

#[expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
fn first_output() -> Duration {
    let begun = Instant::now();
    let mut command = Command::new(PROGRAM);
    command.args(["run", "-"]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().expect("the program starts");
    child.stdin.take().expect("a pipe").write_all(b"print('hello')").expect("it reads its script");
    let mut stdout = child.stdout.take().expect("a pipe");
    stdout.read_exact(&mut [0]).expect("it writes");
    let time = begun.elapsed();
    assert!(child.wait().expect("it ends").success());
    time
}
