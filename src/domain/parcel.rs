//! Parcels: whose they are, what they are called, and what a permission is good for.
//!
//! Owns: addresses of keys ([`ParcelUser`]), names of parcels ([`ParcelId`]), what their owners say about them ([`Metadata`]),
//! and the operations that a permission names. Not here: tokens and signatures (`auth`), where records (`store`) and bytes
//! (`objects`) are kept.

use std::fmt::{Display, Formatter};

use sha2::{Digest, Sha256};

use super::{Json, UnixTime, decode_hex_array, encode_hex};
use crate::config::limits;

/// Bytes of a key's address.
const ADDRESS_BYTES: usize = 20;
/// Bytes of a storage service's id, which begins the id of each of its parcels.
const SERVICE_BYTES: usize = 4;

/// Whose a parcel is: the address of a P-256 key, the first 20 bytes of SHA-256 of its uncompressed point (SEC 1, section 2.3.3).
/// Two are the same if their bytes are; each keeps the letters in which it was written, for it is part of what is hashed.
#[derive(Clone, Debug)]
pub struct ParcelUser {
    address: [u8; ADDRESS_BYTES],
    written: String,
}

impl ParcelUser {
    /// Takes 40 hexadecimal digits of either case.
    pub fn parse(text: &str) -> Option<Self> {
        Some(Self { address: decode_hex_array(text)?, written: text.to_owned() })
    }

    /// The user who has the key with this uncompressed point.
    pub fn of_point(point: &[u8; 65]) -> Self {
        let [hash @ .., _, _, _, _, _, _, _, _, _, _, _, _]: [u8; 32] = Sha256::digest(point).into();
        Self::of_address(hash)
    }

    /// The user with this address, written in capitals.
    pub fn of_address(address: [u8; ADDRESS_BYTES]) -> Self {
        Self { address, written: encode_hex(&address).to_uppercase() }
    }

    /// The bytes.
    pub const fn address(&self) -> &[u8; ADDRESS_BYTES] {
        &self.address
    }

    /// As it was written.
    pub fn as_str(&self) -> &str {
        &self.written
    }
}

impl PartialEq for ParcelUser {
    fn eq(&self, other: &Self) -> bool {
        self.address == other.address
    }
}

impl Eq for ParcelUser {}

/// The storage service's own id: 8 hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ServiceId([u8; SERVICE_BYTES]);

impl ServiceId {
    /// Takes 8 hexadecimal digits.
    pub fn parse(text: &str) -> Option<Self> {
        decode_hex_array(text).map(Self)
    }

    /// The service that a parcel's name begins with.
    pub const fn of(id: &ParcelId) -> Self {
        let [a, b, c, d, ..] = id.0;
        Self([a, b, c, d])
    }
}

/// A parcel's name: the service's id, and SHA-256 over owner, metadata and data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ParcelId([u8; Self::BYTES]);

impl ParcelId {
    /// Bytes of an id.
    pub const BYTES: usize = SERVICE_BYTES + 32;

    /// Takes 72 hexadecimal digits of either case.
    pub fn parse(text: &str) -> Option<Self> {
        decode_hex_array(text).map(Self)
    }

    /// An id of these bytes.
    pub const fn new(bytes: [u8; Self::BYTES]) -> Self {
        Self(bytes)
    }

    /// The bytes.
    pub const fn bytes(&self) -> &[u8; Self::BYTES] {
        &self.0
    }
}

impl Display for ParcelId {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        f.write_str(&encode_hex(&self.0).to_uppercase())
    }
}

/// Works out a parcel's name while its data passes by. Forty digits and one JSON object say themselves where they end, so no two
/// parcels are hashed as the same bytes.
#[derive(Clone, Debug)]
pub struct ParcelHasher(Sha256);

impl ParcelHasher {
    /// Of a parcel of this owner, with this metadata.
    pub fn new(owner: &ParcelUser, metadata: &Metadata) -> Self {
        Self(Sha256::new().chain_update(owner.as_str()).chain_update(metadata.as_str()))
    }

    /// Takes the next bytes of the data.
    pub fn update(&mut self, data: &[u8]) {
        self.0.update(data);
    }

    /// The name.
    pub fn finish(self, service: ServiceId) -> ParcelId {
        let mut bytes = [0; ParcelId::BYTES];
        let (ours, hash) = bytes.split_at_mut(SERVICE_BYTES);
        ours.copy_from_slice(&service.0);
        hash.copy_from_slice(&self.0.finalize());
        ParcelId(bytes)
    }
}

