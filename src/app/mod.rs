//! Stand-in until the real room lands: answers that nobody may do anything.

use crate::domain::{Action, Credential, Error, Network, Outcome};

/// Stand-in.
#[derive(Clone, Debug, Default)]
pub struct App;

/// Stand-in.
#[derive(Clone, Debug)]
pub struct Versions {
    /// Server.
    pub server: &'static str,
    /// CPython.
    pub python: String,
    /// wasmtime.
    pub wasmtime: &'static str,
    /// Image, hex.
    pub image: String,
}

impl App {
    /// Stand-in.
    #[expect(clippy::unused_async, reason = "stand-in")]
    pub async fn handle(&self, _: Network, credential: Credential, _: Action) -> Result<Outcome, Error> {
        match credential {
            Credential::Verification(_) | Credential::Approval(_) => Err(Error::NotFound),
            _ => Err(Error::Unauthorized),
        }
    }

    /// Stand-in.
    pub fn is_ready(&self) -> bool {
        true
    }

    /// Stand-in.
    pub fn versions(&self) -> &Versions {
        static VERSIONS: Versions = Versions { server: "", python: String::new(), wasmtime: "", image: String::new() };
        &VERSIONS
    }
}
