//! The calls of the wire contract, section 1: register, log in, execute, log out.
//!
//! Owns: [`Client`], and the time each call may take. Not here: live sessions (`live`), and what is done with the answers.

use std::future::Future;
use std::time::Duration;

use http_body_util::Full;
use hyper::body::Bytes;
use hyper::header::{AUTHORIZATION, CONNECTION, CONTENT_TYPE, HOST, HeaderValue};
use hyper::{Method, Request, StatusCode};
use rustls::pki_types::ServerName;
use serde::{Deserialize, Serialize};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::exchange::{Answer, exchange};
use super::{ClientError, Endpoint, ServerUrl, terminal, tls, wire};
use crate::config::limits;
use crate::domain::{BearerToken, Email, FilePath, JobFile, JobSpec, Password, Secret};

/// How a script ended on the server.
#[derive(Debug, PartialEq, Eq)]
pub enum Ended {
    /// By itself.
    Exited {
        /// What it wrote to standard output. Empty after a live session, which has passed it on.
        stdout: Vec<u8>,
        /// What it wrote to standard error. Empty as standard output is.
        stderr: Vec<u8>,
        /// Its exit code.
        code: u8,
        /// The files that the job asked for and that were there. Each was asked for, or lies below a directory that was.
        files: Vec<JobFile>,
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

    /// `POST /execute`. Script, arguments, files, outputs and standard input are those of the job; `timeout` is asked for, if given.
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
            "ok" => ended(parse(&body)?, job),
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
        let request = self.request(path, body, token)?;
        let within = self.within(within);
        let call = async { exchange(self.connected(within).await?, request, most).await };
        bounded(within, call).await.ok_or(ClientError::TooSlow(within))?
    }

    fn request<T: Serialize>(
        &self,
        path: &str,
        body: Option<&T>,
        token: Option<&BearerToken>,
    ) -> Result<Request<Full<Bytes>>, ClientError> {
        let body = body.map(serde_json::to_vec).transpose().map_err(|_| nonsense("a request that is no JSON"))?;
        let mut request = Request::builder().method(Method::POST).uri(path).header(HOST, self.url.authority());
        request = request.header(CONNECTION, "close");
        if body.is_some() {
            request = request.header(CONTENT_TYPE, "application/json");
        }
        if let Some(token) = token {
            request = request.header(AUTHORIZATION, bearer(token)?);
        }
        request.body(Full::from(body.unwrap_or_default())).map_err(|_| nonsense("a request that is no HTTP"))
    }

    /// How long to wait for what is usually there within this time.
    pub(super) fn within(&self, usually: Duration) -> Duration {
        self.patience.unwrap_or(usually)
    }

    /// The server, as it stands in a request's `Host`.
    pub(super) fn authority(&self) -> String {
        self.url.authority()
    }

    /// A secure connection, in the time for it and within this one.
    pub(super) async fn connected(&self, within: Duration) -> Result<TlsStream<TcpStream>, ClientError> {
        let connecting = limits::CONNECT.min(within);
        bounded(connecting, self.connect()).await.ok_or(ClientError::NoConnection(connecting))?
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

/// The field of a request that shows a token.
pub(super) fn bearer(token: &BearerToken) -> Result<HeaderValue, ClientError> {
    let value = Secret::new(format!("Bearer {}", token.text().expose()));
    let mut value = HeaderValue::from_str(value.expose()).map_err(|_| nonsense("a token that is no header"))?;
    value.set_sensitive(true);
    Ok(value)
}

/// A job as it is sent.
pub(super) fn execution(job: &JobSpec, timeout: Option<Duration>) -> Result<wire::Execute<'_>, ClientError> {
    let arguments = job.arguments().iter().map(|argument| utf8("an argument", argument.as_bytes()));
    let files = job
        .files()
        .iter()
        .map(|file| Ok((utf8("a file's name", file.path.as_bytes())?, wire::to_base64(&file.content))));
    let outputs = job.outputs().iter().map(|path| utf8("the name of an output", path.as_bytes()));
    Ok(wire::Execute {
        data: job.script().map(|script| utf8("the script", script.as_bytes())).transpose()?,
        args: arguments.collect::<Result<_, _>>()?,
        stdin: (!job.stdin().is_empty()).then(|| wire::to_base64(job.stdin())),
        files: files.collect::<Result<_, _>>()?,
        outputs: job.wants_files().then(|| outputs.collect()).transpose()?,
        timeout: timeout.map(|timeout| timeout.as_secs_f64()),
    })
}

fn ended(ran: wire::Ran<'_>, job: &JobSpec) -> Result<Ended, ClientError> {
    let bytes = |text: &str| wire::base64(text).ok_or_else(|| nonsense("output that is not base64"));
    let wanted = job.wants_files().then(|| job.outputs());
    let (code, files) = (exit_code(&ran.exit_code)?, returned(ran.files, wanted)?);
    Ok(Ended::Exited { stdout: bytes(&ran.stdout)?, stderr: bytes(&ran.stderr)?, code, files })
}

/// One byte in base64.
pub(super) fn exit_code(text: &str) -> Result<u8, ClientError> {
    match wire::base64(text).as_deref() {
        Some([code]) => Ok(*code),
        _ => Err(nonsense("the exit code is not one byte")),
    }
}

/// What came back, if it is an answer to what was asked for.
pub(super) fn returned(files: Option<wire::Files>, wanted: Option<&[FilePath]>) -> Result<Vec<JobFile>, ClientError> {
    match (files, wanted) {
        (Some(wire::Files(files)), Some(wanted)) => {
            let asked = |file: &JobFile| wanted.iter().any(|output| output.covers(&file.path));
            if files.iter().all(asked) { Ok(files) } else { Err(nonsense("a file that nobody asked for")) }
        }
        (Some(wire::Files(files)), None) if files.is_empty() => Ok(files),
        (Some(_), None) => Err(nonsense("a file that nobody asked for")),
        (None, Some(_)) => Err(nonsense("no word of the files that were asked for")),
        (None, None) => Ok(vec![]),
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
pub(super) fn with_token(error: ClientError) -> ClientError {
    if let ClientError::WrongCredentials = error { ClientError::SessionEnded } else { error }
}

fn text(password: &Password) -> Result<&str, ClientError> {
    utf8("the password", password.bytes())
}

fn utf8<'a>(what: &str, bytes: &'a [u8]) -> Result<&'a str, ClientError> {
    std::str::from_utf8(bytes).map_err(|_| ClientError::NotText(what.to_owned()))
}

pub(super) fn nonsense(what: &str) -> ClientError {
    ClientError::Unexpected(what.to_owned())
}
