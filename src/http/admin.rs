//! The administrator's door: HTTP/1.1 on a Unix socket that only the server's own user can open.
//!
//! Owns: making the socket so that there is no moment at which somebody else could connect, asking the kernel who has connected,
//! and the table of its routes. Not here: how a request is read (`route`), and what the operator's wishes do (`app`).

use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::{JoinHandle, JoinSet};
use warp::filters::BoxedFilter;

use super::asked::Asked;
use super::connection::{self, Handler, Terms};
use super::reply::Answer;
use super::route::{self, Does, House, Route, Takes};
use super::{HttpError, Settings};
use crate::app::App;
use crate::clock::monotonic;
use crate::config::limits;
use crate::domain::{Action, AdminAction, Credential, Decision, Email, Error, KeyAction, Network, SealedKey, UserName};
use crate::door::networks::Networks;

/// Every route of the administrator's socket. `GET` takes `HEAD`, too, and changes nothing.
pub const ADMIN_ROUTES: &[Route] = &[
    Route::get("/users", Does::Ask(|_| operator(AdminAction::Users))),
    Route::get("/users/{email}", Does::Ask(|asked| operator(AdminAction::User(email(&asked)?)))),
    Route::post("/users/{email}/approve", Takes::Nothing, Does::Ask(|asked| decide(&asked, Decision::Approve))),
    Route::post("/users/{email}/deny", Takes::Nothing, Does::Ask(|asked| decide(&asked, Decision::Deny))),
    Route::post("/users/{email}/suspend", Takes::Nothing, Does::Ask(|asked| decide(&asked, Decision::Suspend))),
    Route::post("/users/{email}/restore", Takes::Nothing, Does::Ask(|asked| decide(&asked, Decision::Restore))),
    Route::post("/users/{email}/reset-totp", Takes::Nothing, Does::Ask(reset_totp)),
    Route::post("/users/{email}/revoke-tokens", Takes::Nothing, Does::Ask(revoke_tokens)),
    Route::get("/keys", Does::Ask(|_| operator(AdminAction::Keys(KeyAction::List)))),
    Route::post("/keys/{user}/add", Takes::Nothing, Does::Ask(add_key)),
    Route::post("/keys/{user}/remove", Takes::Nothing, Does::Ask(remove_key)),
    Route::get("/audit", Does::Ask(|asked| operator(AdminAction::Audit { from: from(&asked)? }))),
    Route::get("/status", Does::Ask(|_| operator(AdminAction::Status))),
    Route::get("/metrics", Does::Ask(|_| operator(AdminAction::Metrics))),
];

fn decide(asked: &Asked, decision: Decision) -> Result<(Credential, Action), Error> {
    operator(AdminAction::Decide(email(asked)?, decision))
}

fn reset_totp(asked: Asked) -> Result<(Credential, Action), Error> {
    operator(AdminAction::ResetTotp(email(&asked)?))
}

fn revoke_tokens(asked: Asked) -> Result<(Credential, Action), Error> {
    operator(AdminAction::RevokeTokens(email(&asked)?))
}

/// `key=` and the 57 bytes in base64url; then `&host-commands` for whoever may run commands of the machine itself.
fn add_key(asked: Asked) -> Result<(Credential, Action), Error> {
    let (key, host_commands) = match asked.query.strip_suffix("&host-commands") {
        Some(key) => (key, true),
        None => (asked.query.as_str(), false),
    };
    let key = key.strip_prefix("key=").and_then(|key| URL_SAFE_NO_PAD.decode(key).ok()?.try_into().ok());
    let wrong = || Error::Malformed("the query must be key=BASE64URL, and &host-commands if that is meant".to_owned());
    let (user, key) = (user(&asked)?, SealedKey::new(key.ok_or_else(wrong)?));
    operator(AdminAction::Keys(KeyAction::Add { user, key, host_commands }))
}

fn remove_key(asked: Asked) -> Result<(Credential, Action), Error> {
    operator(AdminAction::Keys(KeyAction::Remove(user(&asked)?)))
}

fn user(asked: &Asked) -> Result<UserName, Error> {
    UserName::parse(&asked.parameter).map_err(|error| Error::Malformed(error.to_string()))
}

