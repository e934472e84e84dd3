/* The calls of wasi-libc: what takes a path.
 *
 * Owns: the working directory, the meaning of a path beside a descriptor, opening.
 * Deliberately not here: what a path does to the tree (memfs_path.c, memfs_name.c). */
#include "wasi_abi.h"

static struct memfs_open working_directory; /* no node before the first chdir: the root */

static struct memfs_node *working_node(void)
{
	return working_directory.node != NULL ? working_directory.node : memfs_root();
}

/* A directory that is open stays where it is when it is renamed, and usable when it is removed, as POSIX has it. */
int wasi_chdir(const char *path, size_t length)
{
	struct memfs_open next;
	int error = memfs_open((struct memfs_path){ working_node(), path, length }, MEMFS_O_DIRECTORY, 0, &next);
	if (error != 0)
		return error;
	if (working_directory.node != NULL)
		memfs_close(&working_directory);
	working_directory = next;
	return 0;
}

int wasi_getcwd(char *buffer, size_t size)
{
	return memfs_getcwd(working_node(), buffer, size);
}

/* What an absolute path stands beside does not matter, not even if it is open. Whether a descriptor is a directory shows in
 * the walk. */
int wasi_path(uint32_t directory, const char *text, size_t length, struct memfs_path *out)
{
	*out = (struct memfs_path){ memfs_root(), text, length };
	if (length > 0 && text[0] == '/')
		return 0;
	if (directory == WASI_AT_FDCWD) {
		out->base = working_node();
		return 0;
	}
	const struct wasi_descriptor *descriptor = wasi_file(directory);
	if (descriptor == NULL)
		return wasi_no_file(directory, MEMFS_ENOTDIR);
	out->base = descriptor->file.node;
	return 0;
}

static uint32_t open_flags(uint32_t lookup, uint32_t oflags, uint64_t rights, uint32_t fdflags)
{
	uint32_t flags = 0;
	flags |= lookup & WASI_SYMLINK_FOLLOW ? 0 : MEMFS_O_NOFOLLOW;
	flags |= oflags & WASI_O_CREAT ? MEMFS_O_CREAT : 0;
	flags |= oflags & WASI_O_EXCL ? MEMFS_O_EXCL : 0;
	flags |= oflags & WASI_O_TRUNC ? MEMFS_O_TRUNC : 0;
	flags |= oflags & WASI_O_DIRECTORY ? MEMFS_O_DIRECTORY : 0;
	flags |= rights & WASI_RIGHT_READ ? MEMFS_O_READ : 0;
	flags |= rights & WASI_RIGHT_WRITE ? MEMFS_O_WRITE : 0;
	flags |= fdflags & WASI_APPEND ? MEMFS_O_APPEND : 0;
	return flags;
}

/* /dev/stdin and its like are opened once more as what they stand for. */
static void become_stream(struct wasi_descriptor *descriptor)
{
	enum memfs_device device = memfs_device(descriptor->file.node);
	if (device < MEMFS_DEV_STDIN)
		return;
	memfs_close(&descriptor->file);
	descriptor->kind = WASI_STREAM;
	descriptor->stream = (uint8_t)(device - MEMFS_DEV_STDIN);
}

int wasi_open(uint32_t directory, const char *text, size_t length, uint32_t flags, bool nonblocking, uint32_t mode,
	uint32_t *fd)
{
	struct memfs_path path;
	struct wasi_descriptor opened = { .kind = WASI_FILE, .nonblocking = nonblocking };
	struct wasi_descriptor *descriptor = wasi_lowest_free(fd);
	if (descriptor == NULL)
		return WASI_EMFILE;
	int error = wasi_path(directory, text, length, &path);
	if (error == 0)
		error = memfs_open(path, flags, mode, &opened.file);
	if (error != 0)
		return error;
	become_stream(&opened);
	*descriptor = opened;
	return 0;
}

int32_t WASI(path_open)(uint32_t directory, uint32_t lookup, const char *text, size_t length, uint32_t oflags,
	uint64_t rights, uint64_t rights_inheriting, uint32_t fdflags, uint32_t *fd)
{
	uint32_t flags = open_flags(lookup, oflags, rights, fdflags);
	(void)rights_inheriting;
	return wasi_open(directory, text, length, flags, (fdflags & WASI_NONBLOCK) != 0, MEMFS_FILE_MODE, fd);
}

int32_t WASI(path_filestat_get)(uint32_t directory, uint32_t lookup, const char *text, size_t length,
	struct wasi_filestat *out)
{
	struct memfs_path path;
	struct memfs_stat stat;
	int error = wasi_path(directory, text, length, &path);
	if (error == 0)
		error = memfs_stat(path, (lookup & WASI_SYMLINK_FOLLOW) != 0, &stat);
	if (error == 0)
		wasi_filestat(&stat, out);
	return error;
}

int32_t WASI(path_filestat_set_times)(uint32_t directory, uint32_t lookup, const char *text, size_t length,
	uint64_t atim, uint64_t mtim, uint32_t flags)
{
	struct memfs_path path;
	struct memfs_times times;
	uint64_t now = memfs_clock();
	int error = wasi_choose_times(flags, &atim, &mtim, &now, &times);
	if (error == 0)
		error = wasi_path(directory, text, length, &path);
	return error != 0 ? error : memfs_utimes(path, (lookup & WASI_SYMLINK_FOLLOW) != 0, times);
}

int32_t WASI(path_create_directory)(uint32_t directory, const char *text, size_t length)
{
	struct memfs_path path;
	int error = wasi_path(directory, text, length, &path);
	return error != 0 ? error : memfs_mkdir(path, MEMFS_DIRECTORY_MODE);
}

int32_t WASI(path_remove_directory)(uint32_t directory, const char *text, size_t length)
{
	struct memfs_path path;
	int error = wasi_path(directory, text, length, &path);
	return error != 0 ? error : memfs_rmdir(path);
}

int32_t WASI(path_unlink_file)(uint32_t directory, const char *text, size_t length)
{
	struct memfs_path path;
	int error = wasi_path(directory, text, length, &path);
	return error != 0 ? error : memfs_unlink(path);
}

int32_t WASI(path_rename)(uint32_t from_directory, const char *from_text, size_t from_length, uint32_t to_directory,
	const char *to_text, size_t to_length)
{
	struct memfs_path from, to;
	int error = wasi_path(from_directory, from_text, from_length, &from);
	if (error == 0)
		error = wasi_path(to_directory, to_text, to_length, &to);
	return error != 0 ? error : memfs_rename(from, to);
}

int32_t WASI(path_link)(uint32_t from_directory, uint32_t lookup, const char *from_text, size_t from_length,
	uint32_t to_directory, const char *to_text, size_t to_length)
{
	struct memfs_path from, to;
	int error = wasi_path(from_directory, from_text, from_length, &from);
	if (error == 0)
		error = wasi_path(to_directory, to_text, to_length, &to);
	return error != 0 ? error : memfs_link(from, (lookup & WASI_SYMLINK_FOLLOW) != 0, to);
}

int32_t WASI(path_symlink)(const char *target, size_t target_length, uint32_t directory, const char *text, size_t length)
{
	struct memfs_path path;
	int error = wasi_path(directory, text, length, &path);
	return error != 0 ? error : memfs_symlink(target, target_length, path);
}

int32_t WASI(path_readlink)(uint32_t directory, const char *text, size_t length, char *buffer, size_t size, size_t *used)
{
	struct memfs_path path;
	int error = wasi_path(directory, text, length, &path);
	return error != 0 ? error : memfs_readlink(path, buffer, size, used);
}
