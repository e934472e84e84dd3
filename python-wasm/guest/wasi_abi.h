/* WASI preview 1, as far as wasi-libc speaks it: numbers, structures, and the descriptors behind them.
 *
 * Owns: the layout of what libc hands over, and what wasi.c and wasi_poll.c share.
 * Deliberately not here: <wasi/api.h>, which only compiles for wasm32; these definitions also compile for the tests, where
 * pointers are wider. On wasm32 the layouts are held against the standard's at the end of this file. */
#ifndef CLOUD_PYTHON_WASI_ABI_H
#define CLOUD_PYTHON_WASI_ABI_H

#include "memfs.h"

/* Errnos beyond those of memfs. */
enum wasi_errno {
	WASI_EAGAIN = 6,
	WASI_EMFILE = 33,
	WASI_ENOTSUP = 58,
	WASI_ERRNO_LAST = 76,
};

/* Descriptors 0 to 1023, the usual soft limit of a process; a 1025th open file is EMFILE. */
#define WASI_FD_COUNT 1024

/* AT_FDCWD of wasi-libc: as a directory descriptor it means the working directory (wasi_libc.c uses it for every path
 * without one, so that no descriptor that a program could close stands for it). */
#define WASI_AT_FDCWD ((uint32_t)-2)

enum wasi_filetype { WASI_FILETYPE_SOCKET_STREAM = 6 }; /* the others are enum memfs_type */

enum wasi_oflags { WASI_O_CREAT = 1, WASI_O_DIRECTORY = 2, WASI_O_EXCL = 4, WASI_O_TRUNC = 8 };

enum wasi_fdflags { WASI_APPEND = 1, WASI_NONBLOCK = 4, WASI_FDFLAGS_ALL = 31 };

enum wasi_lookupflags { WASI_SYMLINK_FOLLOW = 1 };

enum wasi_fstflags { WASI_ATIM = 1, WASI_ATIM_NOW = 2, WASI_MTIM = 4, WASI_MTIM_NOW = 8 };

/* libc derives O_RDONLY and O_WRONLY from these two bits and asks for SEEK and TELL to tell a terminal. */
#define WASI_RIGHT_READ ((uint64_t)1 << 1)
#define WASI_RIGHT_SEEK ((uint64_t)1 << 2)
#define WASI_RIGHT_TELL ((uint64_t)1 << 5)
#define WASI_RIGHT_WRITE ((uint64_t)1 << 6)
#define WASI_RIGHTS_ALL (((uint64_t)1 << 30) - 1)

enum wasi_clock { WASI_CLOCK_REALTIME, WASI_CLOCK_MONOTONIC, WASI_CLOCK_PROCESS_CPU, WASI_CLOCK_THREAD_CPU };

enum wasi_eventtype { WASI_EVENT_CLOCK, WASI_EVENT_FD_READ, WASI_EVENT_FD_WRITE };

enum wasi_subclockflags { WASI_ABSTIME = 1 };

struct wasi_iovec {
	uint8_t *buffer;
	size_t length;
};

struct wasi_fdstat {
	uint8_t filetype;
	uint16_t flags;
	uint64_t rights, rights_inheriting;
};

struct wasi_filestat {
	uint64_t dev, ino;
	uint8_t filetype;
	uint64_t nlink, size, atim, mtim, ctim;
};

struct wasi_dirent {
	uint64_t next, ino;
	uint32_t name_length;
	uint8_t filetype;
};

struct wasi_subscription {
	uint64_t userdata;
	uint8_t tag; /* enum wasi_eventtype: which of the two below */
	union {
		struct {
			uint32_t id;
			uint64_t timeout, precision;
			uint16_t flags;
		} clock;
		uint32_t fd;
	};
};

struct wasi_event {
	uint64_t userdata;
	uint16_t error;
	uint8_t type;
	uint64_t bytes;
	uint16_t flags;
};

_Static_assert(sizeof(struct wasi_fdstat) == 24, "fdstat");
_Static_assert(sizeof(struct wasi_filestat) == 64, "filestat");
_Static_assert(sizeof(struct wasi_dirent) == 24, "dirent");
_Static_assert(sizeof(struct wasi_subscription) == 48 && offsetof(struct wasi_subscription, clock) == 16, "subscription");
_Static_assert(sizeof(struct wasi_event) == 32 && offsetof(struct wasi_event, bytes) == 16, "event");
#ifdef __wasm32__
_Static_assert(sizeof(struct wasi_iovec) == 8, "iovec");
#endif

/* What a descriptor stands for. */
enum wasi_kind { WASI_CLOSED, WASI_STREAM, WASI_FILE };

struct wasi_descriptor {
	uint8_t kind;
	uint8_t stream;    /* WASI_STREAM: 0, 1 or 2, as the host counts them */
	bool nonblocking;  /* matters for stream 0 only: nothing else can block */
	struct memfs_open file; /* WASI_FILE */
};

/* Whoever defines a C function of this name gives wasi-libc its WASI call. */
#define WASI(call) __imported_wasi_snapshot_preview1_##call

/* wasi.c: the open descriptor of that number, or null; the same if a node is open there, and else the errno: EBADF, or
 * for a stream what a pipe would say; the lowest free descriptor, as POSIX wants it, or null. */
struct wasi_descriptor *wasi_descriptor(uint32_t fd);
struct wasi_descriptor *wasi_file(uint32_t fd);
int wasi_no_file(uint32_t fd, int errno_of_pipe);
struct wasi_descriptor *wasi_lowest_free(uint32_t *fd);
int wasi_close(uint32_t fd);
int wasi_set_flags(uint32_t fd, uint32_t flags);

void wasi_filestat(const struct memfs_stat *stat, struct wasi_filestat *out);

/* The times that enum wasi_fstflags choose, pointing to the values given here. */
int wasi_choose_times(uint32_t flags, const uint64_t *atim, const uint64_t *mtim, const uint64_t *now,
	struct memfs_times *out);

/* wasi_io.c: an errno of the host, or EIO for what is none. */
int wasi_host_error(int32_t result);

/* wasi_path.c: the path in memfs that a path relative to a descriptor means; opening it; the working directory. flags and
 * mode are those of memfs_open. */
int wasi_path(uint32_t directory, const char *text, size_t length, struct memfs_path *out);
int wasi_open(uint32_t directory, const char *text, size_t length, uint32_t flags, bool nonblocking, uint32_t mode,
	uint32_t *fd);
int wasi_chdir(const char *path, size_t length);
int wasi_getcwd(char *buffer, size_t size);

/* Called before the run may have to wait for its host. The driver may define it, to show what Python still holds back. */
void guest_before_wait(void);

/* Called before proc_exit ends the run. The driver may define it, to return the files that the job wants back. */
void guest_before_exit(void);

#endif
