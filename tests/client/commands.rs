//! `cloud-python client ...`, typed at a shell by somebody whose server may be an enemy.

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use cloud_python::domain::{BearerToken, TOKEN_BYTES};

use super::liar::{Liar, Say};
use crate::world::{output, program, said};

/// Somebody's home, with a CA file, a password and a code in files, and nothing of ours in the environment.
pub(crate) struct Home(tempfile::TempDir);

impl Home {
    pub(crate) fn trusting(liar: &Liar) -> Self {
        let home = Self::empty();
        liar.put_ca(home.0.path());
        home.put("password", "correct horse\n");
        home.put("code", "012 345\n");
        home
    }

    pub(crate) fn empty() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn put(&self, name: &str, content: &str) {
        std::fs::write(self.path(name), content).unwrap();
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn session(&self) -> PathBuf {
        self.path(".config/cloud-python/session.json")
    }

    /// Sets a command up to run here.
    pub(crate) fn place<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        for name in ["XDG_CONFIG_HOME", "CLOUD_PYTHON_URL", "CLOUD_PYTHON_CA", "CLOUD_PYTHON_SEALED"] {
            command.env_remove(name);
        }
        // Where the runtime image is, for `serve`.
        command.env("CLOUD_PYTHON_CACHE", cloud_python::sandbox::cache_folder().unwrap());
        command.env("HOME", self.0.path()).current_dir(self.0.path())
    }

    pub(crate) fn client(&self, arguments: &[&str]) -> Output {
        output(self.place(&mut program(&[&["client", "--patience", "20"], arguments].concat())))
    }

    pub(crate) fn log_in(&self, liar: &Liar) {
        let url = liar.url();
        let login = ["--url", &url, "--ca", "ca.pem", "login", "ada@example.org", "--password-file", "password"];
        let output = self.client(&[&login[..], &["--code-file", "code"]].concat());
        assert!(output.status.success(), "{}", said(&output));
    }

    /// Somebody who has logged in, and what a script of theirs comes to.
    pub(crate) fn logged_in_to(liar: &Liar) -> Self {
        let home = Self::trusting(liar);
        home.log_in(liar);
        home.put("script.py", "print('hello')\n");
        home
    }
}

fn token() -> String {
    BearerToken::new([7; TOKEN_BYTES]).text().expose().clone()
}

