//! Which pages a run is about to touch, found once by a rehearsal, and touched ahead while nobody waits.
//!
//! A fresh instance is mapped copy-on-write: its first write to each page is a fault that copies the page, and a small
//! script spends most of its time in those. The pages that every script writes are always the same, so a child that waits
//! asks the kernel for them beforehand. This is about speed alone: a page not listed is simply faulted in when it is used,
//! and what a page holds is the image's in either case.
//!
//! Not here: resetting pages after a run, which is wasmtime's.

use std::fs::File;
use std::ops::Range;
use std::os::unix::fs::FileExt;

use rustix::mm::{Advice, madvise};

/// In an entry of `/proc/self/pagemap`: the page is mapped in this process.
const PRESENT: u64 = 1 << 63;
/// In an entry of `/proc/self/pagemap`: the page is the file's own, or shared; not a private copy.
const OF_FILE: u64 = 1 << 61;

/// Pages of one mapping that a rehearsal touched, as byte ranges from its start.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Footprint {
    written: Vec<Range<usize>>,
    read: Vec<Range<usize>>,
}

impl Footprint {
    /// What of these `len` bytes at `start`, page-aligned, this process has touched so far. Empty if the kernel does not tell.
    pub(super) fn of(start: *const u8, len: usize) -> Self {
        let page = rustix::param::page_size();
        let mut entries = vec![0; len / page * 8];
        let told = File::open("/proc/self/pagemap")
            .and_then(|pagemap| pagemap.read_exact_at(&mut entries, (start.addr() / page * 8) as u64));
        match told {
            Ok(()) => Self::from_entries(&entries, page),
            Err(_) => Self::default(),
        }
    }

    fn from_entries(entries: &[u8], page: usize) -> Self {
        let mut footprint = Self::default();
        for (number, entry) in entries.chunks_exact(8).enumerate() {
            let entry = entry.try_into().map_or(0, u64::from_ne_bytes);
            let ranges = match (entry & PRESENT != 0, entry & OF_FILE != 0) {
                (false, _) => continue,
                (true, true) => &mut footprint.read,
                (true, false) => &mut footprint.written,
            };
            let at = number * page;
            match ranges.last_mut().filter(|last| last.end == at) {
                Some(last) => last.end += page,
                None => ranges.push(at..at + page),
            }
        }
        footprint
    }

    /// Has the kernel map these pages of the mapping of `len` bytes at `start`, as reading and writing them would.
    pub(super) fn touch(&self, start: *const u8, len: usize) {
        let ask = |range: &Range<usize>, advice| {
            if range.end <= len {
                // SAFETY: the range lies in a live mapping of ours. Populating changes no byte of it: it does what a
                // read, or a write of the byte already there, would do.
                let _ = unsafe { madvise(start.cast_mut().wrapping_add(range.start).cast(), range.len(), advice) };
            }
        };
        self.read.iter().for_each(|range| ask(range, Advice::LinuxPopulateRead));
        self.written.iter().for_each(|range| ask(range, Advice::LinuxPopulateWrite));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbouring_pages_of_a_kind_are_one_range() {
        let entries = [0, PRESENT, PRESENT, PRESENT | OF_FILE, 0, PRESENT].map(u64::to_ne_bytes).concat();
        let footprint = Footprint::from_entries(&entries, 4096);
        assert_eq!(footprint.written, [4096..3 * 4096, 5 * 4096..6 * 4096]);
        assert_eq!(footprint.read, [Range { start: 3 * 4096, end: 4 * 4096 }]);
    }

    #[test]
    fn touching_maps_the_same_pages_again() {
        let bytes = vec![7u8; 64 * 4096];
        let aligned = bytes.as_ptr().map_addr(|address| address.next_multiple_of(4096));
        let footprint = Footprint::of(aligned, 60 * 4096);
        assert_eq!(footprint.written, [Range { start: 0, end: 60 * 4096 }]);
        footprint.touch(aligned, 60 * 4096);
        assert!(bytes.iter().all(|byte| *byte == 7));
    }
}
