//! Servers that say whatever a test wants: true, false, or without end. They speak real TLS with real certificates.

use std::io::Write as _;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use cloud_python::client::{CaFile, Endpoint, ServerUrl};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    KeyUsagePurpose,
};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, SupportedProtocolVersion, version};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::oneshot;
use tokio_rustls::TlsAcceptor;

use super::peer::{Peer, Play};

/// A CA.
pub(crate) struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    pub(crate) fn new() -> Self {
        let mut params = CertificateParams::new(vec![]).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        params.distinguished_name.push(DnType::CommonName, "A CA");
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    pub(crate) fn pem(&self) -> String {
        self.0.pem()
    }

    /// A server's certificate for 127.0.0.1, after some changes.
    pub(crate) fn issue(&self, change: impl FnOnce(&mut CertificateParams)) -> Identity {
        let mut params = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        change(&mut params);
        let key = KeyPair::generate().unwrap();
        Identity { certificate: params.signed_by(&key, &self.0).unwrap().der().clone(), key: key.serialize_der() }
    }
}

/// A certificate and its key.
pub(crate) struct Identity {
    certificate: CertificateDer<'static>,
    key: Vec<u8>,
}

impl Identity {
    /// What `cloud-python certs` has made in a folder.
    pub(crate) fn read(folder: &Path) -> Self {
        let certificate = CertificateDer::from_pem_file(folder.join("server.pem")).unwrap();
        let key = PrivatePkcs8KeyDer::from_pem_file(folder.join("server-key.pem")).unwrap();
        Self { certificate, key: key.secret_pkcs8_der().to_vec() }
    }

