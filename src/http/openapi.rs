//! `GET /openapi.json`: what the HTTPS door takes and answers, for programs (OpenAPI 3.1).
//!
//! Owns: the list of operations with their statuses, and examples. Shapes are those of `body`, from which they are generated;
//! a test holds the list against the table of routes. Not here: the routes themselves (`request`), and the pages, which
//! are for people and mentioned only as another content type.

use std::sync::LazyLock;

use serde_json::{Value, json};
use utoipa::ToSchema;
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::info::{InfoBuilder, LicenseBuilder};
use utoipa::openapi::path::{
    Operation, OperationBuilder, ParameterBuilder, ParameterIn, PathItemBuilder, PathsBuilder,
};
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::schema::{AdditionalProperties, AnyOfBuilder, ComponentsBuilder, Object, ObjectBuilder, Type};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};
use utoipa::openapi::tag::TagBuilder;
use utoipa::openapi::{
    Content, ContentBuilder, HttpMethod, OpenApi, OpenApiBuilder, Paths, Ref, RefOr, Required, ResponseBuilder, Schema,
};

use super::body::{
    DecisionRequest, EnrolmentReply, ExecuteReply, ExecuteRequest, LoginReply, LoginRequest, Message, RegisterRequest,
    UserReply, VersionReply,
};
use super::handshake::SUBPROTOCOL;

const JSON: &str = "application/json";
const FORM: &str = "application/x-www-form-urlencoded";
const HTML: &str = "text/html";
const BEARER: &str = "bearer";
const NO_SCOPES: [&str; 0] = [];
const STOPPED: &str = "StoppedReply";

type Shapes = Vec<(String, RefOr<Schema>)>;

const ACCOUNTS: &str = "accounts";
const EXECUTION: &str = "execution";
const SERVER: &str = "server";

const INTRODUCTION: &str = "\
Runs other people's Python safely.

Requests and answers are JSON objects in UTF-8. Every answer has a field `error`: `ok`, or a sentence that says what is wrong. \
Unknown fields, duplicate keys and trailing bytes are refused with 400, other methods than those listed with 405.

An account is made by `POST /register`, the link in the mail, and an administrator's approval. A code of the account's app is \
accepted once; for repeated runs `POST /login` gives a bearer token.

A 401 is one answer for an unknown address, a wrong password, a wrong or used code, and an account that is not approved.";

/// It has no map whose keys are not strings, so there is nothing in it that cannot be written.
static DOCUMENT: LazyLock<String> = LazyLock::new(|| description().to_json().unwrap_or_default());

/// The document, as JSON.
pub(super) fn document() -> &'static str {
    &DOCUMENT
}

fn description() -> OpenApi {
    let license = LicenseBuilder::new().name("Apache-2.0 OR MIT").identifier(Some("Apache-2.0 OR MIT")).build();
    let info = InfoBuilder::new()
        .title("Cloud Python")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(INTRODUCTION))
        .license(Some(license));
    let tag = |name, text| TagBuilder::new().name(name).description(Some(text)).build();
    OpenApiBuilder::new()
        .info(info)
        .paths(paths())
        .components(Some(components().build()))
        .tags(Some([
            tag(ACCOUNTS, "Getting in."),
            tag(EXECUTION, "Running scripts."),
            tag(SERVER, "The server itself."),
        ]))
        .build()
}

fn components() -> ComponentsBuilder {
    let bearer = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .bearer_format("cpt_ and 43 characters of base64url")
        .description(Some("A token from `POST /login`."))
        .build();
    ComponentsBuilder::new()
        .schemas_from_iter(shapes())
        .schema(STOPPED, stopped())
        .security_scheme(BEARER, SecurityScheme::Http(bearer))
}

/// Every shape that an operation names, and what is in it.
fn shapes() -> Shapes {
    let mut shapes = vec![];
    add::<DecisionRequest>(&mut shapes);
    add::<EnrolmentReply>(&mut shapes);
    add::<ExecuteReply>(&mut shapes);
    add::<ExecuteRequest>(&mut shapes);
    add::<LoginReply>(&mut shapes);
    add::<LoginRequest>(&mut shapes);
    add::<Message>(&mut shapes);
    add::<RegisterRequest>(&mut shapes);
    add::<UserReply>(&mut shapes);
    add::<VersionReply>(&mut shapes);
    shapes
}

fn add<T: ToSchema>(shapes: &mut Shapes) {
    T::schemas(shapes);
    shapes.push((T::name().into_owned(), T::schema()));
}

