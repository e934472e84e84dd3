//! How a request finds its row in the table, and in which order it is refused.
//!
//! Owns: [`Route`], and the one way from a request to its answer: the path decides, then the method, then the content type, then
//! the size, then what is in it. Not here: the tables (`request`, `admin`), and how a refusal looks (`reply`).
//!
//! warp drives this through one filter that never rejects: a rejection would mean "try the next route", and an answer is not that.

use std::pin::pin;
use std::sync::Arc;

use hyper::Method;
use tokio::sync::watch;
use warp::filters::BoxedFilter;
use warp::{Buf, Filter, Stream};

use super::Settings;
use super::asked::{Asked, Bearer};
use super::handshake;
use super::head::Head;
use super::intake::{self, Taken};
use super::live::Opening;
use super::parcels;
use super::reply::{self, Answer, Form, Refusal};
use crate::app::App;
use crate::config::limits;
use crate::domain::{Action, Credential, Error, JobSpec, Network, Outcome};
use crate::door::networks::Networks;

/// One row of a table: a path, a method, and what they do.
#[derive(Clone, Copy, Debug)]
pub struct Route {
    /// `GET`, `POST` or `DELETE`.
    pub method: &'static str,
    /// The path; `{...}` is any one segment.
    pub path: &'static str,
    takes: Takes,
    does: Does,
}

/// The body that a route takes, and its bytes at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Takes {
    /// None, and nobody looks.
    Unread,
    /// None. A client that cannot but send one may send `{}`.
    Nothing,
    Json(usize),
    /// JSON, also from a client that does not say that it is.
    SomeJson(usize),
    JsonOrForm(usize),
}

/// What a route does.
#[derive(Clone, Copy, Debug)]
pub(super) enum Does {
    /// Asks the house, for programs.
    Ask(Ask),
    /// Asks the house, and shows a page to whoever does not want JSON.
    Show(Ask),
    /// Opens a live session, which is held when the answer has been sent.
    Converse(Means<(Credential, JobSpec)>),
    /// Asks the house in the dialect of mailboxes. Whoever does not show one is refused before anything else is looked at.
    Mailbox(Ask),
    /// Asks the house for a mailbox, in the same dialect.
    NewMailbox(Ask),
    /// Tells what the door itself knows.
    Tell(fn(&House) -> Answer),
    /// Does something with parcels, which has refusals of its own and bodies that stream.
    Parcel(parcels::Call),
}

/// What a request means.
pub(super) type Means<T> = fn(Asked) -> Result<T, Error>;

/// What a request to the house means.
pub(super) type Ask = Means<(Credential, Action)>;

impl Route {
    /// A row for `GET` and `HEAD`.
    pub(super) const fn get(path: &'static str, does: Does) -> Self {
        Self { method: "GET", path, takes: Takes::Unread, does }
    }

    /// A row for `POST`.
    pub(super) const fn post(path: &'static str, takes: Takes, does: Does) -> Self {
        Self { method: "POST", path, takes, does }
    }

    /// A row for `DELETE`.
    pub(super) const fn delete(path: &'static str, does: Does) -> Self {
        Self { method: "DELETE", path, takes: Takes::Unread, does }
    }

    /// The form in which everything on this row's path is refused that does not ask for another one.
    const fn form(&self) -> Form {
        match self.does {
            Does::Mailbox(_) | Does::NewMailbox(_) => Form::Mailbox,
            Does::Parcel(_) => Form::Parcel,
            Does::Ask(_) | Does::Show(_) | Does::Tell(_) | Does::Converse(_) => Form::Json,
        }
    }

    /// What stands where this row's path has braces, if the path is this row's; with a slash between two.
    fn matches(&self, path: &str) -> Option<String> {
        let (mut ours, mut theirs) = (self.path.split('/'), path.split('/'));
        let mut parameter = String::new();
        loop {
            match (ours.next(), theirs.next()) {
                (None, None) => return Some(parameter),
                (Some(name), Some(segment)) if name.starts_with('{') && !segment.is_empty() => {
                    parameter = if parameter.is_empty() { segment.to_owned() } else { parameter + "/" + segment };
                }
                (Some(name), Some(segment)) if name == segment => {}
                _ => return None,
            }
        }
    }

    fn takes_method(&self, method: &Method) -> bool {
        method.as_str() == self.method || (*method == Method::HEAD && self.method == "GET")
    }
}

