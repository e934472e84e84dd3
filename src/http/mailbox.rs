//! The dialect of mailboxes: what their requests mean, and the shapes of their bodies, as deployed clients have them.
//!
//! Owns: everything in which these routes differ from the others. Whoever asks is looked at before what they ask, so what cannot be
//! understood becomes [`MailboxAction::Unclear`]. Not here: how a refusal looks (`reply`), and the order in which a request is looked
//! at (`route`).

use hyper::header::{HeaderMap, HeaderName, HeaderValue};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::asked::Asked;
use super::field::{Field, Text};
use super::query;
use crate::domain::{
    Action, Credential, Error, MailText, MailboxAction, MailboxCredential, MailboxId, MailboxKeys, MailboxName,
    MailboxOutcome, Message, NewMailbox, Password, mailbox_password, until,
};

/// Who asks.
const USER_NAME: HeaderName = HeaderName::from_static("x-user-name");
/// Their password.
const USER_TOKEN: HeaderName = HeaderName::from_static("x-user-token");

/// What a request's head shows for a mailbox. Nothing if it shows nothing, or nothing that any mailbox could have.
pub(super) fn credential(fields: &HeaderMap) -> Option<MailboxCredential> {
    let only = |name| {
        let mut values = fields.get_all(name).iter();
        values.next().filter(|_| values.next().is_none())
    };
    let name = MailboxName::parse(only(USER_NAME)?.to_str().ok()?).ok()?;
    let password = Password::typed(text(only(USER_TOKEN)?)).ok()?;
    Some(MailboxCredential { name, password })
}

/// What somebody shows, for whoever tries out the routes.
pub(super) fn anybody() -> Option<MailboxCredential> {
    let (name, password) = (MailboxName::parse("anybody").ok()?, Password::typed(String::new()).ok()?);
    Some(MailboxCredential { name, password })
}

/// Most clients write UTF-8 into a field. Some write ISO 8859-1, which is what a field was once said to be (RFC 9110, section 5.5).
fn text(value: &HeaderValue) -> String {
    let bytes = value.as_bytes();
    std::str::from_utf8(bytes).map_or_else(|_| bytes.iter().copied().map(char::from).collect(), str::to_owned)
}

/// `POST /users`.
pub(super) fn open(asked: Asked) -> Result<(Credential, Action), Error> {
    let action = asked.json().map_or_else(MailboxAction::Unclear, |request: MailboxRequest| {
        let Field(public_key) = request.public_key;
        let (Field(private_key), info) = (request.private_key, request.info.map(|Field(info)| info));
        let keys = MailboxKeys { public_key, private_key, info: info.unwrap_or_default() };
        let (Field(name), Field(NewMailboxPassword(password))) = (request.username, request.password);
        MailboxAction::Open(Box::new(NewMailbox { name, password, keys }))
    });
    Ok((asked.credential(None, None, None)?, Action::Mailbox(action)))
}

/// `GET /users/me`.
pub(super) fn own(asked: Asked) -> Result<(Credential, Action), Error> {
    owner(asked, |_| Ok(MailboxAction::Own))
}

/// `POST /users/me`.
pub(super) fn set_info(asked: Asked) -> Result<(Credential, Action), Error> {
    owner(asked, |asked| {
        let InfoRequest { info } = asked.json()?;
        let Field(info) = info.ok_or_else(|| Error::Malformed("nothing to change: send `info`".to_owned()))?;
        Ok(MailboxAction::SetInfo(info))
    })
}

/// `GET /users/friends`.
pub(super) fn find(asked: Asked) -> Result<(Credential, Action), Error> {
    owner(asked, |asked| Ok(MailboxAction::Find(somebody(&query::required(&asked.query, "username")?)?)))
}

/// `GET /messages`.
pub(super) fn read(asked: Asked) -> Result<(Credential, Action), Error> {
    owner(asked, |asked| {
        let number = |text: String| text.parse().ok().filter(|_| text.bytes().all(|byte| byte.is_ascii_digit()));
        let before = query::parameter(&asked.query, "before")?.map(|text| {
            number(text).ok_or_else(|| Error::Malformed("`before` must be the number of a message".to_owned()))
        });
        Ok(MailboxAction::Read { before: before.transpose()? })
    })
}

/// `POST /messages`.
pub(super) fn send(asked: Asked) -> Result<(Credential, Action), Error> {
    owner(asked, |asked| {
        let MessageRequest { recipient, contents: Field(contents) } = asked.json()?;
        Ok(MailboxAction::Send { to: somebody(&recipient)?, contents })
    })
}

