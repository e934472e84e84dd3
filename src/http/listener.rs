//! The HTTPS listener: who is let in, and how it ends.
//!
//! Owns: the accept loop. A permit is taken before a connection is, so that a flood waits in the kernel's queue and not in our
//! memory. Not here: HTTP (`connection`).

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::io::Errno;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::{JoinHandle, JoinSet};
use tokio_rustls::TlsAcceptor;
use warp::filters::BoxedFilter;

use super::connection::{self, Handler, Terms};
use super::networks::Networks;
use super::reply::Answer;
use super::request::ROUTES;
use super::route::{self, House};
use super::tls::{Certificates, HTTP2};
use super::{HttpError, Settings};
use crate::app::App;
use crate::clock::monotonic;
use crate::config::limits;
use crate::domain::Network;

/// The door for everybody. Dropped, it ends with everything that is done for its connections.
#[derive(Debug)]
pub struct Listener {
    address: SocketAddr,
    draining: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl Listener {
    /// Opens the door. Port 0 picks one. When this returns, connections are accepted.
    ///
    /// Both files are PEM; they may be renewed at any time, and the next connection gets the new pair.
    pub async fn bind(
        address: SocketAddr,
        certificate: PathBuf,
        key: PathBuf,
        settings: Settings,
        app: App,
    ) -> Result<Self, HttpError> {
        let settings = Arc::new(settings);
        let networks = Networks::new(&settings);
        let routes = |draining| {
            let (settings, networks) = (Arc::clone(&settings), networks.clone());
            route::filter(House { routes: ROUTES, app, settings, networks, draining })
        };
        let certificates = Certificates::open(certificate, key)?;
        Self::serve(address, certificates, Arc::clone(&settings), networks.clone(), routes).await
    }

    async fn serve(
        address: SocketAddr,
        certificates: Certificates,
        settings: Arc<Settings>,
        networks: Networks,
        routes: impl FnOnce(watch::Receiver<bool>) -> BoxedFilter<(Answer,)>,
    ) -> Result<Self, HttpError> {
        let listener = TcpListener::bind(address).await.map_err(|error| HttpError::Bind(address, error))?;
        let address = listener.local_addr().map_err(|error| HttpError::Bind(address, error))?;
        let (sender, draining) = watch::channel(false);
        let handler = Handler::new(routes(draining.clone()));
        let door =
            Door { certificates: Arc::new(certificates), networks, terms: Terms { handler, settings, draining } };
        let task = tokio::spawn(door.keep(listener));
        Ok(Self { address, draining: sender, task })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
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

struct Door {
    certificates: Arc<Certificates>,
    networks: Networks,
    terms: Terms,
}

impl Door {
    /// Accepts connections until it is told to stop, and returns when the last one has ended.
    async fn keep(self, listener: TcpListener) {
        let permits = Arc::new(Semaphore::new(self.terms.settings.connections));
        let mut draining = self.terms.draining.clone();
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
                Ok((stream, address)) => self.admit(&mut tasks, permit, stream, address),
                Err(error) => pause_after(&error).await,
            }
        }
        drop(listener);
        while tasks.join_next().await.is_some() {}
    }

    /// Whoever is one too many of their network finds the connection closed.
    fn admit<P: Send + 'static>(&self, tasks: &mut JoinSet<()>, permit: P, stream: TcpStream, address: SocketAddr) {
        let network = Network::of(address.ip());
        let Some(connected) = self.networks.connect(network) else { return };
        let (certificates, terms) = (Arc::clone(&self.certificates), self.terms.clone());
        tasks.spawn(async move {
            serve(stream, &certificates, network, terms).await;
            drop((connected, permit));
        });
    }
}

async fn serve(stream: TcpStream, certificates: &Certificates, network: Network, terms: Terms) {
    let accepted = monotonic();
    let mut draining = terms.draining.clone();
    let handshake = handshake(stream, certificates, accepted + terms.settings.handshake);
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

/// A connection that could not be accepted because something ran out is still there, and would be tried again at once.
async fn pause_after(error: &std::io::Error) {
    let scarce = [Errno::MFILE, Errno::NFILE, Errno::NOMEM, Errno::NOBUFS];
    if Errno::from_io_error(error).is_some_and(|error| scarce.contains(&error)) {
        crate::telemetry::warn_sparingly!("connections cannot be accepted: {error}");
        tokio::time::sleep(limits::ACCEPT_PAUSE).await;
    }
}
