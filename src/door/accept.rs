//! The accept loop.
//!
//! Owns: when the next connection is taken: a permit comes first, so that a flood waits in the kernel's queue and not in our
//! memory. Not here: what is done with a connection.

use std::sync::Arc;

use rustix::io::Errno;
use rustix::process::{Resource, getrlimit};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;

use super::Settings;
use super::networks::Networks;
use crate::config::limits;
use crate::domain::Network;

/// Accepts connections until it is told to stop, and returns when the last one has ended. Whoever is one too many of their network
/// finds the connection closed.
pub(crate) async fn keep<F: Future<Output = ()> + Send + 'static>(
    listener: TcpListener,
    settings: Arc<Settings>,
    networks: Networks,
    mut draining: watch::Receiver<bool>,
    serve: impl Fn(TcpStream, Network) -> F,
) {
    let permits = Arc::new(Semaphore::new(settings.connections.min(descriptors(settings.children))));
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
            Ok((stream, address)) => {
                let network = Network::of(address.ip());
                let Some(connected) = networks.connect(network) else { continue };
                let serving = serve(stream, network);
                tasks.spawn(async move {
                    serving.await;
                    drop((connected, permit));
                });
            }
            Err(error) => pause_after(&error).await,
        }
    }
    drop(listener);
    while tasks.join_next().await.is_some() {}
}

/// Descriptors for connections. Without those that the rest of the house needs, a flood of connections would end the runs.
pub(crate) fn descriptors(children: usize) -> usize {
    let all = getrlimit(Resource::Nofile).current.and_then(|all| usize::try_from(all).ok());
    all.unwrap_or(usize::MAX).saturating_sub(limits::OTHER_DESCRIPTORS + children).clamp(1, Semaphore::MAX_PERMITS)
}

/// A connection that could not be accepted because something ran out is still there, and would be tried again at once.
async fn pause_after(error: &std::io::Error) {
    let scarce = [Errno::MFILE, Errno::NFILE, Errno::NOMEM, Errno::NOBUFS];
    if Errno::from_io_error(error).is_some_and(|error| scarce.contains(&error)) {
        crate::telemetry::warn_sparingly!("connections cannot be accepted: {error}");
        tokio::time::sleep(limits::ACCEPT_PAUSE).await;
    }
}