/// `DELETE /messages`.
pub(super) fn delete(asked: Asked) -> Result<(Credential, Action), Error> {
    owner(asked, |asked| {
        let time = until(&query::required(&asked.query, "until")?);
        let until = time.map_err(|error| Error::Malformed(format!("`until` {error}")))?;
        Ok(MailboxAction::Delete { until })
    })
}

fn owner(
    asked: Asked,
    read: impl FnOnce(&Asked) -> Result<MailboxAction, Error>,
) -> Result<(Credential, Action), Error> {
    let action = read(&asked).unwrap_or_else(MailboxAction::Unclear);
    let credential = asked.mailbox.ok_or(Error::Unauthorized)?;
    Ok((Credential::Mailbox(credential), Action::Mailbox(action)))
}

/// A name that cannot be anybody's is like one that is not.
fn somebody(name: &str) -> Result<MailboxName, Error> {
    MailboxName::parse(name).map_err(|_| Error::NotFound)
}

/// The password of a new mailbox.
pub(super) struct NewMailboxPassword(Password);

impl Text for MailboxName {
    const EXPECTED: &'static str = "a string";

    fn of(text: &str) -> Result<Self, String> {
        Self::parse(text).map_err(|error| error.to_string())
    }
}

impl Text for MailText {
    const EXPECTED: &'static str = "a string";

    fn of(text: &str) -> Result<Self, String> {
        Self::parse(text).map_err(|error| error.to_string())
    }
}

impl Text for NewMailboxPassword {
    const EXPECTED: &'static str = "a string";

    fn of(text: &str) -> Result<Self, String> {
        mailbox_password(text.to_owned()).map(Self).map_err(|error| error.to_string())
    }
}

/// Asks for a mailbox.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct MailboxRequest {
    /// What it is to be called.
    #[schema(value_type = String, pattern = "^[a-zA-Z0-9_-]{3,32}$", example = "roysom")]
    username: Field<MailboxName>,
    /// What is sent in `X-User-Token` with every request, at most 1024 bytes.
    #[schema(value_type = String, format = Password, min_length = 1, max_length = 1024)]
    password: Field<NewMailboxPassword>,
    /// For the owner, who has encrypted it. Never interpreted.
    #[schema(value_type = String, max_length = 4096)]
    private_key: Field<MailText>,
    /// For everybody who has a mailbox. Never interpreted.
    #[schema(value_type = String, max_length = 4096)]
    public_key: Field<MailText>,
    /// Whatever the owner's client keeps. Never interpreted.
    #[schema(value_type = Option<String>, max_length = 4096)]
    info: Option<Field<MailText>>,
}

/// Changes one's own mailbox.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct InfoRequest {
    /// Whatever the owner's client keeps. Never interpreted.
    #[schema(value_type = String, max_length = 4096, required = true)]
    info: Option<Field<MailText>>,
}

/// Leaves a message.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct MessageRequest {
    /// For whom.
    #[schema(example = "avivbh")]
    recipient: String,
    /// What only they can read. Never interpreted.
    #[schema(value_type = String, max_length = 4096)]
    contents: Field<MailText>,
}

/// What is wrong.
#[derive(Serialize, ToSchema)]
pub(super) struct MailboxRefusal<'a> {
    /// The status code of the answer.
    #[schema(minimum = 400, maximum = 599)]
    pub(super) status: u16,
    /// A sentence about it.
    pub(super) message: &'a str,
}

/// One's own mailbox.
#[derive(Serialize, ToSchema)]
pub(super) struct MailboxReply {
    /// Its number.
    id: u64,
    /// What it is called.
    username: String,
    /// As it was sent.
    public_key: String,
    /// As it was sent.
    private_key: String,
    /// As it was sent; empty if nothing was.
    info: String,
}

/// Somebody's mailbox.
#[derive(Serialize, ToSchema)]
pub(super) struct FriendReply {
    /// Its number.
    id: u64,
    /// What it is called.
    username: String,
    /// As its owner sent it.
    public_key: String,
}

/// A message.
#[derive(Serialize, ToSchema)]
pub(super) struct MessageReply {
    /// Its number. Later ones are higher, and none is given again.
    id: u64,
    /// Who sent it.
    from_user: String,
    /// For whom it is.
    to_user: String,
    /// What only they can read.
    contents: String,
    /// In whole seconds since 1970.
    sent_at: u64,
}

/// What waits in a mailbox.
#[derive(Serialize, ToSchema)]
pub(super) struct MessagesReply {
    /// In whole seconds since 1970: what was stored before it is here, or in the further pages if `before` was asked for. Goes into `until`.
    query_time: u64,
    /// The newest first, at most 100. If more wait, those that have waited longest, unless `before` was asked for.
    #[schema(max_items = 100)]
    messages: Vec<MessageReply>,
}