    pub(crate) fn config(self, versions: &[&'static SupportedProtocolVersion]) -> Arc<ServerConfig> {
        let key = PrivateKeyDer::try_from(self.key).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let builder = ServerConfig::builder_with_provider(provider).with_protocol_versions(versions).unwrap();
        Arc::new(builder.with_no_client_auth().with_single_cert(vec![self.certificate], key).unwrap())
    }
}

/// What is said to a request.
#[derive(Clone, Debug)]
pub(crate) enum Say {
    /// This, and the end of the connection.
    This(Vec<u8>),
    /// The first, and then the second again and again.
    Forever(Vec<u8>, Vec<u8>),
    /// The first, and then the second again and again, slowly.
    Drip(Vec<u8>, Vec<u8>),
    /// Nothing at all.
    Nothing,
    /// Whatever this does.
    Play(Play),
}

impl Say {
    /// A conversation.
    pub(crate) fn play<F>(play: impl Fn(Peer) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = std::io::Result<()>> + Send + 'static,
    {
        Self::Play(Play::new(play))
    }

    /// JSON with a status.
    pub(crate) fn json(status: u16, body: &str) -> Self {
        Self::headed(&format!("{status} x\r\nContent-Type: application/json"), body)
    }

    /// A status line and header lines, and a body with its length.
    pub(crate) fn headed(head: &str, body: &str) -> Self {
        Self::This(format!("HTTP/1.1 {head}\r\nContent-Length: {}\r\n\r\n{body}", body.len()).into_bytes())
    }

    pub(crate) fn text(text: &str) -> Self {
        Self::This(text.as_bytes().to_vec())
    }

    pub(crate) fn forever(first: &str, again: &str) -> Self {
        Self::Forever(first.as_bytes().to_vec(), again.as_bytes().to_vec())
    }

    pub(crate) fn drip(first: &str, again: &str) -> Self {
        Self::Drip(first.as_bytes().to_vec(), again.as_bytes().to_vec())
    }
}

/// How connections begin.
enum Start {
    /// With TLS.
    Tls(Arc<ServerConfig>),
    /// Without.
    Plain,
    /// Never: they are accepted and left alone.
    Deaf,
}

/// A server in a thread of its own, until it is dropped.
pub(crate) struct Liar {
    address: SocketAddr,
    ca: String,
    heard: Arc<Mutex<Vec<String>>>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Liar {
    /// One with a good certificate, that answers each request by its first line.
    pub(crate) fn saying(say: impl Fn(&str) -> Say + Send + Sync + 'static) -> Self {
        let authority = Authority::new();
        let config = authority.issue(|_| {}).config(&[&version::TLS13]);
        Self::start(Start::Tls(config), authority.pem(), say)
    }

    /// One that would answer well, with these settings. Clients are told to trust this CA.
    pub(crate) fn with(config: Arc<ServerConfig>, ca: String) -> Self {
        Self::start(Start::Tls(config), ca, |_| Say::json(201, r#"{"error":"ok"}"#))
    }

    /// One that speaks HTTP without TLS.
    pub(crate) fn plain() -> Self {
        Self::start(Start::Plain, Authority::new().pem(), |_| Say::json(400, r#"{"error":"https, please"}"#))
    }

    /// One that never says a word.
    pub(crate) fn deaf() -> Self {
        Self::start(Start::Deaf, Authority::new().pem(), |_| Say::Nothing)
    }

    fn start(start: Start, ca: String, say: impl Fn(&str) -> Say + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let heard = Arc::<Mutex<Vec<String>>>::default();
        let hears = Arc::clone(&heard);
        let (stop, stopped) = oneshot::channel();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                tokio::select! {
                    () = accept(listener, start, Arc::new(say), hears) => {}
                    _ = stopped => {}
                }
            });
        });
        Self { address, ca, heard, stop: Some(stop), thread: Some(thread) }
    }

    pub(crate) fn url(&self) -> String {
        format!("https://{}", self.address)
    }

    /// Where it is, and the CA that clients are told to trust.
    pub(crate) fn endpoint(&self) -> Endpoint {
        let ca = CaFile::parse(self.ca.clone().into_bytes()).unwrap();
        Endpoint { url: ServerUrl::parse(&self.url()).unwrap(), ca }
    }

    /// Puts the CA file into a folder.
    pub(crate) fn put_ca(&self, folder: &Path) {
        std::fs::File::create(folder.join("ca.pem")).unwrap().write_all(self.ca.as_bytes()).unwrap();
    }

    /// The requests so far, whole.
    pub(crate) fn heard(&self) -> Vec<String> {
        self.heard.lock().unwrap().clone()
    }
}

impl Drop for Liar {
    fn drop(&mut self) {
        let _ = self.stop.take().map(|stop| stop.send(()));
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

async fn accept<F>(listener: TcpListener, start: Start, say: Arc<F>, heard: Arc<Mutex<Vec<String>>>)
where
    F: Fn(&str) -> Say + Send + Sync + 'static,
{
    listener.set_nonblocking(true).unwrap();
    let listener = tokio::net::TcpListener::from_std(listener).unwrap();
    let mut left_alone = vec![];
    while let Ok((stream, _)) = listener.accept().await {
        let (say, heard) = (Arc::clone(&say), Arc::clone(&heard));
        match &start {
            Start::Deaf => left_alone.push(stream),
            // Like other servers, it sees in the first byte that this is no request.
            Start::Plain => drop(tokio::spawn(async move { utter(&mut { stream }, say("")).await })),
            Start::Tls(config) => {
                let acceptor = TlsAcceptor::from(Arc::clone(config));
                tokio::spawn(async move {
                    if let Ok(stream) = acceptor.accept(stream).await {
                        answer(stream, say, heard).await;
                    }
                });
            }
        }
    }
}

/// Hears one request and says what is to be said.
pub(crate) async fn answer<S, F>(mut stream: S, say: Arc<F>, heard: Arc<Mutex<Vec<String>>>)
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    F: Fn(&str) -> Say,
{
    let request = hear(&mut stream).await;
    let said = say(request.lines().next().unwrap_or_default());
    heard.lock().unwrap().push(request.clone());
    // The client may have heard enough at any moment.
    let _ = match said {
        Say::Play(play) => play.with(Peer::new(request, stream)).await,
        said => utter(&mut stream, said).await,
    };
}

async fn hear(stream: &mut (impl AsyncRead + Unpin)) -> String {
    let mut bytes = vec![];
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length =
                head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
            if body.len() >= length.unwrap_or(0) {
                return text;
            }
        }
        if stream.read_buf(&mut bytes).await.unwrap_or(0) == 0 {
            return text;
        }
    }
}

async fn utter(stream: &mut (impl AsyncWrite + AsyncRead + Unpin), said: Say) -> std::io::Result<()> {
    match said {
        Say::This(bytes) => stream.write_all(&bytes).await?,
        Say::Forever(first, again) => {
            stream.write_all(&first).await?;
            let again = again.repeat((1 << 16) / again.len() + 1);
            loop {
                stream.write_all(&again).await?;
            }
        }
        Say::Drip(first, again) => {
            stream.write_all(&first).await?;
            loop {
                stream.write_all(&again).await?;
                stream.flush().await?;
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        }
        // Only whoever has heard a request can.
        Say::Play(_) => {}
        Say::Nothing => {
            // Until the client goes.
            let _ = stream.read(&mut [0; 1]).await?;
        }
    }
    stream.flush().await?;
    stream.shutdown().await
}
