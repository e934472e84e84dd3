//! Parcels at the door: calls of section 5 of the wire contract.
//!
//! Owns: what the requests mean, and the bodies that stream: pieces of an upload on their way in, and of a download on their way
//! out. Neither is ever whole in memory, but an upload as JSON, which is bounded. Not here: who may do it, and what is done (`app`).

use std::pin::{Pin, pin};
use std::time::Instant;

use futures_util::stream;
use hyper::body::Bytes;
use hyper::{Method, header};
use warp::{Buf, Stream};

use super::asked::Asked;
use super::head::Head;
use super::intake::{self, Taken};
use super::multipart::{Event, Multipart};
use super::parcel_body::{GrantRequest, Hex, ParcelKeyRequest, PermitRequest, UploadRequest};
use super::reply::{self, Answer, Form, Refusal};
use super::route::{House, Takes};
use super::streamed::{OCTETS, Streamed, streamed};
use super::{Settings, json, permit};
use crate::app::{Broken, Download, Piece, Pieces};
use crate::clock::monotonic;
use crate::config::limits;
use crate::domain::{Action, Credential, Error, Json, ParcelAction, ParcelId, ParcelUser, encode_hex_bytes};
use crate::door::networks::Room;

const UPLOAD: &str =
    "send the parcel with Content-Type: application/json (UTF-8) or multipart/form-data with a boundary";

/// The calls.
#[derive(Clone, Copy, Debug)]
pub(super) enum Call {
    Permit,
    Upload,
    Fetch,
    Remove,
    Grant,
    Revoke,
}

/// Answers a call. `parameter` is what its path has in it.
pub(super) async fn answer(
    house: &House,
    head: &Head,
    parameter: &str,
    call: Call,
    body: impl Stream<Item = Result<impl Buf + Send, warp::Error>> + Send,
) -> Answer {
    let id = ParcelId::parse(parameter.split('/').next().unwrap_or_default());
    let answer = match call {
        Call::Permit => permit_one(house, head, body).await,
        Call::Upload => upload(house, head, body).await,
        Call::Fetch => fetch(house, head, id).await,
        Call::Remove => remove(house, head, id).await,
        Call::Grant => grant(house, head, id, body).await,
        Call::Revoke => revoke(house, head, id, parameter).await,
    };
    answer.unwrap_or_else(|refused| reply::refusal(&refused, Form::Parcel))
}

/// `POST /parcel-key`, which is an account's call.
pub(super) fn register_key(asked: Asked) -> Result<(Credential, Action), Error> {
    if asked.shows_nothing() {
        return Err(Error::Unauthorized);
    }
    let ParcelKeyRequest { public_key, signature } = asked.json()?;
    let signed = permit::signed(&public_key, &signature).ok_or_else(|| {
        let sentence =
            "`public_key` must be a point of P-256 (33 or 65 bytes) and `signature` 64 bytes, in base64url or hex";
        Error::Malformed(sentence.to_owned())
    })?;
    Ok((asked.credential(None, None, None)?, Action::Parcel(ParcelAction::RegisterKey(signed))))
}

async fn ask(house: &House, head: &Head, shown: Credential, action: ParcelAction) -> Result<Answer, Refusal> {
    let outcome = house.app.handle(head.network(), shown, Action::Parcel(action)).await?;
    Ok(reply::outcome(outcome, Form::Parcel, house.answers.room(head.network()))?)
}

async fn permit_one<B: Buf + Send>(
    house: &House,
    head: &Head,
    body: impl Stream<Item = Result<B, warp::Error>> + Send,
) -> Result<Answer, Refusal> {
    let body = small(house, head, body).await?;
    let PermitRequest { user, operation } = json::parse(body.bytes())?;
    ask(house, head, Credential::Nobody, ParcelAction::Permit(user.0, operation.0)).await
}

async fn remove(house: &House, head: &Head, id: Option<ParcelId>) -> Result<Answer, Refusal> {
    let shown = head.permit()?;
    ask(house, head, shown, ParcelAction::Remove(id.ok_or(Error::Gone)?)).await
}

