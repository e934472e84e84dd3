//! How each thing is written down: postcard, behind one byte that says which version of the record it is.
//!
//! Owns: the bytes. They are tested literally, because files on other people's disks have them. Not here: under which key a
//! record lies (`tables`). A record that must say more gets a variant `V2`; `V1` stays readable.
//!
//! Only the one encoding of a value that we write is taken: a longer one, or one with bytes after it, is damage. An address
//! comes back through [`Email::parse`]: if that is ever made stricter, addresses that were fine before need a variant.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::{StoreError, StoredMail};
use crate::domain::{
    Account, AccountId, AuditEntry, Email, EmailError, Link, LinkPurpose, Mailbox, MailboxKeys, Message, Network,
    PasswordHash, Registration, SealedEntry, SealedKey, Standing, TokenRecord, TotpStep, UnixTime, UserName,
};

/// Something that is kept, and the record it is kept as.
pub(super) trait Stored: Sized {
    /// All versions of its record. The variant's number is the version byte, from 0.
    type Record: Serialize + DeserializeOwned + for<'a> From<&'a Self> + TryInto<Self, Error: ToString>;
}

/// Writes the newest version.
pub(super) fn encode<T: Stored>(value: &T) -> Result<Vec<u8>, StoreError> {
    postcard::to_allocvec(&T::Record::from(value)).map_err(|error| StoreError::Failed(error.to_string()))
}

/// Reads any version.
pub(super) fn decode<T: Stored>(table: &str, bytes: &[u8]) -> Result<T, StoreError> {
    let damaged = |why: String| StoreError::damaged(table, why);
    let record: T::Record = postcard::from_bytes(bytes).map_err(|error| damaged(error.to_string()))?;
    if postcard::to_allocvec(&record).is_ok_and(|again| again != bytes) {
        return Err(damaged("a record is not written the way it must be".to_owned()));
    }
    record.try_into().map_err(|error: <T::Record as TryInto<T>>::Error| damaged(error.to_string()))
}

#[derive(Serialize, Deserialize)]
pub(super) enum AccountRecord {
    V1 {
        id: u64,
        email: String,
        password: PasswordV1,
        totp: Vec<u8>,
        last_step: Option<u64>,
        standing: StandingV1,
        since: u64,
        networks: Vec<Network>,
    },
}

#[derive(Serialize, Deserialize)]
pub(super) enum RegistrationRecord {
    V1 { email: String, password: PasswordV1, expires: u64 },
}

#[derive(Serialize, Deserialize)]
pub(super) enum LinkRecord {
    V1 { purpose: PurposeV1, expires: u64 },
}

#[derive(Serialize, Deserialize)]
pub(super) enum BearerRecord {
    V1 { account: u64, expires: u64 },
}

#[derive(Serialize, Deserialize)]
pub(super) enum MailRecord {
    V1 { sealed: Vec<u8>, created: u64, next_try: u64, attempts: u32, expires: u64 },
}

#[derive(Serialize, Deserialize)]
pub(super) enum SealedRecord {
    V1 { user: String, account: u64, key: Vec<u8>, host_commands: bool, since: u64 },
}

#[derive(Serialize, Deserialize)]
pub(super) enum AuditRecord {
    V1(AuditEntry),
}

#[derive(Serialize, Deserialize)]
pub(super) struct PasswordV1 {
    memory_kib: u32,
    passes: u32,
    salt: [u8; 16],
    tag: [u8; 32],
}

#[derive(Serialize, Deserialize)]
pub(super) enum StandingV1 {
    Verified,
    Approved,
    Denied,
    Suspended,
}

#[derive(Serialize, Deserialize)]
pub(super) enum PurposeV1 {
    Register(String),
    Enrol(u64),
    Approve(u64),
}

impl Stored for Account {
    type Record = AccountRecord;
}

impl From<&Account> for AccountRecord {
    fn from(account: &Account) -> Self {
        Self::V1 {
            id: account.id.number(),
            email: account.email.as_str().to_owned(),
            password: (&account.password).into(),
            totp: account.totp.clone(),
            last_step: account.last_step.map(|step| step.0),
            standing: account.standing.into(),
            since: account.since.0,
            networks: account.networks.clone(),
        }
    }
}

impl TryFrom<AccountRecord> for Account {
    type Error = EmailError;

    fn try_from(record: AccountRecord) -> Result<Self, EmailError> {
        let AccountRecord::V1 { id, email, password, totp, last_step, standing, since, networks } = record;
        Ok(Self {
            id: AccountId::new(id),
            email: Email::parse(&email)?,
            password: password.into(),
            totp,
            last_step: last_step.map(TotpStep),
            standing: standing.into(),
            since: UnixTime(since),
            networks,
        })
    }
}

