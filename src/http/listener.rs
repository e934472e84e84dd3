//! The HTTPS listener: who is let in, and how it ends.
//!
//! Owns: agreeing on keys before anything is said, and ending in good order. Not here: the accept loop (`door::accept`), and HTTP
//! (`connection`).

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;
use warp::filters::BoxedFilter;

use super::connection::{self, Handler, Terms};
use super::reply::Answer;
use super::request::ROUTES;
use super::route::{self, House};
use super::tls::{Certificates, HTTP2};
use super::{HttpError, Settings};
use crate::app::App;
use crate::clock::monotonic;
use crate::domain::Network;
use crate::door::accept;
use crate::door::networks::Networks;

/// The door for everybody. Dropped, it ends with everything that is done for its connections.
#[derive(Debug)]
pub struct Listener {
    draining: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl Listener {
    /// Opens the door on a socket that listens already. When this returns, connections are accepted.
    ///
    /// Both files are PEM; they may be renewed at any time, and the next connection gets the new pair.
    pub fn start(
        socket: TcpListener,
        certificate: PathBuf,
        key: PathBuf,
        settings: Settings,
        app: App,
    ) -> Result<Self, HttpError> {
        let certificates = Certificates::open(certificate, key)?;
        let (networks, settings) = (Networks::new(&settings), Arc::new(settings));
        let (ours, theirs) = (Arc::clone(&settings), networks.clone());
        let answers = Networks::of_answers();
        let routes = |draining| {
            route::filter(House { routes: ROUTES, app, settings: ours, networks: theirs, answers, draining })
        };
        Ok(Self::serve(socket, certificates, settings, networks, routes))
    }

    fn serve(
        socket: TcpListener,
        certificates: Certificates,
        settings: Arc<Settings>,
        networks: Networks,
        routes: impl FnOnce(watch::Receiver<bool>) -> BoxedFilter<(Answer,)>,
    ) -> Self {
        let (sender, draining) = watch::channel(false);
        let handler = Handler::new(routes(draining.clone()));
        let terms = Terms { handler, settings, draining: draining.clone() };
        let (settings, certificates) = (Arc::clone(&terms.settings), Arc::new(certificates));
        let begin = move |stream, network| serve(stream, Arc::clone(&certificates), network, terms.clone());
        Self { draining: sender, task: tokio::spawn(accept::keep(socket, settings, networks, draining, begin)) }
    }

    /// Accepts nothing more, lets what is being answered be answered for as long as `grace`, then ends everything.
    pub async fn shutdown(mut self, grace: Duration) {
        self.draining.send_replace(true);
        if tokio::time::timeout(grace, &mut self.task).await.is_err() {
            self.task.abort();
            let _ = (&mut self.task).await;
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(stream: TcpStream, certificates: Arc<Certificates>, network: Network, terms: Terms) {
    let accepted = monotonic();
    let mut draining = terms.draining.clone();
    let handshake = handshake(stream, &certificates, accepted + terms.settings.handshake);
    let stream = tokio::select! {
        biased;
        _ = draining.wait_for(|draining| *draining) => return,
        stream = handshake => stream,
    };
    let Some(stream) = stream else { return };
    match stream.get_ref().1.alpn_protocol() {
        Some(HTTP2) => connection::http2(stream, network, accepted, terms).await,
        _ => connection::http1(stream, network, accepted, terms).await,
    }
}

async fn handshake(
    stream: TcpStream,
    certificates: &Certificates,
    deadline: Instant,
) -> Option<tokio_rustls::server::TlsStream<TcpStream>> {
    // An answer is one write. Waiting for more would only make it late.
    stream.set_nodelay(true).ok()?;
    let accept = TlsAcceptor::from(certificates.current()).accept(stream);
    match tokio::time::timeout_at(deadline.into(), accept).await {
        Ok(Ok(stream)) => Some(stream),
        Ok(Err(error)) => {
            tracing::debug!(%error, "a handshake failed");
            None
        }
        Err(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;
    use std::net::SocketAddr;

    use http_body_util::{BodyExt, Empty};
    use hyper::body::Bytes;
    use hyper::{Method, Request, Response};
    use hyper_util::rt::{TokioExecutor, TokioIo};
    use rustls::pki_types::CertificateDer;
    use rustls::{ClientConfig, NamedGroup, RootCertStore};
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};
    use tokio_rustls::TlsConnector;
    use tokio_rustls::client::TlsStream;
    use warp::Filter;

    use super::*;
    use crate::http::intake;

    type Tls = TlsStream<TcpStream>;
    type Http2 = hyper::client::conn::http2::SendRequest<Empty<Bytes>>;

    const GET: &[u8] = b"GET / HTTP/1.1\r\nhost: x\r\n\r\n";

    /// A listener with a certificate of its own, and whoever calls it.
    struct World {
        folder: tempfile::TempDir,
        listener: Option<Listener>,
        networks: Networks,
        address: SocketAddr,
    }

    impl World {
        async fn new(settings: Settings, routes: BoxedFilter<(Answer,)>) -> Self {
            let folder = tempfile::tempdir().unwrap();
            renew(folder.path());
            let certificates = Certificates::open(folder.path().join("cert"), folder.path().join("key")).unwrap();
            let networks = Networks::new(&settings);
            let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let settings = Arc::new(settings);
            let address = socket.local_addr().unwrap();
            let listener = Listener::serve(socket, certificates, settings, networks.clone(), |_| routes);
            Self { folder, address, listener: Some(listener), networks }
        }

        async fn connect(&self, protocol: &[u8]) -> std::io::Result<Tls> {
            self.connect_with(protocol, rustls::DEFAULT_VERSIONS).await
        }

        async fn connect_with(
            &self,
            protocol: &[u8],
            versions: &[&'static rustls::SupportedProtocolVersion],
        ) -> std::io::Result<Tls> {
            let mut roots = RootCertStore::empty();
            roots.add(certificate(self.folder.path())).unwrap();
            let config = ClientConfig::builder_with_protocol_versions(versions);
            let mut config = config.with_root_certificates(roots).with_no_client_auth();
            config.alpn_protocols = vec![protocol.to_vec()];
            let stream = TcpStream::connect(self.address).await?;
            TlsConnector::from(Arc::new(config)).connect("localhost".try_into().unwrap(), stream).await
        }

        async fn http1(&self) -> Tls {
            self.connect(b"http/1.1").await.unwrap()
        }

        async fn http2(&self) -> Http2 {
            let stream = self.connect(b"h2").await.unwrap();
            let handshake = hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream));
            let (sender, connection) = handshake.await.unwrap();
            tokio::spawn(connection);
            sender
        }

        fn shut_down(&mut self, grace: Duration) -> JoinHandle<()> {
            tokio::spawn(self.listener.take().unwrap().shutdown(grace))
        }
    }

    /// Puts a new pair of files where the listener looks.
    fn renew(folder: &std::path::Path) {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        for (name, text) in [("key", made.signing_key.serialize_pem()), ("cert", made.cert.pem())] {
            std::fs::write(folder.join("new"), text).unwrap();
            std::fs::rename(folder.join("new"), folder.join(name)).unwrap();
        }
    }

    fn certificate(folder: &std::path::Path) -> CertificateDer<'static> {
        rustls::pki_types::pem::PemObject::from_pem_file(folder.join("cert")).unwrap()
    }

    /// All that comes until the connection is closed, in whatever way.
    async fn rest(stream: &mut (impl tokio::io::AsyncRead + Unpin)) -> String {
        let mut bytes = vec![];
        let _ = stream.read_to_end(&mut bytes).await;
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// One answer.
    async fn answer(stream: &mut Tls) -> String {
        let mut bytes = vec![];
        while !bytes.ends_with(b"}") {
            bytes.push(stream.read_u8().await.unwrap());
        }
        String::from_utf8(bytes).unwrap()
    }

    fn at_once() -> BoxedFilter<(Answer,)> {
        warp::any().map(crate::http::reply::alive).boxed()
    }

    struct SendOnDrop(UnboundedSender<&'static str>);

    impl Drop for SendOnDrop {
        fn drop(&mut self) {
            let _ = self.0.send("dropped");
        }
    }

    /// Begins to answer and does not finish. Tells when it begins and when it is given up.
    fn never() -> (BoxedFilter<(Answer,)>, UnboundedReceiver<&'static str>) {
        let (sender, receiver) = mpsc::unbounded_channel();
        let filter = warp::any().then(move || {
            let sender = sender.clone();
            async move {
                let _ = sender.send("begun");
                let _told = SendOnDrop(sender);
                pending::<Answer>().await
            }
        });
        (filter.boxed(), receiver)
    }

    /// Answers when it is told to.
    fn later() -> (BoxedFilter<(Answer,)>, UnboundedReceiver<&'static str>, watch::Sender<bool>) {
        let (begun, receiver) = mpsc::unbounded_channel();
        let (sender, told) = watch::channel(false);
        let filter = warp::any().then(move || {
            let (begun, mut told) = (begun.clone(), told.clone());
            async move {
                let _ = begun.send("begun");
                let _ = told.wait_for(|told| *told).await;
                crate::http::reply::alive()
            }
        });
        (filter.boxed(), receiver, sender)
    }

    /// Takes a body of at most a thousand bytes.
    fn taking(settings: Settings) -> BoxedFilter<(Answer,)> {
        let room = move || Networks::new(&Settings::default()).room(Network::Here);
        let body = warp::body::stream().then(move |body| {
            let (settings, room) = (settings.clone(), room());
            async move {
                match intake::take(body, None, 1000, room, &settings).await {
                    Ok(_) => crate::http::reply::alive(),
                    Err(refused) => crate::http::reply::refusal(&refused, crate::http::reply::Form::Json),
                }
            }
        });
        body.boxed()
    }

    fn brief() -> Duration {
        Duration::from_millis(100)
    }

    #[tokio::test]
    async fn a_caller_that_goes_away_takes_along_what_is_done_for_it() {
        let (routes, mut told) = never();
        let world = World::new(Settings::default(), routes).await;
        let mut stream = world.http1().await;
        stream.write_all(GET).await.unwrap();
        assert_eq!(told.recv().await, Some("begun"));
        drop(stream);
        assert_eq!(told.recv().await, Some("dropped"));

        let mut sender = world.http2().await;
        let request = || Request::get("https://localhost/").body(Empty::new()).unwrap();
        let (first, second) = (sender.send_request(request()), sender.send_request(request()));
        let (first, second) = (tokio::spawn(first), tokio::spawn(second));
        assert_eq!((told.recv().await, told.recv().await), (Some("begun"), Some("begun")));
        first.abort();
        assert_eq!(told.recv().await, Some("dropped"));
        assert!(told.try_recv().is_err(), "the other request goes on");
        second.abort();
        drop(sender);
        assert_eq!(told.recv().await, Some("dropped"));
    }

    #[tokio::test]
    async fn a_drain_lets_what_was_begun_be_finished_and_nothing_else() {
        let (routes, mut begun, tell) = later();
        let mut world = World::new(Settings::default(), routes).await;
        let (mut idle, mut fresh, mut busy, mut sender) =
            (world.http1().await, world.http1().await, world.http1().await, world.http2().await);
        let request = Request::get("https://localhost/").body(Empty::new()).unwrap();
        let second = tokio::spawn(sender.send_request(request));
        busy.write_all(GET).await.unwrap();
        assert_eq!((begun.recv().await, begun.recv().await), (Some("begun"), Some("begun")));

        let done = world.shut_down(Duration::from_secs(60));
        assert_eq!((rest(&mut idle).await, rest(&mut fresh).await), (String::new(), String::new()));
        assert!(world.connect(b"h2").await.is_err());
        assert!(!done.is_finished());
        tell.send_replace(true);
        let last = rest(&mut busy).await;
        assert!(last.starts_with("HTTP/1.1 200") && last.contains("connection: close"), "{last}");
        assert_eq!(second.await.unwrap().unwrap().status(), 200);
        drop((idle, fresh, busy, sender));
        done.await.unwrap();
    }

    #[tokio::test]
    async fn when_the_grace_is_over_everything_ends() {
        let (routes, mut told) = never();
        let mut world = World::new(Settings::default(), routes).await;
        let mut stream = world.http1().await;
        stream.write_all(GET).await.unwrap();
        assert_eq!(told.recv().await, Some("begun"));
        world.shut_down(Duration::ZERO).await.unwrap();
        assert_eq!(told.recv().await, Some("dropped"));
        assert_eq!(rest(&mut stream).await, "");
    }

    #[tokio::test]
    async fn a_slow_caller_is_not_waited_for() {
        let world = World::new(Settings { handshake: brief(), ..Settings::default() }, at_once()).await;
        let mut silent = TcpStream::connect(world.address).await.unwrap();
        assert_eq!(rest(&mut silent).await, "");

        let world = World::new(Settings { head: brief(), ..Settings::default() }, at_once()).await;
        for start in [&b""[..], b"GET / HT", b"GET / HTTP/1.1\r\nhost: x\r\n"] {
            let mut stream = world.http1().await;
            stream.write_all(start).await.unwrap();
            assert_eq!(rest(&mut stream).await, "");
        }
        let mut stream = world.connect(b"h2").await.unwrap();
        rest(&mut stream).await;
        // A later head is timed from its first byte.
        let mut stream = world.http1().await;
        stream.write_all(GET).await.unwrap();
        answer(&mut stream).await;
        stream.write_all(b"GET /").await.unwrap();
        assert_eq!(rest(&mut stream).await, "");
    }

    #[tokio::test]
    async fn a_connection_that_does_nothing_is_closed() {
        let world = World::new(Settings { idle: brief(), ..Settings::default() }, at_once()).await;
        let mut stream = world.http1().await;
        stream.write_all(GET).await.unwrap();
        assert!(rest(&mut stream).await.starts_with("HTTP/1.1 200"));
        let mut sender = world.http2().await;
        let request = || Request::get("https://localhost/").body(Empty::new()).unwrap();
        sender.send_request(request()).await.unwrap();
        while sender.ready().await.is_ok() {
            tokio::task::yield_now().await;
        }
    }

    #[tokio::test]
    async fn a_body_must_come_in_time_and_be_of_the_right_size() {
        let settings = Settings { body: brief(), ..Settings::default() };
        let world = World::new(Settings::default(), taking(settings)).await;
        for (sent, expected) in [
            ("content-length: 5\r\n\r\nabc", "HTTP/1.1 408"),
            ("transfer-encoding: chunked\r\n\r\n3\r\nabc\r\n", "HTTP/1.1 408"),
            ("transfer-encoding: chunked\r\n\r\n3\r\nabcd", "HTTP/1.1 400"),
            ("connection: close\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", "HTTP/1.1 200"),
        ] {
            let mut stream = world.http1().await;
            stream.write_all(format!("POST / HTTP/1.1\r\nhost: x\r\n{sent}").as_bytes()).await.unwrap();
            let said = rest(&mut stream).await;
            assert!(said.starts_with(expected), "{sent:?}: {said}");
        }
    }

    #[tokio::test]
    async fn whoever_sends_too_much_hears_so_before_the_end() {
        let world = World::new(Settings::default(), taking(Settings::default())).await;
        let (mut reader, mut writer) = tokio::io::split(world.http1().await);
        let sending = tokio::spawn(async move {
            let _ = writer.write_all(b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 100000000\r\n\r\n").await;
            while writer.write_all(&[b'x'; 16_384]).await.is_ok() {}
        });
        let said = rest(&mut reader).await;
        assert!(said.starts_with("HTTP/1.1 413") && said.ends_with("larger than 1000 bytes\"}"), "{said}");
        drop(reader);
        sending.await.unwrap();
    }

    #[tokio::test]
    async fn whoever_is_answered_early_is_heard_out_in_http_2() {
        let (sender, mut begun) = mpsc::unbounded_channel();
        let routes = warp::body::stream().then(move |body| {
            let sender = sender.clone();
            async move {
                let _ = sender.send(());
                intake::hear_out(std::pin::pin!(body)).await;
                crate::http::reply::alive()
            }
        });
        let world = World::new(Settings { idle: brief(), ..Settings::default() }, routes.boxed()).await;
        let mut stream = world.connect(b"h2").await.unwrap();
        let settings = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";
        // POST https / (RFC 7541, appendix A), and then its body.
        let head = b"\0\0\x03\x01\x04\0\0\0\x01\x83\x84\x87";
        stream.write_all(&[&settings[..], head].concat()).await.unwrap();
        begun.recv().await.unwrap();
        stream.write_all(b"\0\0\x01\0\x01\0\0\0\x01x").await.unwrap();
        let mut bytes = vec![];
        let _ = stream.read_to_end(&mut bytes).await;
        let mut kinds = vec![];
        while let [a, b, c, kind, _, _, _, _, _, rest @ ..] = bytes.as_slice() {
            kinds.push(*kind);
            bytes = rest[usize::from(*a) << 16 | usize::from(*b) << 8 | usize::from(*c)..].to_vec();
        }
        let (headers, reset) = (1, 3);
        assert!(kinds.contains(&headers) && !kinds.contains(&reset), "{kinds:?}");
    }

    #[tokio::test]
    async fn a_request_without_a_path_is_a_request() {
        let routes = warp::path::full().map(|_| crate::http::reply::alive());
        let world = World::new(Settings::default(), routes.boxed()).await;
        let mut stream = world.http1().await;
        stream.write_all(b"CONNECT localhost:443 HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await.unwrap();
        assert!(rest(&mut stream).await.starts_with("HTTP/1.1 200"));
        let request = Request::connect("localhost:443").body(Empty::new()).unwrap();
        assert!(world.http2().await.send_request(request).await.is_ok());
    }

    #[tokio::test]
    async fn a_network_that_has_its_connections_gets_no_more() {
        let settings = Settings { connections_per_network: 2, ..Settings::default() };
        let world = World::new(settings, at_once()).await;
        let (mut first, _second) = (world.http1().await, world.http1().await);
        assert!(world.connect(b"h2").await.is_err());
        first.write_all(b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await.unwrap();
        rest(&mut first).await;
        drop(first);
        while world.networks.connect(Network::V4([127, 0, 0, 1])).is_none() {
            tokio::task::yield_now().await;
        }
        world.http1().await;
    }

    #[tokio::test]
    async fn one_more_connection_than_there_are_permits_waits() {
        let world = World::new(Settings { connections: 1, ..Settings::default() }, at_once()).await;
        let first = world.http1().await;
        assert!(tokio::time::timeout(brief(), world.http1()).await.is_err());
        drop(first);
        world.http1().await;
    }

    #[tokio::test]
    async fn keys_are_agreed_so_that_a_recording_is_of_no_use_later() {
        let world = World::new(Settings::default(), at_once()).await;
        let mut stream = world.connect(b"h2").await.unwrap();
        let session = stream.get_ref().1;
        assert_eq!(session.protocol_version(), Some(rustls::ProtocolVersion::TLSv1_3));
        assert_eq!(session.negotiated_key_exchange_group().unwrap().name(), NamedGroup::X25519MLKEM768);
        assert_eq!(session.alpn_protocol(), Some(HTTP2));
        stream.shutdown().await.unwrap();
        rest(&mut stream).await;
        assert_eq!(stream.get_ref().1.tls13_tickets_received(), 0);
        assert!(world.connect(b"spdy/3").await.is_err());
        let error = world.connect_with(b"h2", &[&rustls::version::TLS12]).await.unwrap_err();
        assert!(error.to_string().contains("ProtocolVersion"), "{error}");
    }

    #[tokio::test]
    async fn a_renewed_certificate_is_used_and_a_broken_one_is_not() {
        let world = World::new(Settings::default(), at_once()).await;
        let shown = async || Some(world.connect(b"h2").await.ok()?.get_ref().1.peer_certificates()?.first()?.clone());
        let first = certificate(world.folder.path());
        assert_eq!(shown().await.as_ref(), Some(&first));
        renew(world.folder.path());
        let second = certificate(world.folder.path());
        assert_eq!(shown().await, Some(second.clone()));
        assert_ne!(first, second);
        let kept = std::fs::read(world.folder.path().join("key")).unwrap();
        std::fs::write(world.folder.path().join("key"), "nonsense").unwrap();
        assert_eq!(shown().await, Some(second.clone()));
        std::fs::write(world.folder.path().join("key"), kept).unwrap();
        renew(world.folder.path());
        assert_eq!(shown().await, Some(certificate(world.folder.path())));
    }

    #[tokio::test]
    async fn an_answer_to_head_has_a_length_and_no_content() {
        let world = World::new(Settings::default(), at_once()).await;
        let mut stream = world.http1().await;
        stream.write_all(b"HEAD / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await.unwrap();
        let said = rest(&mut stream).await;
        assert!(said.contains("content-length: 14\r\n") && said.ends_with("\r\n\r\n"), "{said}");
        let request = Request::builder().method(Method::HEAD).uri("https://localhost/").body(Empty::new()).unwrap();
        let answer: Response<_> = world.http2().await.send_request(request).await.unwrap();
        assert_eq!(answer.headers()["content-length"], "14");
        assert!(answer.into_body().collect().await.unwrap().to_bytes().is_empty());
    }

    #[tokio::test]
    async fn a_head_that_cannot_be_read_is_answered_in_words() {
        let world = World::new(Settings::default(), at_once()).await;
        for (sent, status, words) in [
            ("GET / HTTP/9.9\r\n\r\n", "HTTP/1.1 400", "cannot be read"),
            ("GET / HTTP/1.1\r\nhost: x\r\nbad header\r\n\r\n", "HTTP/1.1 400", "cannot be read"),
            (&format!("GET / HTTP/1.1\r\nx: {}\r\n\r\n", "y".repeat(20_000)), "HTTP/1.1 431", "too large"),
            ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "", ""),
        ] {
            let mut stream = world.http1().await;
            stream.write_all(sent.as_bytes()).await.unwrap();
            let said = rest(&mut stream).await;
            assert!(said.starts_with(status) && said.contains(words), "{said}");
            assert_eq!(said.is_empty(), status.is_empty(), "{said}");
        }
        // Behind a request that was all right, hyper speaks first.
        let mut stream = world.http1().await;
        stream.write_all(GET).await.unwrap();
        answer(&mut stream).await;
        stream.write_all(b"rubbish\r\n\r\n").await.unwrap();
        assert!(rest(&mut stream).await.contains("cannot be read"));
    }
}