async fn grant<B: Buf + Send>(
    house: &House,
    head: &Head,
    id: Option<ParcelId>,
    body: impl Stream<Item = Result<B, warp::Error>> + Send,
) -> Result<Answer, Refusal> {
    let body = small(house, head, body).await?;
    let GrantRequest { user } = json::parse(body.bytes())?;
    let shown = head.permit()?;
    ask(house, head, shown, ParcelAction::Grant(id.ok_or(Error::NotFound)?, user.0)).await
}

async fn revoke(house: &House, head: &Head, id: Option<ParcelId>, parameter: &str) -> Result<Answer, Refusal> {
    let shown = head.permit()?;
    let user = parameter.split_once('/').and_then(|(_, user)| ParcelUser::parse(user));
    let (id, user) = id.zip(user).ok_or(Error::NotFound)?;
    ask(house, head, shown, ParcelAction::Revoke(id, user)).await
}

/// A small JSON body.
async fn small<B: Buf + Send>(
    house: &House,
    head: &Head,
    body: impl Stream<Item = Result<B, warp::Error>> + Send,
) -> Result<Taken, Refusal> {
    head.check_media_type(Takes::Json(limits::BODY_BYTES))?;
    let room = house.networks.room(head.network());
    intake::take(body, head.length()?, limits::BODY_BYTES, room, &house.settings).await
}

async fn upload<B: Buf + Send>(
    house: &House,
    head: &Head,
    body: impl Stream<Item = Result<B, warp::Error>> + Send,
) -> Result<Answer, Refusal> {
    let kind = head.only(&header::CONTENT_TYPE).map_err(|_| Refusal::MediaType(UPLOAD))?;
    let multipart = kind.and_then(|kind| kind.to_str().ok()).and_then(Multipart::of_type);
    if head.only(&header::CONTENT_ENCODING)?.is_some() {
        return Err(Refusal::MediaType("send the body as it is, without Content-Encoding"));
    }
    let (said, body) = (head.length()?, pin!(body));
    let room = house.networks.room(head.network());
    let form = match multipart {
        Some(multipart) => Coming::Parts(Box::new(Parts::new(multipart, room))),
        None if head.check_media_type(Takes::Json(limits::PARCEL_JSON_BYTES)).is_ok() => Coming::Json(room),
        None => return Err(Refusal::MediaType(UPLOAD)),
    };
    let most = match &form {
        Coming::Json(_) => limits::PARCEL_JSON_BYTES as u64,
        // Beside the data there are three heads and the metadata.
        _ => house.app.parcel_limits().bytes.saturating_add(limits::BODY_BYTES as u64),
    };
    if said.is_some_and(|said| said > most) {
        return Err(intake::too_large(most));
    }
    let shown = head.permit()?;
    let mut coming = Source { body, said, settings: &house.settings, form, refused: None };
    let done = house.app.upload(head.network(), &shown, &mut coming).await;
    match (done, coming.refused) {
        (Ok(outcome), _) => Ok(reply::outcome(outcome, Form::Parcel, house.answers.room(head.network()))?),
        (Err(_), Some(refused)) => Err(refused),
        (Err(error), None) => Err(error.into()),
    }
}

/// A parcel on its way in.
struct Source<'a, S> {
    body: Pin<&'a mut S>,
    said: Option<u64>,
    settings: &'a Settings,
    form: Coming,
    /// Why it did not come, where the house has no word for it.
    refused: Option<Refusal>,
}

enum Coming {
    /// As JSON, all of which is still to come.
    Json(Room),
    /// What was in the JSON, the last piece first, and the room that it takes until it has been kept.
    Pieces {
        left: Vec<Piece>,
        _room: Option<Room>,
    },
    Parts(Box<Parts>),
}

/// A multipart body on its way in.
struct Parts {
    multipart: Option<Multipart>,
    room: Room,
    begun: Instant,
    taken: u64,
    part: Option<Part>,
    has_file: bool,
}

enum Part {
    Owner(Vec<u8>),
    Metadata(Vec<u8>),
    File,
}

impl<S: Stream<Item = Result<B, warp::Error>> + Send, B: Buf + Send> Pieces for Source<'_, S> {
    async fn next(&mut self) -> Result<Option<Piece>, Error> {
        let next = match &mut self.form {
            Coming::Pieces { left, .. } => Ok(left.pop()),
            Coming::Parts(parts) => parts.next(self.body.as_mut(), self.settings).await,
            Coming::Json(_) => self.read_json().await,
        };
        next.map_err(|refused| match refused {
            Refusal::Error(error) => error,
            other => {
                self.refused = Some(other);
                Error::Malformed("the body did not come".to_owned())
            }
        })
    }
}

