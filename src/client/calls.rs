//! The calls of the wire contract, section 1: register, log in, execute, log out.
//!
//! Owns: [`Client`], and the time each call may take. Not here: what is done with the answers.

use std::future::Future;
use std::time::Duration;

use http_body_util::Full;
use hyper::body::Bytes;
use hyper::header::{AUTHORIZATION, CONNECTION, CONTENT_TYPE, HOST, HeaderValue};
use hyper::http::request::Builder;
use hyper::{Method, Request, StatusCode};
use rustls::pki_types::ServerName;
use serde::{Deserialize, Serialize};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::exchange::{Answer, exchange};
use super::{ClientError, Endpoint, ServerUrl, terminal, tls, wire};
use crate::config::limits;
use crate::domain::{BearerToken, Email, JobSpec, Password, Script, Secret};

/// How a script ended on the server.
#[derive(Debug, PartialEq, Eq)]
pub enum Ended {
    /// By itself.
    Exited {
        /// What it wrote to standard output.
        stdout: Vec<u8>,
        /// What it wrote to standard error.
        stderr: Vec<u8>,
        /// Its exit code.
        code: u8,
    },
    /// Its time was up.
    TimedOut,
    /// It wrote more than it may.
    OutputTooLarge,
}

/// Calls one server. Each call has a connection of its own.
pub struct Client {
    url: ServerUrl,
    name: ServerName<'static>,
    tls: TlsConnector,
    patience: Option<Duration>,
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Client({})", self.url)
    }
}

impl Client {
    /// A client of this server. Does not connect yet.
    pub fn new(endpoint: &Endpoint) -> Result<Self, ClientError> {
        let Endpoint { url, ca } = endpoint;
        let name = ServerName::try_from(url.host().to_owned()).map_err(|_| ClientError::Url(url.to_string()))?;
        Ok(Self { url: url.clone(), name, tls: tls::connector(ca)?, patience: None })
    }

    /// Waits for every answer as long as this, instead of the times in [`limits`].
    pub fn patient_for(self, patience: Duration) -> Self {
        Self { patience: Some(patience), ..self }
    }

    /// `POST /register`. Success says nothing about whether the address was known.
    pub async fn register(&self, email: &Email, password: &Password) -> Result<(), ClientError> {
        let body = wire::Register { email: email.as_str(), password: text(password)? };
        let call = self.call("/register", Some(&body), None, limits::SMALL_ANSWER_BYTES, limits::CALL);
        ok(&call.await?.json(StatusCode::CREATED)?)
    }

    /// `POST /login`. Uses the code up. The token, and how long it lives.
    pub async fn login(
        &self,
        email: &Email,
        password: &Password,
        code: &Secret<String>,
    ) -> Result<(BearerToken, Duration), ClientError> {
        let body = wire::Login { email: email.as_str(), password: text(password)?, totop: code.expose() };
        let call = self.call("/login", Some(&body), None, limits::SMALL_ANSWER_BYTES, limits::CALL);
        let body = call.await?.json(StatusCode::OK)?;
        ok(&body)?;
        let answer: wire::LoggedIn<'_> = parse(&body)?;
        let token = BearerToken::parse(&answer.token).ok_or_else(|| nonsense("the token is not one"))?;
        match Duration::from_secs(answer.expires_in) {
            life if life <= limits::BELIEVED_TOKEN_LIFE => Ok((token, life)),
            _ => Err(nonsense("a token without end")),
        }
    }