fn operator(action: AdminAction) -> Result<(Credential, Action), Error> {
    Ok((Credential::Operator, Action::Administer(action)))
}

fn email(asked: &Asked) -> Result<Email, Error> {
    let text = unescaped(&asked.parameter).ok_or_else(|| Error::Malformed("a bad escape in the path".to_owned()))?;
    Email::parse(&text).map_err(|error| Error::Malformed(error.to_string()))
}

/// `from=NUMBER`; from the first entry on without it.
fn from(asked: &Asked) -> Result<u64, Error> {
    let number = match asked.query.as_str() {
        "" => Some(1),
        query => query.strip_prefix("from=").and_then(|number| number.parse().ok()),
    };
    number.ok_or_else(|| Error::Malformed("the query must be from=NUMBER".to_owned()))
}

/// A path's segment without its escapes (RFC 3986, section 2.1).
fn unescaped(segment: &str) -> Option<String> {
    let mut bytes = vec![];
    let mut parts = segment.split('%');
    bytes.extend_from_slice(parts.next()?.as_bytes());
    for part in parts {
        let (digits, rest) =
            part.split_at_checked(2).filter(|(digits, _)| digits.bytes().all(|b| b.is_ascii_hexdigit()))?;
        bytes.push(u8::from_str_radix(digits, 16).ok()?);
        bytes.extend_from_slice(rest.as_bytes());
    }
    String::from_utf8(bytes).ok()
}

