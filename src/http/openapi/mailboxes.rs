//! The operations of mailboxes, and their shapes.

use serde_json::{Value, json};
use utoipa::ToSchema;
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::path::{
    Operation, OperationBuilder, ParameterBuilder, ParameterIn, PathItemBuilder, PathsBuilder,
};
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::schema::{ComponentsBuilder, ObjectBuilder, Type};
use utoipa::openapi::security::{ApiKey, ApiKeyValue, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{ContentBuilder, HttpMethod, Ref, Required, ResponseBuilder};

use super::super::mailbox::{
    DeletedReply, FriendReply, InfoRequest, MailboxRefusal, MailboxReply, MailboxRequest, MessageReply, MessageRequest,
    MessagesReply,
};
use super::{BEARER, JSON, NO_SCOPES, Shapes, add, answer, body, content};

pub(super) const TAG: &str = "mailboxes";
const NAME: &str = "mailbox_name";
const PASSWORD: &str = "mailbox_password";

pub(super) const DESCRIPTION: &str = "\
Messages that the server cannot read. Refusals are `{\"status\": 4xx, \"message\": \"...\"}`. Every request but the one that opens a \
mailbox shows its name and password in `X-User-Name` and `X-User-Token`; whoever does not is told so (401) before anything else is \
looked at.";

pub(super) fn shapes(shapes: &mut Shapes) {
    add::<DeletedReply>(shapes);
    add::<FriendReply>(shapes);
    add::<InfoRequest>(shapes);
    add::<MailboxRefusal<'_>>(shapes);
    add::<MailboxReply>(shapes);
    add::<MailboxRequest>(shapes);
    // In it are messages.
    add::<MessagesReply>(shapes);
    add::<MessageRequest>(shapes);
}

pub(super) fn schemes(components: ComponentsBuilder) -> ComponentsBuilder {
    let field =
        |name: &str, what: &str| SecurityScheme::ApiKey(ApiKey::Header(ApiKeyValue::with_description(name, what)));
    components
        .security_scheme(NAME, field("X-User-Name", "A mailbox's name."))
        .security_scheme(PASSWORD, field("X-User-Token", "Its password, in UTF-8."))
}

pub(super) fn paths(paths: PathsBuilder) -> PathsBuilder {
    use HttpMethod::{Delete, Get, Post};
    let item = |operations: Vec<(HttpMethod, Operation)>| {
        let add = |item: PathItemBuilder, (method, operation)| item.operation(method, operation);
        operations.into_iter().fold(PathItemBuilder::new(), add).build()
    };
    paths
        .path("/users", item(vec![(Post, open())]))
        .path("/users/me", item(vec![(Get, own()), (Post, set_info())]))
        .path("/users/friends", item(vec![(Get, find())]))
        .path("/messages", item(vec![(Get, read()), (Post, send()), (Delete, delete())]))
}

fn open() -> Operation {
    let example = json!({"username": "roysom", "password": "bananas", "private_key": "AQEx", "public_key": "AQEw"});
    taking(operation("open_mailbox", "Opens a mailbox"), body::<MailboxRequest>(example))
        .description(Some(
            "With an approved account's bearer token; without one where the operator lets strangers in \
             (`mailbox.registration = \"open\"`). A name that is taken is answered with 400.",
        ))
        .securities(Some([SecurityRequirement::new(BEARER, NO_SCOPES), SecurityRequirement::default()]))
        .response("201", answer("It is open.", content::<MailboxReply>(mailbox())))
        .response("409", refusal("The account has as many mailboxes as it may."))
        .build()
}

fn own() -> Operation {
    owners(operation("own_mailbox", "Shows one's own mailbox"))
        .response("200", answer("One's own.", content::<MailboxReply>(mailbox())))
        .build()
}

fn set_info() -> Operation {
    let taken = body::<InfoRequest>(json!({"info": "i am bea, i like tea"}));
    owners(taking(operation("set_mailbox_info", "Replaces what one's client keeps"), taken))
        .response("200", answer("It is changed.", content::<MailboxReply>(mailbox())))
        .build()
}

fn find() -> Operation {
    let example = json!({"id": 2, "username": "avivbh", "public_key": "AQEw"});
    owners(operation("find_mailbox", "Looks up somebody's public key"))
        .parameter(parameter("username", Required::True, "Whose.", Type::String, Some("^[a-zA-Z0-9_-]{3,32}$")))
        .response("200", answer("Theirs.", content::<FriendReply>(example)))
        .response("400", refusal("Malformed. The sentence says what is wrong."))
        .response("404", refusal("There is no such mailbox."))
        .build()
}

fn read() -> Operation {
    let example = json!({"query_time": 1_755_784_990, "messages": [message()]});
    owners(operation("read_messages", "Shows what waits, the newest first"))
        .parameter(parameter(
            "before",
            Required::False,
            "The number of a message: the newest hundred below it are wanted, and `query_time` covers all that wait. For going through all pages.",
            Type::Integer,
            None,
        ))
        .response("200", answer("What waits.", content::<MessagesReply>(example)))
        .response("400", refusal("Malformed. The sentence says what is wrong."))
        .build()
}

fn send() -> Operation {
    let taken = body::<MessageRequest>(json!({"recipient": "avivbh", "contents": "AQEy"}));
    owners(taking(operation("send_message", "Leaves a message"), taken))
        .response("201", answer("It waits.", content::<MessageReply>(message())))
        .response("404", refusal("There is no such recipient."))
        .response("409", refusal("The recipient's mailbox is full. Nothing in it was lost."))
        .build()
}

fn delete() -> Operation {
    owners(operation("delete_messages", "Deletes what was stored before a second"))
        .parameter(parameter(
            "until",
            Required::True,
            "A whole number of seconds since 1970; `query_time` of an answer deletes nothing that came after it.",
            Type::Integer,
            None,
        ))
        .response("200", answer("They are gone.", content::<DeletedReply>(json!({"result": "success", "deleted": 1}))))
        .response("400", refusal("Malformed. The sentence says what is wrong."))
        .build()
}

/// An operation with what any of them may answer.
fn operation(id: &str, summary: &str) -> OperationBuilder {
    let wait = || {
        let seconds = ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(1));
        HeaderBuilder::new().schema(Some(seconds)).description(Some("Seconds to wait.")).build()
    };
    OperationBuilder::new()
        .tag(TAG)
        .operation_id(Some(id))
        .summary(Some(summary))
        .response(
            "401",
            refusal("No such mailbox, not its password, not open, or not approved: one answer for all of these."),
        )
        .response("429", refusal("Slow down.").header("Retry-After", wait()))
        .response("500", refusal("Our fault. The log says why."))
        .response("503", refusal("Overloaded, or about to stop.").header("Retry-After", wait()))
}

