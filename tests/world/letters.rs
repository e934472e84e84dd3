//! Reading what the server wrote: mails in its outbox, links in them, secrets behind the links.

use std::path::{Path, PathBuf};

use cloud_python::domain::TotpSecret;

/// All mails in an outbox, decoded, the oldest first.
pub(crate) fn mails(outbox: &Path) -> Vec<String> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(outbox)
        .map(|folder| folder.flatten().map(|entry| entry.path()).collect())
        .unwrap_or_default();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "eml"));
    files.sort();
    let decoded =
        |path: &PathBuf| std::fs::read_to_string(path).expect("a mail").replace("=\r\n", "").replace("=3D", "=");
    files.iter().map(decoded).collect()
}

/// The token behind `/{kind}/` in the latest mail to somebody that has this in it.
pub(crate) fn link(outbox: &Path, to: &str, kind: &str, about: &str) -> Option<String> {
    let mails = mails(outbox);
    let wanted = |mail: &&String| mail.contains(&format!("To: {to}\r\n")) && mail.contains(about);
    let rest = mails.iter().rev().find(wanted)?.split(&format!("/{kind}/")).nth(1)?;
    Some(rest.chars().take_while(|c| c.is_ascii_alphanumeric() || "-_".contains(*c)).collect())
}

/// Reads base32 (RFC 4648, section 6), as an app would.
pub(crate) fn secret(base32: &str) -> TotpSecret {
    let mut bits = 0_u128;
    let mut bytes = vec![];
    for (index, letter) in base32.bytes().enumerate() {
        let value = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".iter().position(|known| *known == letter).expect("base32");
        bits = bits << 5 | value as u128;
        if index % 8 == 7 {
            bytes.extend_from_slice(&bits.to_be_bytes()[11..]);
            bits = 0;
        }
    }
    TotpSecret::new(bytes.try_into().expect("160 bits"))
}