/// All operations, on one screen.
fn paths() -> Paths {
    use HttpMethod::{Get, Post};
    let one = |method, operation: OperationBuilder| PathItemBuilder::new().operation(method, operation).build();
    let two =
        |get: Operation, post: Operation| PathItemBuilder::new().operation(Get, get).operation(Post, post).build();
    PathsBuilder::new()
        .path("/register", one(Post, register()))
        .path("/verify/{token}", two(view_verification(), verify()))
        .path("/approve/{token}", two(view_approval(), decide()))
        .path("/execute", one(Post, execute()))
        .path("/session", one(Get, session()))
        .path("/login", one(Post, login()))
        .path("/logout", one(Post, logout()))
        .path("/", one(Get, console()))
        .path("/openapi.json", one(Get, openapi()))
        .path("/healthz", one(Get, health()))
        .path("/readyz", one(Get, readiness()))
        .path("/version", one(Get, version()))
        .build()
}

fn register() -> OperationBuilder {
    let example = json!({"email": "user@domain.tld", "password": "correct horse battery"});
    taking(operation(ACCOUNTS, "register", "Asks for an account"), body::<RegisterRequest>(example))
        .description(Some(
            "The answer is the same, in bytes and in time, whether the address is new, waiting or already registered. A new \
             address gets a mail with a link that lives 10 minutes.",
        ))
        .response("201", answer("It was heard.", content::<Message>(ok())))
}

fn view_verification() -> Operation {
    let operation = operation(ACCOUNTS, "view_verification", "Shows the page behind the link of a verification mail")
        .description(Some("Changes nothing: mail scanners follow links."))
        .response("200", answer("The link is good.", content::<Message>(ok())));
    link(operation)
}

fn verify() -> Operation {
    let secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
    let uri = format!("otpauth://totp/Cloud%20Python:user%40domain.tld?secret={secret}&issuer=Cloud%20Python");
    let example = json!({"error": "ok", "otpauth_uri": uri, "secret": secret});
    let operation = operation(ACCOUNTS, "verify", "Verifies an address and shows the TOTP secret")
        .description(Some(
            "As often as it is asked within the link's 10 minutes, until the account's first code has been accepted.",
        ))
        .response("200", answer("The address is verified.", content::<EnrolmentReply>(example)));
    link(operation)
}

fn view_approval() -> Operation {
    let operation = operation(ACCOUNTS, "view_approval", "Shows an administrator who asks for an account")
        .description(Some("Changes nothing."))
        .response("200", answer("Who asks.", content::<UserReply>(user("waiting"))));
    link(operation)
}

fn decide() -> Operation {
    let form = ContentBuilder::new().schema(Some(Ref::from_schema_name(DecisionRequest::name()))).build();
    let taken = body::<DecisionRequest>(json!({"decision": "approve"})).content(FORM, form);
    let operation = taking(operation(ACCOUNTS, "decide", "Decides about an account"), taken)
        .response("200", answer("It is decided.", content::<UserReply>(user("approved"))))
        .response("409", refusal("The account is not as it was when it asked."));
    link(operation)
}

fn execute() -> OperationBuilder {
    let example = json!({"data": "print('Hello World')"});
    let ended = AnyOfBuilder::new()
        .item(Ref::from_schema_name(ExecuteReply::name()))
        .item(Ref::from_schema_name(STOPPED))
        .description(Some("A run that ended by itself, or one that was stopped."));
    let result = json!({"error": "ok", "stdout": "SGVsbG8gV29ybGQK", "stderr": "", "exit_code": "AA=="});
    let result = ContentBuilder::new().schema(Some(ended)).example(Some(result)).build();
    taking(operation(EXECUTION, "execute", "Runs a script"), body::<ExecuteRequest>(example))
        .description(Some("Either with a bearer token, or with `email`, `password` and `totop` in the body."))
        .securities(Some([SecurityRequirement::new(BEARER, NO_SCOPES), SecurityRequirement::default()]))
        .response("200", answer("The run is over.", result))
        .response("401", unauthorized())
}

fn session() -> OperationBuilder {
    let switched = ResponseBuilder::new()
        .description("The WebSocket is open. The first message is to say what to run.")
        .header("Sec-WebSocket-Protocol", HeaderBuilder::new().description(Some(SUBPROTOCOL)).build());
    operation(EXECUTION, "session", "Runs a script and talks with it while it runs")
        .description(Some(
            "A WebSocket (RFC 6455) over HTTP/1.1 with the subprotocol `v1.session.cloud-python`. The first message is a JSON object \
             much like the body of `POST /execute`; then standard input and output pass as binary messages. The manual says it \
             precisely: `cargo doc`, `cloud_python::manual::protocols`. Credentials are shown in that message, or as a bearer \
             token here.",
        ))
        .securities(Some([SecurityRequirement::new(BEARER, NO_SCOPES), SecurityRequirement::default()]))
        .response("101", switched)
        .response("400", refusal("Malformed, or from a page of another origin. The sentence says what is wrong."))
        .response("401", unauthorized())
        .response("426", refusal("Not the handshake of a WebSocket, or not of version 13."))
}

