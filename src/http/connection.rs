//! One connection, from the first byte of HTTP to its end.
//!
//! Owns: how HTTP/1.1 and HTTP/2 are spoken, and that everything which is done for a connection ends with it: a caller that goes
//! away takes its runs along. In HTTP/1.1 that is noticed unless the next request has been sent already (then the answer to the
//! first is found and thrown away). A live session is held where its connection was, in the same task, under the same permit. Not here:
//! TLS, and what the requests ask.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Instant;

use hyper::body::{Body, Bytes, Frame, Incoming, SizeHint};
use hyper::rt::Executor;
use hyper::server::conn::http1::UpgradeableConnection;
use hyper::server::conn::{http1, http2};
use hyper::service::Service;
use hyper::upgrade::OnUpgrade;
use hyper::{Method, Request, Response, Uri, Version};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::watch;
use tokio::task::JoinSet;
use warp::filters::BoxedFilter;

use super::Settings;
use super::line::Line;
use super::live::Opening;
use super::reply::{self, Answer};
use crate::config::limits;
use crate::domain::Network;
use crate::door::drive::drive;
use crate::door::pulse::{Answering, Pulse};
use crate::door::wire::Wire;

/// What answers requests, for all connections of a listener.
#[derive(Clone)]
pub(super) struct Handler(Arc<dyn Fn(Request<Incoming>) -> Pending<Answer> + Send + Sync>);

type Pending<T> = Pin<Box<dyn Future<Output = Result<T, Infallible>> + Send>>;

/// What a request does not say about itself.
#[derive(Clone, Copy, Debug)]
pub(super) struct Caller {
    /// Where it comes from.
    pub(super) network: Network,
    /// In which HTTP it is.
    pub(super) version: Version,
}

/// What a listener's connections have in common.
#[derive(Clone)]
pub(super) struct Terms {
    /// Answers their requests.
    pub(super) handler: Handler,
    pub(super) settings: Arc<Settings>,
    /// True from the moment on when they are to end.
    pub(super) draining: watch::Receiver<bool>,
}

impl Handler {
    pub(super) fn new(filter: BoxedFilter<(Answer,)>) -> Self {
        let service = TowerToHyperService::new(warp::service(filter));
        Self(Arc::new(move |request| Box::pin(service.call(request))))
    }
}

/// Speaks HTTP/1.1 until the connection ends, and then whatever it was upgraded to.
pub(super) async fn http1<I: Line>(io: I, network: Network, accepted: Instant, terms: Terms) {
    let pulse = Pulse::new(accepted, Arc::clone(&terms.settings));
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        // It runs while a connection is idle, too. The head's own time-out is the pulse's.
        .header_read_timeout(terms.settings.idle + limits::LINGER)
        .max_header_size(limits::HEAD_BYTES)
        .max_headers(limits::HEAD_FIELDS)
        .max_buf_size(limits::READ_AHEAD_BYTES);
    let upgraded = Upgrading::default();
    let door = Door { network, pulse: pulse.clone(), handler: terms.handler, upgrading: Arc::clone(&upgraded) };
    let wire = Wire::new(io, pulse.clone(), reply::unreadable);
    let connection = http.serve_connection(TokioIo::new(wire), door).with_upgrades();
    drive(connection, UpgradeableConnection::graceful_shutdown, &pulse, terms.draining).await;
    let upgraded = upgraded.lock().unwrap_or_else(PoisonError::into_inner).take();
    let Some((opening, upgraded)) = upgraded else { return };
    // It fails if the answer could not be sent.
    let Ok(upgraded) = upgraded.await else { return };
    if let Ok(parts) = upgraded.downcast::<TokioIo<Wire<I>>>() {
        opening.hold(parts.io.into_inner().into_inner(), parts.read_buf.into()).await;
    }
}