impl Stored for Registration {
    type Record = RegistrationRecord;
}

impl From<&Registration> for RegistrationRecord {
    fn from(registration: &Registration) -> Self {
        Self::V1 {
            email: registration.email.as_str().to_owned(),
            password: (&registration.password).into(),
            expires: registration.expires.0,
        }
    }
}

impl TryFrom<RegistrationRecord> for Registration {
    type Error = EmailError;

    fn try_from(record: RegistrationRecord) -> Result<Self, EmailError> {
        let RegistrationRecord::V1 { email, password, expires } = record;
        Ok(Self { email: Email::parse(&email)?, password: password.into(), expires: UnixTime(expires) })
    }
}

impl Stored for Link {
    type Record = LinkRecord;
}

impl From<&Link> for LinkRecord {
    fn from(link: &Link) -> Self {
        let purpose = match &link.purpose {
            LinkPurpose::Register(email) => PurposeV1::Register(email.as_str().to_owned()),
            LinkPurpose::Enrol(account) => PurposeV1::Enrol(account.number()),
            LinkPurpose::Approve(account) => PurposeV1::Approve(account.number()),
        };
        Self::V1 { purpose, expires: link.expires.0 }
    }
}

impl TryFrom<LinkRecord> for Link {
    type Error = EmailError;

    fn try_from(record: LinkRecord) -> Result<Self, EmailError> {
        let LinkRecord::V1 { purpose, expires } = record;
        let purpose = match purpose {
            PurposeV1::Register(email) => LinkPurpose::Register(Email::parse(&email)?),
            PurposeV1::Enrol(account) => LinkPurpose::Enrol(AccountId::new(account)),
            PurposeV1::Approve(account) => LinkPurpose::Approve(AccountId::new(account)),
        };
        Ok(Self { purpose, expires: UnixTime(expires) })
    }
}

impl Stored for TokenRecord {
    type Record = BearerRecord;
}

impl From<&TokenRecord> for BearerRecord {
    fn from(token: &TokenRecord) -> Self {
        Self::V1 { account: token.account.number(), expires: token.expires.0 }
    }
}

impl From<BearerRecord> for TokenRecord {
    fn from(record: BearerRecord) -> Self {
        let BearerRecord::V1 { account, expires } = record;
        Self { account: AccountId::new(account), expires: UnixTime(expires) }
    }
}

impl Stored for StoredMail {
    type Record = MailRecord;
}

impl From<&StoredMail> for MailRecord {
    fn from(mail: &StoredMail) -> Self {
        Self::V1 {
            sealed: mail.sealed.clone(),
            created: mail.created.0,
            next_try: mail.next_try.0,
            attempts: mail.attempts,
            expires: mail.expires.0,
        }
    }
}

impl From<MailRecord> for StoredMail {
    fn from(record: MailRecord) -> Self {
        let MailRecord::V1 { sealed, created, next_try, attempts, expires } = record;
        Self { sealed, created: UnixTime(created), next_try: UnixTime(next_try), attempts, expires: UnixTime(expires) }
    }
}

impl Stored for SealedEntry {
    type Record = SealedRecord;
}

impl From<&SealedEntry> for SealedRecord {
    fn from(entry: &SealedEntry) -> Self {
        Self::V1 {
            user: entry.user.as_str().to_owned(),
            account: entry.account.number(),
            key: entry.key.bytes().to_vec(),
            host_commands: entry.host_commands,
            since: entry.since.0,
        }
    }
}

impl TryFrom<SealedRecord> for SealedEntry {
    type Error = String;

    fn try_from(record: SealedRecord) -> Result<Self, String> {
        let SealedRecord::V1 { user, account, key, host_commands, since } = record;
        let key = key.try_into().map_err(|_| "a key has the wrong length".to_owned())?;
        Ok(Self {
            user: UserName::parse(&user).map_err(|error| error.to_string())?,
            account: AccountId::new(account),
            key: SealedKey::new(key),
            host_commands,
            since: UnixTime(since),
        })
    }
}

impl Stored for AuditEntry {
    type Record = AuditRecord;
}

impl From<&AuditEntry> for AuditRecord {
    fn from(entry: &AuditEntry) -> Self {
        Self::V1(entry.clone())
    }
}

impl From<AuditRecord> for AuditEntry {
    fn from(record: AuditRecord) -> Self {
        let AuditRecord::V1(entry) = record;
        entry
    }
}