/// The administrator's door. Dropped, it ends with everything that is done for its connections; the socket stays behind and is
/// replaced by the next server.
#[derive(Debug)]
pub struct AdminSocket {
    path: PathBuf,
    inode: u64,
    draining: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl AdminSocket {
    /// Opens the door. When this returns, connections are accepted.
    pub async fn bind(path: &Path, app: App) -> Result<Self, HttpError> {
        let settings = Settings { connections_per_network: limits::ADMIN_CONNECTIONS, ..Settings::default() };
        let (networks, settings) = (Networks::new(&settings), Arc::new(settings));
        let ours = Arc::clone(&settings);
        let answers = Networks::of_answers();
        let routes =
            |draining| route::filter(House { routes: ADMIN_ROUTES, app, settings: ours, networks, answers, draining });
        Self::serve(path, settings, routes).await
    }

    async fn serve(
        path: &Path,
        settings: Arc<Settings>,
        routes: impl FnOnce(watch::Receiver<bool>) -> BoxedFilter<(Answer,)>,
    ) -> Result<Self, HttpError> {
        let failed = |error| HttpError::Socket(path.to_owned(), error);
        match UnixStream::connect(path).await.map_err(|error| error.kind()) {
            Err(io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused) => {}
            // It may be too busy to answer.
            Ok(_) | Err(io::ErrorKind::WouldBlock) => return Err(HttpError::Taken(path.to_owned())),
            Err(kind) => return Err(failed(kind.into())),
        }
        let listener = make(path).map_err(failed)?;
        let inode = std::fs::symlink_metadata(path).map_err(failed)?.ino();
        let (sender, draining) = watch::channel(false);
        let terms = Terms { handler: Handler::new(routes(draining.clone())), settings, draining };
        let task = tokio::spawn(keep(listener, terms));
        Ok(Self { path: path.to_owned(), inode, draining: sender, task })
    }

    /// Accepts nothing more, lets what is being answered be answered for a moment, and takes the socket away.
    pub async fn shutdown(mut self) {
        self.draining.send_replace(true);
        if tokio::time::timeout(limits::ADMIN_GRACE, &mut self.task).await.is_err() {
            self.task.abort();
            let _ = (&mut self.task).await;
        }
        // Another server may have put its own there.
        if std::fs::symlink_metadata(&self.path).is_ok_and(|found| found.ino() == self.inode) {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

impl Drop for AdminSocket {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Makes the socket in a folder that nobody else can enter, and moves it to its place when it is ours alone. A file that is there
/// is replaced if it is a socket, whose server is dead then.
fn make(path: &Path) -> io::Result<UnixListener> {
    use std::os::unix::fs::FileTypeExt;
    let socket = std::fs::symlink_metadata(path).map(|found| found.file_type().is_socket());
    if socket.is_ok_and(|is_socket| !is_socket) {
        return Err(io::Error::new(io::ErrorKind::AlreadyExists, "there is something else that is not a socket"));
    }
    // Short, for the path of a socket has 107 bytes at most; this one is shorter than the one that was asked for.
    let folder = path.with_file_name(".s");
    let made = folder.join("s");
    // From a server that was killed just here.
    let _ = std::fs::remove_file(&made);
    let _ = std::fs::remove_dir(&folder);
    std::fs::DirBuilder::new().mode(0o700).create(&folder)?;
    let listener = UnixListener::bind(&made)?;
    std::fs::set_permissions(&made, std::fs::Permissions::from_mode(0o600))?;
    std::fs::rename(&made, path)?;
    std::fs::remove_dir(&folder)?;
    Ok(listener)
}

async fn keep(listener: UnixListener, terms: Terms) {
    let permits = Arc::new(Semaphore::new(limits::ADMIN_CONNECTIONS));
    let mut draining = terms.draining.clone();
    let mut tasks = JoinSet::new();
    loop {
        let next = async {
            let permit = Arc::clone(&permits).acquire_owned().await;
            (permit, listener.accept().await)
        };
        let (permit, accepted) = tokio::select! {
            biased;
            _ = draining.changed() => break,
            next = next => next,
        };
        while tasks.try_join_next().is_some() {}
        match accepted {
            Ok((stream, _)) if is_ours(&stream) => {
                let terms = terms.clone();
                tasks.spawn(async move {
                    connection::http1(stream, Network::Here, monotonic(), terms).await;
                    drop(permit);
                });
            }
            Ok(_) => crate::telemetry::warn_sparingly!(
                "another user has opened the administrator's socket and was turned away"
            ),
            Err(_) => tokio::time::sleep(limits::ACCEPT_PAUSE).await,
        }
    }
    drop(listener);
    while tasks.join_next().await.is_some() {}
}

/// Whether the process at the other end runs as our own user. The file's mode says so already, unless somebody has changed it.
fn is_ours(stream: &UnixStream) -> bool {
    stream.peer_cred().is_ok_and(|peer| peer.uid() == rustix::process::geteuid().as_raw())
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use warp::Filter;

    use super::*;

    async fn open(path: &Path) -> Result<AdminSocket, HttpError> {
        let routes = |_| warp::any().map(crate::http::reply::alive).boxed();
        AdminSocket::serve(path, Arc::default(), routes).await
    }

    #[tokio::test]
    async fn the_socket_is_ours_alone_and_is_taken_away_at_the_end() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("admin.sock");
        let socket = open(&path).await.unwrap();
        let found = std::fs::metadata(&path).unwrap();
        assert_eq!(found.permissions().mode() & 0o777, 0o600);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
        let mut stream = UnixStream::connect(&path).await.unwrap();
        assert!(is_ours(&stream));
        stream.write_all(b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await.unwrap();
        let mut said = String::new();
        stream.read_to_string(&mut said).await.unwrap();
        assert!(said.starts_with("HTTP/1.1 200") && said.ends_with("{\"error\":\"ok\"}"), "{said}");
        socket.shutdown().await;
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[tokio::test]
    async fn a_dead_servers_socket_is_replaced_and_a_living_ones_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("admin.sock");
        drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
        let first = open(&path).await.unwrap();
        assert!(matches!(open(&path).await, Err(HttpError::Taken(_))));
        first.shutdown().await;
        std::fs::write(&path, "precious").unwrap();
        assert!(matches!(open(&path).await, Err(HttpError::Socket(..))));
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "precious");
    }

    #[test]
    fn an_address_comes_out_of_the_path_as_it_went_in() {
        for (segment, expected) in [
            ("a@b.c", Some("a@b.c")),
            ("a%2Fb%2b+c%40d.e", Some("a/b++c@d.e")),
            ("%c3%a9", Some("\u{e9}")),
            ("%", None),
            ("%4", None),
            ("%zz", None),
            ("%+1", None),
            ("%\u{e9}", None),
            ("%ff", None),
        ] {
            assert_eq!(unescaped(segment).as_deref(), expected, "{segment}");
        }
    }
}
