//! `cloud-python client --sealed`, typed at a shell and at a terminal, with the real server.

use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use cloud_python::clock::since_1970;
use cloud_python::config::{Config, limits};
use cloud_python::keys::PrivateKey;

use super::commands::{Home, mode};
use super::keyboard::{Seen, type_at};
use crate::world::{PROGRAM, Town, config, output, program, register, said, sha256};

/// A server with a sealed channel, and the home of ada, who may use it.
pub(super) struct Desk {
    pub(super) town: Town,
    pub(super) home: Home,
    pub(super) url: String,
}

impl Desk {
    pub(super) async fn new() -> Self {
        let town = Town::with(Config { sealed: Some("127.0.0.1:0".parse().unwrap()), ..config() }).await;
        let (home, key) = (Home::empty(), PrivateKey::make().unwrap());
        register(&town, "ada", &key).await;
        put_key(&home, "ada_key.pem", &key, None);
        std::fs::copy(town.path("sealed.pem"), home.path("sealed.pem")).unwrap();
        let url = format!("http://{}", town.server.sealed_address().unwrap());
        Self { town, home, url }
    }

    /// The client goes by the machine's clock, and the server's stands still between two commands.
    pub(super) fn set_the_clock(&self) {
        self.town.clock.advance(since_1970().saturating_sub(Duration::from_secs(self.town.clock.now().0)));
    }

    /// The same with a server that is remembered.
    pub(super) async fn known() -> Self {
        let desk = Self::new().await;
        done(&desk.first(&["cmd", "pwd"]));
        desk
    }

    /// With all flags that are needed the first time.
    pub(super) fn first(&self, arguments: &[&str]) -> Output {
        self.set_the_clock();
        let flags = ["--user", "ada", "--key", "ada_key.pem", "--server-key", "sealed.pem"];
        self.home.client(&[&["--sealed", &self.url], &flags[..], arguments].concat())
    }

    /// With those that are needed later.
    pub(super) fn client(&self, arguments: &[&str]) -> Output {
        self.set_the_clock();
        self.home.client(&[&["--sealed", &self.url], arguments].concat())
    }

    fn feed(&self, input: &[u8], arguments: &[&str]) -> Output {
        self.set_the_clock();
        let mut command = program(&[&["client", "--sealed", &self.url], arguments].concat());
        let command = self.home.place(&mut command).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        std::thread::scope(|scope| {
            // Whoever does not read all of it is not to be waited for.
            scope.spawn(move || stdin.write_all(input));
            child.wait_with_output().unwrap()
        })
    }

    fn sit(&self, steps: &[(&str, &str)], arguments: &[&str]) -> Seen {
        self.set_the_clock();
        type_at(&self.home, steps, &[&["client", "--sealed", &self.url], arguments].concat())
    }

    /// All names in the home that are not hidden, and those that a file on its way has.
    fn names(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.home.path("")).unwrap();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
        names.retain(|name| name != ".config");
        names.sort();
        names
    }
}

fn put_key(home: &Home, name: &str, key: &PrivateKey, pass_phrase: Option<&[u8]>) {
    home.put(name, key.to_pem(pass_phrase).unwrap().expose());
    std::fs::set_permissions(home.path(name), std::fs::Permissions::from_mode(0o600)).unwrap();
}

/// What a command that went well has written.
pub(super) fn done(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(0), "{}", said(output));
    assert_eq!(said(output), "");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

pub(super) fn failed(output: &Output, code: i32) -> String {
    assert_eq!((output.status.code(), output.stdout.len()), (Some(code), 0), "{output:?}");
    said(output)
}

