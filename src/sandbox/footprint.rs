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

/// Pages of one mapping that a rehearsal touched, as offsets from its start.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Footprint {
    written: Vec<Range<usize>>,
    /// One page for each [`WINDOW`]: the kernel maps a file's neighbouring pages along with the one that is read.
    read: Vec<usize>,
}

/// Bytes that the kernel maps around a page of a file that is read (`fault_around_bytes`, its default).
const WINDOW: usize = 64 << 10;

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
            let at = number * page;
            match (entry & PRESENT != 0, entry & OF_FILE != 0) {
                (false, _) => {}
                (true, true) if footprint.read.last().is_some_and(|last| last / WINDOW == at / WINDOW) => {}
                (true, true) => footprint.read.push(at),
                (true, false) => match footprint.written.last_mut().filter(|last| last.end == at) {
                    Some(last) => last.end += page,
                    None => footprint.written.push(at..at + page),
                },
            }
        }
        footprint
    }

    /// Has the kernel make private copies of the pages that will be written, in the mapping of `len` bytes at `start`.
    pub(super) fn touch_written(&self, start: *const u8, len: usize) {
        for range in &self.written {
            populate(start, len, range.clone(), Advice::LinuxPopulateWrite);
        }
    }

    /// Has the kernel map the pages that will be read, in the mapping of `len` bytes at `start`.
    pub(super) fn touch_read(&self, start: *const u8, len: usize) {
        for page in &self.read {
            populate(start, len, *page..*page + 1, Advice::LinuxPopulateRead);
        }
    }
}

fn populate(start: *const u8, len: usize, range: Range<usize>, advice: Advice) {
    if range.end <= len {
        // SAFETY: the range lies in a live mapping of ours. Populating changes no byte of it: it does what a read, or a
        // write of the byte already there, would do.
        let _ = unsafe { madvise(start.cast_mut().wrapping_add(range.start).cast(), range.len(), advice) };
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
        assert_eq!(footprint.read, [3 * 4096]);
    }

    #[test]
    fn one_page_is_read_in_each_window() {
        let entries = [PRESENT | OF_FILE; 40].map(u64::to_ne_bytes).concat();
        assert_eq!(Footprint::from_entries(&entries, 4096).read, [0, WINDOW, 2 * WINDOW]);
    }

    #[test]
    fn touching_maps_the_same_pages_again() {
        let bytes = vec![7u8; 64 * 4096];
        let aligned = bytes.as_ptr().map_addr(|address| address.next_multiple_of(4096));
        let footprint = Footprint::of(aligned, 60 * 4096);
        assert_eq!(footprint.written, [Range { start: 0, end: 60 * 4096 }]);
        footprint.touch_written(aligned, 60 * 4096);
        assert!(bytes.iter().all(|byte| *byte == 7));
    }
}
