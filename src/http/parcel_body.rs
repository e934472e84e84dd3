//! The shapes of JSON bodies about parcels. The comments are what the OpenAPI document says.

use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};
use serde_json::json;
use utoipa::ToSchema;

use super::field::{Field, Text};
use crate::domain::{
    Json, Operation, OperationKind, ParcelId, ParcelOutcome, ParcelUser, decode_hex, decode_hex_array,
};

/// Asks for a token.
#[derive(serde::Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PermitRequest {
    /// For whom: the first 20 bytes of SHA-256 of the key's uncompressed point, in hexadecimal digits.
    #[schema(value_type = String, pattern = "^[0-9a-fA-F]{40}$", example = "0123456789ABCDEF0123456789ABCDEF01234567")]
    pub(super) user: Field<ParcelUser>,
    /// For what: `upload`, `download`, `remove`, `inspect` or `grant`, or an object with this as its `name` and, to have a token for one
    /// parcel only, its `id` (or SHA-256 of the data to be uploaded as `hash`).
    #[schema(schema_with = operation)]
    pub(super) operation: OperationField,
}

/// A parcel. `multipart/form-data` with the fields `owner`, `metadata` (as JSON) and `file` says the same for data of any size.
#[derive(serde::Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct UploadRequest {
    /// The token's user.
    #[schema(value_type = String, pattern = "^[0-9a-fA-F]{40}$")]
    pub(super) owner: Field<ParcelUser>,
    /// Anything, but it has a field `owner` with the owner; at most 4 KiB.
    #[schema(value_type = Object)]
    pub(super) metadata: Json,
    /// The data in hexadecimal digits.
    #[schema(value_type = String, pattern = "^([0-9a-fA-F]{2})*$")]
    pub(super) data: Field<Hex>,
}

/// Lets somebody download a parcel.
#[derive(serde::Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct GrantRequest {
    /// Whom.
    #[schema(value_type = String, pattern = "^[0-9a-fA-F]{40}$")]
    pub(super) user: Field<ParcelUser>,
}

/// Makes a key the account's own for parcels.
#[derive(serde::Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ParcelKeyRequest {
    /// A point of P-256, compressed or uncompressed, in hexadecimal digits or base64url.
    pub(super) public_key: String,
    /// ECDSA with SHA-256 (r and s, 64 bytes, in hexadecimal digits or base64url) over the words `cloud-python parcel key of EMAIL`,
    /// with the account's address in small letters.
    pub(super) signature: String,
}

/// A token.
#[derive(ToSchema)]
#[expect(dead_code, reason = "for the document; it is written by `reply`")]
pub(super) struct PermitReply {
    /// A JSON Web Token. It is good once, for five minutes, with its user's signature.
    token: String,
}

/// A parcel that is kept.
#[derive(ToSchema)]
#[expect(dead_code, reason = "for the document; it is written by `reply`")]
pub(super) struct UploadReply {
    /// Its name.
    #[schema(pattern = "^[0-9A-F]{72}$")]
    id: String,
}

/// A parcel.
#[derive(ToSchema)]
#[expect(dead_code, reason = "for the document; it is written as it comes")]
pub(super) struct ParcelReply {
    /// Its name.
    #[schema(pattern = "^[0-9A-F]{72}$")]
    id: Option<String>,
    /// Whose it is.
    owner: Option<String>,
    /// What its owner says about it.
    #[schema(value_type = Option<Object>)]
    metadata: Option<()>,
    /// The data in hexadecimal digits.
    data: Option<String>,
}

/// Somebody who may download a parcel now.
#[derive(ToSchema)]
#[expect(dead_code, reason = "for the document; it is written by `reply`")]
pub(super) struct GrantReply {
    /// The parcel.
    id: String,
    /// Who.
    user: String,
}

/// A key that is the account's own now.
#[derive(ToSchema)]
#[expect(dead_code, reason = "for the document; it is written by `reply`")]
pub(super) struct ParcelKeyReply {
    /// `ok`.
    #[schema(pattern = "^ok$")]
    error: String,
    /// The key's address.
    user: String,
}

/// Bytes in hexadecimal digits.
pub(super) struct Hex(pub(super) Vec<u8>);

/// An operation, in either of its forms.
pub(super) struct OperationField(pub(super) Operation);

impl Text for ParcelUser {
    const EXPECTED: &'static str = "a string of 40 hexadecimal digits";

    fn of(text: &str) -> Result<Self, String> {
        Self::parse(text).ok_or_else(|| format!("it must be {}", Self::EXPECTED))
    }
}

impl Text for ParcelId {
    const EXPECTED: &'static str = "a string of 72 hexadecimal digits";

