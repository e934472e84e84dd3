/* Running an operation in a real directory, which property.c has made this process's root.
 *
 * Owns: the translation between the two: flags, errnos, types. */
#define _GNU_SOURCE
#include "op.h"
#include "../wasi_abi.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

static int slots[SLOTS] = { -1, -1, -1, -1 };

static int wasi_errno(int error)
{
	static const struct {
		int real, wasi;
	} table[] = {
		{ EACCES, 2 }, { EBADF, 8 }, { EBUSY, 10 }, { EEXIST, 20 }, { EFBIG, 22 }, { EINVAL, 28 }, { EIO, 29 }, { EISDIR, 31 },
		{ ELOOP, 32 }, { EMFILE, 33 }, { EMLINK, 34 }, { ENAMETOOLONG, 37 }, { ENOENT, 44 }, { ENOSPC, 51 }, { ENOTDIR, 54 },
		{ ENOTEMPTY, 55 }, { EOPNOTSUPP, 58 }, { EPERM, 63 }, { ERANGE, 68 }, { EROFS, 69 }, { ESPIPE, 70 }, { EXDEV, 75 },
	};
	for (size_t i = 0; i < sizeof table / sizeof *table; i++)
		if (table[i].real == error)
			return table[i].wasi;
	return 1000 + error;
}

static int check(long result)
{
	return result < 0 ? wasi_errno(errno) : 0;
}

static int fd_of(int32_t base)
{
	return base == -2 ? 900 : base == -1 || slots[base] < 0 ? AT_FDCWD : slots[base];
}

static int type_of(mode_t mode)
{
	return S_ISDIR(mode) ? MEMFS_DIRECTORY : S_ISLNK(mode) ? MEMFS_SYMLINK : S_ISREG(mode) ? MEMFS_REGULAR : MEMFS_CHARACTER_DEVICE;
}

static void real_open(const struct op *op, struct outcome *out)
{
	uint32_t f = op->flags;
	int flags = (f & 3) == OF_READ ? O_RDONLY : (f & 3) == OF_WRITE ? O_WRONLY : O_RDWR;
	flags |= (f & OF_CREAT ? O_CREAT : 0) | (f & OF_EXCL ? O_EXCL : 0) | (f & OF_TRUNC ? O_TRUNC : 0) | (f & OF_APPEND ? O_APPEND : 0);
	flags |= (f & OF_DIRECTORY ? O_DIRECTORY : 0) | (f & OF_NOFOLLOW ? O_NOFOLLOW : 0);
	int fd = openat(fd_of(op->base), op->path, flags, 0644);
	out->error = check(fd);
	if (fd < 0)
		return;
	if (slots[op->slot] >= 0)
		close(slots[op->slot]);
	slots[op->slot] = fd;
}

static void real_close(const struct op *op, struct outcome *out)
{
	out->error = check(close(slots[op->slot]));
	slots[op->slot] = -1;
}

static void real_read(const struct op *op, struct outcome *out)
{
	uint8_t data[DATA_ROOM];
	ssize_t total = op->kind == OP_READ ? read(slots[op->slot], data, op->length) :
	                                      pread(slots[op->slot], data, op->length, (off_t)op->offset);
	out->error = check(total);
	if (total < 0)
		return;
	out->value = out->length = (size_t)total;
	memcpy(out->text, data, (size_t)total);
}

static void real_write(const struct op *op, struct outcome *out)
{
	uint8_t data[DATA_ROOM];
	data_of(op, data);
	ssize_t total = op->kind == OP_WRITE ? write(slots[op->slot], data, op->length) :
	                                       pwrite(slots[op->slot], data, op->length, (off_t)op->offset);
	out->error = check(total);
	out->value = total < 0 ? 0 : (uint64_t)total;
}

static void real_seek(const struct op *op, struct outcome *out)
{
	struct stat stat;
	if (fstat(slots[op->slot], &stat) == 0 && S_ISDIR(stat.st_mode))
		return;
	off_t position = lseek(slots[op->slot], op->delta, (int)(op->flags % 3));
	out->error = check(position);
	out->value = position < 0 ? 0 : (uint64_t)position;
}

static void real_stat(const struct op *op, struct outcome *out)
{
	struct stat stat;
	if (op->kind == OP_FSTAT)
		out->error = check(fstat(slots[op->slot], &stat));
	else
		out->error = check(fstatat(fd_of(op->base), op->path, &stat, op->kind == OP_STAT ? 0 : AT_SYMLINK_NOFOLLOW));
	if (out->error != 0)
		return;
	say(out, "type %d nlink %" PRIu64, type_of(stat.st_mode), (uint64_t)stat.st_nlink);
	if (!S_ISDIR(stat.st_mode))
		say(out, " size %" PRIu64, (uint64_t)stat.st_size);
}

static struct timespec timespec_of(uint64_t nanoseconds)
{
	return (struct timespec){ (time_t)(nanoseconds / 1000000000), (long)(nanoseconds % 1000000000) };
}