/// What an owner says about a parcel: a JSON object in its canonical text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Metadata(String);

/// Metadata that is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MetadataError {
    /// It is something else.
    #[error("it must be a JSON object")]
    NotAnObject,
    /// Its owner is missing or another.
    #[error("it must have a field `owner` with the parcel's owner")]
    Owner,
    /// It is larger than [`limits::PARCEL_METADATA_BYTES`].
    #[error("it is larger than {} bytes in its canonical form", limits::PARCEL_METADATA_BYTES)]
    TooLarge,
}

impl Metadata {
    /// Takes an object whose field `owner` names this owner.
    pub fn of(json: &Json, owner: &ParcelUser) -> Result<Self, MetadataError> {
        if !matches!(json, Json::Object(_)) {
            return Err(MetadataError::NotAnObject);
        }
        let Some(Json::Text(said)) = json.get("owner") else { return Err(MetadataError::Owner) };
        if ParcelUser::parse(said).as_ref() != Some(owner) {
            return Err(MetadataError::Owner);
        }
        let text = json.canonical();
        if text.len() > limits::PARCEL_METADATA_BYTES {
            return Err(MetadataError::TooLarge);
        }
        Ok(Self(text))
    }

    /// The canonical text that was written down.
    pub const fn written(text: String) -> Self {
        Self(text)
    }

    /// The canonical text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A parcel whose bytes are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parcel {
    /// Its name.
    pub id: ParcelId,
    /// Who uploaded it.
    pub owner: ParcelUser,
    /// What they say about it.
    pub metadata: Metadata,
    /// Bytes of its data.
    pub size: u64,
    /// Where the data is.
    pub object: String,
    /// When it was uploaded.
    pub created: UnixTime,
}

/// What a permission is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Operation {
    /// The kind of call.
    pub kind: OperationKind,
    /// The one parcel it is good for, or else any.
    pub only: Option<Only>,
}

/// The kinds of calls that need a permission; [`Inspect`](Self::Inspect) does not, but may have one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OperationKind {
    /// Uploading.
    Upload,
    /// Downloading.
    Download,
    /// Removing.
    Remove,
    /// Looking at metadata.
    Inspect,
    /// Letting others download, and taking that back.
    Grant,
}

/// The one parcel that a permission is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Only {
    /// By its id.
    Parcel(ParcelId),
    /// By SHA-256 of its data, before there is an id.
    Data([u8; 32]),
}

impl OperationKind {
    /// All kinds.
    pub const ALL: [Self; 5] = [Self::Upload, Self::Download, Self::Remove, Self::Inspect, Self::Grant];

    /// As it is written in a token.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Upload => "upload",
            Self::Download => "download",
            Self::Remove => "remove",
            Self::Inspect => "inspect",
            Self::Grant => "grant",
        }
    }

    /// The kind of this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

impl Operation {
    /// What is asked for by this name, for this parcel or this data only. Data can be named before an upload, a parcel after it.
    pub fn new(kind: OperationKind, id: Option<ParcelId>, hash: Option<[u8; 32]>) -> Option<Self> {
        let only = match (kind, id, hash) {
            (_, None, None) => None,
            (OperationKind::Upload, None, Some(hash)) => Some(Only::Data(hash)),
            (OperationKind::Upload, ..) | (_, _, Some(_)) => return None,
            (_, Some(id), None) => Some(Only::Parcel(id)),
        };
        Some(Self { kind, only })
    }

    /// Whether it is good for this call on this parcel.
    pub fn allows(&self, kind: OperationKind, parcel: &ParcelId) -> bool {
        let meant = match &self.only {
            Some(Only::Parcel(only)) => only == parcel,
            Some(Only::Data(_)) | None => true,
        };
        self.kind == kind && meant
    }

    /// The data that must be uploaded, if it was said.
    pub const fn declared(&self) -> Option<[u8; 32]> {
        match self.only {
            Some(Only::Data(hash)) => Some(hash),
            _ => None,
        }
    }
}

