//! How parcels are written down. The rules are those of `records`.
//!
//! An owner comes back through [`ParcelUser::parse`]; metadata is what was found good when it was uploaded, and is not judged again.

use serde::{Deserialize, Serialize};

use super::parcels::{ParcelKey, Sealed, Totals, Upload};
use super::records::{Stored, round_trip};
use crate::domain::{Metadata, Parcel, ParcelId, ParcelUser, UnixTime};

#[derive(Serialize, Deserialize)]
pub(super) enum ParcelRecord {
    V1 { service: [u8; 4], hash: [u8; 32], owner: String, metadata: String, size: u64, object: String, created: u64 },
}

#[derive(Serialize, Deserialize)]
pub(super) enum TotalsRecord {
    V1 { parcels: u64, bytes: u64 },
}

#[derive(Serialize, Deserialize)]
pub(super) enum ParcelKeyRecord {
    V1 { address: [u8; 20] },
}

#[derive(Serialize, Deserialize)]
pub(super) enum UploadRecord {
    V1 { id: String, since: u64 },
}

#[derive(Serialize, Deserialize)]
pub(super) enum SealedRecord {
    V1 { sealed: Vec<u8> },
}

impl Stored for Parcel {
    type Record = ParcelRecord;
}

impl From<&Parcel> for ParcelRecord {
    fn from(parcel: &Parcel) -> Self {
        let (mut service, mut hash) = ([0; 4], [0; 32]);
        let (head, tail) = parcel.id.bytes().split_at(service.len());
        service.copy_from_slice(head);
        hash.copy_from_slice(tail);
        Self::V1 {
            service,
            hash,
            owner: parcel.owner.as_str().to_owned(),
            metadata: parcel.metadata.as_str().to_owned(),
            size: parcel.size,
            object: parcel.object.clone(),
            created: parcel.created.0,
        }
    }
}

impl TryFrom<ParcelRecord> for Parcel {
    type Error = &'static str;

    fn try_from(record: ParcelRecord) -> Result<Self, &'static str> {
        let ParcelRecord::V1 { service, hash, owner, metadata, size, object, created } = record;
        let mut id = [0; ParcelId::BYTES];
        let (head, tail) = id.split_at_mut(service.len());
        head.copy_from_slice(&service);
        tail.copy_from_slice(&hash);
        Ok(Self {
            id: ParcelId::new(id),
            owner: ParcelUser::parse(&owner).ok_or("an owner is not an address")?,
            metadata: Metadata::written(metadata),
            size,
            object,
            created: UnixTime(created),
        })
    }
}

impl Stored for Totals {
    type Record = TotalsRecord;
}

impl From<&Totals> for TotalsRecord {
    fn from(totals: &Totals) -> Self {
        Self::V1 { parcels: totals.parcels, bytes: totals.bytes }
    }
}

impl From<TotalsRecord> for Totals {
    fn from(record: TotalsRecord) -> Self {
        let TotalsRecord::V1 { parcels, bytes } = record;
        Self { parcels, bytes }
    }
}

impl Stored for ParcelKey {
    type Record = ParcelKeyRecord;
}

impl From<&ParcelKey> for ParcelKeyRecord {
    fn from(key: &ParcelKey) -> Self {
        Self::V1 { address: key.0 }
    }
}

impl From<ParcelKeyRecord> for ParcelKey {
    fn from(record: ParcelKeyRecord) -> Self {
        let ParcelKeyRecord::V1 { address } = record;
        Self(address)
    }
}

impl Stored for Upload {
    type Record = UploadRecord;
}

impl From<&Upload> for UploadRecord {
    fn from(upload: &Upload) -> Self {
        Self::V1 { id: upload.id.clone(), since: upload.since.0 }
    }
}

impl From<UploadRecord> for Upload {
    fn from(record: UploadRecord) -> Self {
        let UploadRecord::V1 { id, since } = record;
        Self { id, since: UnixTime(since) }
    }
}

impl Stored for Sealed {
    type Record = SealedRecord;
}

impl From<&Sealed> for SealedRecord {
    fn from(sealed: &Sealed) -> Self {
        Self::V1 { sealed: sealed.0.clone() }
    }
}

impl From<SealedRecord> for Sealed {
    fn from(record: SealedRecord) -> Self {
        let SealedRecord::V1 { sealed } = record;
        Self(sealed)
    }
}

/// For the fuzzer.
pub(super) fn round_trips(bytes: &[u8]) {
    round_trip::<Parcel>(bytes);
    round_trip::<Totals>(bytes);
    round_trip::<ParcelKey>(bytes);
    round_trip::<Upload>(bytes);
    round_trip::<Sealed>(bytes);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::StoreError;
    use crate::store::records::decode;
    use crate::store::records::tests::{golden, hex};

    #[test]
    fn the_bytes_of_parcels_do_not_change() {
        let parcel = Parcel {
            id: ParcelId::new([0x11; 36]),
            owner: ParcelUser::parse(&"aB".repeat(20)).unwrap(),
            metadata: Metadata::written("{}".to_owned()),
            size: 300,
            object: "x/1".to_owned(),
            created: UnixTime(1_700_000_000),
        };
        let owner = "6142".repeat(20);
        golden(&parcel, &format!("00 {} 28 {owner} 02 7b7d ac02 03 782f31 80e2cfaa06", "11".repeat(36)));
        golden(&Totals { parcels: 2, bytes: 300 }, "00 02 ac02");
        golden(&ParcelKey([0x22; 20]), &format!("00 {}", "22".repeat(20)));
        golden(&Upload { id: "u".to_owned(), since: UnixTime(300) }, "00 01 75 ac02");
        golden(&Sealed(vec![1, 2, 3]), "00 03 010203");
    }

    #[test]
    fn an_owner_who_is_nobody_is_damage() {
        let record = hex(&format!("00 {} 02 4141 00 00 00 00", "11".repeat(36)));
        assert!(matches!(decode::<Parcel>("parcels", &record), Err(StoreError::Damaged { .. })));
    }
}