/// What was deleted.
#[derive(Serialize, ToSchema)]
pub(super) struct DeletedReply {
    /// `success`.
    #[schema(pattern = "^success$")]
    result: &'static str,
    /// How many messages.
    deleted: u64,
}

/// What is answered when it was done, in the shape that its route has.
#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum Done {
    Own(MailboxReply),
    Friend(FriendReply),
    Messages(MessagesReply),
    Sent(MessageReply),
    Deleted(DeletedReply),
}

impl From<MailboxOutcome> for Done {
    fn from(outcome: MailboxOutcome) -> Self {
        match outcome {
            MailboxOutcome::Opened(id, name, keys) | MailboxOutcome::Own(id, name, keys) => {
                Self::Own(MailboxReply::new(id, &name, &keys))
            }
            MailboxOutcome::Friend(MailboxId(id), name, key) => {
                let (username, public_key) = (name.as_str().to_owned(), key.as_str().to_owned());
                Self::Friend(FriendReply { id, username, public_key })
            }
            MailboxOutcome::Messages { to, query_time, messages } => {
                let messages = messages.into_iter().map(|message| MessageReply::new(&to, &message)).collect();
                Self::Messages(MessagesReply { query_time: query_time.0, messages })
            }
            MailboxOutcome::Sent(to, message) => Self::Sent(MessageReply::new(&to, &message)),
            MailboxOutcome::Deleted(deleted) => Self::Deleted(DeletedReply { result: "success", deleted }),
        }
    }
}

impl MailboxReply {
    fn new(MailboxId(id): MailboxId, name: &MailboxName, keys: &MailboxKeys) -> Self {
        let owned = |text: &MailText| text.as_str().to_owned();
        let (username, info) = (name.as_str().to_owned(), owned(&keys.info));
        Self { id, username, public_key: owned(&keys.public_key), private_key: owned(&keys.private_key), info }
    }
}

