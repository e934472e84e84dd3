//! Files that come back from a run, through the whole server: `outputs` of `/execute`.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::world::{self, Answer, Town};

/// A server with somebody who may run scripts there.
struct Desk {
    town: Town,
    token: String,
}

impl Desk {
    async fn new() -> Self {
        let town = Town::new().await;
        let ada = town.approved("ada@example.org").await;
        Self { token: ada.token.unwrap(), town }
    }

    async fn execute(&self, body: Value) -> Answer {
        self.town.post_as(&self.token, "/execute", &body).await
    }

    /// The exit code of a script, and what came back of these names.
    async fn returned(&self, script: &str, outputs: &[&str]) -> (u8, BTreeMap<String, Vec<u8>>) {
        let answer = self.execute(json!({"data": script, "outputs": outputs})).await;
        let body = answer.json();
        assert_eq!((answer.status, &body["error"]), (200, &json!("ok")), "{}", answer.text());
        let files = body["files"].as_object().unwrap_or_else(|| panic!("{}", answer.text()));
        let files = files.iter().map(|(name, content)| (name.clone(), bytes(content))).collect();
        (bytes(&body["exit_code"])[0], files)
    }

    async fn close(self) {
        self.town.close().await;
    }
}

fn bytes(base64: &Value) -> Vec<u8> {
    STANDARD.decode(base64.as_str().unwrap()).unwrap()
}

fn files(expected: &[(&str, &[u8])]) -> BTreeMap<String, Vec<u8>> {
    expected.iter().map(|(name, content)| ((*name).to_owned(), content.to_vec())).collect()
}

const TREE: &str = "
import os
os.makedirs('out/deep/er')
os.mkdir('out/empty')
open('out/a', 'w').write('1')
open('out/deep/b', 'w').write('2')
open('out/deep/er/c', 'w')
open('output', 'w').write('a namesake')
";

