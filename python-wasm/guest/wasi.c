/* The calls of wasi-libc, answered inside the module, so that none is an import of it: descriptors.
 *
 * Owns: the table of descriptors, and the calls that ask about one or change it.
 * Deliberately not here: reading and writing (wasi_io.c), paths and the working directory (wasi_path.c), waiting, clocks
 * and all that has nothing to do with files (wasi_poll.c), what libc itself gets wrong (wasi_libc.c).
 *
 * Pointers come from libc in the same memory, so they need no check; numbers can come from any Python program and do. */
#include "wasi_abi.h"

#include <string.h>

static struct wasi_descriptor descriptors[WASI_FD_COUNT] = {
	{ .kind = WASI_STREAM, .stream = 0 },
	{ .kind = WASI_STREAM, .stream = 1 },
	{ .kind = WASI_STREAM, .stream = 2 },
};

struct wasi_descriptor *wasi_descriptor(uint32_t fd)
{
	return fd < WASI_FD_COUNT && descriptors[fd].kind != WASI_CLOSED ? &descriptors[fd] : NULL;
}

struct wasi_descriptor *wasi_file(uint32_t fd)
{
	struct wasi_descriptor *descriptor = wasi_descriptor(fd);
	return descriptor != NULL && descriptor->kind == WASI_FILE ? descriptor : NULL;
}

int wasi_no_file(uint32_t fd, int error_of_pipe)
{
	return wasi_descriptor(fd) == NULL ? MEMFS_EBADF : error_of_pipe;
}

/* The lowest free number, as POSIX wants it. */
struct wasi_descriptor *wasi_lowest_free(uint32_t *fd)
{
	for (*fd = 0; *fd < WASI_FD_COUNT; ++*fd)
		if (descriptors[*fd].kind == WASI_CLOSED)
			return &descriptors[*fd];
	return NULL;
}

static void close_descriptor(struct wasi_descriptor *descriptor)
{
	if (descriptor->kind == WASI_FILE)
		memfs_close(&descriptor->file);
	*descriptor = (struct wasi_descriptor){ .kind = WASI_CLOSED };
}

int wasi_close(uint32_t fd)
{
	struct wasi_descriptor *descriptor = wasi_descriptor(fd);
	if (descriptor == NULL)
		return MEMFS_EBADF;
	close_descriptor(descriptor);
	return 0;
}

int32_t WASI(fd_close)(uint32_t fd)
{
	return wasi_close(fd);
}

/* dup2 and close in one: from moves to the number to, and what was there is closed. */
int32_t WASI(fd_renumber)(uint32_t from, uint32_t to)
{
	if (wasi_descriptor(from) == NULL || to >= WASI_FD_COUNT)
		return MEMFS_EBADF;
	if (from == to)
		return 0;
	close_descriptor(&descriptors[to]);
	descriptors[to] = descriptors[from];
	descriptors[from] = (struct wasi_descriptor){ .kind = WASI_CLOSED };
	return 0;
}

/* A stream shows itself as WASI's only pipe-like thing. It has no SEEK and TELL, and is no terminal. */
static void stream_fdstat(const struct wasi_descriptor *descriptor, struct wasi_fdstat *out)
{
	uint64_t right = descriptor->stream == 0 ? WASI_RIGHT_READ : WASI_RIGHT_WRITE;
	*out = (struct wasi_fdstat){
		.filetype = WASI_FILETYPE_SOCKET_STREAM,
		.flags = descriptor->nonblocking ? WASI_NONBLOCK : 0,
		.rights = (WASI_RIGHTS_ALL & ~(WASI_RIGHT_READ | WASI_RIGHT_WRITE | WASI_RIGHT_SEEK | WASI_RIGHT_TELL)) | right,
	};
}

