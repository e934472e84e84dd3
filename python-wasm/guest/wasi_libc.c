/* Functions of wasi-libc that are replaced, because what WASI's calls can say is less than what POSIX promises.
 *
 * Owns: the working directory as libc sees it, opening, permission bits, file locks, CPU time.
 * Deliberately not here: anything that works as it is. This file is the only one that knows the inside of wasi-libc.
 *
 * libc keeps the working directory as a string that it puts before every relative path: "cd .." makes it longer, renaming
 * a directory above makes it wrong, and all paths hang on a descriptor of "/" that a program can close. Here a path goes
 * down as it is, beside WASI_AT_FDCWD.
 *
 * libc drops the mode that open and mkdir are given.
 *
 * The linker must take the first definition that it meets (--allow-multiple-definition), and this file's object must stand
 * before libc's archives.
 *
 * libc's chmod, fchmod and fchmodat are stubs that always fail. Code that wants them to work is to be compiled with
 * -Dchmod=guest_chmod -Dfchmod=guest_fchmod -Dfchmodat=guest_fchmodat. */
#include "host.h"
#include "wasi_abi.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BLOCK 4096 /* st_blksize: what CPython takes as the least size of a buffer */

#define UMASK 022u /* what a process usually starts with; WASI has no call to change it */

/* File locks have no numbers in WASI's headers. These are the ones that sqlite gives them there. */
enum lock_command { LOCK_GET = 12, LOCK_SET = 13, LOCK_SET_AND_WAIT = 14 };
enum lock_type { LOCK_NONE = 2 };

_Static_assert((uint32_t)AT_FDCWD == WASI_AT_FDCWD, "the number libc gave it");

static int result(int error)
{
	if (error == 0)
		return 0;
	errno = error;
	return -1;
}

/* Called by libc for every path that stands alone: which directory descriptor goes with it, and what remains of it.
 * libc frees or changes *rest nowhere else, so it may point to the path itself. */
int __wasilibc_find_relpath_alloc(const char *path, const char **prefix, char **rest, size_t *rest_size, int may_grow)
{
	(void)rest_size, (void)may_grow;
	*prefix = "";
	*rest = (char *)path;
	return AT_FDCWD;
}

/* open's flags as memfs knows them. A program that was written for other systems may take O_RDONLY for 0. */
static uint32_t open_flags(int flags)
{
	uint32_t out = 0;
	out |= (flags & O_RDONLY) || (flags & O_ACCMODE) == 0 ? MEMFS_O_READ : 0;
	out |= flags & O_WRONLY ? MEMFS_O_WRITE : 0;
	out |= flags & O_APPEND ? MEMFS_O_APPEND : 0;
	out |= flags & O_CREAT ? MEMFS_O_CREAT : 0;
	out |= flags & O_EXCL ? MEMFS_O_EXCL : 0;
	out |= flags & O_TRUNC ? MEMFS_O_TRUNC : 0;
	out |= flags & O_DIRECTORY ? MEMFS_O_DIRECTORY : 0;
	out |= flags & O_NOFOLLOW ? MEMFS_O_NOFOLLOW : 0;
	return out;
}

static int open_mode(int directory, const char *text, int flags, mode_t mode)
{
	uint32_t fd;
	bool nonblocking = (flags & O_NONBLOCK) != 0;
	int error = wasi_open((uint32_t)directory, text, strlen(text), open_flags(flags), nonblocking, mode & ~UMASK, &fd);
	return error != 0 ? result(error) : (int)fd;
}

int openat(int directory, const char *text, int flags, ...)
{
	va_list argument;
	va_start(argument, flags);
	mode_t mode = flags & O_CREAT ? va_arg(argument, mode_t) : 0;
	va_end(argument);
	return open_mode(directory, text, flags, mode);
}

int open(const char *text, int flags, ...)
{
	va_list argument;
	va_start(argument, flags);
	mode_t mode = flags & O_CREAT ? va_arg(argument, mode_t) : 0;
	va_end(argument);
	return open_mode(AT_FDCWD, text, flags, mode);
}

int mkdirat(int directory, const char *text, mode_t mode)
{
	struct memfs_path path;
	int error = wasi_path((uint32_t)directory, text, strlen(text), &path);
	return result(error != 0 ? error : memfs_mkdir(path, mode & ~UMASK));
}

int mkdir(const char *text, mode_t mode)
{
	return mkdirat(AT_FDCWD, text, mode);
}

int chdir(const char *path)
{
	return result(wasi_chdir(path, strlen(path)));
}

char *getcwd(char *buffer, size_t size)
{
	char own[MEMFS_PATH_MAX];
	if (buffer != NULL)
		return result(size == 0 ? MEMFS_EINVAL : wasi_getcwd(buffer, size)) == 0 ? buffer : NULL;
	return result(wasi_getcwd(own, sizeof own)) == 0 ? strdup(own) : NULL;
}

/* The one of zig's libc calls WASI past the functions that wasi.c defines, and would leave an import. */
int close(int fd)
{
	return result(wasi_close((uint32_t)fd));
}

