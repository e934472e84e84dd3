//! The numbers that bound parcels, each with its reason.

use std::num::NonZeroU32;
use std::time::Duration;

use super::{EXECUTE_BODY_BYTES, KIB, MIB};

/// How long a permission to do something with a parcel lives. The wire contract says so.
pub const PERMIT_LIFE: Duration = Duration::from_secs(300);
/// For how much longer it is remembered that one was used: a call that came in time may still wait for its commit. As long as an
/// upload or a download is under way that may have one, it is remembered anyway.
pub const PERMIT_GRACE: Duration = Duration::from_secs(120);
/// Bytes of a permission's token: ours have about 400. What is longer is not looked at.
pub const PERMIT_BYTES: usize = 2 * KIB;
/// Bytes of a parcel's metadata in canonical form: a page of text, for it is in the database. What is larger belongs into the parcel.
pub const PARCEL_METADATA_BYTES: usize = 4 * KIB;
/// Bytes of a parcel when nobody says otherwise: what S3 takes in one piece of five hundred.
pub const PARCEL_BYTES: u64 = 4 << 30;
/// The most that an operator may set: what S3 takes at all (10,000 parts of [`OBJECT_PART_BYTES`]).
pub const PARCEL_BYTES_MAX: u64 = 10_000 * OBJECT_PART_BYTES as u64;
/// Bytes of all parcels of one user when nobody says otherwise.
pub const USER_PARCELS_BYTES: u64 = 64 << 30;
/// Parcels of one user.
pub const USER_PARCELS: u64 = 100_000;
/// Bytes of all parcels when nobody says otherwise. Users make themselves, so this is what bounds them all.
pub const PARCELS_BYTES: u64 = 256 << 30;
/// All parcels: their records take about 300 MB, and 5 GB if all have as much metadata as they may.
pub const PARCELS: u64 = 1_000_000;
/// Users who may be let in to one parcel.
pub const PARCEL_GRANTS: usize = 1000;
/// Users who may be let in to parcels, all together: their rows take about 100 MB.
pub const ALL_GRANTS: u64 = 1_000_000;
/// Uploads, downloads, removals and grants a minute from one network: each uses a token up, which is a commit.
pub const PARCEL_USES_PER_MINUTE: NonZeroU32 = NonZeroU32::new(3000).unwrap();
/// Uploads and downloads that are under way from one network. Each has up to [`OBJECT_AHEAD_BYTES`] in memory.
pub const PARCEL_STREAMS_PER_NETWORK: usize = 12;
/// Uploads and downloads that are under way altogether: some networks may be as slow as they may be and leave places to others.
pub const PARCEL_STREAMS: usize = 128;
/// Bytes of an upload as JSON, where the data comes in hex and the whole of it is in memory: half of it is 16 MiB of data.
pub const PARCEL_JSON_BYTES: usize = EXECUTE_BODY_BYTES;
/// Bytes of one line between the parts of a multipart body (RFC 2046, section 5.1.1, has 70), and of one part's head.
pub const PART_HEAD_BYTES: usize = 4 * KIB;
/// How old bytes without a record must be until they are removed: an upload commits within seconds of its last byte.
pub const ORPHAN_AGE: Duration = Duration::from_secs(3600);
/// How often they are looked for.
pub const ORPHAN_SWEEP: Duration = Duration::from_secs(600);
/// How long the object store may take to begin an answer. A gateway that repairs itself takes seconds.
pub const OBJECT_PATIENCE: Duration = Duration::from_secs(30);
/// How often an object store is asked again that has failed or was too busy.
pub const OBJECT_RETRIES: usize = 3;
/// The longest pause before it is asked again.
pub const OBJECT_BACKOFF: Duration = Duration::from_secs(2);
/// How long one operation of the object store may take with all its repetitions, and all the parcels of a run: it has a place.
pub const OBJECT_OPERATION: Duration = Duration::from_secs(60);
/// Bytes that go to the object store in one piece (S3 wants at least 5 MiB for all but the last).
pub const OBJECT_PART_BYTES: usize = 8 * MIB;
/// Bytes of one upload that are on their way to the object store: one part is gathered while another is sent.
pub const OBJECT_AHEAD_BYTES: usize = 2 * OBJECT_PART_BYTES;
/// Bytes that are written to a file, or read from one, in one go.
pub const OBJECT_BLOCK_BYTES: usize = 512 * KIB;
/// When somebody may try again for whom there was no room: somebody must make some first.
pub const FULL_WAIT: Duration = Duration::from_secs(60);
/// Pieces of a download that are read before the one before them has been fetched.
pub const DOWNLOAD_AHEAD: usize = 2;
/// Bytes of the disk that parcels leave to the database and everybody else.
pub const DISK_RESERVE_BYTES: u64 = 256 << 20;