static void file_fdstat(const struct wasi_descriptor *descriptor, struct wasi_fdstat *out)
{
	struct memfs_stat stat;
	uint32_t flags = descriptor->file.flags;
	memfs_fstat(descriptor->file.node, &stat);
	*out = (struct wasi_fdstat){
		.filetype = stat.type,
		.flags = (uint16_t)((flags & MEMFS_O_APPEND ? WASI_APPEND : 0) | (descriptor->nonblocking ? WASI_NONBLOCK : 0)),
		.rights = WASI_RIGHTS_ALL & ~(WASI_RIGHT_READ | WASI_RIGHT_WRITE),
		.rights_inheriting = stat.type == MEMFS_DIRECTORY ? WASI_RIGHTS_ALL : 0,
	};
	out->rights |= flags & MEMFS_O_READ ? WASI_RIGHT_READ : 0;
	out->rights |= flags & MEMFS_O_WRITE ? WASI_RIGHT_WRITE : 0;
}

int32_t WASI(fd_fdstat_get)(uint32_t fd, struct wasi_fdstat *out)
{
	const struct wasi_descriptor *descriptor = wasi_descriptor(fd);
	if (fd == WASI_AT_FDCWD)
		*out = (struct wasi_fdstat){ MEMFS_DIRECTORY, 0, WASI_RIGHTS_ALL, WASI_RIGHTS_ALL };
	else if (descriptor == NULL)
		return MEMFS_EBADF;
	else if (descriptor->kind == WASI_STREAM)
		stream_fdstat(descriptor, out);
	else
		file_fdstat(descriptor, out);
	return 0;
}

/* Appending and not blocking can be switched; writing is always synchronous, so the other flags change nothing. */
int wasi_set_flags(uint32_t fd, uint32_t flags)
{
	struct wasi_descriptor *descriptor = wasi_descriptor(fd);
	if (descriptor == NULL)
		return MEMFS_EBADF;
	if (flags & ~(uint32_t)WASI_FDFLAGS_ALL)
		return MEMFS_EINVAL;
	descriptor->nonblocking = (flags & WASI_NONBLOCK) != 0;
	descriptor->file.flags &= ~(uint32_t)MEMFS_O_APPEND;
	if (flags & WASI_APPEND)
		descriptor->file.flags |= MEMFS_O_APPEND;
	return 0;
}

int32_t WASI(fd_fdstat_set_flags)(uint32_t fd, uint32_t flags)
{
	return wasi_set_flags(fd, flags);
}

int32_t WASI(fd_fdstat_set_rights)(uint32_t fd, uint64_t rights, uint64_t rights_inheriting)
{
	(void)rights, (void)rights_inheriting;
	return wasi_descriptor(fd) == NULL ? MEMFS_EBADF : WASI_ENOTSUP;
}

/* No descriptor is a preopened directory: wasi_libc.c resolves paths without one. */
int32_t WASI(fd_prestat_get)(uint32_t fd, void *out)
{
	(void)fd, (void)out;
	return MEMFS_EBADF;
}

int32_t WASI(fd_prestat_dir_name)(uint32_t fd, void *name, size_t length)
{
	(void)fd, (void)name, (void)length;
	return MEMFS_EBADF;
}

/* Size, attributes and entries of what is open. */

/* Nothing lies behind this memory, so everything is as synchronous as it can be. */
int32_t WASI(fd_sync)(uint32_t fd)
{
	return wasi_file(fd) == NULL ? wasi_no_file(fd, MEMFS_EINVAL) : 0;
}

int32_t WASI(fd_datasync)(uint32_t fd)
{
	return WASI(fd_sync)(fd);
}

int32_t WASI(fd_advise)(uint32_t fd, uint64_t offset, uint64_t length, uint32_t advice)
{
	(void)offset, (void)length;
	if (wasi_file(fd) == NULL)
		return wasi_no_file(fd, MEMFS_ESPIPE);
	return advice > 5 ? MEMFS_EINVAL : 0; /* WASI knows six of them */
}

int32_t WASI(fd_allocate)(uint32_t fd, uint64_t offset, uint64_t length)
{
	struct wasi_descriptor *descriptor = wasi_file(fd);
	return descriptor == NULL ? wasi_no_file(fd, MEMFS_ESPIPE) : memfs_allocate(&descriptor->file, offset, length);
}