/// The row for a path and a method.
fn find(routes: &'static [Route], method: &Method, path: &str) -> Result<(&'static Route, String), Refusal> {
    let rows = || routes.iter().filter_map(|route| Some((route, route.matches(path)?)));
    if let Some(found) = rows().find(|(route, _)| route.takes_method(method)) {
        return Ok(found);
    }
    let allowed: Vec<&str> =
        rows().map(|(route, _)| if route.method == "GET" { "GET, HEAD" } else { route.method }).collect();
    match allowed.is_empty() {
        true => Err(Refusal::Error(Error::NotFound)),
        false => Err(Refusal::Method(allowed.join(", "))),
    }
}

/// How a request is refused that has found no row: as those are whose path begins as this one does.
fn form_near(routes: &[Route], path: &str) -> Form {
    let first = |path: &str| path.split('/').nth(1).map(str::to_owned);
    routes.iter().find(|route| first(route.path) == first(path)).map_or(Form::Json, Route::form)
}

/// What the routes of a listener need.
#[derive(Clone)]
pub(super) struct House {
    pub(super) routes: &'static [Route],
    pub(super) app: App,
    pub(super) settings: Arc<Settings>,
    pub(super) networks: Networks,
    pub(super) answers: Networks,
    pub(super) draining: watch::Receiver<bool>,
}

/// All of a listener's routes.
pub(super) fn filter(house: House) -> BoxedFilter<(Answer,)> {
    let query = warp::query::raw().or(warp::any().map(String::new)).unify();
    warp::ext::get()
        .and(warp::method())
        .and(warp::path::full())
        .and(query)
        .and(warp::header::headers_cloned())
        .map(Head::new)
        .and(warp::body::stream())
        .then(move |head, body| {
            let house = house.clone();
            async move { house.answer(&head, body).await }
        })
        .boxed()
}

impl House {
    pub(super) fn is_ready(&self) -> bool {
        !*self.draining.borrow() && self.app.is_ready()
    }

    async fn answer(
        &self,
        head: &Head,
        body: impl Stream<Item = Result<impl Buf + Send, warp::Error>> + Send,
    ) -> Answer {
        let mut body = pin!(body);
        let answer = self.find_answer(head, body.as_mut()).await;
        if head.is_http2() {
            intake::hear_out(body).await;
        }
        answer
    }

    async fn find_answer(
        &self,
        head: &Head,
        body: impl Stream<Item = Result<impl Buf + Send, warp::Error>> + Send,
    ) -> Answer {
        let found = head.check().and_then(|()| find(self.routes, head.method(), head.path()));
        let (route, parameter) = match found {
            Ok(found) => found,
            Err(refused) => return reply::refusal(&refused, form_near(self.routes, head.path())),
        };
        let (ask, form) = match route.does {
            Does::Tell(tell) => return tell(self),
            Does::Converse(means) => {
                let opened = self.open(head, means);
                return opened.unwrap_or_else(|refused| reply::refusal(&refused, Form::Json));
            }
            Does::Ask(ask) | Does::Mailbox(ask) | Does::NewMailbox(ask) => (ask, route.form()),
            Does::Show(ask) => (ask, head.wanted()),
            Does::Parcel(call) => {
                let answer = parcels::answer(self, head, &parameter, call, body).await;
                tracing::debug!(
                    method = route.method,
                    route = route.path,
                    status = answer.status().as_u16(),
                    "answered"
                );
                return answer;
            }
        };
        let outcome = self.outcome(head, route, &parameter, ask, body).await;
        let answer = match outcome {
            Ok(outcome) => self.written(outcome, form, head.network()).await,
            Err(refused) => Err(refused),
        };
        let answer = answer.unwrap_or_else(|refused| reply::refusal(&refused, form));
        tracing::debug!(method = route.method, route = route.path, status = answer.status().as_u16(), "answered");
        if matches!(route.does, Does::Show(_)) { reply::varied(answer) } else { answer }
    }

    /// Writes an answer: a large one where it keeps nobody else waiting.
    async fn written(&self, outcome: Outcome, form: Form, network: Network) -> Result<Answer, Refusal> {
        let room = self.answers.room(network);
        if !reply::is_large(&outcome) {
            return Ok(reply::outcome(outcome, form, room)?);
        }
        let written = tokio::task::spawn_blocking(move || reply::outcome(outcome, form, room)).await;
        Ok(written.unwrap_or_else(|error| Err(Error::Ours(format!("an answer was not written: {error}"))))?)
    }