/// A run that ended by itself.
pub(crate) fn ran(stdout: &[u8], stderr: &[u8], code: u8) -> Say {
    let [stdout, stderr, code] = [stdout, stderr, &[code]].map(|bytes| STANDARD.encode(bytes));
    Say::json(200, &format!(r#"{{"error":"ok","stdout":"{stdout}","stderr":"{stderr}","exit_code":"{code}"}}"#))
}

/// The same with files.
fn returned(files: &str) -> Say {
    Say::json(200, &format!(r#"{{"error":"ok","stdout":"b3V0Cg==","stderr":"","exit_code":"Aw==","files":{files}}}"#))
}

/// A server that lets everybody in, and answers /execute like this.
pub(crate) fn server(execute: Say) -> Liar {
    Liar::saying(move |line| {
        let login = format!(r#"{{"error":"ok","token":"{}","expires_in":900}}"#, token());
        match line.split(' ').nth(1).unwrap_or_default() {
            "/register" => Say::json(201, r#"{"error":"ok"}"#),
            "/login" => Say::json(200, &login),
            "/logout" => Say::json(200, r#"{"error":"ok"}"#),
            _ => execute.clone(),
        }
    })
}

pub(crate) fn mode(path: PathBuf) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

fn has_controls(text: &str) -> bool {
    text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\t'))
}

#[test]
fn an_account_from_registration_to_log_out() {
    let liar = server(ran(b"out\n", b"err\n", 3));
    let (home, url) = (Home::trusting(&liar), liar.url());
    let place = ["--url", &url, "--ca", "ca.pem"];
    let output = home.client(&[&place[..], &["register", "ada@example.org", "--password-file", "password"]].concat());
    assert!(output.status.success(), "{}", said(&output));
    home.log_in(&liar);
    assert_eq!(mode(home.session()), 0o600);
    assert_eq!(mode(home.path(".config/cloud-python")), 0o700);
    home.put("script.py", "import sys\n");
    home.put("data.txt", "1 2 3");
    let output = home.client(&["exec", "--timeout", "2.5", "--file", "data.txt", "script.py", "-v", "--raw", "\u{e9}"]);
    assert_eq!((output.status.code(), &output.stdout[..], &output.stderr[..]), (Some(3), &b"out\n"[..], &b"err\n"[..]));
    let output = home.client(&["logout"]);
    assert!(output.status.success(), "{}", said(&output));
    assert!(!home.session().exists());
    assert_eq!(home.client(&["logout"]).status.code(), Some(1));

    let heard = liar.heard();
    let bodies: Vec<&str> = heard.iter().map(|request| request.split("\r\n\r\n").nth(1).unwrap()).collect();
    assert_eq!(
        bodies,
        [
            r#"{"email":"ada@example.org","password":"correct horse"}"#,
            r#"{"email":"ada@example.org","password":"correct horse","totop":"012345"}"#,
            "{\"data\":\"import sys\\n\",\"args\":[\"-v\",\"--raw\",\"\u{e9}\"],\"files\":{\"data.txt\":\"MSAyIDM=\"},\"timeout\":2.5}",
            "",
        ]
    );
    for request in &heard[2..] {
        assert!(request.contains(&format!("\r\nauthorization: Bearer {}\r\n", token())), "{request}");
    }
}

#[test]
fn input_and_script_come_from_standard_input_when_asked_for() {
    let liar = server(ran(b"", b"", 0));
    let home = Home::logged_in_to(&liar);
    let fed = |arguments: &[&str], input: &[u8]| {
        let mut command = program(&[&["client"], arguments].concat());
        let mut child = home.place(&mut command).stdin(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        std::io::Write::write_all(&mut child.stdin.take().unwrap(), input).unwrap();
        child.wait_with_output().unwrap()
    };
    assert_eq!(fed(&["exec", "--stdin", "script.py"], b"\xff\0").status.code(), Some(0));
    assert_eq!(fed(&["exec", "-"], b"pass").status.code(), Some(0));
    assert_eq!(fed(&["exec", "--stdin", "-"], b"").status.code(), Some(2));
    // Source in another encoding cannot be sent as JSON.
    let output = fed(&["exec", "-"], b"# coding: latin-1\n'\xe9'\n");
    assert_eq!(output.status.code(), Some(1));
    assert!(said(&output).contains("the script is not UTF-8"), "{}", said(&output));
    let heard = liar.heard();
    assert_eq!(heard.len(), 3);
    assert!(heard[1].ends_with("{\"data\":\"print('hello')\\n\",\"stdin\":\"/wA=\"}"), "{}", heard[1]);
    assert!(heard[2].ends_with("{\"data\":\"pass\"}"), "{}", heard[2]);
}

#[test]
fn files_come_back_to_where_they_were_asked() {
    let liar = server(returned(r#"{"a":"MQ==","out/x":"Mg==","out/deep/\u001b[2J":"Mw=="}"#));
    let home = Home::logged_in_to(&liar);
    let outputs = ["--output", "a", "--output", "out=tree", "--output", "none"];
    let output = home.client(&[&["exec"], &outputs[..], &["script.py"]].concat());
    assert_eq!((output.status.code(), &output.stdout[..]), (Some(3), &b"out\n"[..]), "{}", said(&output));
    assert_eq!(said(&output), "cloud-python: no output none: the script left no such file\n");
    for (name, content) in [("a", "1"), ("tree/x", "2"), ("tree/deep/\u{1b}[2J", "3")] {
        assert_eq!(std::fs::read_to_string(home.path(name)).unwrap(), content);
    }
    assert!(liar.heard()[1].ends_with(r#""outputs":["a","out","none"]}"#), "{}", liar.heard()[1]);
    // A link that came in the way meanwhile, with a name that nobody should see as it is.
    std::fs::remove_file(home.path("tree/deep/\u{1b}[2J")).unwrap();
    std::os::unix::fs::symlink(home.session(), home.path("tree/deep/\u{1b}[2J")).unwrap();
    let session = std::fs::read(home.session()).unwrap();
    let output = home.client(&[&["exec"], &outputs[..4], &["script.py"]].concat());
    assert_eq!((output.status.code(), &output.stdout[..]), (Some(1), &b"out\n"[..]));
    assert!(said(&output).contains("tree/deep/\\x1b[2J: this is a symbolic link"), "{}", said(&output));
    assert_eq!(std::fs::read(home.session()).unwrap(), session);
    // What cannot be put is known before anything is asked.
    let asked = liar.heard().len();
    let output = home.client(&["exec", "--output", "a=none/a", "script.py"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(said(&output).contains("none/a: there is no directory for this output"), "{}", said(&output));
    assert_eq!(liar.heard().len(), asked);
}

#[test]
fn a_server_that_returns_what_nobody_asked_for_leaves_nothing_here() {
    for files in [
        r#"{"a":"MQ==","../up":"Mg=="}"#,
        r#"{"a":"MQ==","/tmp/up":"Mg=="}"#,
        r#"{"a":"MQ==","out/../../up":"Mg=="}"#,
        r#"{"a":"MQ==",".config/cloud-python/session.json":"Mg=="}"#,
        r#"{"a":"MQ==","a":"Mg=="}"#,
        r#"{"a":"MQ==","out/x":"?"}"#,
    ] {
        let liar = server(returned(files));
        let home = Home::logged_in_to(&liar);
        let before = std::fs::read_dir(home.path("")).unwrap().count();
        let output = home.client(&["exec", "--output", "a", "--output", "out", "script.py"]);
        assert_eq!((output.status.code(), &output.stdout[..]), (Some(1), &b""[..]), "{files}");
        assert!(said(&output).contains("unexpected answer"), "{}", said(&output));
        assert_eq!(std::fs::read_dir(home.path("")).unwrap().count(), before, "{files}");
    }
}

#[test]
fn how_a_run_ended_shows_in_the_exit_code() {
    for (say, code, sentence) in [
        (Say::json(200, r#"{"error":"request timed out"}"#), 124, "timed out"),
        (Say::json(200, r#"{"error":"output too large"}"#), 1, "output too large"),
        (Say::json(401, r#"{"error":"no"}"#), 1, "log in again"),
        (Say::json(429, r#"{"error":"no"}"#), 1, "slow down"),
        (ran(b"", b"", 255), 255, ""),
    ] {
        let liar = server(say);
        let output = Home::logged_in_to(&liar).client(&["exec", "script.py"]);
        assert_eq!((output.status.code(), &output.stdout[..]), (Some(code), &b""[..]));
        assert!(said(&output).contains(sentence), "{}", said(&output));
    }
}

#[test]
fn wrong_usage_is_told_from_failure() {
    let liar = server(ran(b"", b"", 0));
    let home = Home::logged_in_to(&liar);
    for (arguments, code, sentence) in [
        (&["register", "no address"][..], 2, "not an e-mail address"),
        (&["--url", "http://127.0.0.1", "logout"], 2, "https://NAME:PORT is wanted"),
        (&["exec"], 2, "FILE"),
        (&["exec", "--timeout", "0", "script.py"], 2, "the time-out must be between"),
        (&["exec", "--timeout", "soon", "script.py"], 2, "not a number of seconds"),
        (&["exec", "--output", "../a", "script.py"], 2, "relative path"),
        (&["exec", "nothing.py"], 1, "cannot read nothing.py"),
        (&["exec", "."], 1, ". is a directory"),
        (&["register", "ada@example.org"], 1, "cannot read the CA file cloud-python-data/ca.pem"),
        (&["--ca", "script.py", "register", "ada@example.org"], 1, "script.py is not a CA file"),
        (&["--ca", "ca.pem", "register", "ada@example.org", "--password-file", "code"], 1, "fewer than 8 bytes"),
        (&["--ca", "ca.pem", "login", "ada@example.org", "--password-file", "none"], 1, "cannot read none"),
        (
            &["--ca", "ca.pem", "login", "ada@example.org", "--password-file", "code", "--code-file", "password"],
            1,
            "six digits",
        ),
        (&["login", "ada@example.org", "--password-file", "-", "--code-file", "-"], 2, "cannot both come from"),
        (&["login", "ada@example.org", "--password", "secret"], 2, "unexpected argument"),
    ] {
        let output = home.client(arguments);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {}", said(&output));
        assert!(said(&output).contains(sentence), "{arguments:?}: {}", said(&output));
    }
}

#[test]
fn a_token_goes_to_nobody_but_the_server_that_gave_it() {
    let (liar, other) = (server(ran(b"", b"", 0)), server(ran(b"", b"", 0)));
    let home = Home::logged_in_to(&liar);
    let url = other.url();
    let output = home.client(&["--url", &url, "exec", "script.py"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(said(&output).contains("logged in to"), "{}", said(&output));
    let mut command = program(&["client", "logout"]);
    let output = crate::world::output(home.place(&mut command).env("CLOUD_PYTHON_URL", &url));
    assert_eq!(output.status.code(), Some(1));
    other.put_ca(home.0.path());
    let output = home.client(&["--ca", "ca.pem", "exec", "script.py"]);
    assert!(said(&output).contains("another CA"), "{}", said(&output));
    assert!(other.heard().is_empty());
    // The CA that was remembered still holds, whatever lies in its file now.
    assert_eq!(home.client(&["exec", "script.py"]).status.code(), Some(0));
}

#[test]
fn the_environment_can_name_server_and_ca_but_not_add_trust() {
    let (liar, other) = (server(ran(b"", b"", 0)), server(ran(b"", b"", 0)));
    let home = Home::trusting(&liar);
    let register = |ca: &Liar| {
        ca.put_ca(home.0.path());
        let mut command = program(&["client", "register", "ada@example.org", "--password-file", "password"]);
        home.place(&mut command).env("CLOUD_PYTHON_URL", liar.url()).env("CLOUD_PYTHON_CA", "ca.pem");
        command
    };
    assert!(output(&mut register(&liar)).status.success());
    // What other programs take for the machine's list of authorities.
    std::fs::copy(home.path("ca.pem"), home.path("system.pem")).unwrap();
    let output = output(register(&other).env("SSL_CERT_FILE", "system.pem").env("SSL_CERT_DIR", "."));
    assert!(said(&output).contains("was not issued by the CA of the CA file"), "{}", said(&output));
}

#[test]
fn a_session_that_others_could_read_is_not_used() {
    let liar = server(ran(b"", b"", 0));
    let home = Home::logged_in_to(&liar);
    std::fs::set_permissions(home.session(), std::fs::Permissions::from_mode(0o644)).unwrap();
    let output = home.client(&["exec", "script.py"]);
    assert!(said(&output).contains("can be read or written by others"), "{}", said(&output));
    assert_eq!(liar.heard().len(), 1);
}

#[test]
fn a_session_that_is_over_is_not_shown_to_the_server() {
    let liar = server(ran(b"", b"", 0));
    let home = Home::logged_in_to(&liar);
    let stored = std::fs::read_to_string(home.session()).unwrap();
    let expires = stored.split("\"expires\": ").nth(1).unwrap().split('\n').next().unwrap();
    std::fs::write(home.session(), stored.replace(expires, "1000")).unwrap();
    let output = home.client(&["exec", "script.py"]);
    assert!(said(&output).contains("the session is over"), "{}", said(&output));
    assert!(home.client(&["logout"]).status.success());
    assert!(!home.session().exists());
    assert_eq!(liar.heard().len(), 1);
}

#[test]
fn a_pipe_gets_every_byte_as_the_script_wrote_it() {
    let bytes: Vec<u8> = (0..=255).cycle().take(100_000).collect();
    let liar = server(ran(&bytes, &bytes[1..], 0));
    let output = Home::logged_in_to(&liar).client(&["exec", "script.py"]);
    assert!(output.stdout == bytes && output.stderr == bytes[1..]);
}

#[test]
fn what_the_server_says_is_wrong_is_one_harmless_line() {
    let evil = "\\u001b]0;x\\u0007\\u001b[2J\\r\\n\\u202e\\u009b31m".repeat(50);
    for status in [400, 404, 409, 413] {
        let liar = server(Say::json(status, &format!(r#"{{"error":"{evil}"}}"#)));
        let output = Home::logged_in_to(&liar).client(&["exec", "script.py"]);
        let said = said(&output);
        assert!(!has_controls(&said) && !said.contains('\u{202e}'), "{said:?}");
        assert!(said.lines().count() == 1 && said.len() < 3000, "{said:?}");
    }
    let liar = server(Say::json(200, &format!(r#"{{"error":"{evil}"}}"#)));
    let output = Home::logged_in_to(&liar).client(&["exec", "script.py"]);
    assert!(!has_controls(&said(&output)), "{}", said(&output));
}

/// Everything that is sent is taken in, and none of it kept beyond the limit, with little more memory than the limit says.
#[test]
fn a_server_that_never_stops_does_not_fill_the_memory() {
    let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{\"error\":\"ok\",\"stdout\":\"";
    let liar = server(Say::forever(head, &"A".repeat(1 << 16)));
    let home = Home::logged_in_to(&liar);
    // In KiB. A program of this size maps about 100 MiB before its first line.
    let limited = "ulimit -v 450000; exec \"$0\" client --patience 60 exec script.py";
    let output = output(home.place(Command::new("sh").args(["-c", limited, crate::world::PROGRAM])));
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert!(said(&output).contains("unexpected answer: more than 67108864 bytes"), "{}", said(&output));
}