impl<S: Stream<Item = Result<B, warp::Error>> + Send, B: Buf + Send> Source<'_, S> {
    async fn read_json(&mut self) -> Result<Option<Piece>, Refusal> {
        let none = Coming::Pieces { left: vec![], _room: None };
        let Coming::Json(room) = std::mem::replace(&mut self.form, none) else { return Ok(None) };
        let taken = intake::take(self.body.as_mut(), self.said, limits::PARCEL_JSON_BYTES, room, self.settings).await?;
        let parsed = tokio::task::spawn_blocking(move || {
            json::parse::<UploadRequest>(taken.bytes()).map(|request| (request, taken.into_room()))
        });
        let (request, room) = parsed.await.map_err(|error| Error::Ours(error.to_string()))??;
        let UploadRequest { owner, metadata, data } = request;
        let Hex(data) = data.0;
        let left = vec![Piece::Data(data.into()), Piece::Metadata(metadata)];
        self.form = Coming::Pieces { left, _room: Some(room) };
        Ok(Some(Piece::Owner(owner.0)))
    }
}

impl Parts {
    fn new(multipart: Multipart, room: Room) -> Self {
        let (part, multipart) = (None, Some(multipart));
        Self { multipart, room, begun: monotonic(), taken: 0, part, has_file: false }
    }

    async fn next<B: Buf>(
        &mut self,
        mut body: Pin<&mut (impl Stream<Item = Result<B, warp::Error>> + Send)>,
        settings: &Settings,
    ) -> Result<Option<Piece>, Refusal> {
        // What is gathered here and on its way to the disk.
        self.room.grow_to(2 * limits::OBJECT_BLOCK_BYTES)?;
        loop {
            let Some(multipart) = &mut self.multipart else { return Ok(None) };
            while let Some(event) = multipart.next()? {
                if let Some(piece) = take_event(&mut self.part, &mut self.has_file, event)? {
                    return Ok(Some(piece));
                }
            }
            match intake::next(body.as_mut(), self.begun, self.taken, settings).await? {
                Some(mut chunk) => {
                    self.taken = self.taken.saturating_add(chunk.remaining() as u64);
                    while chunk.has_remaining() {
                        let part = chunk.chunk();
                        multipart.push(part);
                        let length = part.len();
                        chunk.advance(length);
                    }
                }
                None => self.multipart.take().map_or(Ok(()), Multipart::finish)?,
            }
        }
    }
}

fn take_event(part: &mut Option<Part>, has_file: &mut bool, event: Event) -> Result<Option<Piece>, Error> {
    match event {
        Event::Part(name) => {
            *part = Some(match name.as_str() {
                "owner" => Part::Owner(vec![]),
                "metadata" => Part::Metadata(vec![]),
                "file" if !std::mem::replace(has_file, true) => Part::File,
                "file" => return Err(malformed("there is more than one field `file`")),
                _ => return Err(malformed("unknown field, expected one of `owner`, `metadata`, `file`")),
            });
            // Data may be empty, but it must be there.
            Ok(matches!(part, Some(Part::File)).then(|| Piece::Data(Bytes::new())))
        }
        Event::Data(data) => match part {
            Some(Part::File) => Ok(Some(Piece::Data(data))),
            Some(Part::Owner(text) | Part::Metadata(text)) => {
                if text.len().saturating_add(data.len()) > limits::BODY_BYTES {
                    return Err(Error::TooLarge("`owner` or `metadata` is too large".to_owned()));
                }
                text.extend_from_slice(&data);
                Ok(None)
            }
            None => Ok(None),
        },
        Event::PartEnd => match part.take() {
            Some(Part::Owner(text)) => {
                let owner = std::str::from_utf8(&text).ok().and_then(ParcelUser::parse);
                owner
                    .map(|owner| Some(Piece::Owner(owner)))
                    .ok_or_else(|| malformed("`owner` must be 40 hexadecimal digits"))
            }
            Some(Part::Metadata(text)) => json::parse::<Json>(&text)
                .map(|metadata| Some(Piece::Metadata(metadata)))
                .map_err(|error| malformed(&format!("`metadata`: {error}").replace("the body", "it"))),
            Some(Part::File) | None => Ok(None),
        },
    }
}

