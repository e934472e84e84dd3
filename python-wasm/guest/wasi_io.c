/* The calls of wasi-libc: reading, writing and seeking.
 *
 * Owns: the three streams, which are forwarded to the host, and how a call's pieces add up.
 * Deliberately not here: the bytes of files (memfs_file.c), and any trust in the host beyond host.h: a count that it could
 * not mean is EIO. */
#include "host.h"
#include "wasi_abi.h"

__attribute__((weak)) void guest_before_wait(void)
{
}

int wasi_host_error(int32_t result)
{
	return result < 0 && result >= -WASI_ERRNO_LAST ? -result : MEMFS_EIO;
}

/* What one host call is asked for at most. */
static int32_t piece(size_t length)
{
	return length > INT32_MAX ? INT32_MAX : (int32_t)length;
}

static int stdin_read(const struct wasi_descriptor *descriptor, void *buffer, size_t length, size_t *done)
{
	if (length == 0)
		return 0;
	if (descriptor->nonblocking) {
		if (host_wait(1, 0) == 0)
			return WASI_EAGAIN;
	} else {
		guest_before_wait();
	}
	int32_t count = host_read(buffer, piece(length));
	if (count < 0 || count > piece(length))
		return wasi_host_error(count);
	*done = (size_t)count;
	return 0;
}

/* All of it, however little the host takes at a time: a write to a pipe or a terminal that waits is never short, so there
 * are programs that do not look (io.TextIOWrapper over an unbuffered file, for one). */
static int stream_write(const struct wasi_descriptor *descriptor, const void *buffer, size_t length, size_t *done)
{
	while (*done < length) {
		int32_t asked = piece(length - *done);
		int32_t count = host_write(descriptor->stream, (const char *)buffer + *done, asked);
		if (count <= 0 || count > asked)
			return *done > 0 ? 0 : wasi_host_error(count);
		*done += (size_t)count;
	}
	return 0;
}

/* Reading and writing. The kinds of descriptor differ only in how one piece goes; how pieces make up a call is common. */

struct transfer {
	struct wasi_descriptor *descriptor;
	bool at_offset; /* pread, pwrite */
	uint64_t offset;
};

typedef int transfer_piece(struct transfer *transfer, struct wasi_iovec piece, size_t *done);

static int read_piece(struct transfer *transfer, struct wasi_iovec piece, size_t *done)
{
	struct wasi_descriptor *descriptor = transfer->descriptor;
	if (descriptor->kind == WASI_STREAM)
		return descriptor->stream == 0 ? stdin_read(descriptor, piece.buffer, piece.length, done) : MEMFS_EBADF;
	if (transfer->at_offset)
		return memfs_pread(&descriptor->file, piece.buffer, piece.length, transfer->offset, done);
	return memfs_read(&descriptor->file, piece.buffer, piece.length, done);
}

static int write_piece(struct transfer *transfer, struct wasi_iovec piece, size_t *done)
{
	struct wasi_descriptor *descriptor = transfer->descriptor;
	if (descriptor->kind == WASI_STREAM)
		return descriptor->stream != 0 ? stream_write(descriptor, piece.buffer, piece.length, done) : MEMFS_EBADF;
	if (transfer->at_offset)
		return memfs_pwrite(&descriptor->file, piece.buffer, piece.length, transfer->offset, done);
	return memfs_write(&descriptor->file, piece.buffer, piece.length, done);
}

/* One piece after another until one comes short; of standard input only one, since the next could wait. An error behind
 * bytes that went through is left to the next call. A sum that libc's ssize_t cannot hold is EINVAL, as in readv. */
static int32_t transfer_all(struct transfer transfer, const struct wasi_iovec *pieces, size_t count, transfer_piece *go,
	uint32_t *total)
{
	bool waits = transfer.descriptor->kind == WASI_STREAM && transfer.descriptor->stream == 0;
	*total = 0;
	for (size_t i = 0; i < count; i++) {
		size_t done = 0;
		if (pieces[i].length > INT32_MAX - *total)
			return *total > 0 ? 0 : MEMFS_EINVAL;
		if (pieces[i].length == 0 && i + 1 < count)
			continue;
		int error = go(&transfer, pieces[i], &done);
		if (error != 0)
			return *total > 0 ? 0 : error;
		*total += (uint32_t)done;
		transfer.offset += done;
		if (done < pieces[i].length || waits)
			break;
	}
	return 0;
}

int32_t WASI(fd_read)(uint32_t fd, const struct wasi_iovec *pieces, size_t count, uint32_t *total)
{
	struct transfer transfer = { .descriptor = wasi_descriptor(fd) };
	if (transfer.descriptor == NULL)
		return MEMFS_EBADF;
	return transfer_all(transfer, pieces, count, read_piece, total);
}

int32_t WASI(fd_write)(uint32_t fd, const struct wasi_iovec *pieces, size_t count, uint32_t *total)
{
	struct transfer transfer = { .descriptor = wasi_descriptor(fd) };
	if (transfer.descriptor == NULL)
		return MEMFS_EBADF;
	return transfer_all(transfer, pieces, count, write_piece, total);
}

static int32_t at_offset(uint32_t fd, const struct wasi_iovec *pieces, size_t count, uint64_t offset, transfer_piece *go,
	uint32_t *total)
{
	struct transfer transfer = { .descriptor = wasi_file(fd), .at_offset = true, .offset = offset };
	if (transfer.descriptor == NULL)
		return wasi_no_file(fd, MEMFS_ESPIPE);
	if (offset > INT64_MAX)
		return MEMFS_EINVAL;
	return transfer_all(transfer, pieces, count, go, total);
}

int32_t WASI(fd_pread)(uint32_t fd, const struct wasi_iovec *pieces, size_t count, uint64_t offset, uint32_t *total)
{
	return at_offset(fd, pieces, count, offset, read_piece, total);
}

int32_t WASI(fd_pwrite)(uint32_t fd, const struct wasi_iovec *pieces, size_t count, uint64_t offset, uint32_t *total)
{
	return at_offset(fd, pieces, count, offset, write_piece, total);
}

int32_t WASI(fd_seek)(uint32_t fd, int64_t delta, uint32_t whence, uint64_t *position)
{
	struct wasi_descriptor *descriptor = wasi_file(fd);
	if (descriptor == NULL)
		return wasi_no_file(fd, MEMFS_ESPIPE);
	return memfs_seek(&descriptor->file, delta, (enum memfs_whence)whence, position);
}

int32_t WASI(fd_tell)(uint32_t fd, uint64_t *position)
{
	return WASI(fd_seek)(fd, 0, MEMFS_SEEK_CUR, position);
}