    /// `POST /execute`. Script, arguments, files and standard input are those of the job; `timeout` is asked for, if given.
    pub async fn execute(
        &self,
        token: &BearerToken,
        job: &JobSpec,
        timeout: Option<Duration>,
    ) -> Result<Ended, ClientError> {
        let body = execution(job, timeout)?;
        // The server may keep a run waiting for its turn before the run's own time begins.
        let within = timeout.unwrap_or(limits::WALL).saturating_add(limits::RUN_EXTRA);
        let call = self.call("/execute", Some(&body), Some(token), limits::RUN_ANSWER_BYTES, within);
        let body = call.await?.json(StatusCode::OK).map_err(with_token)?;
        match parse::<wire::Said<'_>>(&body)?.error.as_ref() {
            "ok" => ended(&parse(&body)?),
            "request timed out" => Ok(Ended::TimedOut),
            "output too large" => Ok(Ended::OutputTooLarge),
            other => Err(ClientError::Unexpected(terminal::sentence(other))),
        }
    }

    /// `POST /logout`. Ends the token.
    pub async fn logout(&self, token: &BearerToken) -> Result<(), ClientError> {
        let call = self.call::<()>("/logout", None, Some(token), limits::SMALL_ANSWER_BYTES, limits::CALL);
        ok(&call.await?.json(StatusCode::OK).map_err(with_token)?)
    }

    async fn call<T: Serialize>(
        &self,
        path: &str,
        body: Option<&T>,
        token: Option<&BearerToken>,
        most: usize,
        within: Duration,
    ) -> Result<Answer, ClientError> {
        self.send(self.request(path, body, token)?, most, within).await
    }

    /// Sends a request on a connection of its own.
    pub(super) async fn send(
        &self,
        request: Request<Full<Bytes>>,
        most: usize,
        within: Duration,
    ) -> Result<Answer, ClientError> {
        let within = self.patience.unwrap_or(within);
        let connecting = limits::CONNECT.min(within);
        let call = async {
            let stream = bounded(connecting, self.connect()).await.ok_or(ClientError::NoConnection(connecting))??;
            exchange(stream, request, most).await
        };
        bounded(within, call).await.ok_or(ClientError::TooSlow(within))?
    }

    fn request<T: Serialize>(
        &self,
        path: &str,
        body: Option<&T>,
        token: Option<&BearerToken>,
    ) -> Result<Request<Full<Bytes>>, ClientError> {
        let body = body.map(serde_json::to_vec).transpose().map_err(|_| nonsense("a request that is no JSON"))?;
        let mut request = self.head(Method::POST, path, token)?;
        if body.is_some() {
            request = request.header(CONTENT_TYPE, "application/json");
        }
        request.body(Full::from(body.unwrap_or_default())).map_err(|_| nonsense("a request that is no HTTP"))
    }

    /// The beginning of a request.
    pub(super) fn head(&self, method: Method, path: &str, token: Option<&BearerToken>) -> Result<Builder, ClientError> {
        let mut request = Request::builder().method(method).uri(path).header(HOST, self.url.authority());
        request = request.header(CONNECTION, "close");
        if let Some(token) = token {
            let value = Secret::new(format!("Bearer {}", token.text().expose()));
            let value = HeaderValue::from_str(value.expose()).map(|mut value| {
                value.set_sensitive(true);
                value
            });
            request = request.header(AUTHORIZATION, value.map_err(|_| nonsense("a token that is no header"))?);
        }
        Ok(request)
    }

    async fn connect(&self) -> Result<TlsStream<TcpStream>, ClientError> {
        let tcp = TcpStream::connect((self.url.host(), self.url.port())).await.map_err(|error| match error.kind() {
            std::io::ErrorKind::ConnectionRefused => ClientError::NothingListens(self.url.clone()),
            _ => ClientError::Unreachable(self.url.clone(), error),
        })?;
        let tls = self.tls.connect(self.name.clone(), tcp).await;
        tls.map_err(|error| tls::explain(&self.url, &error))
    }
}

/// What a future gives, unless it takes longer.
pub(super) async fn bounded<T>(time: Duration, future: impl Future<Output = T>) -> Option<T> {
    tokio::time::timeout(time, future).await.ok()
}

fn execution(job: &JobSpec, timeout: Option<Duration>) -> Result<wire::Execute<'_>, ClientError> {
    let arguments = job.arguments().iter().map(|argument| utf8("an argument", argument.as_bytes()));
    let files = job
        .files()
        .iter()
        .map(|file| Ok((utf8("a file's name", file.path.as_bytes())?, wire::to_base64(&file.content))));
    Ok(wire::Execute {
        data: utf8("the script", job.script().map_or_else(Default::default, Script::as_bytes))?,
        args: arguments.collect::<Result<_, _>>()?,
        stdin: (!job.stdin().is_empty()).then(|| wire::to_base64(job.stdin())),
        files: files.collect::<Result<_, _>>()?,
        timeout: timeout.map(|timeout| timeout.as_secs_f64()),
    })
}

fn ended(ran: &wire::Ran<'_>) -> Result<Ended, ClientError> {
    let bytes = |text: &str| wire::base64(text).ok_or_else(|| nonsense("output that is not base64"));
    match bytes(&ran.exit_code)?.as_slice() {
        [code] => Ok(Ended::Exited { stdout: bytes(&ran.stdout)?, stderr: bytes(&ran.stderr)?, code: *code }),
        _ => Err(nonsense("the exit code is not one byte")),
    }
}

/// Reads a body strictly.
pub(super) fn parse<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, ClientError> {
    wire::object(body).map_err(|why| ClientError::Unexpected(terminal::sentence(&why)))
}

fn ok(body: &[u8]) -> Result<(), ClientError> {
    match parse::<wire::Said<'_>>(body)?.error.as_ref() {
        "ok" => Ok(()),
        other => Err(ClientError::Unexpected(terminal::sentence(other))),
    }
}

/// With a token, there was no password to be wrong.
fn with_token(error: ClientError) -> ClientError {
    if let ClientError::WrongCredentials = error { ClientError::SessionEnded } else { error }
}

fn text(password: &Password) -> Result<&str, ClientError> {
    utf8("the password", password.bytes())
}

fn utf8<'a>(what: &str, bytes: &'a [u8]) -> Result<&'a str, ClientError> {
    std::str::from_utf8(bytes).map_err(|_| ClientError::NotText(what.to_owned()))
}

fn nonsense(what: &str) -> ClientError {
    ClientError::Unexpected(what.to_owned())
}
