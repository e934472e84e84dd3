//! Where a caller comes from, as far as it counts for limits.

use core::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::config::limits;

/// What one caller can be told from another by: an IPv4 address, or the /64 of an IPv6 address, for whoever has one address
/// there has all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Network {
    /// A whole IPv4 address.
    V4([u8; 4]),
    /// The first 64 bits of an IPv6 address.
    V6([u8; 8]),
    /// The machine itself, by the administrator's socket.
    Here,
}

impl Network {
    /// The network of an address. An IPv4 address that is written as IPv6 is an IPv4 address.
    pub fn of(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(address) => Self::V4(address.octets()),
            IpAddr::V6(address) => {
                let [a, b, c, d, e, f, g, h, ..] = address.octets();
                Self::V6([a, b, c, d, e, f, g, h])
            }
        }
    }

    /// Becomes the latest of somebody's own networks, of which [`limits::OWN_NETWORKS`] are remembered.
    pub fn join(self, own: &mut Vec<Self>) {
        own.retain(|network| *network != self);
        own.push(self);
        own.drain(..own.len().saturating_sub(limits::OWN_NETWORKS));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_latest_networks_of_somebody_are_remembered() {
        let mut own = vec![];
        for number in 0..=20 {
            Network::V4([192, 0, 2, number]).join(&mut own);
        }
        Network::V4([192, 0, 2, 10]).join(&mut own);
        let last: Vec<u8> = own
            .iter()
            .filter_map(|network| if let Network::V4([.., last]) = network { Some(*last) } else { None })
            .collect();
        assert_eq!(last, [5, 6, 7, 8, 9, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 10]);
    }

    #[test]
    fn one_caller_cannot_look_like_many() {
        let of = |text: &str| Network::of(text.parse().unwrap());
        assert_eq!(of("2001:db8:1:2::1"), of("2001:db8:1:2:ffff::9"));
        assert_ne!(of("2001:db8:1:2::1"), of("2001:db8:1:3::1"));
        assert_eq!(of("::ffff:192.0.2.1"), of("192.0.2.1"));
        assert_ne!(of("192.0.2.1"), of("192.0.2.2"));
    }
}
