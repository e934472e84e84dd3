//! Everything that can be asked of the house, by which door ever, and what a caller shows for it.
//!
//! Owns: [`Credential`] and [`Action`]. A request becomes one of each before anything is done about it; `auth` makes a
//! principal of the credential, and `app` decides whether that principal may do that.

use super::{
    BearerToken, Decision, Email, JobSpec, LinkToken, MailboxAction, MailboxCredential, Operation, ParcelId,
    ParcelUser, Password, SealedKey, SealedProof, SealedSession, Secret, TotpCode, UserName,
};

/// What a caller shows to be let in.
#[derive(Clone, Debug)]
pub enum Credential {
    /// Nothing.
    Nobody,
    /// The three things that somebody knows and has. The code is used up.
    Password(PasswordCredential),
    /// A token from an earlier log-in.
    Bearer(BearerToken),
    /// The link of a mail that was sent to the owner of an address.
    Verification(LinkToken),
    /// The link of a mail that was sent to the administrator.
    Approval(LinkToken),
    /// A mailbox's name and password, which go with every request.
    Mailbox(MailboxCredential),
    /// A token for one operation on parcels, signed by the key of whom it is for.
    Permit(PermitCredential),
    /// A signature by the key of a user of the sealed channel.
    Signed(SealedProof),
    /// The session that such a signature has begun.
    Sealed(SealedSession),
    /// A connection to the administrator's socket: the kernel says that it is the server's own user.
    Operator,
}

/// E-mail address, password and code.
#[derive(Clone, Debug)]
pub struct PasswordCredential {
    /// Whose account.
    pub email: Email,
    /// The password as it was typed.
    pub password: Password,
    /// The code of the moment.
    pub code: TotpCode,
}

/// A token for one operation on parcels, and whose key has signed it.
#[derive(Clone, Debug)]
pub struct PermitCredential {
    /// The token as it was sent.
    pub token: Secret<String>,
    /// The signature over it.
    pub signed: Signed,
}

/// A signature and the key that is said to have made it. Nothing about them has been checked but their lengths.
#[derive(Clone, Debug)]
pub struct Signed {
    /// A point of P-256: compressed (33 bytes) or uncompressed (65 bytes).
    pub point: Vec<u8>,
    /// ECDSA with SHA-256: r and s, 32 bytes each.
    pub signature: [u8; 64],
}

/// Everything that can be asked, but uploads and downloads of parcels, whose bytes come beside the question
/// ([`App::upload`](crate::app::App::upload), [`App::download`](crate::app::App::download)).
#[derive(Clone, Debug)]
pub enum Action {
    /// Asks for an account. Anybody, as often as the throttle allows.
    Register {
        /// Whose mailbox gets the link.
        email: Email,
        /// The password they choose.
        password: Password,
    },
    /// Looks at the page behind a verification link. Its holder; changes nothing, for mail scanners follow links.
    ViewVerification,
    /// Verifies the address and shows the TOTP secret. The link's holder, until it expires or a first code has been taken.
    Verify,
    /// Looks at the page behind an approval link. Its holder; changes nothing.
    ViewApproval,
    /// Decides about the account that an approval link is for. Its holder, once.
    DecideByLink(Decision),
    /// Gets a bearer token. An approved account that shows password and code.
    Login,
    /// Ends the bearer token that is shown. Its holder.
    Logout,
    /// Runs a script. An approved account, by password and code or by token, within its limits.
    Execute(Box<JobSpec>),
    /// Anything about mailboxes; each says who may.
    Mailbox(MailboxAction),
    /// Anything about parcels.
    Parcel(ParcelAction),
    /// Begins a session of the sealed channel. Whoever has signed with the key of one of its users, or has seen who did.
    Enter,
    /// Shows that they have the key of such a session. Whose it is, once a token has come that only they can make.
    Confirm,
    /// Ends one. Whose it is.
    Leave,
    /// Anything on the administrator's socket. The operator alone.
    Administer(AdminAction),
}

/// What can be asked about parcels.
#[derive(Clone, Debug)]
pub enum ParcelAction {
    /// Gets a token for one operation. Anybody, for any user: it is worth nothing without that user's key.
    Permit(ParcelUser, Operation),
    /// Looks at what an owner says about a parcel. Anybody who knows its name.
    Metadata(ParcelId),
    /// Looks at whose a parcel is. Anybody who knows its name.
    Owner(ParcelId),
    /// Removes a parcel. Its owner, with a permission.
    Remove(ParcelId),
    /// Lets somebody download a parcel. Its owner, with a permission.
    Grant(ParcelId, ParcelUser),
    /// Takes that back. Its owner, with a permission.
    Revoke(ParcelId, ParcelUser),
    /// Makes a key the account's own, for parcels in its runs. An approved account that shows to have the key: it has signed
    /// the words of [`ParcelAction::registration`].
    RegisterKey(Signed),
}

impl ParcelAction {
    /// What an account's parcel key signs to become that. It says for which account: a signature is good for no other.
    pub fn registration(email: &Email) -> String {
        format!("cloud-python parcel key of {}", email.key())
    }

    /// What is asked, in one word, for logs and metrics.
    const fn name(&self) -> &'static str {
        match self {
            Self::Permit(..) => "parcel_auth",
            Self::Metadata(_) | Self::Owner(_) => "parcel_inspect",
            Self::Remove(_) => "parcel_remove",
            Self::Grant(..) | Self::Revoke(..) => "parcel_grant",
            Self::RegisterKey(_) => "parcel_key",
        }
    }
}

impl Action {
    /// What is asked, in one word, for logs and metrics.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Register { .. } => "register",
            Self::ViewVerification | Self::Verify => "verify",
            Self::ViewApproval | Self::DecideByLink(_) => "approve",
            Self::Login => "login",
            Self::Logout => "logout",
            Self::Execute(_) => "execute",
            Self::Mailbox(action) => action.name(),
            Self::Parcel(action) => action.name(),
            Self::Enter => "enter",
            Self::Confirm => "confirm",
            Self::Leave => "leave",
            Self::Administer(_) => "administer",
        }
    }
}

/// What the operator can ask on the administrator's socket.
#[derive(Clone, Debug)]
pub enum AdminAction {
    /// Lists all accounts.
    Users,
    /// Shows one account.
    User(Email),
    /// Decides about an account.
    Decide(Email, Decision),
    /// Gives an account a new TOTP secret, ends its tokens, and mails its owner a link to fetch the secret.
    ResetTotp(Email),
    /// Ends all tokens of an account and its runs.
    RevokeTokens(Email),
    /// Looks at or changes who may use the sealed channel.
    Keys(KeyAction),
    /// Reads the audit trail, from an entry's number on.
    Audit {
        /// The first entry wanted; they count from 1.
        from: u64,
    },
    /// How the server is.
    Status,
    /// Figures for a monitoring system, in the text format of OpenMetrics.
    Metrics,
}

/// What can be done about the users of the sealed channel, whether the server runs or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyAction {
    /// Lists them.
    List,
    /// Registers one.
    Add {
        /// Their name, which must be free.
        user: UserName,
        /// The key they sign with.
        key: SealedKey,
        /// Whether they may run commands of the machine itself, if the configuration allows that to anybody.
        host_commands: bool,
    },
    /// Removes one and ends their sessions.
    Remove(UserName),
}
