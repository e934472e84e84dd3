//! The values in JSON bodies, each parsed into what the domain has for it while it is read.
//!
//! Owns: how a value is written on the wire: as text, base64, a number, a list or an object of files. Collections that a stranger
//! can fill are bounded here already: an empty string takes three bytes in a body and twenty-four in memory. Not here: which
//! fields a body has (`body`).

use std::collections::BTreeSet;
use std::fmt::{Display, Formatter};
use std::marker::PhantomData;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::asked::Bearer;
use crate::config::limits;
use crate::domain::{Argument, BearerToken, Decision, Email, FilePath, JobFile, Password, TotpCode};

/// A value that is written as a string.
pub(super) trait Text: Sized {
    /// What is expected, for "`field` must be ...".
    const EXPECTED: &'static str;

    /// Parses it, or says what is wrong with it.
    fn of(text: &str) -> Result<Self, String>;
}

/// A value that is written as a string, out of JSON.
pub(super) struct Field<T>(pub(super) T);

/// A password that somebody chooses; [`Password`] itself is one that they typed.
pub(super) struct NewPassword(pub(super) Password);

/// Bytes in standard base64 with padding (RFC 4648, section 4).
pub(super) struct Base64(pub(super) Vec<u8>);

/// The code of the moment: six digits, or a number, which has lost its leading zeros.
pub(super) struct Code(pub(super) TotpCode);

/// A number of seconds, not necessarily whole, not negative.
pub(super) struct Seconds(pub(super) Duration);

/// `sys.argv[1:]`. At most one more than is allowed, which the job then refuses.
pub(super) struct Arguments(pub(super) Vec<Argument>);

/// Names of files. At most one more than is allowed, which the job then refuses.
pub(super) struct Names(pub(super) Vec<FilePath>);

/// Files by name. At most one more than is allowed, which the job then refuses.
pub(super) struct Files(pub(super) Vec<JobFile>);

impl Text for Email {
    const EXPECTED: &'static str = "a string with an e-mail address";

    fn of(text: &str) -> Result<Self, String> {
        Self::parse(text).map_err(in_words)
    }
}

impl Text for Password {
    const EXPECTED: &'static str = "a string";

    fn of(text: &str) -> Result<Self, String> {
        Self::typed(text.to_owned()).map_err(in_words)
    }
}

impl Text for NewPassword {
    const EXPECTED: &'static str = "a string";

    fn of(text: &str) -> Result<Self, String> {
        Password::chosen(text.to_owned()).map(Self).map_err(in_words)
    }
}

impl Text for Bearer {
    const EXPECTED: &'static str = "a string";

    /// One that was never given out is refused like one that has ended: by who asks, and not by what it looks like.
    fn of(text: &str) -> Result<Self, String> {
        Ok(BearerToken::parse(text).map_or(Self::Unknown, Self::Token))
    }
}

impl Text for Decision {
    const EXPECTED: &'static str = "\"approve\" or \"deny\"";

    fn of(text: &str) -> Result<Self, String> {
        let offered = Self::parse(text).filter(|decision| matches!(decision, Self::Approve | Self::Deny));
        offered.ok_or_else(|| format!("it must be {}", Self::EXPECTED))
    }
}

impl Text for Argument {
    const EXPECTED: &'static str = "a string";

    fn of(text: &str) -> Result<Self, String> {
        Self::parse(text).map_err(in_words)
    }
}

impl Text for FilePath {
    const EXPECTED: &'static str = "a string with a file's name";

    fn of(text: &str) -> Result<Self, String> {
        Self::parse(text).map_err(in_words)
    }
}

impl Text for Base64 {
    const EXPECTED: &'static str = "a string in base64";

    fn of(text: &str) -> Result<Self, String> {
        let decoded = STANDARD.decode(text);
        decoded.map(Self).map_err(|error| format!("not standard base64 with padding: {error}"))
    }
}

impl Text for Vec<u8> {
    const EXPECTED: &'static str = "a string";

    fn of(text: &str) -> Result<Self, String> {
        Ok(text.as_bytes().to_vec())
    }
}

impl<'de, T: Text> Deserialize<'de> for Field<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct One<T>(PhantomData<T>);
        impl<T: Text> Visitor<'_> for One<T> {
            type Value = Field<T>;

            fn expecting(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
                f.write_str(T::EXPECTED)
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Field<T>, E> {
                T::of(text).map(Field).map_err(E::custom)
            }
        }
        from.deserialize_str(One(PhantomData))
    }
}

impl<'de> Deserialize<'de> for Code {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Digits;
        const EXPECTED: &str = "a number or string of six digits";
        impl Visitor<'_> for Digits {
            type Value = Code;

            fn expecting(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
                f.write_str(EXPECTED)
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Code, E> {
                TotpCode::parse(text).map(Code).ok_or_else(|| E::custom(format!("it must be {EXPECTED}")))
            }

            fn visit_u64<E: Error>(self, number: u64) -> Result<Code, E> {
                TotpCode::of_number(number).map(Code).ok_or_else(|| E::custom(format!("it must be {EXPECTED}")))
            }
        }
        from.deserialize_any(Digits)
    }
}

impl<'de> Deserialize<'de> for Seconds {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Number;
        impl Visitor<'_> for Number {
            type Value = Seconds;

            fn expecting(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
                f.write_str("a number of seconds")
            }

            fn visit_f64<E: Error>(self, seconds: f64) -> Result<Seconds, E> {
                let time = Duration::try_from_secs_f64(seconds);
                time.map(Seconds).map_err(|_| E::custom("it must be a number of seconds above 0"))
            }

            fn visit_u64<E: Error>(self, seconds: u64) -> Result<Seconds, E> {
                Ok(Seconds(Duration::from_secs(seconds)))
            }
        }
        from.deserialize_any(Number)
    }
}

impl<'de> Deserialize<'de> for Arguments {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_seq(List { most: limits::ARGUMENTS, of: PhantomData }).map(Self)
    }
}

impl<'de> Deserialize<'de> for Names {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_seq(List { most: limits::OUTPUTS, of: PhantomData }).map(Self)
    }
}

/// A list of strings. What is more than one too many is read over.
struct List<T> {
    most: usize,
    of: PhantomData<T>,
}

impl<'de, T: Text> Visitor<'de> for List<T> {
    type Value = Vec<T>;

    fn expecting(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        f.write_str("a list of strings")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Vec<T>, A::Error> {
        let mut items = vec![];
        while items.len() <= self.most {
            let Some(Field(item)) = list.next_element()? else { return Ok(items) };
            items.push(item);
        }
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(items)
    }
}

impl<'de> Deserialize<'de> for Files {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct ByName;
        impl<'de> Visitor<'de> for ByName {
            type Value = Files;

            fn expecting(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object of names and contents in base64")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Files, A::Error> {
                let (mut names, mut files) = (BTreeSet::new(), vec![]);
                while files.len() <= limits::FILES {
                    let Some(name) = object.next_key::<String>()? else { return Ok(Files(files)) };
                    let Field(Base64(content)) = object.next_value()?;
                    let path = FilePath::parse(name.as_str()).map_err(A::Error::custom)?;
                    files.push(JobFile { path, content });
                    if !names.insert(name) {
                        return Err(A::Error::custom("a file's name is there twice"));
                    }
                }
                while object.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(Files(files))
            }
        }
        from.deserialize_map(ByName)
    }
}

fn in_words(error: impl Display) -> String {
    error.to_string()
}