fn login() -> OperationBuilder {
    let example = json!({"email": "user@domain.tld", "password": "correct horse battery", "totop": "256732"});
    let result = json!({"error": "ok", "token": "cpt_czAIcfRMFo58lJ3ix1DmDCybuP9TABfFomcjTpy0244", "expires_in": 900});
    taking(operation(ACCOUNTS, "login", "Gives a bearer token"), body::<LoginRequest>(example))
        .response("200", answer("A token.", content::<LoginReply>(result)))
        .response("401", unauthorized())
}

fn logout() -> OperationBuilder {
    operation(ACCOUNTS, "logout", "Ends the bearer token that is shown")
        .security(SecurityRequirement::new(BEARER, NO_SCOPES))
        .response("200", answer("The token has ended.", content::<Message>(ok())))
        .response("401", unauthorized())
}

fn console() -> OperationBuilder {
    let shown = ResponseBuilder::new().description("The page.").content(HTML, page());
    operation(SERVER, "console", "A page to run scripts from, for people").response("200", shown)
}

fn openapi() -> OperationBuilder {
    let any = ContentBuilder::new().schema(Some(ObjectBuilder::new().schema_type(Type::Object))).build();
    operation(SERVER, "openapi", "This document").response("200", answer("The document.", any))
}

fn health() -> OperationBuilder {
    operation(SERVER, "health", "Whether the server runs").response("200", answer("It does.", content::<Message>(ok())))
}

/// It says 503 while the server drains, too.
fn readiness() -> OperationBuilder {
    operation(SERVER, "readiness", "Whether the server can take work")
        .response("200", answer("It can.", content::<Message>(ok())))
}

fn version() -> OperationBuilder {
    let example =
        json!({"error": "ok", "server": "0.1.0", "python": "3.13.0", "wasmtime": "48.0.8", "image": "9f86d081"});
    operation(SERVER, "version", "What the server is made of")
        .response("200", answer("Versions.", content::<VersionReply>(example)))
}

/// An operation with what any of them may answer.
fn operation(tag: &str, id: &str, summary: &str) -> OperationBuilder {
    let wait = || {
        let seconds = ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(1));
        HeaderBuilder::new().schema(Some(seconds)).description(Some("Seconds to wait.")).build()
    };
    OperationBuilder::new()
        .tag(tag)
        .operation_id(Some(id))
        .summary(Some(summary))
        .response("429", refusal("Slow down.").header("Retry-After", wait()))
        .response("500", refusal("Our fault. The log says why."))
        .response("503", refusal("Overloaded, or about to stop.").header("Retry-After", wait()))
}

/// One with a body, and what may be wrong with it.
fn taking(operation: OperationBuilder, body: RequestBodyBuilder) -> OperationBuilder {
    operation
        .request_body(Some(body.build()))
        .response("400", refusal("Malformed. The sentence says what is wrong."))
        .response("408", refusal("The body did not come in time."))
        .response("413", refusal("Too large."))
        .response("415", refusal("Not the content type that is read here."))
}

/// One behind the link of a mail: all it answers is a page for whoever does not ask for JSON.
fn link(operation: OperationBuilder) -> Operation {
    let token = ObjectBuilder::new().schema_type(Type::String).pattern(Some("^[A-Za-z0-9_-]{43}$"));
    let parameter = ParameterBuilder::new()
        .name("token")
        .parameter_in(ParameterIn::Path)
        .required(Required::True)
        .description(Some("The secret part of the link."))
        .schema(Some(token));
    let operation = operation.parameter(parameter);
    let mut operation = operation.response("404", refusal("The link is unknown, used up or expired.")).build();
    for response in operation.responses.responses.values_mut() {
        if let RefOr::T(response) = response {
            response.content.insert(HTML.to_owned(), page().into());
        }
    }
    operation
}

/// What is for people.
fn page() -> Content {
    ContentBuilder::new().schema(Some(ObjectBuilder::new().schema_type(Type::String))).build()
}

fn body<T: ToSchema>(example: Value) -> RequestBodyBuilder {
    RequestBodyBuilder::new().required(Some(Required::True)).content(JSON, content::<T>(example))
}

fn content<T: ToSchema>(example: Value) -> Content {
    ContentBuilder::new().schema(Some(Ref::from_schema_name(T::name()))).example(Some(example)).build()
}

fn answer(description: &str, content: Content) -> ResponseBuilder {
    ResponseBuilder::new().description(description).content(JSON, content)
}

fn refusal(description: &str) -> ResponseBuilder {
    answer(description, ContentBuilder::new().schema(Some(Ref::from_schema_name(Message::name()))).build())
}

fn unauthorized() -> ResponseBuilder {
    refusal("Not registered, not approved, or wrong credentials: one answer for all of these.")
}