/// Speaks HTTP/2 until the connection ends.
pub(super) async fn http2(io: impl AsyncRead + AsyncWrite + Unpin, network: Network, accepted: Instant, terms: Terms) {
    let pulse = Pulse::new(accepted, Arc::clone(&terms.settings));
    let streams = Streams::default();
    let _end_with_me = EndAll(streams.clone());
    let mut http = http2::Builder::new(streams);
    http.timer(TokioTimer::new())
        .max_concurrent_streams(limits::STREAMS)
        .max_pending_accept_reset_streams(limits::RESET_STREAMS)
        .max_local_error_reset_streams(limits::FAULTY_STREAMS)
        .max_header_list_size(u32::try_from(limits::HEAD_BYTES).unwrap_or(u32::MAX))
        .initial_stream_window_size(limits::STREAM_WINDOW_BYTES)
        .initial_connection_window_size(limits::CONNECTION_WINDOW_BYTES)
        .max_send_buf_size(limits::SEND_BUFFER_BYTES)
        .keep_alive_interval(limits::PING)
        .keep_alive_timeout(limits::PING);
    let upgrading = Upgrading::default();
    let door = Door { network, pulse: pulse.clone(), handler: terms.handler, upgrading };
    let connection = http.serve_connection(TokioIo::new(io), door);
    drive(connection, http2::Connection::graceful_shutdown, &pulse, terms.draining).await;
}

/// The tasks that hyper makes of the requests of an HTTP/2 connection.
#[derive(Clone, Default)]
struct Streams(Arc<Mutex<JoinSet<()>>>);

impl Streams {
    fn tasks(&self) -> MutexGuard<'_, JoinSet<()>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<F: Future<Output: Send> + Send + 'static> Executor<F> for Streams {
    fn execute(&self, task: F) {
        let mut tasks = self.tasks();
        while tasks.try_join_next().is_some() {}
        tasks.spawn(async move {
            task.await;
        });
    }
}

struct EndAll(Streams);

impl Drop for EndAll {
    fn drop(&mut self) {
        self.0.tasks().abort_all();
    }
}

/// Where hyper hands over requests.
struct Door {
    network: Network,
    pulse: Pulse,
    handler: Handler,
    upgrading: Upgrading,
}

/// The session that a connection is to be held for, and the connection once hyper has let go of it.
type Upgrading = Arc<Mutex<Option<(Opening, OnUpgrade)>>>;

impl Service<Request<Incoming>> for Door {
    type Response = Response<Outgoing>;
    type Error = Infallible;
    type Future = Pending<Self::Response>;

    fn call(&self, mut request: Request<Incoming>) -> Self::Future {
        let asking = self.pulse.ask();
        // `CONNECT` names a host and no path, and warp panics when it is asked for one.
        if request.uri().path_and_query().is_none() {
            *request.uri_mut() = Uri::from_static("/");
        }
        let caller = Caller { network: self.network, version: request.version() };
        request.extensions_mut().insert(caller);
        let upgrade = hyper::upgrade::on(&mut request);
        let upgrading = Arc::clone(&self.upgrading);
        let head_only = request.method() == Method::HEAD;
        let answer = (self.handler.0)(request);
        Box::pin(async move {
            let (mut parts, body) = answer.await?.into_parts();
            if let Some(opening) = parts.extensions.remove::<Opening>() {
                *upgrading.lock().unwrap_or_else(PoisonError::into_inner) = Some((opening, upgrade));
            }
            if let (true, Some(length)) = (head_only, body.size_hint().exact()) {
                parts.headers.insert(hyper::header::CONTENT_LENGTH, length.into());
            }
            let body = Outgoing { body: (!head_only).then_some(body), until_sent: asking.answer() };
            Ok(Response::from_parts(parts, body))
        })
    }
}

/// An answer's body on its way out; none for `HEAD`, which hyper would send in HTTP/2.
struct Outgoing {
    body: Option<AnswerBody>,
    until_sent: Answering,
}

type AnswerBody = <Answer as IntoBody>::Body;

/// Names a type that warp has no name for.
trait IntoBody {
    type Body;
}

impl<B> IntoBody for Response<B> {
    type Body = B;
}

impl Body for Outgoing {
    type Data = Bytes;
    type Error = warp::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, warp::Error>>> {
        let frame = self.body.as_mut().map_or(Poll::Ready(None), |body| Pin::new(body).poll_frame(cx));
        if let Poll::Ready(Some(Ok(frame))) = &frame {
            self.until_sent.fetched(frame.data_ref().map_or(0, |data| data.len() as u64));
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body.as_ref().map_or_else(|| SizeHint::with_exact(0), Body::size_hint)
    }
}