impl From<&PasswordHash> for PasswordV1 {
    fn from(hash: &PasswordHash) -> Self {
        Self { memory_kib: hash.memory_kib, passes: hash.passes, salt: hash.salt, tag: hash.tag }
    }
}

impl From<PasswordV1> for PasswordHash {
    fn from(record: PasswordV1) -> Self {
        Self { memory_kib: record.memory_kib, passes: record.passes, salt: record.salt, tag: record.tag }
    }
}

impl From<Standing> for StandingV1 {
    fn from(standing: Standing) -> Self {
        match standing {
            Standing::Verified => Self::Verified,
            Standing::Approved => Self::Approved,
            Standing::Denied => Self::Denied,
            Standing::Suspended => Self::Suspended,
        }
    }
}

impl From<StandingV1> for Standing {
    fn from(record: StandingV1) -> Self {
        match record {
            StandingV1::Verified => Self::Verified,
            StandingV1::Approved => Self::Approved,
            StandingV1::Denied => Self::Denied,
            StandingV1::Suspended => Self::Suspended,
        }
    }
}

/// For the fuzzer: reads bytes as every kind of record. It must not panic, and what could be read must be written as exactly
/// these bytes.
pub fn decode_any_record(bytes: &[u8]) {
    round_trip::<Account>(bytes);
    round_trip::<Registration>(bytes);
    round_trip::<Link>(bytes);
    round_trip::<TokenRecord>(bytes);
    round_trip::<StoredMail>(bytes);
    round_trip::<AuditEntry>(bytes);
    round_trip::<Mailbox>(bytes);
    round_trip::<MailboxKeys>(bytes);
    round_trip::<Message>(bytes);
    super::parcel_records::round_trips(bytes);
    round_trip::<SealedEntry>(bytes);
}

