//! The shape of the configuration file (TOML), and what is wrong with one.
//!
//! Owns: names and types as an operator writes them. Not here: what they mean, which is [`Config`](super::Config)'s.

use std::num::NonZeroU32;
use std::path::PathBuf;

use serde::Deserialize;

/// The whole file. Every part may be left out; a name that is not known is an error, for it is a misspelt one.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct File {
    pub(super) https: Https,
    pub(super) mail: Mail,
    pub(super) passwords: Passwords,
    pub(super) runs: Runs,
    pub(super) sessions: Sessions,
    pub(super) mailbox: super::mailbox::Mailbox,
    pub(super) limits: Limits,
    pub(super) objects: ObjectsFile,
    pub(super) parcels: ParcelsFile,
    pub(super) sealed: Sealed,
    pub(super) allow_weak_jail: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Https {
    pub(super) listen: Option<String>,
    pub(super) url: Option<String>,
    pub(super) names: Vec<String>,
    pub(super) certificate: Option<PathBuf>,
    pub(super) key: Option<PathBuf>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Mail {
    pub(super) from: Option<String>,
    pub(super) administrator: Option<String>,
    pub(super) directory: Option<PathBuf>,
    pub(super) smtp: Option<Smtp>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Smtp {
    pub(super) host: String,
    pub(super) port: Option<u16>,
    pub(super) security: Option<String>,
    pub(super) username: Option<String>,
    pub(super) password_file: Option<PathBuf>,
    pub(super) ca: Option<PathBuf>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Passwords {
    pub(super) memory_mib: Option<u32>,
    pub(super) passes: Option<u32>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Runs {
    pub(super) concurrent: Option<usize>,
    pub(super) waiting: Option<usize>,
    pub(super) wait_seconds: Option<f64>,
    pub(super) concurrent_per_account: Option<usize>,
    pub(super) per_minute: Option<NonZeroU32>,
    pub(super) timeout_seconds: Option<f64>,
    pub(super) memory_mib: Option<usize>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Sessions {
    pub(super) concurrent: Option<usize>,
    pub(super) concurrent_per_account: Option<usize>,
    pub(super) per_minute: Option<NonZeroU32>,
    pub(super) timeout_seconds: Option<f64>,
    pub(super) output_mib: Option<u64>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Limits {
    pub(super) registrations_per_hour: Option<NonZeroU32>,
    pub(super) logins_per_minute: Option<NonZeroU32>,
    pub(super) connections: Option<usize>,
    pub(super) connections_per_address: Option<usize>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct ObjectsFile {
    pub(super) directory: Option<PathBuf>,
    pub(super) s3: Option<S3File>,
}

/// A key may be in it, so its `Debug` says nothing.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct S3File {
    pub(super) endpoint: String,
    pub(super) bucket: String,
    pub(super) region: Option<String>,
    pub(super) key_file: Option<PathBuf>,
    pub(super) access_key: Option<String>,
    pub(super) secret_key: Option<String>,
    pub(super) ca: Option<PathBuf>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct ParcelsFile {
    pub(super) service_id: Option<String>,
    pub(super) uploads: Option<String>,
    pub(super) max_mib: Option<u64>,
    pub(super) user_mib: Option<u64>,
    pub(super) all_mib: Option<u64>,
    pub(super) uses_per_minute: Option<NonZeroU32>,
}

impl std::fmt::Debug for S3File {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("S3File")
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Sealed {
    pub(super) listen: Option<String>,
    pub(super) session_seconds: Option<f64>,
    pub(super) workspace_mib: Option<u64>,
    pub(super) host_commands: bool,
}
