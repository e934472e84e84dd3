//! What an operator may set about parcels and where their bytes are.

use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;

use super::file::{ObjectsFile, ParcelsFile, S3File};
use super::{ConfigError, is_here, limits, within, wrong};
use crate::domain::{Secret, ServiceId};

/// How much may be kept, and by whom.
#[derive(Clone, Debug, PartialEq)]
pub struct ParcelLimits {
    /// What the name of every parcel begins with.
    pub service: ServiceId,
    /// Whether uploads are for users alone whose key an approved account has shown to be its own.
    pub registered_only: bool,
    /// Bytes of one parcel.
    pub bytes: u64,
    /// Bytes of one user's parcels.
    pub user_bytes: u64,
    /// Bytes of all parcels.
    pub all_bytes: u64,
    /// Uploads, downloads, removals and grants a minute from one network.
    pub uses_per_minute: NonZeroU32,
}

/// Where the bytes of parcels are.
#[derive(Clone, Debug)]
pub enum ObjectsConfig {
    /// In files below a directory; nothing means `objects` in the data directory.
    Directory(Option<PathBuf>),
    /// In a bucket of an S3 service.
    S3(S3Config),
}

/// A bucket of an S3 service, such as Ceph's gateway.
#[derive(Clone, Debug)]
pub struct S3Config {
    /// Where it is: `https://HOST:PORT`, or `http://` on this machine.
    pub endpoint: String,
    /// The bucket, which must be there.
    pub bucket: String,
    /// The region that requests are signed for. Ceph takes any.
    pub region: String,
    /// The access key.
    pub access_key: String,
    /// The secret key.
    pub secret_key: Secret<String>,
    /// A further certificate authority to trust (PEM).
    pub ca: Option<PathBuf>,
    /// How long it may take to begin an answer.
    pub patience: Duration,
}

/// The file of source 5's Ceph user.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyFile {
    access_key: String,
    secret_key: String,
}

const MIB: u64 = 1 << 20;

pub(super) fn parcels(file: &ParcelsFile) -> Result<ParcelLimits, ConfigError> {
    let service = file.service_id.as_deref().unwrap_or("00000001");
    let mib = |setting, value: Option<u64>, default: u64, most: u64| {
        within(setting, value.unwrap_or(default / MIB), 1, most / MIB).map(|value| value * MIB)
    };
    let registered_only = match file.uploads.as_deref() {
        None | Some("open") => false,
        Some("registered") => true,
        Some(other) => {
            return Err(wrong("parcels.uploads", format!("is {other:?}: it must be \"open\" or \"registered\"")));
        }
    };
    Ok(ParcelLimits {
        service: ServiceId::parse(service)
            .ok_or_else(|| wrong("parcels.service_id", format!("is {service:?}: it must be 8 hexadecimal digits")))?,
        registered_only,
        bytes: mib("parcels.max_mib", file.max_mib, limits::PARCEL_BYTES, limits::PARCEL_BYTES_MAX)?,
        user_bytes: mib("parcels.user_mib", file.user_mib, limits::USER_PARCELS_BYTES, u64::MAX)?,
        all_bytes: mib("parcels.all_mib", file.all_mib, limits::PARCELS_BYTES, u64::MAX)?,
        uses_per_minute: file.uses_per_minute.unwrap_or(limits::PARCEL_USES_PER_MINUTE),
    })
}

pub(super) fn objects(file: ObjectsFile) -> Result<ObjectsConfig, ConfigError> {
    match (file.directory, file.s3) {
        (Some(_), Some(_)) => Err(wrong("objects.directory", "does not go with objects.s3: take one of them away")),
        (directory, None) => Ok(ObjectsConfig::Directory(directory)),
        (None, Some(s3)) => Ok(ObjectsConfig::S3(bucket(s3)?)),
    }
}

fn bucket(file: S3File) -> Result<S3Config, ConfigError> {
    let (access_key, secret_key) = match (&file.key_file, file.access_key, file.secret_key) {
        (Some(path), None, None) => read_keys(path)?,
        (None, Some(access), Some(secret)) => (access, Secret::new(secret)),
        _ => {
            let how = "is needed, or access_key and secret_key beside each other: a JSON file with these two fields";
            return Err(wrong("objects.s3.key_file", how));
        }
    };
    if access_key.is_empty() || secret_key.expose().is_empty() {
        return Err(wrong("objects.s3.access_key", "must not be empty, nor secret_key"));
    }
    let plain =
        |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic() && !b"/?#@".contains(&byte));
    if !plain(&file.bucket) {
        return Err(wrong("objects.s3.bucket", format!("is {:?}: it must be the name of a bucket", file.bucket)));
    }
    let endpoint = file.endpoint;
    let secure = endpoint.strip_prefix("https://").is_some_and(plain);
    let here = endpoint.strip_prefix("http://").filter(|rest| plain(rest)).is_some_and(|rest| is_here(host(rest)));
    if !secure && !here {
        let how = "it must be https://HOST or https://HOST:PORT; http:// is for a gateway on this machine only, for parcels \
                   would pass by in the clear";
        return Err(wrong("objects.s3.endpoint", format!("is {endpoint:?}: {how}")));
    }
    let region = file.region.unwrap_or_else(|| "us-east-1".to_owned());
    Ok(S3Config {
        endpoint,
        bucket: file.bucket,
        region,
        access_key,
        secret_key,
        ca: file.ca,
        patience: limits::OBJECT_PATIENCE,
    })
}

