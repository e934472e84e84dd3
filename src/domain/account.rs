//! Accounts: who a run belongs to, what a person may do, and how that changes.
//!
//! ```text
//! Registration --link followed in time--> Verified --approve--> Approved <--restore-- Suspended
//!      |                                     |                     ^  |                   ^
//!  10 minutes: forgotten                     +--deny--> Denied ----+  +------suspend------+
//! ```

use super::{Email, Network, PasswordHash, TotpStep, UnixTime};

/// An account's number. It is the unit of isolation: two runs of different accounts never share a process. It says nothing
/// about the person, and it is never given to another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AccountId(u64);

impl AccountId {
    /// The person at the keyboard, in `cloud-python run`: there is only one.
    pub const LOCAL: Self = Self(0);

    /// The account with this number.
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// The number.
    pub const fn number(self) -> u64 {
        self.0
    }
}

/// Somebody who has asked for an account and has not shown yet that the address is theirs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registration {
    /// Who asked.
    pub email: Email,
    /// The password they chose.
    pub password: PasswordHash,
    /// When it is forgotten.
    pub expires: UnixTime,
}

/// Somebody whose address is known to be theirs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Its number.
    pub id: AccountId,
    /// Whose it is.
    pub email: Email,
    /// What is stored of the password.
    pub password: PasswordHash,
    /// The TOTP secret, sealed by the vault.
    pub totp: Vec<u8>,
    /// The last step whose code was taken. Before the first code nobody has shown that the secret arrived.
    pub last_step: Option<TotpStep>,
    /// What they may do.
    pub standing: Standing,
    /// When the address was verified.
    pub since: UnixTime,
    /// Networks it has logged in from, the latest last, at most [`limits::OWN_NETWORKS`](crate::config::limits::OWN_NETWORKS).
    pub networks: Vec<Network>,
}

/// What the link of a mail is good for, as it is stored under the hash of its token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// What it does.
    pub purpose: LinkPurpose,
    /// When it stops being good.
    pub expires: UnixTime,
}

/// What a link does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LinkPurpose {
    /// Verifies the address of a [`Registration`].
    Register(Email),
    /// Shows an account's TOTP secret, until its first code has been taken.
    Enrol(AccountId),
    /// Lets an administrator decide about an account, once.
    Approve(AccountId),
}

/// A bearer token, as it is stored under its hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TokenRecord {
    /// Whose it is.
    pub account: AccountId,
    /// When it stops being good.
    pub expires: UnixTime,
}

/// What the owner of a verified address may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// Waits for an administrator. May do nothing.
    Verified,
    /// May log in and run scripts.
    Approved,
    /// An administrator has said no. May do nothing.
    Denied,
    /// An administrator has withdrawn the approval. May do nothing.
    Suspended,
}

/// What an administrator can decide about an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Lets a waiting or denied account in.
    Approve,
    /// Says no to a waiting account.
    Deny,
    /// Shuts an approved account out, at once.
    Suspend,
    /// Lets a suspended account in again.
    Restore,
}

/// A decision that does not fit the account as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the account is {}, so it cannot be {}", .0.name(), .1.done())]
pub struct NotPossible(pub Standing, pub Decision);

impl Standing {
    /// Every standing.
    pub const ALL: [Self; 4] = [Self::Verified, Self::Approved, Self::Denied, Self::Suspended];

    /// What follows from a decision. Taking the same decision twice changes nothing and is no error.
    pub const fn after(self, decision: Decision) -> Result<Self, NotPossible> {
        match (self, decision) {
            (Self::Verified | Self::Denied | Self::Approved, Decision::Approve) => Ok(Self::Approved),
            (Self::Verified | Self::Denied, Decision::Deny) => Ok(Self::Denied),
            (Self::Approved | Self::Suspended, Decision::Suspend) => Ok(Self::Suspended),
            (Self::Suspended | Self::Approved, Decision::Restore) => Ok(Self::Approved),
            _ => Err(NotPossible(self, decision)),
        }
    }

    /// For people.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Verified => "waiting",
            Self::Approved => "approved",
            Self::Denied => "denied",
            Self::Suspended => "suspended",
        }
    }
}

impl Decision {
    /// Every decision.
    pub const ALL: [Self; 4] = [Self::Approve, Self::Deny, Self::Suspend, Self::Restore];

    /// As it is written on the command line and on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Approve => "approve",
            Self::Deny => "deny",
            Self::Suspend => "suspend",
            Self::Restore => "restore",
        }
    }

    /// As it is told afterwards.
    pub const fn done(self) -> &'static str {
        match self {
            Self::Approve => "approved",
            Self::Deny => "denied",
            Self::Suspend => "suspended",
            Self::Restore => "restored",
        }
    }

    /// The decision of this [`name`](Self::name).
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|decision| decision.name() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_gets_in_but_by_approval_and_a_suspended_account_only_by_restoring() {
        let table: Vec<String> = Standing::ALL
            .into_iter()
            .flat_map(|standing| Decision::ALL.into_iter().map(move |decision| (standing, decision)))
            .map(|(standing, decision)| {
                let after = standing.after(decision).map_or("-", Standing::name);
                format!("{} {}: {after}", standing.name(), decision.name())
            })
            .collect();
        assert_eq!(
            table,
            [
                "waiting approve: approved",
                "waiting deny: denied",
                "waiting suspend: -",
                "waiting restore: -",
                "approved approve: approved",
                "approved deny: -",
                "approved suspend: suspended",
                "approved restore: approved",
                "denied approve: approved",
                "denied deny: denied",
                "denied suspend: -",
                "denied restore: -",
                "suspended approve: -",
                "suspended deny: -",
                "suspended suspend: suspended",
                "suspended restore: approved",
            ]
        );
    }
}