    fn of(text: &str) -> Result<Self, String> {
        Self::parse(text).ok_or_else(|| format!("it must be {}", Self::EXPECTED))
    }
}

impl Text for Hex {
    const EXPECTED: &'static str = "a string of hexadecimal digits";

    fn of(text: &str) -> Result<Self, String> {
        decode_hex(text).map(Self).ok_or_else(|| "it must be hexadecimal digits, two for each byte".to_owned())
    }
}

/// SHA-256 of something.
struct Hash([u8; 32]);

impl Text for Hash {
    const EXPECTED: &'static str = "a string of 64 hexadecimal digits";

    fn of(text: &str) -> Result<Self, String> {
        decode_hex_array(text).map(Self).ok_or_else(|| format!("it must be {}", Self::EXPECTED))
    }
}

impl Text for OperationKind {
    const EXPECTED: &'static str = "\"upload\", \"download\", \"remove\", \"inspect\" or \"grant\"";

    fn of(text: &str) -> Result<Self, String> {
        Self::parse(text).ok_or_else(|| format!("it must be {}", Self::EXPECTED))
    }
}

/// An operation that says what it is for.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct OperationObject {
    name: Field<OperationKind>,
    id: Option<Field<ParcelId>>,
    hash: Option<Field<Hash>>,
}

impl<'de> Deserialize<'de> for OperationField {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = OperationField;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("the name of an operation, or an object with its name")
            }

            fn visit_str<E: Error>(self, name: &str) -> Result<OperationField, E> {
                let kind = OperationKind::of(name).map_err(E::custom)?;
                Ok(OperationField(Operation { kind, only: None }))
            }

            fn visit_map<A: MapAccess<'de>>(self, object: A) -> Result<OperationField, A::Error> {
                let object = OperationObject::deserialize(serde::de::value::MapAccessDeserializer::new(object))?;
                let OperationObject { name: Field(kind), id, hash } = object;
                let operation = Operation::new(kind, id.map(|Field(id)| id), hash.map(|Field(Hash(hash))| hash));
                let sentence = "`hash` goes with \"upload\" alone, and `id` with the others";
                operation.map(OperationField).ok_or_else(|| A::Error::custom(sentence))
            }
        }
        from.deserialize_any(Either)
    }
}