#[tokio::test(flavor = "multi_thread")]
async fn files_that_were_asked_for_come_back_and_no_others() {
    let desk = Desk::new().await;
    let write = "open('out.txt', 'w').write('text')\nopen('other.txt', 'w').write('x')";
    assert_eq!(desk.returned(write, &["out.txt"]).await, (0, files(&[("out.txt", b"text")])));
    assert_eq!(desk.returned(write, &["absent", "out.txt/below", "out"]).await, (0, files(&[])));
    assert_eq!(desk.returned(write, &[]).await, (0, files(&[])));
    let tree = files(&[("out/a", b"1"), ("out/deep/b", b"2"), ("out/deep/er/c", b"")]);
    assert_eq!(desk.returned(TREE, &["out"]).await, (0, tree.clone()));
    // By several names at once, each file comes once.
    assert_eq!(desk.returned(TREE, &["out/deep", "out", "out/a", "out"]).await, (0, tree));
    assert_eq!(desk.returned(TREE, &["out/deep/b", "out/empty"]).await, (0, files(&[("out/deep/b", b"2")])));
    // What was put in may be asked back, changed or not.
    let answer = desk
        .execute(json!({
            "data": "open('in/a', 'a').write('!')", "files": {"in/a": "YQ==", "in/b": "Yg=="}, "outputs": ["in", "main.py"],
        }))
        .await;
    let back = &answer.json()["files"];
    assert_eq!((bytes(&back["in/a"]), bytes(&back["in/b"])), (b"a!".to_vec(), b"b".to_vec()));
    // The next run finds nothing of it.
    assert_eq!(desk.returned("", &["in", "out", "out.txt"]).await, (0, files(&[])));
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_answer_has_a_place_for_files_exactly_if_they_were_asked_for() {
    let desk = Desk::new().await;
    let keys = async |body: Value| {
        let answer = desk.execute(body).await;
        answer.json().as_object().unwrap().keys().cloned().collect::<Vec<_>>().join(" ")
    };
    assert_eq!(keys(json!({"data": ""})).await, "error exit_code stderr stdout");
    assert_eq!(keys(json!({"data": "", "outputs": null})).await, "error exit_code stderr stdout");
    assert_eq!(keys(json!({"data": "", "outputs": []})).await, "error exit_code files stderr stdout");
    let late = "open('a', 'w').write('x')\nwhile True: pass";
    assert_eq!(keys(json!({"data": late, "outputs": ["a"], "timeout": 0.5})).await, "error");
    let answer = desk.execute(json!({"data": late, "outputs": ["a"], "timeout": 0.5})).await;
    assert_eq!(answer.text(), r#"{"error":"request timed out"}"#);
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn files_come_back_however_the_script_ends() {
    let desk = Desk::new().await;
    let begin = "import os, sys\nf = open('a', 'w')\nf.write('kept')\nf.flush()\n";
    for (end, code) in [
        ("", 0),
        ("sys.exit(7)", 7),
        ("raise SystemExit('so')", 1),
        ("1 / 0", 1),
        ("os._exit(9)", 9),
        ("x = [0] * (1 << 28)", 1),
        ("x = []\nwhile True: x.append(bytearray(1 << 20))", 1),
        ("def f(): f()\nf()", 1),
        ("os.chdir('/')", 0),
    ] {
        assert_eq!(desk.returned(&format!("{begin}{end}"), &["a"]).await, (code, files(&[("a", b"kept")])), "{end}");
    }
    // An interpreter that cannot go on returns none: nobody knows what its memory holds.
    assert_eq!(desk.returned(&format!("{begin}os.abort()"), &["a"]).await, (134, files(&[])));
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_leads_to_a_file_of_the_run_and_to_nothing_else() {
    let desk = Desk::new().await;
    let script = "
import os
os.makedirs('out/deep')
open('there', 'w').write('text')
os.symlink('there', 'link')
os.symlink('link', 'again')
os.symlink('/etc/passwd', 'outside')
os.symlink('circle', 'circle')
os.symlink('out', 'folder')
open('out/deep/file', 'w').write('deep')
os.symlink('../..', 'out/deep/up')
os.symlink('../there', 'out/link')
";
    let (code, found) = desk.returned(script, &["link", "again", "outside", "circle", "folder", "nowhere"]).await;
    assert_eq!(code, 0);
    assert_eq!(found, files(&[("link", b"text"), ("again", b"text"), ("folder/deep/file", b"deep")]));
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn large_and_odd_files_come_back_byte_for_byte() {
    let desk = Desk::new().await;
    let script = "
data = bytes(n % 251 for n in range(65537)) * 160
open('large.bin', 'wb').write(data[:10 << 20])
open('empty', 'wb').close()
open('\u{e9} \"\\\\ \\n', 'wb').write(bytes(range(256)))
";
    let (code, found) = desk.returned(script, &["large.bin", "empty", "\u{e9} \"\\ \n"]).await;
    let block: Vec<u8> = (0..65537u32).map(|n| u8::try_from(n % 251).unwrap()).collect();
    let mut large = block.repeat(160);
    large.truncate(10 << 20);
    assert_eq!((code, found.len()), (0, 3));
    assert!(found["large.bin"] == large, "{} bytes", found["large.bin"].len());
    assert_eq!(found["empty"], b"");
    assert_eq!(found["\u{e9} \"\\ \n"], (0..=255).collect::<Vec<u8>>());
    // JSON has no way to write such a name.
    let script = "import os\nos.mkdir('d')\nopen(b'd/\\xff', 'w').write('x')\nopen('d/y', 'w').write('y')";
    assert_eq!(desk.returned(script, &["d"]).await, (0, files(&[("d/y", b"y")])));
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn more_than_a_run_may_return_is_too_large() {
    let desk = Desk::new().await;
    let write = |bytes: &str| format!("open('a', 'wb').write(b'x' * ({bytes}))\nprint('done')");
    let (code, found) = desk.returned(&write("(16 << 20) - 4096"), &["a"]).await;
    assert_eq!((code, found["a"].len()), (0, (16 << 20) - 4096));
    for script in [&write("16 << 20"), "import os\nos.mkdir('a')\nfor n in range(10001): open(f'a/{n}', 'w').close()"] {
        let answer = desk.execute(json!({"data": script, "outputs": ["a"], "timeout": 60})).await;
        assert_eq!((answer.status, answer.text().as_str()), (200, r#"{"error":"output too large"}"#), "{script}");
    }
    desk.close().await;
}

/// The server holds no more of what is not fetched than it has room for, whoever ran how much before.
#[tokio::test(flavor = "multi_thread")]
async fn answers_that_nobody_fetches_are_bounded() {
    let desk = Desk::new().await;
    let large = json!({"data": "open('a', 'wb').write(bytes(15 << 20))", "outputs": ["a"], "timeout": 60});
    let body = large.to_string();
    let request = format!(
        "POST /execute HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\nauthorization: Bearer {}\r\ncontent-length: {}\r\n\r\n{body}",
        desk.token,
        body.len()
    );
    // 20 MiB each, and the network has 128 MiB.
    let mut unread = vec![];
    for number in 1..=7 {
        let tls = world::tls(&desk.town.ca, &["http/1.1"]);
        let mut connection = world::connect(desk.town.server.address(), tls).await.unwrap();
        connection.write_all(request.as_bytes()).await.unwrap();
        connection.flush().await.unwrap();
        let mut status = [0; 12];
        connection.read_exact(&mut status).await.unwrap();
        let expected: &[u8; 12] = if number <= 6 { b"HTTP/1.1 200" } else { b"HTTP/1.1 429" };
        assert_eq!(&status, expected, "{number}");
        unread.push(connection);
    }
    // Small answers go on, and so do large ones as soon as there is room.
    assert_eq!(desk.returned("", &["a"]).await, (0, files(&[])));
    assert_eq!(desk.execute(large.clone()).await.json()["error"], "slow down");
    unread.remove(0);
    let mut again = desk.execute(large.clone()).await;
    while again.status == 429 {
        // Until the server has noticed that somebody has gone.
        again = desk.execute(large.clone()).await;
    }
    assert_eq!((again.status, bytes(&again.json()["files"]["a"]).len()), (200, 15 << 20));
    // What was fetched is not counted any more.
    assert_eq!(desk.execute(large).await.status, 200);
    drop(unread);
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn names_that_leave_the_working_directory_are_refused() {
    let desk = Desk::new().await;
    for name in ["", "/etc/passwd", "/", "..", ".", "../a", "a/../../b", "a/..", "./a", "a//b", "a/", "a\0b"] {
        let answer = desk.execute(json!({"data": "", "outputs": ["fine", name]})).await;
        let sentence =
            "`outputs[1]`: a file's name must be a relative path of 1 to 4096 bytes without NUL, '.' or '..'";
        assert_eq!((answer.status, &answer.json()["error"]), (400, &json!(sentence)), "{name:?}");
    }
    let many: Vec<String> = (0..1001).map(|number| number.to_string()).collect();
    let answer = desk.execute(json!({"data": "", "outputs": many})).await;
    assert_eq!((answer.status, &answer.json()["error"]), (413, &json!("more than 1000 names of files to return")));
    let answer = desk.execute(json!({"data": "", "outputs": many[..1000]})).await;
    assert_eq!((answer.status, &answer.json()["files"]), (200, &json!({})));
    desk.close().await;
}
