//! Running a server: starting, configuring, keeping, upgrading, and what to do when something is wrong.
//!
//! # Starting
//!
//! `cloud-python serve` with nothing else is a working server on `127.0.0.1:12344`. At its first start it makes the data
//! directory (`./cloud-python-data`, mode 0700):
//!
//! | file | what it is | if it is lost |
//! |---|---|---|
//! | `store.redb` | accounts, tokens, waiting mails, mailboxes with their messages, the audit trail | everything is |
//! | `secret.key` | the key that seals TOTP secrets and waiting mails in `store.redb` | nobody can log in: back both up, apart |
//! | `ca.pem`, `ca-key.pem` | the server's own certificate authority; clients pin `ca.pem` | made anew, clients must be given the new one |
//! | `server.pem`, `server-key.pem` | its certificate, renewed by itself a month before it expires | made anew at the next start |
//! | `sealed_key.pem`, `sealed.pem` | the server's key on the sealed channel, where that is on; clients pin `sealed.pem` | made anew, clients must be given the new one |
//! | `workspaces/USER/files/` | the files of a user of the sealed channel | they are; users keep what they cannot lose elsewhere |
//! | `outbox/` | mails as files, where no mail server is configured | nothing |
//! | `admin.sock` | where `cloud-python admin` talks to the running server | made at every start |
//!
//! When it is ready, one line goes to standard output: `https https://127.0.0.1:12344`; and one more where the sealed channel is on:
//! `sealed http://127.0.0.1:8080`. SIGTERM and SIGINT end it: it takes no
//! further connection, answers 503 on `/readyz` on those that are there, lets requests in progress end for at most 30 seconds, ends live
//! sessions at once, and leaves with exit
//! code 0. A second signal ends it at once. It needs no root, no capability and no writable directory but its own.
//!
//! # The configuration
//!
//! `serve --config FILE`, in TOML. Every setting has a default; one that does not exist or is out of bounds is refused with a
//! sentence that says what it must be.
//!
//! ```toml
//! [https]
//! listen = "0.0.0.0:443"
//! url = "https://python.example.org"        # where links in mails lead
//! names = ["python.example.org"]            # in the server's own certificate
//! # certificate = "/etc/.../fullchain.pem"  # instead of the server's own; picked up when it is renewed
//! # key = "/etc/.../privkey.pem"
//!
//! [mail]
//! from = "python@example.org"
//! administrator = "ada@example.org"         # is asked to approve accounts
//! [mail.smtp]                               # without it: files in DIR/outbox
//! host = "mail.example.org"
//! security = "starttls"                     # or "tls"; "none" on this machine only
//! username = "python"
//! password_file = "/run/secrets/smtp"
//!
//! [passwords]                               # Argon2id
//! memory_mib = 64
//! passes = 3
//!
//! [runs]
//! concurrent = 16                           # at once, of all accounts
//! waiting = 64                              # for a place; beyond that 503
//! wait_seconds = 10
//! concurrent_per_account = 4                # beyond that 429
//! per_minute = 120                          # of one account
//! timeout_seconds = 60                      # at most; a run that asks for nothing has 10
//! memory_mib = 256                          # of live sessions, too
//!
//! [sessions]                                # live sessions, beside the runs
//! concurrent = 64                           # at once, of all accounts; beyond that 503; at most 4096
//! concurrent_per_account = 4
//! per_minute = 60                           # of one account
//! timeout_seconds = 60                      # at most, and what one that asks for nothing has
//! output_mib = 1024                         # what one writes, at most; it is passed on, not kept
//!
//! [mailbox]
//! registration = "closed"                   # "open" lets strangers have mailboxes, without an account
//! messages = 1000                           # that wait in one; a sender is told when there is no room
//! kib = 4096                                # of their contents
//! sends_per_minute = 120                    # from one
//! registrations_per_hour = 60               # of one address (IPv6: /64)
//! logins_per_minute = 120                   # of one address; only passwords that are not remembered count
//! # strangers = 1000                        # mailboxes without an account, where registration is open
//!
//! [objects]
//! # directory = "/var/lib/parcels"          # where parcels' bytes are; otherwise DIR/objects
//! [objects.s3]                              # or in a bucket, which must be there
//! endpoint = "https://s3.example.org"       # http:// on this machine only
//! bucket = "amo"
//! region = "us-east-1"                      # Ceph takes any
//! key_file = "/run/secrets/key.json"        # {"access_key": "...", "secret_key": "..."}; or access_key and secret_key here
//! # ca = "/etc/.../ca.pem"                  # who vouches for it, if this machine does not know
//!
//! [parcels]
//! service_id = "00000001"                   # every parcel's name begins with it
//! uploads = "open"                          # or "registered": by keys that an approved account has registered
//! max_mib = 4096                            # one parcel
//! user_mib = 65536                          # one user's; users make themselves
//! all_mib = 262144                          # all; beyond that 503
//! uses_per_minute = 3000                    # uploads, downloads, removals, grants of one address (IPv6: /64)
//!
//! [limits]
//! registrations_per_hour = 60               # of one address (IPv6: /64)
//! logins_per_minute = 60
//! connections = 10000
//! connections_per_address = 100
//! ```
//!
//! # The sealed channel
//!
//! ```toml
//! [sealed]
//! listen = "0.0.0.0:8080"                   # off without it; `--sealed` says the same
//! session_seconds = 600                     # without a good token
//! workspace_mib = 256                       # of each user's files; and 10,000 files and directories
//! host_commands = false                     # true: users whose key was added with --host-commands may run the machine's own
//! ```
//!
//! It is meant for networks that nobody trusts, so any address will do. Clocks of clients must be within a minute of the server's. Its
//! limits on connections are those of `[limits]`, counted apart from the API's; handshakes count as log-ins.
//!
//! `cloud-python key new NAME` makes `NAME_key.pem` (for its owner, under a pass phrase) and `NAME.pem`; `key --data DIR add USER NAME.pem`
//! registers a user; `key list`, `key remove USER`. The latter three work whether the server runs (over `admin.sock`) or not. Removing a
//! user ends their sessions and commands at once. A client needs its own key and `DIR/sealed.pem`, brought to it by a way that is trusted.
//! `key add --host-commands` is for users who administer this very machine: it lets them run its commands as the server's own user, if
//! `sealed.host_commands` is true as well. Without both, such a name is `command not found`. Not for whoever comes over a line that is not
//! trusted: the wire does not say whether a token is a command or a piece of a file ([`protocols`](super::protocols)).
//!
//! # Workspaces
//!
//! Each user of the sealed channel has a directory, `DIR/workspaces/USER/files`. Removing a user leaves it where it is: remove it by hand.
//! What is being uploaded counts against the quota, so while a file is replaced there must be room for both; a file that is over it is
//! refused before it is in its place. A server whose quota was lowered takes nothing new where there is more than that, and removes nothing.
//! A path has at most 256 parts and 4095 bytes, also of what is below a directory that is moved. Eight files of a user are fetched at once,
//! each with at least 128 KiB a second. Where a change that was begun cannot be finished, because the disk is full or of what somebody has changed in the
//! workspace by hand, its user can read and remove files and change nothing else until it can; a start names it in the log. A workspace that
//! cannot even be read is refused to its user. The server and all others go on.
//!
//! A line of a command is split as a shell splits it, and nothing more: pipes, variables and wildcards are refused. `ls`, `cat`, `rm`,
//! `mv`, `mkdir`, `pwd` and `echo` are done by the server. `python3` works in the sandbox on a copy of all files, within the limits of
//! `[runs]`; a workspace of more than 126 MiB is refused with the names of its largest files. When the script ends by itself, by an
//! exception too, what it made, changed and removed is put into the workspace, all or nothing, also if the machine stops in between. After
//! a time-out, too much output, or the user's going away, nothing is kept; nor where somebody has not read what it wrote a minute after
//! its time is over. Several commands and uploads may be at work at once: a script that has changed what somebody else has changed meanwhile
//! changes nothing and names the file. Links are neither shown nor kept. The server has memory for the files of some scripts at once
//! (520 MiB for each user, twice the size of their workspace for each script that runs); more scripts wait as for any other place.
//!
//! A command of the machine itself gets its words as arguments, no shell, PATH, HOME and LANG, the workspace as its directory, and of the
//! server's descriptors none but those that whoever started the server left open for all its children. When it ends, is ended, or takes
//! longer than `runs.timeout_seconds`, its process group is killed; a process that has left the group is not. The audit trail has every
//! such command (`HostCommand`) before it begins: its user and its words, in quotes where they are not plain; of more than 1024 bytes the
//! beginning, and the SHA-256 of all words with a NUL behind each. The quota does not hold for what it writes; that is counted when it
//! has ended. Where it gets in the way of what a script has changed in the same moment, its own stays.
//!
//! # Names in the server's own certificate
//!
//! It is for `localhost`, `127.0.0.1`, `::1`, the address that is listened on, the host of `url`, everything in `names`, and whatever
//! `cloud-python certs --name NAME` has added. A renewal adds names and drops none. To be rid of one, remove `server.pem` (not
//! `server-key.pem`) and run `cloud-python certs` with the names that are to stay; clients notice nothing, a running server takes
//! the new file by itself.
//!
//! # Behind a proxy
//!
//! Do not, unless the proxy keeps the caller's address in its packets (transparent forwarding). Limits and lock-outs go by the address that
//! the connection comes from, and no header is believed: behind an ordinary proxy all callers are one, and whoever guesses wrong
//! makes everybody wait.
//!
//! # Changing what a password costs
//!
//! New hashes have the new cost at once; an old one is replaced at its owner's next log-in. Until then the time of a refusal can tell an
//! account with an old hash from an address without one.
//!
//! # Being the administrator
//!
//! `cloud-python admin --data DIR users list | approve EMAIL | deny EMAIL | suspend EMAIL | restore EMAIL | reset-totp EMAIL`,
//! `admin tokens revoke EMAIL`, `admin status`, `admin metrics` (OpenMetrics, for a monitoring system), `admin audit`. All of it
//! goes over `DIR/admin.sock`, which only the server's own user can open. `admin audit --verify` checks the chain of hashes from
//! the first entry to the last and prints the last hash: written down elsewhere from time to time, it shows later that nobody has
//! cut the trail short.
//!
//! Suspending ends an account's tokens and kills its runs and sessions before the command returns. Somebody who has lost their phone gets
//! `reset-totp`: a mail with a new link; make sure first, by other means, that they are who they say.
//!
//! # Mailboxes
//!
//! An approved account may open four, with its token; suspending it closes them, and restoring it opens them again with all that waits in
//! them. With `registration = "open"` anybody may, up to `strangers` of them; full ones take 4 MiB each. With `"closed"` again, all
//! mailboxes of strangers are closed as those of suspended accounts are. There is no command yet to close a single one of them, nor one to give
//! somebody another password: what was sealed with the old one could not be read anyway. Clients ask every second and keep their
//! connection: where more than a hundred people share an address, raise `connections_per_address`, and after a restart they are back at
//! `logins_per_minute`.
//! Opening one is in the audit trail, messages are not. `admin metrics` counts both. Messages wait until they are deleted.
//!
//! # Watching
//!
//! `/healthz` says that the process lives, `/readyz` that it can do its work. Warnings and errors go to standard error; what a
//! stranger can cause is written at most ten times in ten seconds.
//!
//! # How much may run
//!
//! There are as many processes of the sandbox as runs and live sessions together, and a few that wait. Each may use `memory_mib` and, when
//! it is busy, a processor; each has a descriptor, which is kept back from connections. More sessions than a few hundred want a
//! higher limit of open files (`ulimit -n`) and of processes (`ulimit -u`).
//!
//! # Backing up
//!
//! Stop the server, or copy from a snapshot of the file system: `store.redb` is consistent after a kill at any moment, so a
//! snapshot of it is too. `secret.key` belongs elsewhere than the copies of `store.redb`.
//!
//! Parcels' bytes are backed up where they are, at the same moment as the database: stop the server, or take a snapshot of both. Bytes
//! without a record go by themselves; a record without its bytes is a parcel that cannot be read. After going back to an older database, whatever was uploaded since is
//! bytes without a record, and is removed after an hour: put the newer one back before that if you want it.
//!
//! # Parcels in Ceph
//!
//! Make a user (`radosgw-admin user create --uid=amoapi --display-name=amoapi`), write its keys into a file of mode 0600, make a
//! bucket as that user, and name both in `[objects.s3]`. Several servers may share a bucket: each names its objects after itself,
//! and removes nobody else's. Its name is in the database: a server on a copy of it (to try a backup, say) takes itself for the first one,
//! and removes what that has stored since the copy was made. Give it a bucket, or a directory of objects, of its own.
//!
//! If the gateway is down when the server starts, the server does not start and says so; if it goes
//! down later, uploads and downloads are answered 500 and cost no token, and everything else goes on.
//!
//! # Parcels that should not be there
//!
//! Only its owner's key removes a parcel; there is no command for the operator yet. `uploads = "registered"` keeps strangers from
//! uploading, and `all_mib` bounds what they can fill until then.
//!
//! # Upgrading
//!
//! Stop, replace the binary and the runtime image (`fetch-runtime.sh`), start. A database of a newer version than the program
//! is refused and left alone.