/// What is answered about parcels, but for those that are fetched.
pub(super) fn reply(outcome: &ParcelOutcome) -> String {
    match outcome {
        ParcelOutcome::Permitted(token) => json!({ "token": token }).to_string(),
        ParcelOutcome::Uploaded(id) => json!({ "id": id.to_string() }).to_string(),
        // It is JSON already.
        ParcelOutcome::Metadata(metadata) => format!(r#"{{"metadata":{}}}"#, metadata.as_str()),
        ParcelOutcome::Owner(owner) => json!({ "owner": owner.as_str() }).to_string(),
        ParcelOutcome::Granted(id, user) => json!({ "id": id.to_string(), "user": user.as_str() }).to_string(),
        ParcelOutcome::KeyRegistered(user) => json!({ "error": "ok", "user": user.as_str() }).to_string(),
        ParcelOutcome::Removed | ParcelOutcome::Revoked => "{}".to_owned(),
    }
}

/// Files by name: base64, or a parcel. All of it may be null.
pub(super) fn files() -> utoipa::openapi::schema::Schema {
    use utoipa::openapi::schema::{ObjectBuilder, OneOfBuilder, SchemaType, Type};
    let id = ObjectBuilder::new().schema_type(Type::String).pattern(Some("^[0-9a-fA-F]{72}$"));
    let parcel = ObjectBuilder::new().property("parcel", id).required("parcel");
    let parcel = parcel.additional_properties(Some(nothing_else()));
    let base64 = ObjectBuilder::new().schema_type(Type::String).content_encoding("base64");
    let content = OneOfBuilder::new().item(base64).item(parcel).build();
    let kinds = SchemaType::from_iter([Type::Object, Type::Null]);
    ObjectBuilder::new()
        .schema_type(kinds)
        .additional_properties(Some(utoipa::openapi::schema::Schema::from(content)))
        .build()
        .into()
}

/// That an object has no other fields.
fn nothing_else() -> utoipa::openapi::schema::AdditionalProperties<utoipa::openapi::schema::Schema> {
    utoipa::openapi::schema::AdditionalProperties::FreeForm(false)
}

/// How an operation is written.
fn operation() -> utoipa::openapi::schema::Schema {
    use utoipa::openapi::schema::{ObjectBuilder, OneOfBuilder, SchemaType, Type};
    let named = |kinds: &[OperationKind]| {
        let names: Vec<&str> = kinds.iter().map(|kind| kind.name()).collect();
        ObjectBuilder::new().schema_type(Type::String).enum_values(Some(names))
    };
    let digits = |pattern: &str| {
        let or_null = SchemaType::from_iter([Type::String, Type::Null]);
        ObjectBuilder::new().schema_type(or_null).pattern(Some(pattern))
    };
    let object = |kinds: &[OperationKind], only: &str, pattern: &str, not: &str| {
        ObjectBuilder::new()
            .property("name", named(kinds))
            .required("name")
            .property(only, digits(pattern))
            .property(not, ObjectBuilder::new().schema_type(Type::Null))
            .additional_properties(Some(nothing_else()))
    };
    let (uploads, others): (Vec<_>, Vec<_>) =
        OperationKind::ALL.into_iter().partition(|kind| *kind == OperationKind::Upload);
    OneOfBuilder::new()
        .item(named(&OperationKind::ALL))
        .item(object(&uploads, "hash", "^[0-9a-fA-F]{64}$", "id"))
        .item(object(&others, "id", "^[0-9a-fA-F]{72}$", "hash"))
        .build()
        .into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::json::parse;

    fn permit(operation: &str) -> Result<Operation, String> {
        let body = format!(r#"{{"user":"{}","operation":{operation}}}"#, "a".repeat(40));
        parse::<PermitRequest>(body.as_bytes()).map(|request| request.operation.0).map_err(|error| error.to_string())
    }

    #[test]
    fn an_operation_is_read_in_either_form() {
        let (id, hash) = ("AB".repeat(36), "cd".repeat(32));
        for kind in OperationKind::ALL {
            let name = kind.name();
            assert_eq!(permit(&format!("\"{name}\"")), Ok(Operation { kind, only: None }));
            assert_eq!(permit(&format!(r#"{{"name":"{name}"}}"#)), Ok(Operation { kind, only: None }));
            let one = permit(&format!(r#"{{"name":"{name}","id":"{id}"}}"#));
            assert_eq!(one.is_ok(), kind != OperationKind::Upload, "{name}");
            let data = permit(&format!(r#"{{"hash":"{hash}","name":"{name}"}}"#));
            assert_eq!(data.is_ok(), kind == OperationKind::Upload, "{name}");
        }
    }

    #[test]
    fn what_is_wrong_with_an_operation_is_said() {
        for (operation, expected) in [
            ("1", "`operation` must be the name of an operation, or an object with its name"),
            ("\"Upload\"", "`operation`: it must be \"upload\", \"download\", \"remove\", \"inspect\" or \"grant\""),
            ("{}", "missing field `name`"),
            (r#"{"name":"upload","name":"upload"}"#, "duplicate field `name`"),
            (r#"{"name":"remove","who":1}"#, "unknown field `who`, expected one of `name`, `id`, `hash`"),
            (r#"{"name":"remove","id":"x"}"#, "`operation.id`: it must be a string of 72 hexadecimal digits"),
            (r#"{"name":"upload","hash":1}"#, "`operation.hash` must be a string of 64 hexadecimal digits"),
        ] {
            assert_eq!(permit(operation).unwrap_err(), expected);
        }
        let wrong = parse::<PermitRequest>(br#"{"user":"x","operation":"upload"}"#).map(|_| ()).unwrap_err();
        assert_eq!(wrong.to_string(), "`user`: it must be a string of 40 hexadecimal digits");
    }

    #[test]
    fn an_upload_is_read_strictly() {
        let read = |rest: &str| {
            let body = format!(r#"{{"owner":"{}",{rest}}}"#, "a".repeat(40));
            parse::<UploadRequest>(body.as_bytes()).map(|request| request.data.0.0).map_err(|error| error.to_string())
        };
        assert_eq!(read(r#""metadata":{"b":1,"a":[]},"data":"00fF""#), Ok(vec![0, 255]));
        assert_eq!(read(r#""metadata":{},"data":"""#), Ok(vec![]));
        for (rest, expected) in [
            (r#""metadata":{}"#, "missing field `data`"),
            (r#""metadata":{"a":1,"a":2},"data":"""#, "`metadata`: a key is there twice"),
            (r#""metadata":{},"data":"0""#, "`data`: it must be hexadecimal digits, two for each byte"),
            (r#""metadata":{},"data":5"#, "`data` must be a string of hexadecimal digits"),
            (r#""metadata":{},"data":"","x":1"#, "unknown field `x`, expected one of `owner`, `metadata`, `data`"),
        ] {
            assert_eq!(read(rest).unwrap_err(), expected);
        }
    }
}
