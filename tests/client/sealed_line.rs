//! `cloud-python client --sealed` and the real server, with somebody on the line between them who has no key.

use std::io::Write;
use std::net::SocketAddr;
use std::process::Stdio;
use std::sync::{Arc, Mutex};

use cloud_python::config::limits;
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};

use super::sealed::{Desk, done, failed};
use crate::world::{program, said};

/// An answer with nothing in it, which anybody can give.
const NOTHING: &[u8] = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n";

/// What is done with a request.
#[derive(Clone, Copy)]
enum Deed {
    /// It is kept, and answered with nothing.
    Keep,
    /// So many of its lines are passed on, and then the end. Its answer is the server's own.
    EndAfter(usize),
}

/// What has been asked on the line but for `/auth` and `/info`, and what is done with which of these.
#[derive(Default)]
struct Plan {
    asked: usize,
    deed: Option<(usize, Deed)>,
}

impl Plan {
    fn next(&mut self) -> Option<Deed> {
        self.asked += 1;
        self.deed.filter(|(number, _)| *number == self.asked).map(|(_, deed)| deed)
    }
}

/// Somebody on the line.
struct Between {
    plan: Arc<Mutex<Plan>>,
}

impl Between {
    /// Takes a place between the client and the server, which know each other.
    async fn sit_down(desk: &mut Desk) -> Self {
        let server = desk.town.server.sealed_address().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        desk.url = format!("http://{}", listener.local_addr().unwrap());
        let plan = Arc::default();
        tokio::spawn(serve(listener, server, Arc::clone(&plan)));
        done(&desk.first(&["cmd", "pwd"]));
        Self { plan }
    }

    /// Does this with the request of this number, from now on and beginning with 1.
    fn will(&self, number: usize, deed: Deed) {
        *self.plan.lock().unwrap() = Plan { asked: 0, deed: Some((number, deed)) };
    }

    /// Only looks on from now on: how many requests there were.
    fn rest(&self) -> usize {
        std::mem::take(&mut *self.plan.lock().unwrap()).asked
    }
}

async fn serve(listener: TcpListener, server: SocketAddr, plan: Arc<Mutex<Plan>>) {
    while let Ok((client, _)) = listener.accept().await {
        tokio::spawn(pass(client, server, Arc::clone(&plan)));
    }
}

/// One request and its answer.
async fn pass(mut client: TcpStream, server: SocketAddr, plan: Arc<Mutex<Plan>>) -> std::io::Result<()> {
    let (mut bytes, mut server) = (vec![], TcpStream::connect(server).await?);
    let head = loop {
        if let Some(at) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break at + 4;
        }
        more(&mut client, &mut bytes).await?;
    };
    let path = String::from_utf8_lossy(&bytes[..head]).split(' ').nth(1).unwrap().to_owned();
    let deed = match path.as_str() {
        "/auth" | "/info" => None,
        _ => plan.lock().unwrap().next(),
    };
    let lines = match deed {
        Some(Deed::EndAfter(lines)) if path.starts_with("/put/") => lines,
        Some(_) => {
            client.write_all(NOTHING).await?;
            client.shutdown().await?;
            return client.read_to_end(&mut bytes).await.map(drop);
        }
        None => {
            server.write_all(&bytes).await?;
            return copy_bidirectional(&mut client, &mut server).await.map(drop);
        }
    };
    // A line is a chunk: its size, itself with its own end, and the chunk's end.
    while bytes[head..].iter().filter(|byte| **byte == b'\n').count() < 3 * lines {
        more(&mut client, &mut bytes).await?;
    }
    server.write_all(&[&bytes, &b"0\r\n\r\n"[..]].concat()).await?;
    let mut answer = vec![];
    server.read_to_end(&mut answer).await?;
    client.write_all(&answer).await?;
    client.shutdown().await?;
    client.read_to_end(&mut bytes).await.map(drop)
}

async fn more(stream: &mut TcpStream, bytes: &mut Vec<u8>) -> std::io::Result<()> {
    match stream.read_buf(bytes).await? {
        0 => Err(std::io::ErrorKind::UnexpectedEof.into()),
        _ => Ok(()),
    }
}

/// Somebody on the line passed on the lines that had come so far, with a proper end. The client took the server's answer to these for the
/// one to the whole file, asked how large it was there, and had sent no more than that until then: it was done, and the old file
/// was gone for half of the new one.
#[tokio::test(flavor = "multi_thread")]
async fn half_an_upload_is_not_a_whole_one() {
    let mut desk = Desk::known().await;
    let between = Between::sit_down(&mut desk).await;
    desk.home.put("old", "as it was");
    done(&desk.client(&["put", "old"]));
    let begun = vec![b'x'; limits::SEALED_WHOLE_BYTES + 1];
    for name in ["old", "new"] {
        between.will(2, Deed::EndAfter(begun.len().div_ceil(limits::SEALED_BLOCK_BYTES)));
        desk.set_the_clock();
        let mut command = program(&["client", "--sealed", &desk.url, "put", "-", name]);
        let command = desk.home.place(&mut command).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        stdin.write_all(&begun).unwrap();
        // There is more to come for as long as this is open.
        let output = child.wait_with_output().unwrap();
        drop(stdin);
        let said = failed(&output, 1);
        assert!(said.contains("all has come, it says, before all was sent"), "{said}");
        between.rest();
    }
    assert_eq!(done(&desk.client(&["get", "old", "-"])), "as it was");
    // What was no file before is what the server was told; nothing else is left.
    assert_eq!(done(&desk.client(&["cmd", "ls", "-a"])), "new\nold\n");
    desk.town.close().await;
}

/// Somebody on the line kept the upload and answered in the server's place. The file that was there had as many bytes as the one that never
/// arrived, so it was done.
#[tokio::test(flavor = "multi_thread")]
async fn an_upload_that_never_arrived_is_not_taken_for_done_by_the_size_of_the_old_file() {
    let mut desk = Desk::known().await;
    let between = Between::sit_down(&mut desk).await;
    let silent = "the server says nothing of ./";
    for (kept, why, content) in [
        (1, silent, "digit 1"),
        (2, "No such file or directory", "digit 1"),
        (3, silent, "digit 1"),
        (4, "did not take the old one's place", "digit 1"),
        (5, silent, "digit 2"),
        (6, silent, "digit 2"),
    ] {
        desk.home.put("record", "digit 1");
        done(&desk.client(&["put", "record"]));
        desk.home.put("record", "digit 2");
        between.will(kept, Deed::Keep);
        let said = failed(&desk.client(&["put", "record"]), 1);
        assert!(said.contains(why), "{kept}: {said}");
        between.rest();
        assert_eq!(done(&desk.client(&["get", "record", "-"])), content, "{kept}");
        assert_eq!(done(&desk.client(&["cmd", "ls", "-a"])), "record\n", "{kept}: something is left behind");
    }
    between.rest();
    let output = desk.client(&["put", "record"]);
    assert_eq!((done(&output).as_str(), between.rest()), ("", 6), "no request was left out: {}", said(&output));
    desk.town.close().await;
}