pub(super) fn round_trip<T: Stored>(bytes: &[u8]) {
    if let Ok(value) = decode::<T>("fuzz", bytes) {
        assert!(encode(&value).is_ok_and(|again| again == bytes), "a value has two encodings: {bytes:?}");
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::domain::{Actor, Event};

    fn email() -> Email {
        Email::parse("Ada@example.org").unwrap()
    }

    fn password() -> PasswordHash {
        PasswordHash { memory_kib: 65536, passes: 3, salt: [1; 16], tag: [2; 32] }
    }

    fn account() -> Account {
        Account {
            id: AccountId::new(300),
            email: email(),
            password: password(),
            totp: vec![9, 8, 7],
            last_step: Some(TotpStep(58_000_000)),
            standing: Standing::Approved,
            since: UnixTime(1_700_000_000),
            networks: vec![Network::V4([192, 0, 2, 1]), Network::V6([0x20, 1, 0xd, 0xb8, 0, 0, 0, 1]), Network::Here],
        }
    }

    fn mail() -> StoredMail {
        let (created, next_try, expires) = (UnixTime(1), UnixTime(61), UnixTime(601));
        StoredMail { sealed: vec![0xaa; 3], created, next_try, attempts: 2, expires }
    }

    const ADDRESS: &str = "0f 4164614065 78616d706c652e6f7267";
    const PASSWORD: &str = "808004 03 01010101010101010101010101010101 \
        0202020202020202020202020202020202020202020202020202020202020202";

    pub(in crate::store) fn hex(text: &str) -> Vec<u8> {
        let digits: Vec<u8> = text.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
        digits.chunks(2).map(|two| u8::from_str_radix(std::str::from_utf8(two).unwrap(), 16).unwrap()).collect()
    }

    /// What is written now is what was always written, and what was always written is read.
    pub(in crate::store) fn golden<T: Stored + PartialEq + std::fmt::Debug>(value: &T, bytes: &str) {
        let bytes = hex(bytes);
        assert_eq!(encode(value).unwrap(), bytes, "{value:?}");
        assert_eq!(decode::<T>("golden", &bytes).unwrap(), *value);
        // Nothing but the whole of it is taken, and no version that there is not.
        for short in 0..bytes.len() {
            assert!(decode::<T>("golden", &bytes[..short]).is_err(), "{short} bytes of {value:?}");
        }
        assert!(decode::<T>("golden", &[&bytes[..], &[0]].concat()).is_err());
        let newer = [&[1], &bytes[1..]].concat();
        let error = decode::<T>("golden", &newer).map(|_| ()).unwrap_err();
        assert!(matches!(&error, StoreError::Damaged { table, .. } if table == "golden"), "{error}");
    }

    #[test]
    fn the_bytes_of_an_account_do_not_change() {
        let networks = "03 00c0000201 0120010db800000001 02";
        golden(&account(), &format!("00 ac02 {ADDRESS} {PASSWORD} 03090807 01 8085d41b 01 80e2cfaa06 {networks}"));
        let fresh = Account { last_step: None, networks: vec![], ..account() };
        for (standing, number) in Standing::ALL.into_iter().zip(0..) {
            golden(
                &Account { standing, ..fresh.clone() },
                &format!("00 ac02 {ADDRESS} {PASSWORD} 03090807 00 {number:02x} 80e2cfaa06 00"),
            );
        }
    }

    #[test]
    fn the_bytes_of_a_registration_do_not_change() {
        let registration = Registration { email: email(), password: password(), expires: UnixTime(600) };
        golden(&registration, &format!("00 {ADDRESS} {PASSWORD} d804"));
    }

    #[test]
    fn the_bytes_of_a_link_do_not_change() {
        let link = |purpose| Link { purpose, expires: UnixTime(600) };
        golden(&link(LinkPurpose::Register(email())), &format!("00 00 {ADDRESS} d804"));
        golden(&link(LinkPurpose::Enrol(AccountId::new(300))), "00 01 ac02 d804");
        golden(&link(LinkPurpose::Approve(AccountId::new(300))), "00 02 ac02 d804");
    }

    #[test]
    fn the_bytes_of_a_token_do_not_change() {
        golden(&TokenRecord { account: AccountId::new(300), expires: UnixTime(900) }, "00 ac02 8407");
    }

    #[test]
    fn the_bytes_of_a_mail_do_not_change() {
        golden(&mail(), "00 03aaaaaa 01 3d 02 d904");
    }

    #[test]
    fn the_bytes_of_a_sealed_entry_do_not_change() {
        let user = UserName::parse("ada").unwrap();
        let (account, key, since) = (AccountId::new(300), SealedKey::new([5; 57]), UnixTime(600));
        let key_bytes = "05".repeat(57);
        for (host_commands, flag) in [(false, "00"), (true, "01")] {
            let entry = SealedEntry { user: user.clone(), account, key, host_commands, since };
            golden(&entry, &format!("00 03 616461 ac02 39 {key_bytes} {flag} d804"));
        }
        let short = hex(&format!("00 03 616461 ac02 38 {} 00 d804", "05".repeat(56)));
        assert!(matches!(decode::<SealedEntry>("keys", &short), Err(StoreError::Damaged { .. })));
    }

    #[test]
    fn the_bytes_of_an_audit_entry_do_not_change() {
        let actors = [Actor::Owner, Actor::ApprovalLink, Actor::Operator, Actor::Server];
        let events = [
            Event::Started,
            Event::Stopped,
            Event::Verified,
            Event::Approved,
            Event::Denied,
            Event::Suspended,
            Event::Restored,
            Event::LoggedIn,
            Event::LoggedOut,
            Event::TokensRevoked,
            Event::TotpReset,
            Event::MailboxOpened,
            Event::ParcelKeyRegistered,
            Event::KeyAdded,
            Event::HostKeyAdded,
            Event::KeyRemoved,
            Event::HostCommand,
        ];
        let about = Some("Ada@example.org".to_owned());
        let hash = [0x33; 32];
        for (who, actor) in actors.into_iter().zip(0..) {
            for (what, event) in events.into_iter().zip(0..) {
                let entry = AuditEntry { number: 7, time: 600, who: who.clone(), what, about: about.clone(), hash };
                let hash = "33".repeat(32);
                golden(&entry, &format!("00 07 d804 {actor:02x} {event:02x} 01 {ADDRESS} {hash}"));
            }
        }
    }

    #[test]
    fn a_number_has_one_encoding() {
        assert!(decode::<TokenRecord>("tokens", &[0, 1, 2]).is_ok());
        assert!(decode::<TokenRecord>("tokens", &[0, 0x81, 0, 2]).is_err());
    }

    #[test]
    fn an_address_that_is_none_is_damage() {
        let link = hex("00 00 02 4141 05");
        assert!(matches!(decode::<Link>("links", &link), Err(StoreError::Damaged { .. })));
    }

    #[test]
    fn no_bytes_make_it_panic() {
        let golden = encode(&account()).unwrap();
        for at in 0..golden.len() {
            for byte in 0..=u8::MAX {
                let mut changed = golden.clone();
                changed[at] = byte;
                decode_any_record(&changed);
            }
        }
        // A length beyond all memory.
        decode_any_record(&hex("00 ffffffffffffffffff01 00"));
    }
}