    /// Says yes to a handshake, if there is a place for a session now.
    fn open(&self, head: &Head, means: Means<(Credential, JobSpec)>) -> Result<Answer, Refusal> {
        let accepted = handshake::check(head)?;
        let bearer = head.bearer()?;
        if matches!(bearer, Bearer::Unknown) {
            return Err(Error::Unauthorized.into());
        }
        self.app.has_room_for_session()?;
        let opening = Opening { house: self.clone(), network: head.network(), bearer, means };
        let mut answer = reply::switching(&accepted);
        answer.extensions_mut().insert(opening);
        Ok(answer)
    }

    async fn outcome(
        &self,
        head: &Head,
        route: &Route,
        parameter: &str,
        ask: Ask,
        body: impl Stream<Item = Result<impl Buf, warp::Error>>,
    ) -> Result<Outcome, Refusal> {
        let mailbox = match route.does {
            Does::Mailbox(_) => Some(head.mailbox().ok_or(Error::Unauthorized)?),
            _ => None,
        };
        let takes = route.takes;
        let is_form = head.check_media_type(takes)?;
        let room = self.networks.room(head.network());
        let body = match takes {
            Takes::Unread => Taken::nothing(room),
            Takes::Nothing => intake::take(body, head.length()?, limits::BODY_BYTES, room, &self.settings).await?,
            Takes::Json(limit) | Takes::SomeJson(limit) | Takes::JsonOrForm(limit) => {
                intake::take(body, head.length()?, limit, room, &self.settings).await?
            }
        };
        let asked = Asked {
            parameter: parameter.to_owned(),
            query: head.query().to_owned(),
            bearer: head.bearer()?,
            mailbox,
            is_form,
            budget: self.settings.budget,
            wall: self.settings.wall,
            body,
        };
        let (credential, action) = asked.understood(takes, ask).await?;
        Ok(self.app.handle(head.network(), credential, action).await?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::ROUTES;

    fn found(method: &Method, path: &str) -> String {
        match find(ROUTES, method, path) {
            Ok((route, parameter)) => format!("{} {} {parameter}", route.method, route.path),
            Err(Refusal::Method(allowed)) => format!("405 {allowed}"),
            Err(_) => "404".to_owned(),
        }
    }

    #[test]
    fn the_path_decides_and_then_the_method() {
        for (method, path, expected) in [
            (Method::POST, "/register", "POST /register "),
            (Method::GET, "/register", "405 POST"),
            (Method::HEAD, "/register", "405 POST"),
            (Method::OPTIONS, "/healthz", "405 GET, HEAD"),
            (Method::HEAD, "/healthz", "GET /healthz "),
            (Method::GET, "/verify/abc", "GET /verify/{token} abc"),
            (Method::POST, "/verify/abc", "POST /verify/{token} abc"),
            (Method::PUT, "/verify/abc", "405 GET, HEAD, POST"),
            (Method::GET, "/verify/", "404"),
            (Method::GET, "/verify", "404"),
            (Method::GET, "/verify/abc/", "404"),
            (Method::GET, "/verify/a/b", "404"),
            (Method::PUT, "/messages", "405 GET, HEAD, POST, DELETE"),
            (Method::DELETE, "/users/me", "405 GET, HEAD, POST"),
            (Method::GET, "/users", "405 POST"),
            (Method::DELETE, "/messages", "DELETE /messages "),
            (Method::POST, "/register/", "404"),
            (Method::POST, "//register", "404"),
            (Method::POST, "/REGISTER", "404"),
            (Method::POST, "/regi%73ter", "404"),
            (Method::POST, "/verify/../register", "404"),
            (Method::GET, "/", "GET / "),
            (Method::POST, "/", "405 GET, HEAD"),
            (Method::GET, "//", "404"),
            (Method::GET, "", "404"),
            (Method::OPTIONS, "*", "404"),
        ] {
            assert_eq!(found(&method, path), expected, "{method} {path}");
        }
    }

    #[test]
    fn a_path_is_refused_in_the_dialect_of_its_neighbours() {
        for path in ["/users", "/users/", "/users/me", "/users/nobody", "/messages", "/messages/1", "/messages?x"] {
            let path = path.split('?').next().unwrap();
            assert_eq!(form_near(ROUTES, path), Form::Mailbox, "{path}");
        }
        for path in ["", "*", "/", "/user", "/userss", "/register", "//users", "/verify/users"] {
            assert_eq!(form_near(ROUTES, path), Form::Json, "{path}");
        }
    }

    #[test]
    fn no_two_rows_are_the_same() {
        let mut rows: Vec<_> = ROUTES.iter().map(|route| (route.path, route.method)).collect();
        rows.sort_unstable();
        rows.dedup();
        assert_eq!(rows.len(), ROUTES.len());
    }
}
