//! The program as an operator starts it: `cloud-python serve`, in a process that can be killed.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

use super::PROGRAM;

/// A running `serve`. Dropping it kills it.
pub(crate) struct Serving {
    child: Child,
    stdout: BufReader<ChildStdout>,
    pub(crate) address: SocketAddr,
    pub(crate) ca: Vec<u8>,
}

impl Serving {
    /// Starts it on port 0 over this data directory, with this configuration, and waits until it is ready.
    pub(crate) fn start(data: &Path, config: &str) -> Self {
        Self::start_logging(data, config, Stdio::inherit())
    }

    /// The same with its standard error going somewhere else.
    pub(crate) fn start_logging(data: &Path, config: &str, log: Stdio) -> Self {
        let file = data.with_extension("toml");
        std::fs::write(&file, config).expect("a configuration");
        let mut command = Command::new(PROGRAM);
        command.args(["serve", "--https", "127.0.0.1:0", "--data"]).arg(data).arg("--config").arg(&file);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log);
        let mut child = command.spawn().expect("the program starts");
        let mut stdout = BufReader::new(child.stdout.take().expect("a pipe"));
        let mut line = String::new();
        stdout.read_line(&mut line).expect("a line");
        let address = line.trim().strip_prefix("https https://").unwrap_or_else(|| panic!("not ready: {line:?}"));
        let address = address.parse().expect("an address");
        let ca = std::fs::read(data.join("ca.pem")).expect("an authority");
        Self { child, stdout, address, ca }
    }

    /// Where its sealed channel listens, which it says next if that is on.
    pub(crate) fn sealed_address(&mut self) -> SocketAddr {
        let mut line = String::new();
        self.stdout.read_line(&mut line).expect("a line");
        let address = line.trim().strip_prefix("sealed http://").unwrap_or_else(|| panic!("no address: {line:?}"));
        address.parse().expect("an address")
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Bytes of it that are in memory.
    pub(crate) fn resident(&self) -> usize {
        let text = std::fs::read_to_string(format!("/proc/{}/status", self.pid())).expect("it lives");
        let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("VmRSS");
        line.trim().trim_end_matches(" kB").parse::<usize>().expect("a number") << 10
    }

    /// kill -9.
    pub(crate) fn kill(mut self) {
        self.child.kill().expect("it lives");
        self.child.wait().expect("it is ours");
    }

    /// SIGTERM; returns the exit code and whatever else it said on standard output.
    pub(crate) fn terminate(mut self) -> (Option<i32>, String) {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).expect("it lives");
        let status = self.child.wait().expect("it is ours");
        let mut rest = String::new();
        std::io::Read::read_to_string(&mut self.stdout, &mut rest).expect("text");
        (status.code(), rest)
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
