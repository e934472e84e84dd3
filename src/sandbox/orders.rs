//! What travels between server and launcher, as bytes. Pure: no descriptor is touched here.
//!
//! Owns: the datagrams of the launcher's control socket. Not here: the frames of a child's stream (`wire`), and who sends what when
//! (`control`, `launcher`).

use std::time::Duration;

use super::wire::WireError;

/// The number of a child, unique for the life of the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct ChildId(pub(super) u64);

/// From the server to the launcher. `Start` carries the image's descriptor, `Fork` the child's end of its stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    /// The first order: which engine settings the image was made for, and whether a weak jail will do.
    Start { meter: u8, allow_weak_jail: bool },
    /// Make a child.
    Fork(ChildId),
    /// Kill a child now.
    Kill(ChildId),
}

/// From the launcher to the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Report {
    /// The image is mapped and the jail is in force.
    Ready { landlock_abi: u8 },
    /// A child lives under this process id.
    Forked(ChildId, u32),
    /// A child is dead and reaped: its wait status and its CPU time, from the kernel.
    Gone { child: ChildId, status: i32, cpu: Duration },
}

/// Bytes of a control datagram, in either direction.
pub(super) const CONTROL_BYTES: usize = 33;

impl Order {
    pub(super) fn encode(self) -> [u8; CONTROL_BYTES] {
        match self {
            Self::Start { meter, allow_weak_jail } => control(0, [u64::from(meter), u64::from(allow_weak_jail), 0, 0]),
            Self::Fork(child) => control(1, [child.0, 0, 0, 0]),
            Self::Kill(child) => control(2, [child.0, 0, 0, 0]),
        }
    }

    pub(super) fn parse(bytes: &[u8]) -> Result<Self, WireError> {
        let (tag, [first, second, ..]) = parse_control(bytes)?;
        match tag {
            0 => {
                let meter = u8::try_from(first).map_err(|_| WireError::Payload)?;
                Ok(Self::Start { meter, allow_weak_jail: second != 0 })
            }
            1 => Ok(Self::Fork(ChildId(first))),
            2 => Ok(Self::Kill(ChildId(first))),
            other => Err(WireError::Kind(other)),
        }
    }
}

impl Report {
    pub(super) fn encode(self) -> [u8; CONTROL_BYTES] {
        match self {
            Self::Ready { landlock_abi } => control(0, [u64::from(landlock_abi), 0, 0, 0]),
            Self::Forked(child, pid) => control(1, [child.0, u64::from(pid), 0, 0]),
            Self::Gone { child, status, cpu } => {
                let cpu = u64::try_from(cpu.as_nanos()).unwrap_or(u64::MAX);
                control(2, [child.0, u64::from(status.cast_unsigned()), cpu, 0])
            }
        }
    }

    pub(super) fn parse(bytes: &[u8]) -> Result<Self, WireError> {
        let (tag, [first, second, third, _]) = parse_control(bytes)?;
        let small = u32::try_from(second).map_err(|_| WireError::Payload);
        match tag {
            0 => Ok(Self::Ready { landlock_abi: u8::try_from(first).map_err(|_| WireError::Payload)? }),
            1 => Ok(Self::Forked(ChildId(first), small?)),
            2 => {
                Ok(Self::Gone { child: ChildId(first), status: small?.cast_signed(), cpu: Duration::from_nanos(third) })
            }
            other => Err(WireError::Kind(other)),
        }
    }
}

fn control(tag: u8, words: [u64; 4]) -> [u8; CONTROL_BYTES] {
    let mut bytes = [0; CONTROL_BYTES];
    let all = [tag].into_iter().chain(words.into_iter().flat_map(u64::to_le_bytes));
    bytes.iter_mut().zip(all).for_each(|(to, from)| *to = from);
    bytes
}

fn parse_control(bytes: &[u8]) -> Result<(u8, [u64; 4]), WireError> {
    let bytes: &[u8; CONTROL_BYTES] = bytes.try_into().map_err(|_| WireError::Length(bytes.len()))?;
    let [tag, rest @ ..] = bytes;
    let mut words = [0; 4];
    for (word, chunk) in words.iter_mut().zip(rest.chunks_exact(8)) {
        *word = chunk.try_into().map_or(0, u64::from_le_bytes);
    }
    Ok((*tag, words))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_datagrams_survive_the_trip() {
        for order in
            [Order::Start { meter: 3, allow_weak_jail: true }, Order::Fork(ChildId(7)), Order::Kill(ChildId(u64::MAX))]
        {
            assert_eq!(Order::parse(&order.encode()), Ok(order));
        }
        let gone = Report::Gone { child: ChildId(7), status: -1, cpu: Duration::from_millis(3) };
        for report in [Report::Ready { landlock_abi: 7 }, Report::Forked(ChildId(7), 4_000_000), gone] {
            assert_eq!(Report::parse(&report.encode()), Ok(report));
        }
        assert_eq!(Order::parse(&[0; 3]), Err(WireError::Length(3)));
    }
}
