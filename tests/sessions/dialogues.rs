//! What a script and whoever talks with it say to each other.

use std::time::Duration;

use serde_json::{Value, json};

use crate::world::{Session, Town};

async fn ada() -> (Town, String) {
    let town = Town::new().await;
    let token = town.approved("ada@example.org").await.token.unwrap();
    (town, token)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_prompt_arrives_before_anything_is_answered() {
    let (town, token) = ada().await;
    let script = "name = input('name? ')\nprint('Hello', name)\nraise SystemExit(7)";
    let mut session = Session::of(&town, &token, &json!({"data": script})).await;
    assert_eq!(session.until("name? ").await, "name? ");
    session.input("Ada\n").await;
    let end = session.rest().await;
    assert_eq!((end.stdout().as_str(), end.stderr().as_str()), ("Hello Ada\n", ""));
    assert_eq!((end.control, end.code), (json!({"error": "ok", "exit_code": "Bw=="}), 1000));
    town.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn output_without_a_newline_comes_while_the_script_computes() {
    let (town, token) = ada().await;
    let script = "import sys\nfor part in 'abc':\n  print(part, end='')\n  while sys.stdin.read(1) != part: pass";
    let mut session = Session::of(&town, &token, &json!({"data": script})).await;
    for part in ["a", "b", "c"] {
        assert_eq!(session.until(part).await, part);
        session.input(part).await;
    }
    assert_eq!(session.rest().await.control, json!({"error": "ok", "exit_code": "AA=="}));
    // One that never waits, and so has no other reason to show what it has.
    let mut session = Session::of(&town, &token, &json!({"data": "print('.', end='')\nwhile True: pass"})).await;
    let asked = cloud_python::clock::monotonic();
    assert_eq!(session.until(".").await, ".");
    assert!(asked.elapsed() < Duration::from_secs(50), "it came when the script had ended");
    drop(session);
    town.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_script_ends_in_every_way() {
    let (town, token) = ada().await;
    let ok = |code: &str| json!({"error": "ok", "exit_code": code});
    for (script, control, on_stderr) in [
        ("pass", ok("AA=="), ""),
        ("raise SystemExit(255)", ok("/w=="), ""),
        ("1 / 0", ok("AQ=="), "ZeroDivisionError"),
        ("if", ok("AQ=="), "SyntaxError"),
        ("import sys; sys.stderr.write('half a line')", ok("AA=="), "half a line"),
        ("import os; os.abort()", ok("hg=="), ""),
        ("x = 'x' * (1 << 30)", ok("AQ=="), "MemoryError"),
    ] {
        let whole = Session::run(&town, &token, &json!({"data": script})).await;
        assert_eq!((&whole.control, whole.code), (&control, 1000), "{script}: {}", whole.stderr());
        assert!(whole.stderr().contains(on_stderr), "{script}: {}", whole.stderr());
    }
    town.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn arguments_and_files_go_in_and_files_come_out() {
    let (town, token) = ada().await;
    let script =
        "import sys, os\nos.mkdir('out')\nopen('out/a', 'wb').write(open('in', 'rb').read() * 2)\nprint(sys.argv[1:])";
    for (outputs, files) in
        [(json!(["out", "none"]), json!({"out/a": "/wD/AA=="})), (json!([]), json!({})), (Value::Null, Value::Null)]
    {
        let first = json!({"data": script, "args": ["x", "\u{e9}"], "files": {"in": "/wA="}, "outputs": outputs});
        let told = Session::run(&town, &token, &first).await;
        assert_eq!(told.stdout(), "['x', '\u{e9}']\n");
        let mut control = json!({"error": "ok", "exit_code": "AA=="});
        if !files.is_null() {
            control["files"] = files;
        }
        assert_eq!(told.control, control);
    }
    town.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn input_comes_in_pieces_and_has_an_end() {
    let (town, token) = ada().await;
    let script = "import sys\nwhile part := sys.stdin.buffer.read(3): print(part, flush=True)\nprint('end')";
    let mut session = Session::of(&town, &token, &json!({"data": script})).await;
    for part in [&b"a"[..], b"bc", b"\xff\x00d"] {
        session.input(part).await;
    }
    assert_eq!(session.until("b'\\xff\\x00d'\n").await, "b'abc'\nb'\\xff\\x00d'\n");
    session.input(b"e").await;
    session.end_input().await;
    // Once is enough; twice does no harm.
    session.end_input().await;
    let end = session.rest().await;
    assert_eq!((end.stdout().as_str(), &end.control["error"]), ("b'e'\nend\n", &json!("ok")));
    // Input that nobody reads is not waited for.
    let mut session = Session::of(&town, &token, &json!({"data": "print('done')"})).await;
    session.input(vec![b'x'; 1 << 20]).await;
    assert_eq!(session.rest().await.control, json!({"error": "ok", "exit_code": "AA=="}));
    town.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_interactive_interpreter_goes_on_until_it_is_told_to_end() {
    let (town, token) = ada().await;
    let mut session = Session::of(&town, &token, &json!({"data": null, "args": ["x"]})).await;
    session.until(">>> ").await;
    for (line, answer) in [
        ("1 + 1", "2\n>>> "),
        ("_ * 21", "42\n>>> "),
        ("def twice(x):", "... "),
        ("    return 2 * x", "... "),
        ("", ">>> "),
        ("twice('ab')", "'abab'\n>>> "),
        ("import sys; sys.argv[1:]", "['x']\n>>> "),
        ("input('your name? ')", "your name? "),
        ("Ada", "'Ada'\n>>> "),
    ] {
        session.input(format!("{line}\n")).await;
        assert_eq!(session.until(answer).await, answer, "{line}");
    }
    session.input("nobody_knows\n").await;
    assert!(session.until(">>> ").await.contains("NameError: name 'nobody_knows' is not defined"));
    session.input("exit(3)\n").await;
    assert_eq!(session.rest().await.control, json!({"error": "ok", "exit_code": "Aw=="}));

    // The end of input is an end, too.
    let mut session = Session::of(&town, &token, &json!({"data": null})).await;
    session.until(">>> ").await;
    session.end_input().await;
    assert_eq!(session.rest().await.control, json!({"error": "ok", "exit_code": "AA=="}));
    town.close().await;
}