fn malformed(sentence: &str) -> Error {
    Error::Malformed(sentence.to_owned())
}

/// Inspection, which anybody may, or a download.
async fn fetch(house: &House, head: &Head, id: Option<ParcelId>) -> Result<Answer, Refusal> {
    let found = || id.ok_or(Error::NotFound);
    match head.query() {
        "key=metadata" => ask(house, head, Credential::Nobody, ParcelAction::Metadata(found()?)).await,
        "key=owner" => ask(house, head, Credential::Nobody, ParcelAction::Owner(found()?)).await,
        // It would use a token up and give nothing for it.
        "" if head.method() == Method::HEAD => Err(Refusal::Method("GET, DELETE".to_owned())),
        "" => {
            let shown = head.permit()?;
            download(house, head, &shown, found()?).await
        }
        _ => Err(malformed("after the question mark only `key=metadata` or `key=owner` can stand").into()),
    }
}

async fn download(house: &House, head: &Head, shown: &Credential, id: ParcelId) -> Result<Answer, Refusal> {
    let name = id.to_string();
    let octets = head
        .listed(&header::ACCEPT)
        .any(|kind| kind.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case(OCTETS)));
    let wanted = if octets { head.range(&name)? } else { None };
    let mut missed = None;
    let download = house.app.download(head.network(), shown, id, |parcel| match &wanted {
        None => Ok(0..parcel.size),
        Some(wanted) => wanted.of(parcel.size).ok_or_else(|| {
            missed = Some(parcel.size);
            malformed("none of these bytes are there")
        }),
    });
    let download = match (download.await, missed) {
        (Err(_), Some(size)) => return Err(Refusal::Range(size)),
        (done, _) => done?,
    };
    Ok(match octets {
        true => bytes(download, &name, wanted.is_some()),
        false => in_json(download, &name),
    })
}

fn bytes(download: Download, name: &str, is_part: bool) -> Answer {
    let (range, size) = (download.range.clone(), download.parcel.size);
    let length = range.end.saturating_sub(range.start);
    streamed(pieces(download), length, Streamed::Bytes { name, range: is_part.then_some(range), size })
}

/// The object that the source's clients read, with the data in hex as it comes.
fn in_json(download: Download, name: &str) -> Answer {
    let parcel = &download.parcel;
    let (owner, metadata) = (parcel.owner.as_str(), parcel.metadata.as_str());
    let before = format!(r#"{{"id":"{name}","owner":"{owner}","metadata":{metadata},"data":""#);
    let after = r#""}"#;
    let length = parcel.size.saturating_mul(2).saturating_add((before.len() + after.len()) as u64);
    let hex = stream::StreamExt::map(pieces(download), |piece| piece.map(|bytes| encode_hex_bytes(&bytes).into()));
    let ends = |text: String| stream::iter([Ok::<Bytes, Broken>(text.into())]);
    let whole = stream::StreamExt::chain(stream::StreamExt::chain(ends(before), hex), ends(after.to_owned()));
    streamed(whole, length, Streamed::Json)
}

fn pieces(download: Download) -> impl Stream<Item = Result<Bytes, Broken>> + Send + Sync + 'static {
    stream::unfold(download, |mut download| async { download.next().await.map(|piece| (piece, download)) })
}

/// For the fuzzer: whatever a body is, it means something or is refused in one printable line.
pub fn read_any_parcel_body(bytes: &[u8]) {
    for error in [
        json::parse::<PermitRequest>(bytes).err(),
        json::parse::<UploadRequest>(bytes).err(),
        json::parse::<GrantRequest>(bytes).err(),
        json::parse::<ParcelKeyRequest>(bytes).err(),
    ] {
        let Some(error) = error else { continue };
        let sentence = error.to_string();
        assert!(
            !sentence.is_empty() && sentence.len() < 1000 && !sentence.chars().any(char::is_control),
            "{sentence:?}"
        );
    }
}
