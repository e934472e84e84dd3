//! The moments of a change at which a disk may fail, or the machine stop.
//!
//! Owns: a place in the code for each. Nothing happens there but in tests, which let the disk fail at one after the other.

use std::io::Result;

/// Steps that a change may still take.
#[derive(Debug, Default)]
pub(super) struct Steps {
    #[cfg(test)]
    left: std::sync::Mutex<Option<u32>>,
}

impl Steps {
    /// Takes one.
    #[cfg_attr(not(test), expect(clippy::unused_self, clippy::unnecessary_wraps, reason = "tests let it fail"))]
    pub(super) fn next(&self) -> Result<()> {
        #[cfg(test)]
        if let Some(left) = self.left.lock().unwrap_or_else(std::sync::PoisonError::into_inner).as_mut() {
            *left = left.checked_sub(1).ok_or_else(|| std::io::Error::other("the disk fails here"))?;
        }
        Ok(())
    }

    /// From now on the disk fails after so many steps; nothing means that it works.
    #[cfg(test)]
    pub(super) fn allow(&self, steps: Option<u32>) {
        *self.left.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = steps;
    }
}