/// A host without its port.
fn host(authority: &str) -> &str {
    match authority.strip_prefix('[') {
        Some(v6) => v6.split(']').next().unwrap_or_default(),
        None => authority.split(':').next().unwrap_or_default(),
    }
}

/// What is wrong with the file is said without a word of what is in it.
fn read_keys(path: &Path) -> Result<(String, Secret<String>), ConfigError> {
    let shown = path.display().to_string();
    let text = std::fs::read(path).map_err(|error| ConfigError::Read(shown.clone(), error))?;
    let text = Secret::new(text);
    let keys: KeyFile = serde_json::from_slice(text.expose()).map_err(|_| {
        ConfigError::Syntax(shown, r#"it must be {"access_key": "...", "secret_key": "..."}"#.to_owned())
    })?;
    Ok((keys.access_key, Secret::new(keys.secret_key)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    fn wrongly(text: &str) -> String {
        Config::parse(text).unwrap_err().to_string()
    }

    #[test]
    fn nothing_said_is_a_directory_and_moderate_limits() {
        let config = Config::parse("").unwrap();
        assert!(matches!(config.objects, ObjectsConfig::Directory(None)));
        assert_eq!(config.parcels.service, ServiceId::parse("00000001").unwrap());
        assert_eq!(config.parcels.bytes, limits::PARCEL_BYTES);
        assert!(!config.parcels.registered_only);
    }

    #[test]
    fn a_bucket_is_taken_with_keys_from_either_place_and_shows_none() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key.json");
        std::fs::write(&path, r#"{"access_key":"AK","secret_key":"hunter2"}"#).unwrap();
        let file = format!("key_file = {path:?}");
        for keys in [file.as_str(), "access_key = \"AK\"\nsecret_key = \"hunter2\""] {
            let text = format!("[objects.s3]\nendpoint = \"http://127.0.0.1:7480\"\nbucket = \"amo\"\n{keys}");
            let config = Config::parse(&text).unwrap();
            let ObjectsConfig::S3(s3) = &config.objects else { panic!("not S3") };
            assert_eq!((s3.access_key.as_str(), s3.secret_key.expose().as_str()), ("AK", "hunter2"));
            assert!(!format!("{config:?}").contains("hunter2"));
        }
        std::fs::write(&path, r#"{"access_key":"AK","secret":"hunter2"}"#).unwrap();
        let error = wrongly(&format!("[objects.s3]\nendpoint = \"https://s3\"\nbucket = \"amo\"\n{file}"));
        assert!(error.contains("secret_key") && !error.contains("hunter2"), "{error}");
    }

    #[test]
    fn what_is_wrong_is_named() {
        let s3 = |rest: &str| format!("[objects.s3]\naccess_key = \"a\"\nsecret_key = \"b\"\n{rest}");
        for (text, named) in [
            ("[parcels]\nservice_id = \"1\"".to_owned(), "parcels.service_id"),
            ("[parcels]\nuploads = \"closed\"".to_owned(), "parcels.uploads"),
            ("[parcels]\nmax_mib = 0".to_owned(), "parcels.max_mib"),
            ("[parcels]\nmax_mib = 100000000".to_owned(), "parcels.max_mib"),
            (
                "[objects]\ndirectory = \"a\"\n[objects.s3]\nendpoint = \"https://a\"\nbucket = \"b\"".to_owned(),
                "objects.directory",
            ),
            (s3("endpoint = \"http://ceph.example.org:7480\"\nbucket = \"amo\""), "objects.s3.endpoint"),
            (s3("endpoint = \"https://ceph/path\"\nbucket = \"amo\""), "objects.s3.endpoint"),
            (s3("endpoint = \"ceph\"\nbucket = \"amo\""), "objects.s3.endpoint"),
            (s3("endpoint = \"https://ceph\"\nbucket = \"\""), "objects.s3.bucket"),
            (s3("endpoint = \"https://ceph\"\nbucket = \"b\"\nkey_file = \"k\""), "objects.s3.key_file"),
            ("[objects.s3]\nendpoint = \"https://ceph\"\nbucket = \"b\"".to_owned(), "objects.s3.key_file"),
        ] {
            let error = wrongly(&text);
            assert!(error.contains(named), "{text}: {error}");
        }
    }
}
