/* The calls that wasi*.c defines, declared as wasi-libc sees them, and the pretended host under them.
 *
 * Owns: declarations only. Deliberately not here: calls that no test uses. */
#ifndef TEST_WASI_CALLS_H
#define TEST_WASI_CALLS_H

#include "../wasi_abi.h"

int32_t WASI(fd_close)(uint32_t fd);
int32_t WASI(fd_renumber)(uint32_t from, uint32_t to);
int32_t WASI(fd_fdstat_get)(uint32_t fd, struct wasi_fdstat *out);
int32_t WASI(fd_fdstat_set_flags)(uint32_t fd, uint32_t flags);
int32_t WASI(fd_fdstat_set_rights)(uint32_t fd, uint64_t rights, uint64_t rights_inheriting);
int32_t WASI(fd_prestat_get)(uint32_t fd, void *out);
int32_t WASI(fd_read)(uint32_t fd, const struct wasi_iovec *pieces, size_t count, uint32_t *total);
int32_t WASI(fd_write)(uint32_t fd, const struct wasi_iovec *pieces, size_t count, uint32_t *total);
int32_t WASI(fd_pread)(uint32_t fd, const struct wasi_iovec *pieces, size_t count, uint64_t offset, uint32_t *total);
int32_t WASI(fd_pwrite)(uint32_t fd, const struct wasi_iovec *pieces, size_t count, uint64_t offset, uint32_t *total);
int32_t WASI(fd_seek)(uint32_t fd, int64_t delta, uint32_t whence, uint64_t *position);
int32_t WASI(fd_tell)(uint32_t fd, uint64_t *position);
int32_t WASI(fd_sync)(uint32_t fd);
int32_t WASI(fd_datasync)(uint32_t fd);
int32_t WASI(fd_advise)(uint32_t fd, uint64_t offset, uint64_t length, uint32_t advice);
int32_t WASI(fd_allocate)(uint32_t fd, uint64_t offset, uint64_t length);
int32_t WASI(fd_filestat_get)(uint32_t fd, struct wasi_filestat *out);
int32_t WASI(fd_filestat_set_size)(uint32_t fd, uint64_t size);
int32_t WASI(fd_filestat_set_times)(uint32_t fd, uint64_t atim, uint64_t mtim, uint32_t flags);
int32_t WASI(fd_readdir)(uint32_t fd, uint8_t *buffer, uint32_t size, uint64_t cookie, uint32_t *used);
int32_t WASI(path_open)(uint32_t directory, uint32_t lookup, const char *text, size_t length, uint32_t oflags,
	uint64_t rights, uint64_t rights_inheriting, uint32_t fdflags, uint32_t *fd);
int32_t WASI(path_filestat_get)(uint32_t directory, uint32_t lookup, const char *text, size_t length,
	struct wasi_filestat *out);
int32_t WASI(path_filestat_set_times)(uint32_t directory, uint32_t lookup, const char *text, size_t length,
	uint64_t atim, uint64_t mtim, uint32_t flags);
int32_t WASI(path_create_directory)(uint32_t directory, const char *text, size_t length);
int32_t WASI(path_remove_directory)(uint32_t directory, const char *text, size_t length);
int32_t WASI(path_unlink_file)(uint32_t directory, const char *text, size_t length);
int32_t WASI(path_rename)(uint32_t from_directory, const char *from_text, size_t from_length, uint32_t to_directory,
	const char *to_text, size_t to_length);
int32_t WASI(path_link)(uint32_t from_directory, uint32_t lookup, const char *from_text, size_t from_length,
	uint32_t to_directory, const char *to_text, size_t to_length);
int32_t WASI(path_symlink)(const char *target, size_t target_length, uint32_t directory, const char *text, size_t length);
int32_t WASI(path_readlink)(uint32_t directory, const char *text, size_t length, char *buffer, size_t size, size_t *used);
int32_t WASI(poll_oneoff)(const struct wasi_subscription *in, struct wasi_event *out, uint32_t count, uint32_t *events);
int32_t WASI(clock_res_get)(uint32_t clock, uint64_t *resolution);
int32_t WASI(clock_time_get)(uint32_t clock, uint64_t precision, uint64_t *time);
int32_t WASI(random_get)(void *buffer, size_t length);

/* fake_host.c: what the six imports do. A test sets what it wants to see and reads what came. */
struct fake_host {
	const char *input;      /* what is left to read; null: the end */
	int32_t result;         /* not 0: what read, write and random return instead of working */
	int32_t write_at_most;  /* not 0: a write takes no more than this */
	char written[3][64];    /* the last bytes written to 1 and 2 */
	uint64_t now;           /* what all clocks show */
	int32_t waits;          /* calls of wait that could block */
	int32_t before_waits;   /* calls of guest_before_wait */
	int64_t last_timeout;
	bool readable;          /* what wait says of standard input */
};
extern struct fake_host host;

#endif
