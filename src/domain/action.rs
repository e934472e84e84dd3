//! Everything that can be asked of the house, by which door ever, and what a caller shows for it.
//!
//! Owns: [`Credential`] and [`Action`]. A request becomes one of each before anything is done about it; `auth` makes a
//! principal of the credential, and `app` decides whether that principal may do that.

use super::{
    BearerToken, Decision, Email, JobSpec, LinkToken, Password, SealedKey, SealedProof, SealedSession, TotpCode,
    UserName,
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

/// Everything that can be asked.
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
    /// Begins a session of the sealed channel. Whoever has signed with the key of one of its users, or has seen who did.
    Enter,
    /// Shows that they have the key of such a session. Whose it is, once a token has come that only they can make.
    Confirm,
    /// Ends one. Whose it is.
    Leave,
    /// Anything on the administrator's socket. The operator alone.
    Administer(AdminAction),
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