static int status_flags(const struct wasi_descriptor *descriptor)
{
	uint32_t flags = descriptor->file.flags;
	if (descriptor->kind == WASI_STREAM)
		flags = descriptor->stream == 0 ? MEMFS_O_READ : MEMFS_O_WRITE;
	return (flags & MEMFS_O_READ ? O_RDONLY : 0) | (flags & MEMFS_O_WRITE ? O_WRONLY : 0) |
	       (flags & MEMFS_O_APPEND ? O_APPEND : 0) | (descriptor->nonblocking ? O_NONBLOCK : 0);
}

/* A process never stands in the way of its own locks, and here is only one. */
int fcntl(int fd, int command, ...)
{
	const struct wasi_descriptor *descriptor = wasi_descriptor((uint32_t)fd);
	va_list argument;
	int value = 0;
	if (descriptor == NULL)
		return result(MEMFS_EBADF);
	va_start(argument, command);
	switch (command) {
	case F_GETFD: value = FD_CLOEXEC; break; /* there is no exec that could keep it open */
	case F_SETFD: break;
	case F_GETFL: value = status_flags(descriptor); break;
	case F_SETFL: value = result(wasi_set_flags((uint32_t)fd, (uint32_t)va_arg(argument, int) & WASI_FDFLAGS_ALL)); break;
	case LOCK_GET: va_arg(argument, struct flock *)->l_type = LOCK_NONE; break;
	case LOCK_SET: case LOCK_SET_AND_WAIT: break;
	default: value = result(MEMFS_EINVAL); break;
	}
	va_end(argument);
	return value;
}

/* libc's takes the time of day for the time of the CPU. Under clock, getrusage and times. */
long long __clock(void)
{
	return host_clock(WASI_CLOCK_PROCESS_CPU);
}

long long clock(void)
{
	return __clock();
}

static mode_t type_bits(uint8_t type)
{
	switch (type) {
	case MEMFS_DIRECTORY: return S_IFDIR;
	case MEMFS_REGULAR: return S_IFREG;
	case MEMFS_SYMLINK: return S_IFLNK;
	default: return S_IFCHR;
	}
}

static struct timespec timespec_of(uint64_t nanoseconds)
{
	return (struct timespec){ .tv_sec = (time_t)(nanoseconds / 1000000000), .tv_nsec = (long)(nanoseconds % 1000000000) };
}

static void to_libc(const struct memfs_stat *stat, struct stat *out)
{
	*out = (struct stat){
		.st_dev = 1,
		.st_ino = stat->ino,
		.st_nlink = stat->nlink,
		.st_mode = type_bits(stat->type) | stat->mode,
		.st_size = (off_t)stat->size,
		.st_blksize = BLOCK,
		.st_blocks = (blkcnt_t)((stat->size + 511) / 512),
		.st_atim = timespec_of(stat->atime),
		.st_mtim = timespec_of(stat->mtime),
		.st_ctim = timespec_of(stat->ctime),
	};
}

int fstat(int fd, struct stat *out)
{
	const struct wasi_descriptor *descriptor = wasi_descriptor((uint32_t)fd);
	struct memfs_stat stat;
	if (descriptor == NULL)
		return result(MEMFS_EBADF);
	if (descriptor->kind == WASI_STREAM) { /* what the pipe of a shell would show */
		*out = (struct stat){ .st_ino = 1u + descriptor->stream, .st_nlink = 1, .st_mode = S_IFIFO | 0600, .st_blksize = BLOCK };
		return 0;
	}
	memfs_fstat(descriptor->file.node, &stat);
	to_libc(&stat, out);
	return 0;
}

/* Under stat, lstat and fstatat. */
int __wasilibc_nocwd_fstatat(int fd, const char *restrict text, struct stat *restrict out, int flags)
{
	struct memfs_path path;
	struct memfs_stat stat;
	int error = wasi_path((uint32_t)fd, text, strlen(text), &path);
	if (error == 0)
		error = memfs_stat(path, (flags & AT_SYMLINK_NOFOLLOW) == 0, &stat);
	if (error == 0)
		to_libc(&stat, out);
	return result(error);
}

int guest_fchmodat(int fd, const char *text, mode_t mode, int flags)
{
	struct memfs_path path;
	int error = wasi_path((uint32_t)fd, text, strlen(text), &path);
	return result(error != 0 ? error : memfs_chmod(path, (flags & AT_SYMLINK_NOFOLLOW) == 0, mode));
}

int guest_chmod(const char *text, mode_t mode)
{
	return guest_fchmodat(AT_FDCWD, text, mode, 0);
}

int guest_fchmod(int fd, mode_t mode)
{
	struct wasi_descriptor *descriptor = wasi_file((uint32_t)fd);
	return result(descriptor == NULL ? wasi_no_file((uint32_t)fd, MEMFS_EINVAL) : memfs_fchmod(descriptor->file.node, mode));
}
