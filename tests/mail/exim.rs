//! A real mail server, with a configuration and a spool of its own, that runs once for each connection, as under inetd: so it has a
//! free port, no process outlives its connection, and a test can wait for the end of one.

use std::net::TcpListener;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use cloud_python::certs::{Authority, ServerCertificate};
use cloud_python::domain::UnixTime;

pub(super) struct Exim {
    folder: tempfile::TempDir,
    pub(super) port: u16,
    pub(super) certificate: ServerCertificate,
    ended: Receiver<()>,
}

impl Exim {
    /// Starts one that wants STARTTLS, or TLS from the first byte. Nothing, and a line that says why, where there is none.
    pub(super) fn start(from_the_first_byte: bool) -> Option<Self> {
        let exim = match find() {
            Ok(exim) => exim,
            Err(why) => {
                assert!(std::env::var_os("CLOUD_PYTHON_REQUIRE_SMTP").is_none(), "{why}");
                println!("skipped: mail through a real server ({why})");
                return None;
            }
        };
        let folder = tempfile::tempdir().unwrap();
        let now = UnixTime(std::time::UNIX_EPOCH.elapsed().unwrap().as_secs());
        let certificate = Authority::open_or_make(&folder.path().join("tls"), &["mail.example"], now).unwrap();
        let path = folder.path().join("exim.conf");
        std::fs::write(&path, CONFIGURATION.replace("FOLDER", folder.path().to_str().unwrap())).unwrap();
        give_away(folder.path(), &path);
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (port, (ends, ended)) = (listener.local_addr().unwrap().port(), channel());
        let mut command = Command::new(exim);
        command.arg("-C").arg(path).args(["-bs", "-odf"]).env_clear().stderr(Stdio::null());
        command.args(from_the_first_byte.then_some("-tls-on-connect"));
        std::thread::spawn(move || serve(&listener, &mut command, &ends));
        Some(Self { folder, port, certificate, ended })
    }

    /// Waits until a connection is over and what came by it is delivered.
    pub(super) fn wait(&self) {
        self.ended.recv_timeout(Duration::from_secs(30)).expect("the mail server ends");
    }

    /// What was delivered, in any order.
    pub(super) fn delivered(&self) -> Vec<String> {
        let letters = std::fs::read_dir(self.folder.path().join("mail/new")).into_iter().flatten().flatten();
        letters.map(|letter| std::fs::read_to_string(letter.path()).unwrap()).collect()
    }

    /// Lets the recipient `grey` in from now on.
    pub(super) fn knows_grey(&self) {
        std::fs::write(self.folder.path().join("known"), "").unwrap();
    }
}

fn find() -> Result<PathBuf, &'static str> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain(["/usr/sbin".into()]);
    let exim = folders.map(|folder| folder.join("exim4")).find(|exim| exim.exists()).ok_or("exim4 is not here")?;
    let id = Command::new("id").arg("-u").output().map_err(|_| "there is no `id`")?;
    if id.stdout == b"0\n" { Ok(exim) } else { Err("exim4 takes our configuration from root only") }
}

/// Exim works as a user of its own, and takes its configuration from root.
fn give_away(folder: &Path, configuration: &Path) {
    let changed = Command::new("chown").args(["-R", "Debian-exim"]).arg(folder).status();
    assert!(changed.unwrap().success());
    std::os::unix::fs::chown(configuration, Some(0), None).unwrap();
}

fn serve(listener: &TcpListener, exim: &mut Command, ends: &Sender<()>) {
    for stream in listener.incoming() {
        let input = OwnedFd::from(stream.unwrap());
        let output = input.try_clone().unwrap();
        let mut child = exim.stdin(input).stdout(output).spawn().unwrap();
        // Otherwise the connection would stay open after the child's end.
        exim.stdin(Stdio::null()).stdout(Stdio::null());
        let _ = child.wait();
        if ends.send(()).is_err() {
            return;
        }
    }
}

const CONFIGURATION: &str = r#"
primary_hostname = mail.example
spool_directory = FOLDER/spool
log_file_path = FOLDER/log/%slog
tls_certificate = FOLDER/tls/server.pem
tls_privatekey = FOLDER/tls/server-key.pem
tls_advertise_hosts = *
auth_advertise_hosts = ${if eq{$tls_in_cipher}{}{}{*}}
acl_smtp_rcpt = recipient
deliver_drop_privilege
host_lookup =
rfc1413_query_timeout = 0s
keep_environment =

begin acl
recipient:
  deny !authenticated = *
       message = log in first
  deny local_parts = nobody
       message = nobody is not known here
  defer local_parts = grey
        condition = ${if exists{FOLDER/known}{no}{yes}}
        message = come again later
  accept

begin routers
everybody:
  driver = accept
  transport = maildir

begin transports
maildir:
  driver = appendfile
  directory = FOLDER/mail
  maildir_format

begin authenticators
plain:
  driver = plaintext
  public_name = PLAIN
  server_prompts = :
  server_condition = ${if and{{eq{$auth2}{cloud}}{eq{$auth3}{right word}}}}
  server_set_id = $auth2
"#;