static uint64_t nanoseconds(struct timespec time)
{
	return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

static void real_set_times(const struct op *op, struct outcome *out)
{
	struct timespec times[2] = { timespec_of(1000000007 * op->offset), timespec_of(1000000011 * op->offset) };
	struct stat stat;
	int flags = op->flags & OF_NOFOLLOW ? AT_SYMLINK_NOFOLLOW : 0;
	out->error = check(utimensat(fd_of(op->base), op->path, times, flags));
	if (out->error == 0 && fstatat(fd_of(op->base), op->path, &stat, flags) == 0)
		say(out, "atime %" PRIu64 " mtime %" PRIu64, S_ISLNK(stat.st_mode) ? 0 : nanoseconds(stat.st_atim), nanoseconds(stat.st_mtim));
}

static void real_list(const struct op *op, struct outcome *out)
{
	char names[100][300];
	size_t count = 0;
	int fd = openat(slots[op->slot], ".", O_RDONLY | O_DIRECTORY);
	struct stat stat;
	if (fstat(slots[op->slot], &stat) == 0 && !S_ISDIR(stat.st_mode))
		errno = ENOTDIR;
	DIR *directory = fd < 0 ? NULL : fdopendir(fd);
	if (directory == NULL) {
		out->error = wasi_errno(errno);
		return;
	}
	errno = 0;
	for (struct dirent *entry; (entry = readdir(directory)) != NULL && count < 100;)
		snprintf(names[count++], 300, "%d:%s", type_of(DTTOIF(entry->d_type)), entry->d_name);
	out->error = fstat(fd, &stat) == 0 && stat.st_nlink == 0 ? wasi_errno(ENOENT) : 0; /* glibc hides this one */
	closedir(directory);
	if (out->error == 0)
		say_sorted(out, names, count);
}

static void real_readlink(const struct op *op, struct outcome *out)
{
	ssize_t length = readlinkat(fd_of(op->base), op->path, out->text, op->length + 1);
	out->error = check(length);
	out->length = length < 0 ? 0 : (size_t)length;
}

static void real_names(const struct op *op, struct outcome *out)
{
	int base = fd_of(op->base), base2 = fd_of(op->base2);
	switch (op->kind) {
	case OP_MKDIR: out->error = check(mkdirat(base, op->path, 0755)); break;
	case OP_RMDIR: out->error = check(unlinkat(base, op->path, AT_REMOVEDIR)); break;
	case OP_UNLINK: out->error = check(unlinkat(base, op->path, 0)); break;
	case OP_RENAME: out->error = check(renameat(base, op->path, base2, op->path2)); break;
	case OP_LINK: out->error = check(linkat(base, op->path, base2, op->path2, op->flags % 2 ? AT_SYMLINK_FOLLOW : 0)); break;
	case OP_SYMLINK: out->error = check(symlinkat(op->path2, base, op->path)); break;
	default: out->error = check(chdir(op->path)); break;
	}
}

static void real_set_append(const struct op *op, struct outcome *out)
{
	out->error = check(fcntl(slots[op->slot], F_SETFL, op->flags & OF_APPEND ? O_APPEND : 0));
}

static void real_getcwd(struct outcome *out)
{
	char buffer[4096];
	long length = getcwd(buffer, sizeof buffer) == NULL ? -1 : 0;
	out->error = check(length);
	if (length == 0)
		say(out, "%s", buffer);
}

void op_real(const struct op *op, struct outcome *out)
{
	out->error = 0;
	out->value = out->length = 0;
	switch (op->kind) {
	case OP_OPEN: real_open(op, out); break;
	case OP_CLOSE: real_close(op, out); break;
	case OP_READ: case OP_PREAD: real_read(op, out); break;
	case OP_WRITE: case OP_PWRITE: real_write(op, out); break;
	case OP_SEEK: real_seek(op, out); break;
	case OP_TRUNCATE: out->error = check(ftruncate(slots[op->slot], (off_t)op->offset)); break;
	case OP_ALLOCATE: out->error = check(fallocate(slots[op->slot], 0, (off_t)op->offset, op->length)); break;
	case OP_FSTAT: case OP_STAT: case OP_LSTAT: real_stat(op, out); break;
	case OP_SET_TIMES: real_set_times(op, out); break;
	case OP_SET_APPEND: real_set_append(op, out); break;
	case OP_LIST: real_list(op, out); break;
	case OP_READLINK: real_readlink(op, out); break;
	case OP_GETCWD: real_getcwd(out); break;
	default: real_names(op, out); break;
	}
}

static void clear(int directory, int depth)
{
	DIR *listing = fdopendir(directory);
	for (struct dirent *entry; listing != NULL && (entry = readdir(listing)) != NULL;) {
		const char *name = entry->d_name;
		if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0 || (depth == 0 && is_fixed(name)))
			continue;
		if (entry->d_type == DT_DIR) {
			clear(openat(directory, name, O_RDONLY | O_DIRECTORY), depth + 1);
			unlinkat(directory, name, AT_REMOVEDIR);
		} else {
			unlinkat(directory, name, 0);
		}
	}
	closedir(listing);
}

void real_reset(void)
{
	for (int i = 0; i < SLOTS; i++) {
		if (slots[i] >= 0)
			close(slots[i]);
		slots[i] = -1;
	}
	if (chdir("/") != 0)
		abort();
	clear(open("/", O_RDONLY | O_DIRECTORY), 0);
}