/// One that shows a mailbox.
fn owners(operation: OperationBuilder) -> OperationBuilder {
    operation.security(SecurityRequirement::new(NAME, NO_SCOPES).add(PASSWORD, NO_SCOPES))
}

/// One with a body, and what may be wrong with it.
fn taking(operation: OperationBuilder, body: RequestBodyBuilder) -> OperationBuilder {
    operation
        .request_body(Some(body.build()))
        .response("400", refusal("Malformed. The sentence says what is wrong."))
        .response("408", refusal("The body did not come in time."))
        .response("413", refusal("Too large."))
        .response("415", refusal("Not JSON. Without a content type it is taken for JSON."))
}

fn parameter(name: &str, required: Required, what: &str, kind: Type, pattern: Option<&str>) -> ParameterBuilder {
    // A time may lie before 1970; nothing was stored then.
    let minimum = (name == "before").then_some(0);
    let schema = ObjectBuilder::new().schema_type(kind).pattern(pattern).minimum(minimum);
    let parameter = ParameterBuilder::new().name(name).parameter_in(ParameterIn::Query).required(required);
    parameter.description(Some(what)).schema(Some(schema))
}

fn refusal(description: &str) -> ResponseBuilder {
    let content = ContentBuilder::new().schema(Some(Ref::from_schema_name(MailboxRefusal::name()))).build();
    ResponseBuilder::new().description(description).content(JSON, content)
}

fn mailbox() -> Value {
    json!({"id": 1, "username": "roysom", "public_key": "AQEw", "private_key": "AQEx", "info": ""})
}

fn message() -> Value {
    json!({"id": 7, "from_user": "roysom", "to_user": "avivbh", "contents": "AQEy", "sent_at": 1_755_784_980})
}

#[cfg(test)]
mod tests {
    use super::super::document;
    use super::*;

    #[test]
    fn every_operation_of_mailboxes_says_who_asks_and_what_can_go_wrong() {
        let document: Value = serde_json::from_str(document()).unwrap();
        for path in ["/users", "/users/me", "/users/friends", "/messages"] {
            for (method, operation) in document["paths"][path].as_object().unwrap() {
                let shown = &operation["security"][0];
                let expected = if path == "/users" { json!({"bearer": []}) } else { json!({NAME: [], PASSWORD: []}) };
                assert_eq!(shown, &expected, "{method} {path}");
                for (status, answer) in
                    operation["responses"].as_object().unwrap().iter().filter(|(status, _)| status.as_str() > "400")
                {
                    let shape = &answer["content"][JSON]["schema"]["$ref"];
                    assert_eq!(shape, "#/components/schemas/MailboxRefusal", "{method} {path} {status}");
                }
                assert!(operation["responses"].get("401").is_some(), "{method} {path}");
            }
        }
    }

    #[test]
    fn the_examples_of_mailboxes_are_taken() {
        let document: Value = serde_json::from_str(document()).unwrap();
        let of = |path: &str| document["paths"][path]["post"]["requestBody"]["content"][JSON]["example"].clone();
        serde_json::from_value::<MailboxRequest>(of("/users")).map(|_| ()).unwrap();
        serde_json::from_value::<InfoRequest>(of("/users/me")).map(|_| ()).unwrap();
        serde_json::from_value::<MessageRequest>(of("/messages")).map(|_| ()).unwrap();
    }
}