impl MessageReply {
    fn new(to: &MailboxName, message: &Message) -> Self {
        Self {
            id: message.id,
            from_user: message.from.as_str().to_owned(),
            to_user: to.as_str().to_owned(),
            contents: message.contents.as_str().to_owned(),
            sent_at: message.sent_at.0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::asked::Bearer;
    use super::super::intake::Taken;
    use super::super::route::Ask;
    use super::*;
    use crate::config::limits;
    use crate::domain::Budget;

    fn head(fields: &[(&'static str, &[u8])]) -> HeaderMap {
        let fields =
            fields.iter().map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_bytes(value).unwrap()));
        let mut head = HeaderMap::new();
        fields.for_each(|(name, value)| {
            head.append(name, value);
        });
        head
    }

    /// What is understood of a body or a query, by somebody who shows a mailbox.
    fn said(ask: Ask, query: &str, body: &str) -> String {
        let asked = Asked {
            parameter: String::new(),
            query: query.to_owned(),
            bearer: Bearer::None,
            mailbox: anybody(),
            is_form: false,
            budget: Budget::default(),
            wall: limits::EXECUTE_WALL,
            body: Taken::of(body.as_bytes()),
        };
        match ask(asked).unwrap() {
            (_, Action::Mailbox(MailboxAction::Unclear(error))) => error.to_string(),
            (_, Action::Mailbox(MailboxAction::Open(new))) => format!("{} {:?}", new.name, new.keys.info.as_str()),
            (_, Action::Mailbox(action)) => format!("{action:?}"),
            (_, other) => other.name().to_owned(),
        }
    }

    #[test]
    fn a_mailbox_is_shown_in_two_fields() {
        let shown = |name: &[u8], token: &[u8]| {
            credential(&head(&[("x-user-name", name), ("x-user-token", token)])).map(|shown| {
                (shown.name.as_str().to_owned(), String::from_utf8_lossy(shown.password.bytes()).into_owned())
            })
        };
        let ada = |password: &str| Some(("ada".to_owned(), password.to_owned()));
        assert_eq!(shown(b"ada", b"secret"), ada("secret"));
        assert_eq!(shown(b"ada", b""), ada(""));
        assert_eq!(shown(b"ada", "\u{e9}".as_bytes()), ada("\u{e9}"));
        assert_eq!(shown(b"ada", b"\xe9"), ada("\u{e9}"));
        for (name, token) in
            [(&b"ad"[..], &b"x"[..]), (b"", b"x"), (b"a b c", b"x"), (b"ad\xe9", b"x"), (b"ada", &[b'x'; 1025])]
        {
            assert_eq!(shown(name, token), None, "{name:?}");
        }
        for fields in [
            &[][..],
            &[("x-user-name", &b"ada"[..])],
            &[("x-user-token", &b"secret"[..])],
            &[("x-user-name", &b"ada"[..]), ("x-user-name", b"ada"), ("x-user-token", b"secret")],
            &[("x-user-name", &b"ada"[..]), ("x-user-token", b"secret"), ("x-user-token", b"other")],
        ] {
            assert!(credential(&head(fields)).is_none(), "{fields:?}");
        }
    }

    #[test]
    fn what_is_wrong_with_a_mailbox_is_said() {
        let fields = r#""username":"ada","password":"p","private_key":"a","public_key":"b""#;
        let long = "x".repeat(4097);
        for (body, expected) in [
            (format!("{{{fields}}}"), r#"ada """#),
            (format!(r#"{{{fields},"info":"i"}}"#), r#"ada "i""#),
            (format!(r#"{{{fields},"info":null}}"#), r#"ada """#),
            (String::new(), "the body is empty; a JSON object is expected"),
            ("{}".into(), "missing field `username`"),
            (fields.replace(r#""username":"ada","#, "{") + "}", "missing field `username`"),
            (
                format!(r#"{{{fields},"privateKey":""}}"#),
                "unknown field `privateKey`, expected one of `username`, `password`, `private_key`, `public_key`, `info`",
            ),
            (
                r#"{"username":"roysom!@?$"}"#.into(),
                "`username`: a mailbox's name has 3 to 32 letters (a-z, A-Z), digits, '_' and '-'",
            ),
            (r#"{"username":null}"#.into(), "`username` must be a string"),
            (r#"{"public_key":{"n":1}}"#.into(), "`public_key` must be a string"),
            (format!(r#"{{"public_key":"{long}"}}"#), "`public_key`: more than 4096 characters"),
            (format!(r#"{{"info":"{long}"}}"#), "`info`: more than 4096 characters"),
        ] {
            assert_eq!(said(open, "", &body), expected, "{body:.100}");
        }
        assert!(
            said(open, "", r#"{"password":" p"}"#).starts_with("`password`: a mailbox's password goes into a header")
        );
    }

    #[test]
    fn what_is_wrong_with_a_message_is_said() {
        for (body, expected) in [
            (r#"{"recipient":"bob","contents":"x"}"#, r#"Send { to: MailboxName("bob"), contents: MailText("x") }"#),
            (r#"{"recipient":"b b","contents":"x"}"#, "no such thing"),
            (r#"{"recipient":"bob"}"#, "missing field `contents`"),
            (r#"{"contents":"x"}"#, "missing field `recipient`"),
            (r#"{"recipient":"bob","contents":null}"#, "`contents` must be a string"),
            ("recipient=bob&contents=x", "the body must be a JSON object: it begins with '{' and ends with '}'"),
        ] {
            assert_eq!(said(send, "", body), expected, "{body}");
        }
        assert_eq!(said(set_info, "", "{}"), "nothing to change: send `info`");
        assert_eq!(said(set_info, "", r#"{"info":null}"#), "nothing to change: send `info`");
        assert_eq!(said(set_info, "", r#"{"info":""}"#), r#"SetInfo(MailText(""))"#);
        assert_eq!(said(set_info, "", ""), "the body is empty; a JSON object is expected");
    }

    #[test]
    fn what_is_wrong_with_a_query_is_said() {
        for (ask, query, expected) in [
            (find as Ask, "username=bob", r#"Find(MailboxName("bob"))"#),
            (find, "username=b%6Fb&x=y", r#"Find(MailboxName("bob"))"#),
            (find, "username=b", "no such thing"),
            (find, "", "the parameter `username` is missing"),
            (delete, "until=1800000000", "Delete { until: UnixTime(1800000000) }"),
            (delete, "until=-1", "Delete { until: UnixTime(0) }"),
            (delete, "until=soon", "`until` must be a whole number of seconds since 1970"),
            (delete, "until=", "`until` must be a whole number of seconds since 1970"),
            (delete, "until=1&until=2", "the parameter `until` is there twice"),
            (delete, "", "the parameter `until` is missing"),
            (read, "", "Read { before: None }"),
            (read, "before=7", "Read { before: Some(7) }"),
            (read, "before=%2B7", "`before` must be the number of a message"),
            (read, "before=18446744073709551616", "`before` must be the number of a message"),
        ] {
            assert_eq!(said(ask, query, ""), expected, "{query}");
        }
    }
}
