//! The calls about parcels in the OpenAPI document.

use serde_json::json;
use utoipa::ToSchema;
use utoipa::openapi::path::{
    HttpMethod, OperationBuilder, ParameterBuilder, ParameterIn, PathItemBuilder, PathsBuilder,
};
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::security::SecurityRequirement;
use utoipa::openapi::{ContentBuilder, Ref, Required, ResponseBuilder};

use super::openapi::{BEARER, NO_SCOPES, Shapes, add, answer, body, content, operation, refusal, taking, unauthorized};
use super::parcel_body::{
    GrantReply, GrantRequest, ParcelKeyReply, ParcelKeyRequest, ParcelReply, PermitReply, PermitRequest, UploadReply,
    UploadRequest,
};

/// The tag of these calls.
pub(super) const PARCELS: &str = "parcels";

const USER: &str = "0123456789ABCDEF0123456789ABCDEF01234567";
const ID: &str = "00000001E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855";

/// Their shapes.
pub(super) fn shapes(shapes: &mut Shapes) {
    add::<GrantReply>(shapes);
    add::<GrantRequest>(shapes);
    add::<ParcelKeyReply>(shapes);
    add::<ParcelKeyRequest>(shapes);
    add::<ParcelReply>(shapes);
    add::<PermitReply>(shapes);
    add::<PermitRequest>(shapes);
    add::<UploadReply>(shapes);
    add::<UploadRequest>(shapes);
}

/// Their paths.
pub(super) fn paths(paths: PathsBuilder) -> PathsBuilder {
    use HttpMethod::{Delete, Get, Post};
    let one = |method, operation: OperationBuilder| PathItemBuilder::new().operation(method, operation).build();
    let two = PathItemBuilder::new().operation(Get, fetch()).operation(Delete, remove()).build();
    paths
        .path("/parcel-key", one(Post, register_key()))
        .path("/api/v1/auth", one(Post, permit()))
        .path("/api/v1/parcels", one(Post, upload()))
        .path("/api/v1/parcels/{id}", two)
        .path("/api/v1/parcels/{id}/grants", one(Post, grant()))
        .path("/api/v1/parcels/{id}/grants/{user}", one(Delete, revoke()))
}

fn permit() -> OperationBuilder {
    let example = json!({"user": USER, "operation": "upload"});
    taking(operation(PARCELS, "parcel_auth", "Gives a token for one operation"), body::<PermitRequest>(example))
        .description(Some("The token is worth nothing without a signature by the user's key."))
        .response(
            "200",
            answer("A token.", content::<PermitReply>(json!({"token": "eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9..."}))),
        )
}

fn upload() -> OperationBuilder {
    let example = json!({"owner": USER, "metadata": {"owner": USER}, "data": "68656c6c6f"});
    let text = || ObjectBuilder::new().schema_type(Type::String);
    let form = ObjectBuilder::new()
        .property("owner", text())
        .required("owner")
        .property("metadata", text())
        .required("metadata")
        .property("file", text())
        .required("file");
    let form = ContentBuilder::new().schema(Some(form)).build();
    let taken: RequestBodyBuilder = body::<UploadRequest>(example).content("multipart/form-data", form);
    let operation = taking(operation(PARCELS, "parcel_upload", "Uploads a parcel"), taken)
        .description(Some("The same content again has the same id. The token is for `upload`."))
        .response("200", answer("It is kept.", content::<UploadReply>(json!({"id": ID}))))
        .response("403", refusal("Not the owner, or not registered where that is asked for."));
    signed(operation)
}

