//! The numbers of workspaces and of the commands in them.

use std::time::Duration;

use super::{ARGUMENTS_BYTES, FILES, JOB_BYTES, KIB, MIB, SCRIPT_BYTES};

/// Bytes of a user's name: e-mail addresses fit, and the name of a directory may have 255.
pub const USER_NAME_BYTES: usize = 64;
/// Files of a workspace that are read at once. What has been removed meanwhile is in no quota.
pub const WORKSPACE_DOWNLOADS: usize = 8;
/// MiB of the files in a workspace when nobody says otherwise. Twice what a command's job can have.
pub const WORKSPACE_MIB: u64 = 256;
/// The most that an operator can set: a TiB.
pub const WORKSPACE_MIB_MAX: u64 = 1 << 20;
/// Files and directories in a workspace. As many as come with a script, so that files alone never keep a command from running.
pub const WORKSPACE_FILES: u64 = FILES as u64;
/// Parts of a path in a workspace: deeper than people nest directories, and few enough for whatever walks through them.
pub const WORKSPACE_DEPTH: usize = 256;
/// Workspaces whose directories stay open when nobody uses them. Each has two descriptors.
pub const WORKSPACES_OPEN: usize = 32;
/// Bytes of the files of a workspace, with their names, that a script gets: what a job has, less what comes with its line.
pub const WORKSPACE_JOB_BYTES: usize = JOB_BYTES - SCRIPT_BYTES - ARGUMENTS_BYTES;
/// Copies of a workspace's files that are in our memory while a script runs: the job, and its frame.
pub const SNAPSHOT_COPIES: usize = 2;
/// MiB of such copies at once, of all users: five of the largest, or hundreds of usual ones.
pub const SNAPSHOTS_MIB: usize = 1280;
/// MiB of such copies at once of one user: two of the largest. A third waits for its user's own scripts.
pub const SNAPSHOTS_USER_MIB: usize = 520;
/// Runs at once that have ended and whose whole working directory is coming back, or not yet where it belongs; one of each account. Each
/// has at most [`JOB_BYTES`], and while its vectors grow as much again.
pub const DIRECTORIES_RETURNED: usize = 8;
/// Bytes that a command writes at most, scripts and commands of the machine too: what is larger is a file to get.
pub const COMMAND_OUTPUT_BYTES: u64 = 16 * MIB as u64;
/// How long a command's last output may wait for whoever asked for it, and its changes for the disk, beyond the time that it has itself.
pub const COMMAND_UNREAD: Duration = Duration::from_secs(60);
/// Bytes of a command of the machine itself that the audit trail keeps.
pub const AUDIT_COMMAND_BYTES: usize = KIB;
/// Bytes that are read from a file of a workspace at once.
pub const WORKSPACE_CHUNK: usize = 256 * KIB;

const _: () =
    assert!((JOB_BYTES / MIB + 1) * SNAPSHOT_COPIES <= SNAPSHOTS_USER_MIB && SNAPSHOTS_USER_MIB <= SNAPSHOTS_MIB);