/// Somebody whose key has signed a token of ours: they may do one thing, once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Permission {
    /// Who.
    pub user: ParcelUser,
    /// What.
    pub operation: Operation,
    /// The token's number, by which it is used up.
    pub number: [u8; 16],
    /// When the token ends by itself.
    pub expires: UnixTime,
    /// Whether the signature was the larger of the two that say the same (s above half of the group's order).
    pub high_s: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(text: &str) -> ParcelUser {
        ParcelUser::parse(text).unwrap()
    }

    const ADA: &str = "BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB";

    #[test]
    fn a_user_is_an_address_however_it_is_written() {
        assert_eq!(user(ADA), user(&ADA.to_lowercase()));
        assert_eq!(user(&ADA.to_lowercase()).as_str(), ADA.to_lowercase());
        for wrong in ["", &ADA[1..], &format!("{ADA}B"), &ADA.replace('B', "g"), &format!("0x{}", &ADA[2..])] {
            assert_eq!(ParcelUser::parse(wrong), None, "{wrong}");
        }
        // SHA-256 of 65 zero bytes, its first 20.
        let nobody = ParcelUser::of_point(&[0; 65]);
        assert_eq!(nobody.as_str(), encode_hex(&Sha256::digest([0; 65])[..20]).to_uppercase());
    }

    #[test]
    fn an_id_is_the_service_and_the_hash_of_all_of_it() {
        let json: Json = serde_json::from_str(&format!(r#"{{"z":1.0,"owner":"{}"}}"#, ADA.to_lowercase())).unwrap();
        let metadata = Metadata::of(&json, &user(ADA)).unwrap();
        assert_eq!(metadata.as_str(), format!(r#"{{"owner":"{}","z":1}}"#, ADA.to_lowercase()));
        let mut hasher = ParcelHasher::new(&user(ADA), &metadata);
        hasher.update(b"da");
        hasher.update(b"ta");
        let id = hasher.finish(ServiceId::parse("0000000a").unwrap());
        let hash = Sha256::digest(format!("{ADA}{}data", metadata.as_str()));
        assert_eq!(id.to_string(), format!("0000000A{}", encode_hex(&hash).to_uppercase()));
        assert_eq!(ParcelId::parse(&id.to_string().to_lowercase()), Some(id));
        assert_eq!(ParcelId::parse(&id.to_string()[1..]), None);
    }

    #[test]
    fn metadata_names_its_owner() {
        let of = |text: &str| Metadata::of(&serde_json::from_str(text).unwrap(), &user(ADA)).map(|_| ());
        assert_eq!(of(&format!(r#"{{"owner":"{ADA}"}}"#)), Ok(()));
        assert_eq!(of("[]"), Err(MetadataError::NotAnObject));
        assert_eq!(of("{}"), Err(MetadataError::Owner));
        assert_eq!(of(r#"{"owner":1}"#), Err(MetadataError::Owner));
        assert_eq!(of(&format!(r#"{{"owner":"A{}"}}"#, &ADA[1..])), Err(MetadataError::Owner));
        // Short enough to be read, but written as six bytes each.
        let long = r"\u0001".repeat(limits::PARCEL_METADATA_BYTES / 2);
        assert_eq!(of(&format!(r#"{{"owner":"{ADA}","x":"{long}"}}"#)), Err(MetadataError::TooLarge));
    }

    #[test]
    fn a_permission_is_good_for_one_kind_and_for_one_parcel_if_it_names_one() {
        let (one, other) = (ParcelId::new([1; 36]), ParcelId::new([2; 36]));
        let any = Operation::new(OperationKind::Download, None, None).unwrap();
        assert!(any.allows(OperationKind::Download, &one) && any.allows(OperationKind::Download, &other));
        let only = Operation::new(OperationKind::Remove, Some(one), None).unwrap();
        for kind in OperationKind::ALL {
            assert_eq!(OperationKind::parse(kind.name()), Some(kind));
            assert_eq!(only.allows(kind, &one), kind == OperationKind::Remove);
            assert!(!only.allows(kind, &other));
            assert_eq!(any.allows(kind, &one), kind == OperationKind::Download);
        }
        let data = Operation::new(OperationKind::Upload, None, Some([3; 32])).unwrap();
        assert_eq!(data.declared(), Some([3; 32]));
        assert_eq!(Operation::new(OperationKind::Upload, Some(one), None), None);
        assert_eq!(Operation::new(OperationKind::Download, None, Some([3; 32])), None);
        assert_eq!(Operation::new(OperationKind::Download, Some(one), Some([3; 32])), None);
    }
}
