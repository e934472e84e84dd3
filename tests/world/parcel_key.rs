//! Somebody with a key for parcels, who says what the existing clients say.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE;
use serde_json::{Value, json};

use super::https::{Answer, Connection};
use super::{hex, sha256};

/// A key and its address.
pub(crate) struct ParcelKey {
    pair: EcdsaKeyPair,
    pub(crate) user: String,
}

/// The three fields of a head.
pub(crate) type Shown = [(&'static str, String); 3];

impl ParcelKey {
    pub(crate) fn new() -> Self {
        let random = SystemRandom::new();
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).expect("a key");
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8.as_ref()).expect("a key");
        let user = sha256(pair.public_key().as_ref())[..40].to_uppercase();
        Self { pair, user }
    }

    pub(crate) fn point(&self) -> Vec<u8> {
        self.pair.public_key().as_ref().to_vec()
    }

    pub(crate) fn compressed(&self) -> Vec<u8> {
        let point = self.point();
        [&[2 + (point[64] & 1)], &point[1..33]].concat()
    }

    pub(crate) fn sign(&self, text: &str) -> Vec<u8> {
        self.pair.sign(&SystemRandom::new(), text.as_bytes()).expect("a signature").as_ref().to_vec()
    }

    /// In hex, as the newer clients say it.
    pub(crate) fn shown(&self, token: &str) -> Shown {
        let signature = hex(&self.sign(token));
        [("X-Auth-Token", token.to_owned()), ("X-Public-Key", hex(&self.point())), ("X-Signature", signature)]
    }

    /// In base64url, as source 5 says it, with a compressed point.
    pub(crate) fn shown_in_base64(&self, token: &str) -> Shown {
        let (key, signature) = (URL_SAFE.encode(self.compressed()), URL_SAFE.encode(self.sign(token)));
        [("X-Auth-Token", token.to_owned()), ("X-Public-Key", key), ("X-Signature", signature)]
    }

    /// A token for an operation.
    pub(crate) async fn token(&self, connection: &mut Connection, operation: &Value) -> String {
        let answer = connection.post("/api/v1/auth", None, &json!({"user": self.user, "operation": operation})).await;
        let answer = answer.expect("an answer");
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.json()["token"].as_str().expect("a token").to_owned()
    }

    /// A call with a fresh token for this operation.
    pub(crate) async fn call(
        &self,
        connection: &mut Connection,
        operation: &Value,
        method: &str,
        path: &str,
        fields: &[(&str, &str)],
        body: &[u8],
    ) -> Answer {
        let token = self.token(connection, operation).await;
        self.call_with(connection, &token, method, path, fields, body).await
    }

    /// A call with this token.
    pub(crate) async fn call_with(
        &self,
        connection: &mut Connection,
        token: &str,
        method: &str,
        path: &str,
        fields: &[(&str, &str)],
        body: &[u8],
    ) -> Answer {
        let shown = self.shown(token);
        let mut all: Vec<(&str, &str)> = shown.iter().map(|(name, value)| (*name, value.as_str())).collect();
        all.extend_from_slice(fields);
        connection.send(method, path, &all, body).await
    }

    /// What an upload says.
    pub(crate) fn parcel(&self, data: &[u8]) -> Value {
        json!({"owner": self.user, "metadata": {"owner": self.user, "name": "data"}, "data": hex(data)})
    }

    /// Uploads data, and returns the parcel's id.
    pub(crate) async fn upload(&self, connection: &mut Connection, data: &[u8]) -> String {
        let body = self.parcel(data).to_string();
        let json = [("content-type", "application/json")];
        let upload = json!("upload");
        let answer = self.call(connection, &upload, "POST", "/api/v1/parcels", &json, body.as_bytes()).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.json()["id"].as_str().expect("an id").to_owned()
    }

    /// Uploads data as a form, with the fields in this order.
    pub(crate) fn form(&self, order: &[&str], data: &[u8]) -> Vec<u8> {
        let metadata = json!({"owner": self.user, "name": "data"}).to_string();
        let mut body = vec![];
        for name in order {
            let file = if *name == "file" { "; filename=\"data.csv\"\r\nContent-Type: text/csv" } else { "" };
            body.extend(format!("--x1\r\nContent-Disposition: form-data; name=\"{name}\"{file}\r\n\r\n").bytes());
            match *name {
                "owner" => body.extend(self.user.bytes()),
                "metadata" => body.extend(metadata.bytes()),
                _ => body.extend(data),
            }
            body.extend(b"\r\n");
        }
        body.extend(b"--x1--\r\n");
        body
    }
}
