//! The moments of a change at which a disk may fail, or the machine stop.
//!
//! Owns: a place in the code for each. Nothing happens there but in tests, which let the disk fail, or the process be killed, at one after
//! the other.

use std::io::Result;

/// Steps that a change may still take.
#[derive(Debug, Default)]
pub(super) struct Steps {
    #[cfg(test)]
    left: std::sync::Mutex<Option<(u32, End)>>,
}

/// What happens after the last step that may be taken.
#[cfg(test)]
#[derive(Clone, Copy, Debug)]
pub(super) enum End {
    Failure,
    Kill,
}

impl Steps {
    /// Takes one.
    #[cfg_attr(not(test), expect(clippy::unused_self, clippy::unnecessary_wraps, reason = "tests let it fail"))]
    pub(super) fn next(&self) -> Result<()> {
        #[cfg(test)]
        if let Some((left, end)) = self.left.lock().unwrap_or_else(std::sync::PoisonError::into_inner).as_mut() {
            *left = match (left.checked_sub(1), end) {
                (Some(left), _) => left,
                (None, End::Failure) => return Err(std::io::Error::other("the disk fails here")),
                (None, End::Kill) => {
                    rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL)?;
                    0
                }
            };
        }
        Ok(())
    }

    /// From now on there are so many steps before the end; nothing means that the disk works.
    #[cfg(test)]
    pub(super) fn allow(&self, steps: Option<(u32, End)>) {
        *self.left.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = steps;
    }
}