int32_t WASI(fd_filestat_set_size)(uint32_t fd, uint64_t size)
{
	struct wasi_descriptor *descriptor = wasi_file(fd);
	return descriptor == NULL ? wasi_no_file(fd, MEMFS_EINVAL) : memfs_truncate(&descriptor->file, size);
}

void wasi_filestat(const struct memfs_stat *stat, struct wasi_filestat *out)
{
	*out = (struct wasi_filestat){
		.dev = 1, /* there is one file system; 0 would look like none */
		.ino = stat->ino,
		.filetype = stat->type,
		.nlink = stat->nlink,
		.size = stat->size,
		.atim = stat->atime,
		.mtim = stat->mtime,
		.ctim = stat->ctime,
	};
}

int32_t WASI(fd_filestat_get)(uint32_t fd, struct wasi_filestat *out)
{
	const struct wasi_descriptor *descriptor = wasi_descriptor(fd);
	struct memfs_stat stat;
	if (descriptor == NULL)
		return MEMFS_EBADF;
	if (descriptor->kind == WASI_STREAM) {
		*out = (struct wasi_filestat){ .filetype = WASI_FILETYPE_SOCKET_STREAM, .ino = 1u + descriptor->stream, .nlink = 1 };
		return 0;
	}
	memfs_fstat(descriptor->file.node, &stat);
	wasi_filestat(&stat, out);
	return 0;
}

/* Both ways to set one time at once are EINVAL. */
int wasi_choose_times(uint32_t flags, const uint64_t *atim, const uint64_t *mtim, const uint64_t *now,
	struct memfs_times *out)
{
	if ((flags & WASI_ATIM && flags & WASI_ATIM_NOW) || (flags & WASI_MTIM && flags & WASI_MTIM_NOW) || flags > 15)
		return MEMFS_EINVAL;
	*out = (struct memfs_times){ 0 };
	if (flags & (WASI_ATIM | WASI_ATIM_NOW))
		out->atime = flags & WASI_ATIM ? atim : now;
	if (flags & (WASI_MTIM | WASI_MTIM_NOW))
		out->mtime = flags & WASI_MTIM ? mtim : now;
	return 0;
}

int32_t WASI(fd_filestat_set_times)(uint32_t fd, uint64_t atim, uint64_t mtim, uint32_t flags)
{
	struct wasi_descriptor *descriptor = wasi_file(fd);
	struct memfs_times times;
	uint64_t now = memfs_clock();
	if (descriptor == NULL)
		return wasi_no_file(fd, MEMFS_EINVAL);
	int error = wasi_choose_times(flags, &atim, &mtim, &now, &times);
	return error != 0 ? error : memfs_futimes(descriptor->file.node, times);
}

/* Copies what still fits. libc sees from a full buffer that there is more, and asks again with a larger one. */
static void append(uint8_t *buffer, uint32_t size, uint32_t *used, const void *bytes, uint32_t length)
{
	uint32_t part = length < size - *used ? length : size - *used;
	memcpy(buffer + *used, bytes, part);
	*used += part;
}

int32_t WASI(fd_readdir)(uint32_t fd, uint8_t *buffer, uint32_t size, uint64_t cookie, uint32_t *used)
{
	const struct wasi_descriptor *descriptor = wasi_file(fd);
	struct memfs_entry entry;
	if (descriptor == NULL)
		return wasi_no_file(fd, MEMFS_ENOTDIR);
	*used = 0;
	while (*used < size) {
		int error = memfs_readdir(&descriptor->file, cookie, &entry);
		if (error != 0)
			return error;
		if (entry.name_length == 0)
			break;
		struct wasi_dirent head = { entry.cookie, entry.ino, entry.name_length, entry.type };
		append(buffer, size, used, &head, sizeof head);
		append(buffer, size, used, entry.name, entry.name_length);
		cookie = entry.cookie;
	}
	return 0;
}
