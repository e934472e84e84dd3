//! How the terminal is set while lines are edited here, and that it is set back.
//!
//! Owns: [`RawMode`], and the terminal's width. Where the terminal cannot be set, the kernel's own line editing goes on.
//!
//! The kernel goes on to turn Ctrl-C into a signal, which arrives however much input waits, and newlines into CR LF. Ctrl-Z and
//! Ctrl-\ do nothing: a session that stands still would run out of time.

use std::io::stdin;

use rustix::termios::{
    InputModes, LocalModes, OptionalActions, OutputModes, SpecialCodeIndex, Termios, tcgetattr, tcgetwinsize, tcsetattr,
};

/// What a key is set to that does nothing (`_POSIX_VDISABLE`, on Linux).
const DISABLED: u8 = 0;

/// The terminal that is standard input, set for editing lines here until this is dropped.
#[derive(Debug)]
pub(in crate::cli::client) struct RawMode {
    before: Termios,
}

impl RawMode {
    /// Sets it: no line editing and no echo by the kernel, keys one by one.
    pub(in crate::cli::client) fn enter() -> Option<Self> {
        let before = tcgetattr(stdin()).ok()?;
        let mut raw = before.clone();
        raw.local_modes.remove(LocalModes::ICANON | LocalModes::ECHO | LocalModes::IEXTEN);
        raw.local_modes.insert(LocalModes::ISIG);
        raw.input_modes.remove(InputModes::INLCR | InputModes::IGNCR);
        raw.input_modes.insert(InputModes::ICRNL);
        raw.output_modes.insert(OutputModes::OPOST | OutputModes::ONLCR);
        raw.special_codes[SpecialCodeIndex::VMIN] = 1;
        raw.special_codes[SpecialCodeIndex::VTIME] = 0;
        raw.special_codes[SpecialCodeIndex::VQUIT] = DISABLED;
        raw.special_codes[SpecialCodeIndex::VSUSP] = DISABLED;
        // Not all of it need have been set for success; what was is set back by dropping.
        let mode = Self { before };
        tcsetattr(stdin(), OptionalActions::Now, &raw).ok().map(|()| mode)
    }
}

impl Drop for RawMode {
    fn drop(&mut self) {
        // At once: a terminal that is held (Ctrl-S) would be waited for otherwise. One that is gone needs nothing.
        let _ = tcsetattr(stdin(), OptionalActions::Now, &self.before);
    }
}

/// Columns of the terminal that is standard input; 0 if it does not say.
pub(in crate::cli::client) fn columns() -> usize {
    tcgetwinsize(stdin()).map_or(0, |size| usize::from(size.ws_col))
}