fn fetch() -> OperationBuilder {
    let octets = ContentBuilder::new().schema(Some(ObjectBuilder::new().schema_type(Type::String))).build();
    let key = ParameterBuilder::new()
        .name("key")
        .parameter_in(ParameterIn::Query)
        .required(Required::False)
        .description(Some("`metadata` or `owner`: only this, for anybody, without a token."))
        .schema(Some(ObjectBuilder::new().schema_type(Type::String).enum_values(Some(["metadata", "owner"]))));
    let operation = operation(PARCELS, "parcel_fetch", "Downloads or inspects a parcel")
        .description(Some(
            "A download's token is for `download`. With `Accept: application/octet-stream` the answer is the data itself, or a \
             part of it (`Range`).",
        ))
        .parameter(key)
        .response(
            "200",
            answer("The parcel.", ContentBuilder::new().schema(Some(Ref::from_schema_name(ParcelReply::name()))).build())
                .content("application/octet-stream", octets.clone()),
        )
        .response("206", ResponseBuilder::new().description("A part of the data.").content("application/octet-stream", octets))
        .response("400", refusal("Something else after the question mark."))
        .response("403", refusal("Its owner has not let this user in."))
        .response("404", refusal("There is no such parcel."))
        .response("416", refusal("None of the bytes that are wanted are there."));
    named(signed(operation))
}

fn remove() -> OperationBuilder {
    let operation = operation(PARCELS, "parcel_remove", "Removes a parcel")
        .description(Some("The token is for `remove`."))
        .response("204", ResponseBuilder::new().description("It is gone."))
        .response("405", refusal("It is somebody else's."))
        .response("410", refusal("There is no such parcel."));
    named(signed(operation))
}

fn grant() -> OperationBuilder {
    let example = json!({"user": USER});
    let operation = taking(operation(PARCELS, "parcel_grant", "Lets a user download"), body::<GrantRequest>(example))
        .description(Some("The token is for `grant`."))
        .response("200", answer("They may.", content::<GrantReply>(json!({"id": ID, "user": USER}))))
        .response("403", refusal("It is somebody else's."))
        .response("404", refusal("There is no such parcel."));
    named(signed(operation))
}

fn revoke() -> OperationBuilder {
    let user = ParameterBuilder::new()
        .name("user")
        .parameter_in(ParameterIn::Path)
        .required(Required::True)
        .description(Some("Whom."))
        .schema(Some(ObjectBuilder::new().schema_type(Type::String).pattern(Some("^[0-9a-fA-F]{40}$"))));
    let operation = operation(PARCELS, "parcel_revoke", "Lets a user download no more")
        .description(Some("The token is for `grant`."))
        .parameter(user)
        .response("204", ResponseBuilder::new().description("They may not, if they might."))
        .response("403", refusal("It is somebody else's."))
        .response("404", refusal("There is no such parcel."));
    named(signed(operation))
}

fn register_key() -> OperationBuilder {
    let example = json!({"public_key": "02...", "signature": "..."});
    taking(operation(PARCELS, "parcel_key", "Makes a key the account's own"), body::<ParcelKeyRequest>(example))
        .description(Some("Runs of the account may then be given the parcels that the key owns or was let in to."))
        .security(SecurityRequirement::new(BEARER, NO_SCOPES))
        .response("200", answer("It is.", content::<ParcelKeyReply>(json!({"error": "ok", "user": USER}))))
        .response("401", unauthorized())
}

/// One on a parcel.
fn named(operation: OperationBuilder) -> OperationBuilder {
    let parameter = ParameterBuilder::new()
        .name("id")
        .parameter_in(ParameterIn::Path)
        .required(Required::True)
        .description(Some("The parcel's name."))
        .schema(Some(ObjectBuilder::new().schema_type(Type::String).pattern(Some("^[0-9a-fA-F]{72}$"))));
    operation.parameter(parameter)
}

/// One that needs a token and a signature over it.
fn signed(mut operation: OperationBuilder) -> OperationBuilder {
    for (name, what) in [
        ("X-Auth-Token", "A token from `POST /api/v1/auth`, used once."),
        (
            "X-Public-Key",
            "The user's key: a point of P-256, compressed or uncompressed, in base64url or hexadecimal digits.",
        ),
        ("X-Signature", "ECDSA with SHA-256 over the token's letters: r and s (64 bytes), written likewise."),
    ] {
        let field = ParameterBuilder::new()
            .name(name)
            .parameter_in(ParameterIn::Header)
            .required(Required::False)
            .description(Some(what))
            .schema(Some(ObjectBuilder::new().schema_type(Type::String)));
        operation = operation.parameter(field);
    }
    operation.response("401", refusal("Token, key or signature is missing, not good, not for this, or used up."))
}