/// What a run that was stopped is answered with, and nothing else.
fn stopped() -> Object {
    let reason = ObjectBuilder::new()
        .schema_type(Type::String)
        .enum_values(Some(["request timed out", "output too large"]))
        .description(Some("Why."));
    ObjectBuilder::new()
        .description(Some("A run that was stopped."))
        .property("error", reason)
        .required("error")
        .additional_properties(Some(AdditionalProperties::<Schema>::FreeForm(false)))
        .build()
}

fn ok() -> Value {
    json!({"error": "ok"})
}

fn user(standing: &str) -> Value {
    let user = json!({
        "email": "user@domain.tld", "standing": standing, "since": 1_755_784_980, "enrolled": false, "tokens": 0,
    });
    json!({"error": "ok", "user": user})
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::ROUTES;
    use super::*;
    use crate::domain::BearerToken;

    fn parsed() -> Value {
        serde_json::from_str(document()).unwrap()
    }

    /// Every `(path, method)` of the document with its operation.
    fn operations(document: &Value) -> Vec<(String, String, Value)> {
        let mut operations = vec![];
        for (path, item) in document["paths"].as_object().unwrap() {
            for (method, operation) in item.as_object().unwrap() {
                operations.push((path.clone(), method.to_uppercase(), operation.clone()));
            }
        }
        operations
    }

    /// Calls `look` with every object in the document.
    fn walk(value: &Value, look: &mut impl FnMut(&serde_json::Map<String, Value>)) {
        match value {
            Value::Object(object) => {
                look(object);
                object.values().for_each(|value| walk(value, look));
            }
            Value::Array(list) => list.iter().for_each(|value| walk(value, look)),
            _ => {}
        }
    }

    #[test]
    fn it_is_of_version_3_1_and_refers_to_nothing_that_is_not_there() {
        let document = parsed();
        assert!(document["openapi"].as_str().unwrap().starts_with("3.1."));
        let (mut named, mut there) = (BTreeSet::new(), BTreeSet::new());
        walk(&document, &mut |object| named.extend(object.get("$ref").map(|name| name.as_str().unwrap().to_owned())));
        let schemas = document["components"]["schemas"].as_object().unwrap();
        there.extend(schemas.keys().map(|name| format!("#/components/schemas/{name}")));
        assert_eq!(named, there);
    }

    #[test]
    fn it_has_the_routes_of_the_door_and_no_others() {
        let document = parsed();
        let described: BTreeSet<_> =
            operations(&document).into_iter().map(|(path, method, _)| (path, method)).collect();
        let routes: BTreeSet<_> = ROUTES.iter().map(|route| (route.path.to_owned(), route.method.to_owned())).collect();
        assert_eq!(described, routes);
    }

    #[test]
    fn every_operation_has_a_name_of_its_own_and_says_what_can_go_wrong() {
        let document = parsed();
        let mut names = BTreeSet::new();
        for (path, method, operation) in operations(&document) {
            assert!(names.insert(operation["operationId"].to_string()), "{method} {path}");
            let mut statuses = vec!["429", "500", "503"];
            let taking = operation.get("requestBody").is_some();
            statuses.extend(taking.then_some(["400", "408", "413", "415"]).into_iter().flatten());
            statuses.extend(path.contains("{token}").then_some("404"));
            statuses.extend(["/execute", "/session", "/login", "/logout"].contains(&path.as_str()).then_some("401"));
            for status in statuses {
                assert!(operation["responses"].get(status).is_some(), "{method} {path} {status}");
            }
        }
    }

    #[test]
    fn what_may_be_left_out_of_a_run_may_be_null_and_nothing_else() {
        let shape = parsed()["components"]["schemas"]["ExecuteRequest"].clone();
        let required = shape["required"].as_array().unwrap();
        for (name, property) in shape["properties"].as_object().unwrap() {
            let said = property.to_string().contains("\"null\"");
            let body = json!({"data": "", name: null});
            let taken = serde_json::from_value::<ExecuteRequest>(body).is_ok();
            assert_eq!([said, taken], [!required.contains(&json!(name)); 2], "{name}");
        }
    }

    #[test]
    fn its_examples_are_taken() {
        let document = parsed();
        let of = |path: &str| document["paths"][path]["post"]["requestBody"]["content"][JSON]["example"].clone();
        serde_json::from_value::<RegisterRequest>(of("/register")).map(|_| ()).unwrap();
        serde_json::from_value::<LoginRequest>(of("/login")).map(|_| ()).unwrap();
        serde_json::from_value::<ExecuteRequest>(of("/execute")).map(|_| ()).unwrap();
        serde_json::from_value::<DecisionRequest>(of("/approve/{token}")).map(|_| ()).unwrap();
        let token = &document["paths"]["/login"]["post"]["responses"]["200"]["content"][JSON]["example"]["token"];
        assert!(BearerToken::parse(token.as_str().unwrap()).is_some());
    }
}