#[tokio::test(flavor = "multi_thread")]
async fn files_of_all_sizes_go_there_and_come_back() {
    let desk = Desk::known().await;
    let whole = limits::SEALED_WHOLE_BYTES;
    for (number, bytes) in [0, 1, whole - 1, whole, whole + 1, 5 * whole + 12345].into_iter().enumerate() {
        let content: Vec<u8> = (0..bytes).map(|at| u8::try_from(at * 31 % 251).unwrap()).collect();
        std::fs::write(desk.home.path("there"), &content).unwrap();
        done(&desk.client(&["put", "there", "folder/file"]));
        done(&desk.client(&["get", "folder/file", "back"]));
        assert!(std::fs::read(desk.home.path("back")).unwrap() == content, "{number}");
    }
    assert_eq!(desk.names(), ["ada_key.pem", "back", "sealed.pem", "there"]);
    desk.town.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn names_follow_from_each_other_and_streams_are_files_too() {
    let desk = Desk::known().await;
    std::fs::create_dir(desk.home.path("out")).unwrap();
    done(&desk.feed(b"from a pipe\n", &["put", "-", "notes/one.txt"]));
    assert_eq!(done(&desk.client(&["get", "notes/one.txt", "-"])), "from a pipe\n");
    done(&desk.client(&["get", "notes/one.txt"]));
    done(&desk.client(&["get", "notes/one.txt", "out"]));
    done(&desk.client(&["put", "out/one.txt"]));
    assert_eq!(done(&desk.client(&["cmd", "ls"])), "notes\none.txt\n");
    for place in ["one.txt", "out/one.txt"] {
        assert_eq!(std::fs::read_to_string(desk.home.path(place)).unwrap(), "from a pipe\n");
    }
    // What was private stays so.
    std::fs::set_permissions(desk.home.path("one.txt"), std::fs::Permissions::from_mode(0o600)).unwrap();
    done(&desk.client(&["get", "notes/one.txt", "one.txt"]));
    assert_eq!(mode(desk.home.path("one.txt")), 0o600);
    desk.town.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_done_changes_nothing_here() {
    let desk = Desk::known().await;
    desk.home.put("kept", "as it was");
    std::os::unix::fs::symlink("kept", desk.home.path("link")).unwrap();
    std::fs::create_dir(desk.home.path("folder")).unwrap();
    let before = desk.names();
    for (arguments, code, why) in [
        (&["get", "missing", "kept"][..], 1, "the server refused: "),
        (&["get", "missing"], 1, "the server refused: "),
        (&["get", "../outside", "kept"], 1, "the server refused: "),
        (&["get", "x", "link"], 1, "link: this is a symbolic link"),
        (&["get", "folder/.."], 2, "say LOCAL, too"),
        (&["get", "x", "nowhere/x"], 1, "nowhere/x: there is no directory for this output"),
        (&["put", "missing"], 1, "cannot read missing: "),
        (&["put", "folder"], 1, "cannot read folder: "),
        (&["put", "-"], 2, "put - needs a NAME"),
        (&["put", "kept", "../x"], 1, "the server refused: "),
        (&["cmd"], 2, "COMMAND"),
        (&["--ca", "x", "cmd", "ls"], 2, "no --url and no --ca"),
        (&["--passphrase-file", "-", "put", "-", "x"], 2, "cannot both come from standard input"),
        (&["exec", "kept"], 2, "are for put, get, cmd and shell"),
    ] {
        let said = failed(&desk.client(arguments), code);
        assert!(said.contains(why), "{arguments:?}: {said}");
    }
    assert_eq!(desk.names(), before);
    assert_eq!(std::fs::read_to_string(desk.home.path("kept")).unwrap(), "as it was");
    assert_eq!(done(&desk.client(&["cmd", "ls"])), "");
    desk.town.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_is_known_by_its_key_from_the_first_time_on() {
    let desk = Desk::new().await;
    let (other, elsewhere) = (PrivateKey::make().unwrap(), PrivateKey::make().unwrap());
    desk.home.put("other.pem", &other.public().to_pem().unwrap());
    put_key(&desk.home, "elsewhere_key.pem", &elsewhere, None);
    let said = failed(&desk.client(&["cmd", "ls"]), 2);
    assert!(said.contains("this server is not known yet: name yourself with --user"), "{said}");
    let first = |changed: &[(&str, &str)]| {
        let mut flags = [("--user", "ada"), ("--key", "ada_key.pem"), ("--server-key", "sealed.pem")];
        for (name, value) in changed {
            flags.iter_mut().find(|flag| flag.0 == *name).unwrap().1 = value;
        }
        let flags: Vec<&str> = flags.iter().flat_map(|(name, value)| [*name, *value]).collect();
        desk.client(&[&flags[..], &["cmd", "pwd"]].concat())
    };
    for (changed, why) in [
        (("--server-key", "other.pem"), "does not have the key that you know this server by: get its sealed.pem anew"),
        (("--key", "elsewhere_key.pem"), "lets nobody in as ada with this key"),
        (("--user", "bob"), "lets nobody in as bob with this key"),
        (("--key", "sealed.pem"), "sealed.pem: this is not the PEM file of an Ed448 private key"),
        (("--server-key", "ada_key.pem"), "ada_key.pem: this is not the PEM file of an Ed448 public key"),
        (("--key", "missing.pem"), "cannot read the key "),
    ] {
        let said = failed(&first(&[changed]), 1);
        assert!(said.contains(why), "{changed:?}: {said}");
    }
    // Nothing of all that is remembered.
    failed(&desk.client(&["cmd", "ls"]), 2);
    assert_eq!(done(&first(&[])), "/home/user\n");
    let file = desk.home.path(".config/cloud-python/sealed.json");
    assert_eq!(mode(file.clone()), 0o600);
    assert!(!std::fs::read_to_string(&file).unwrap().contains("PRIVATE"));
    assert_eq!(done(&desk.client(&["cmd", "pwd"])), "/home/user\n");
    // It is the only one, so it need not be named.
    assert_eq!(done(&desk.home.client(&["cmd", "pwd"])), "/home/user\n");
    failed(&first(&[("--server-key", "other.pem")]), 1);
    assert_eq!(done(&desk.client(&["cmd", "pwd"])), "/home/user\n", "a wrong key takes no right one's place");
    std::fs::set_permissions(desk.home.path("ada_key.pem"), std::fs::Permissions::from_mode(0o640)).unwrap();
    let said = failed(&desk.client(&["cmd", "pwd"]), 1);
    assert!(said.contains("others can read it: chmod 600 "), "{said}");
    desk.town.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_under_a_pass_phrase_asks_for_it() {
    let desk = Desk::new().await;
    let key = PrivateKey::make().unwrap();
    register(&desk.town, "eva", &key).await;
    put_key(&desk.home, "eva_key.pem", &key, Some(b"open sesame"));
    let flags = ["--user", "eva", "--key", "eva_key.pem", "--server-key", "sealed.pem"];
    let seen = desk.sit(&[("Pass phrase: ", "secretly open sesame\n")], &[&flags[..], &["cmd", "pwd"]].concat());
    assert_eq!(seen.code, 0, "{}", seen.screen);
    assert!(seen.screen.ends_with("/home/user\n") && !seen.screen.contains("sesame") && seen.echo, "{}", seen.screen);
    desk.home.put("phrase", "open sesame\nand more");
    done(&desk.client(&["--passphrase-file", "phrase", "cmd", "pwd"]));
    desk.home.put("phrase", "open barley\n");
    let said = failed(&desk.client(&["--passphrase-file", "phrase", "cmd", "pwd"]), 1);
    assert!(said.contains("the pass phrase is wrong"), "{said}");
    desk.town.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_get_words_and_input_as_they_were_given() {
    let desk = Desk::known().await;
    assert_eq!(done(&desk.client(&["cmd", "echo", "a  b", "'", "$HOME", "*"])), "a  b ' $HOME *\n");
    assert_eq!(done(&desk.client(&["cmd", "echo  'a  b'  c"])), "a  b c\n");
    assert_eq!(done(&desk.client(&["cmd", "--", "echo", "-n"])), "-n\n");
    let input: Vec<u8> = (0..3_000_000_u32).flat_map(u32::to_le_bytes).collect();
    let fed = desk.feed(&input, &["cmd", "cat"]);
    assert!(fed.status.success() && sha256(&fed.stdout) == sha256(&input), "{}", said(&fed));
    let script = "import sys\nprint(sys.stdin.read()[::-1], sys.argv[1:], flush=True)\nsys.exit('bye')";
    desk.home.put("script.py", script);
    done(&desk.client(&["put", "script.py"]));
    let ran = desk.feed(b"abc", &["cmd", "python3", "script.py", "x y"]);
    // The channel carries no exit code, and both streams are one.
    assert_eq!((ran.status.code(), String::from_utf8_lossy(&ran.stdout).as_ref()), (Some(0), "cba ['x y']\nbye\n"));
    let much = desk.feed(&vec![0; limits::STDIN_BYTES + 1], &["cmd", "cat"]);
    assert!(failed(&much, 1).contains("a command takes at most 16777216 bytes of standard input"), "{}", said(&much));
    assert_eq!(done(&desk.client(&["cmd", "cat", "missing"])), "cat: missing: No such file or directory\n");
    desk.town.close().await;
}

/// A file that is larger than the memory the client may have.
#[tokio::test(flavor = "multi_thread")]
async fn memory_stays_flat() {
    let desk = Desk::known().await;
    let file = std::fs::File::create(desk.home.path("large")).unwrap();
    file.set_len(150 << 20).unwrap();
    let client = |arguments: &[&str]| {
        desk.set_the_clock();
        let mut command = Command::new("sh");
        command.args(["-c", "ulimit -d 65536 && exec \"$@\"", "sh", PROGRAM, "client", "--sealed", &desk.url]);
        output(desk.home.place(command.args(arguments)))
    };
    done(&client(&["put", "large"]));
    done(&client(&["get", "large", "back"]));
    let back = std::fs::read(desk.home.path("back")).unwrap();
    assert!(back.len() == 150 << 20 && back.iter().all(|byte| *byte == 0));
    desk.town.close().await;
}

/// The server says no while the file is on its way, and is heard.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_too_large_is_refused_with_the_reason_and_changes_nothing() {
    let desk = Desk::known().await;
    desk.home.put("large", "as it was");
    done(&desk.client(&["put", "large"]));
    let file = std::fs::OpenOptions::new().write(true).open(desk.home.path("large")).unwrap();
    file.set_len(300 << 20).unwrap();
    let said = failed(&desk.client(&["put", "large"]), 1);
    assert!(said.starts_with("cloud-python: the server refused: "), "{said}");
    assert_eq!(done(&desk.client(&["get", "large", "-"])), "as it was");
    desk.town.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shell_at_a_terminal() {
    let desk = Desk::known().await;
    desk.home.put("evil", "\u{1b}]0;title\u{7}red\rover");
    done(&desk.client(&["put", "evil"]));
    let steps = [
        ("ada> ", "echo one two\n"),
        ("one two\r\nada> ", "cat evil\n"),
        ("\\x1b]0;title\\x07red\\x0dover\r\nada> ", "nonsense\n"),
        ("ada> ", "\n"),
        ("ada> ", "python3\n"),
        (">>> ", "6 * 7\n"),
        ("42\r\n>>> ", "open('made', 'w').write('x' * 5)\n"),
        (">>> ", "\u{4}"),
        ("ada> ", "ls\n"),
        ("made\r\nada> ", "python3 -c \"print('who', input('na' 'me? '))\"\n"),
        ("name? ", "Ada\n"),
        ("who Ada\r\nada> ", "half a line\u{3}"),
        ("ada> ", "\u{4}"),
    ];
    let seen = desk.sit(&steps, &["shell"]);
    assert_eq!(seen.code, 0, "{}", seen.screen);
    assert!(seen.screen.contains("command not found") && seen.screen.ends_with("ada> \n"), "{:?}", seen.screen);
    assert!(seen.same && seen.echo);
    desk.town.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ctrl_c_ends_the_command_and_not_the_shell() {
    let desk = Desk::known().await;
    desk.home.put("burn.py", "print('on', flush=True)\nopen('never', 'w').close()\nwhile True: pass\n");
    done(&desk.client(&["put", "burn.py"]));
    let steps = [
        ("ada> ", "python3 burn.py\n"),
        ("on\r\n", "\u{3}"),
        ("ada> ", "ls\n"),
        ("burn.py\r\nevil\r\nada> ", "exit\n"),
    ];
    desk.home.put("evil", "");
    done(&desk.client(&["put", "evil"]));
    let seen = desk.sit(&steps, &["shell"]);
    assert_eq!(seen.code, 0, "{}", seen.screen);
    assert!(!seen.screen.contains("never") && seen.same, "{:?}", seen.screen);
    for (typed, code) in [("close", 129), ("signal 15", 143)] {
        let seen = desk.sit(&[("ada> ", "python3 burn.py\n"), ("on\r\n", typed)], &["shell"]);
        assert_eq!(seen.code, code, "{typed}: {:?}", seen.screen);
        let seen = desk.sit(&[("ada> ", typed)], &["shell"]);
        assert_eq!(seen.code, code, "{typed}: {:?}", seen.screen);
    }
    desk.town.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shell_without_a_terminal_is_a_list_of_commands() {
    let desk = Desk::known().await;
    let listed = desk.feed(b"echo one\n\n  mkdir folder\nls\necho two", &["shell"]);
    assert_eq!(done(&listed), "one\nfolder\ntwo\n");
    let long = [&b"echo "[..], &vec![b'x'; limits::TYPED_LINE_BYTES], b"\nmkdir other\n"].concat();
    assert_eq!(desk.feed(&long, &["shell"]).status.code(), Some(1), "nothing is done after what was refused");
    assert_eq!(done(&desk.client(&["cmd", "ls"])), "folder\n");
    desk.town.close().await;
}
