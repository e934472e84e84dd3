//! Who a run belongs to. Two runs of different accounts never share a process.

/// An account's number. It is the unit of isolation, and it says nothing about the person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AccountId(u64);

impl AccountId {
    /// The person at the keyboard, in `cloud-python run`: there is only one.
    pub const LOCAL: Self = Self(0);

    /// The account with this number.
    pub const fn new(number: u64) -> Self {
        Self(number)
    }
}
