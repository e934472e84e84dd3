/* Drawing operations, and running them in the tree under test through the calls of WASI. */
#include "op.h"
#include "wasi_calls.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint64_t next_random(uint64_t *state) /* splitmix64 */
{
	uint64_t z = *state += 0x9e3779b97f4a7c15;
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return z ^ (z >> 31);
}

uint32_t draw(struct source *source, uint32_t below)
{
	uint32_t value = 0;
	if (source->bytes == NULL)
		return (uint32_t)(next_random(&source->state) % below);
	for (uint32_t reach = 1; reach < below && source->left > 0; reach = reach > below / 256 ? below : reach * 256) {
		value = value * 256 + *source->bytes++;
		source->left--;
	}
	return value % below;
}

static bool one_in(struct source *source, uint32_t chance)
{
	return draw(source, chance) == chance - 1;
}

static void add(char *path, const char *text)
{
	if (strlen(path) + strlen(text) < PATH_ROOM)
		strcat(path, text);
}

static void add_long(char *path, size_t length)
{
	char name[300];
	memset(name, 'n', length);
	name[length] = 0;
	add(path, name);
}

static void draw_component(struct source *source, char *path)
{
	static const char *const names[] = { "a", "b", "c", "d" };
	switch (draw(source, 24)) {
	case 0: case 1: add(path, "."); break;
	case 2: case 3: case 4: add(path, ".."); break;
	case 5: add_long(path, one_in(source, 4) ? 256 : 255); break;
	default: add(path, names[draw(source, 4)]); break;
	}
}

static void draw_path(struct source *source, char *path)
{
	path[0] = 0;
	if (one_in(source, 100)) /* almost or just too long */
		while (strlen(path) < 4080)
			add(path, "./");
	if (one_in(source, 120))
		add_long(path, 14 + draw(source, 4));
	if (one_in(source, 6))
		add(path, one_in(source, 4) ? "//" : "/");
	uint32_t components = one_in(source, 50) ? 0 : one_in(source, 2) ? 1 : 1 + draw(source, 3);
	for (uint32_t i = 0; i < components; i++) {
		if (i > 0)
			add(path, one_in(source, 12) ? "//" : "/");
		draw_component(source, path);
	}
	if (one_in(source, 10))
		add(path, one_in(source, 4) ? "//" : "/");
}

/* A wrong descriptor beside a path that is wrong, too, has two right answers; so it stands beside good paths only. */
static int32_t draw_base(struct source *source, const char *path, bool alone)
{
	if (!one_in(source, 3) || strlen(path) == 0 || strlen(path) > 1000)
		return -1;
	return alone && one_in(source, 30) ? -2 : (int32_t)draw(source, SLOTS);
}

static uint32_t draw_flags(struct source *source)
{
	uint32_t flags = 1 + draw(source, 3);
	flags |= one_in(source, 2) ? OF_CREAT : 0;
	flags |= one_in(source, 6) ? OF_EXCL : 0;
	flags |= one_in(source, 6) ? OF_TRUNC : 0;
	flags |= one_in(source, 6) ? OF_APPEND : 0;
	flags |= one_in(source, 6) ? OF_NOFOLLOW : 0;
	flags |= one_in(source, 5) && !(flags & OF_CREAT) ? OF_DIRECTORY : 0;
	return flags;
}

static uint64_t draw_offset(struct source *source)
{
	switch (draw(source, 4)) {
	case 0: return draw(source, 300);
	case 1: return 65472 * draw(source, 4) + draw(source, 40);
	case 2: return draw(source, 70000);
	default: return draw(source, 300000);
	}
}

void op_draw(struct source *source, struct op *op)
{
	/* What makes trees interesting is drawn more often than its turn. */
	static const uint8_t more[] = { OP_OPEN, OP_OPEN, OP_OPEN, OP_OPEN, OP_OPEN, OP_OPEN, OP_WRITE, OP_PWRITE, OP_MKDIR,
		OP_MKDIR, OP_RENAME, OP_RENAME, OP_SYMLINK };
	uint32_t kind = draw(source, OP_KINDS + sizeof more);
	op->kind = kind < OP_KINDS ? (enum op_kind)kind : (enum op_kind)more[kind - OP_KINDS];
	op->slot = draw(source, SLOTS);
	draw_path(source, op->path);
	draw_path(source, op->path2);
	bool two = op->kind == OP_RENAME || op->kind == OP_LINK || op->kind == OP_SYMLINK;
	op->base = draw_base(source, op->path, !two);
	op->base2 = draw_base(source, op->path2, false);
	op->flags = draw_flags(source);
	op->length = one_in(source, 20) ? 0 : draw(source, DATA_ROOM);
	op->offset = draw_offset(source);
	op->delta = (int64_t)draw_offset(source) - (one_in(source, 2) ? 1000 : 0);
}

void op_print(const struct op *op)
{
	static const char *const names[] = { "open", "close", "read", "write", "pread", "pwrite", "seek", "truncate", "allocate",
		"fstat", "stat", "lstat", "set_times", "set_append", "list", "mkdir", "rmdir", "unlink", "rename", "link", "symlink",
		"readlink", "chdir", "getcwd" };
	printf("%s slot %u base %d \"%.60s\" base2 %d \"%.60s\" flags %x length %u offset %" PRIu64 " delta %" PRId64 "\n",
		names[op->kind], op->slot, op->base, op->path, op->base2, op->path2, op->flags, op->length, op->offset, op->delta);
}

void data_of(const struct op *op, uint8_t *data)
{
	for (uint32_t i = 0; i < op->length; i++)
		data[i] = (uint8_t)(op->offset + 7 * i + op->slot);
}

void say(struct outcome *outcome, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	int length = vsnprintf(outcome->text + outcome->length, TEXT_ROOM - outcome->length, format, arguments);
	va_end(arguments);
	outcome->length += (size_t)length;
	if (outcome->length >= TEXT_ROOM)
		outcome->length = TEXT_ROOM - 1;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(a, b);
}

void say_sorted(struct outcome *outcome, char (*names)[300], size_t count)
{
	qsort(names, count, sizeof *names, by_name);
	for (size_t i = 0; i < count; i++)
		say(outcome, "%s ", names[i]);
}

/* The tree under test. */

#define CLOSED UINT32_MAX
static uint32_t slots[SLOTS] = { CLOSED, CLOSED, CLOSED, CLOSED };

static uint32_t fd_of(int32_t base)
{
	return base == -2 ? 900 : base == -1 || slots[base] == CLOSED ? WASI_AT_FDCWD : slots[base];
}

static void guest_open(const struct op *op, struct outcome *out)
{
	uint32_t fd, f = op->flags;
	uint32_t oflags = (f & OF_CREAT ? WASI_O_CREAT : 0) | (f & OF_EXCL ? WASI_O_EXCL : 0) | (f & OF_TRUNC ? WASI_O_TRUNC : 0) |
	                  (f & OF_DIRECTORY ? WASI_O_DIRECTORY : 0);
	uint64_t rights = (f & OF_READ ? WASI_RIGHT_READ : 0) | (f & OF_WRITE ? WASI_RIGHT_WRITE : 0);
	out->error = WASI(path_open)(fd_of(op->base), f & OF_NOFOLLOW ? 0 : WASI_SYMLINK_FOLLOW, op->path, strlen(op->path), oflags,
		rights, WASI_RIGHTS_ALL, f & OF_APPEND ? WASI_APPEND : 0, &fd);
	if (out->error != 0)
		return;
	if (slots[op->slot] != CLOSED)
		WASI(fd_close)(slots[op->slot]);
	slots[op->slot] = fd;
}

static void guest_close(const struct op *op, struct outcome *out)
{
	out->error = WASI(fd_close)(slots[op->slot]);
	slots[op->slot] = CLOSED;
}

/* In two pieces, so that vectors are tested, too. */
static void guest_read(const struct op *op, struct outcome *out)
{
	uint8_t data[DATA_ROOM];
	uint32_t total = 0, half = op->length / 3;
	struct wasi_iovec pieces[2] = { { data, half }, { data + half, op->length - half } };
	if (op->kind == OP_READ)
		out->error = WASI(fd_read)(slots[op->slot], pieces, 2, &total);
	else
		out->error = WASI(fd_pread)(slots[op->slot], pieces, 2, op->offset, &total);
	out->value = total;
	if (out->error == 0) {
		memcpy(out->text, data, total);
		out->length = total;
	}
}

static void guest_write(const struct op *op, struct outcome *out)
{
	uint8_t data[DATA_ROOM];
	uint32_t total = 0, half = op->length / 3;
	struct wasi_iovec pieces[2] = { { data, half }, { data + half, op->length - half } };
	data_of(op, data);
	if (op->kind == OP_WRITE)
		out->error = WASI(fd_write)(slots[op->slot], pieces, 2, &total);
	else
		out->error = WASI(fd_pwrite)(slots[op->slot], pieces, 2, op->offset, &total);
	out->value = total;
}

static bool guest_is_directory(uint32_t fd)
{
	struct wasi_filestat stat;
	return WASI(fd_filestat_get)(fd, &stat) == 0 && stat.filetype == MEMFS_DIRECTORY;
}

/* The position in a directory is the file system's own affair, so it is not compared. */
static void guest_seek(const struct op *op, struct outcome *out)
{
	if (!guest_is_directory(slots[op->slot]))
		out->error = WASI(fd_seek)(slots[op->slot], op->delta, op->flags % 3, &out->value);
}

static void guest_say(int error, const struct wasi_filestat *stat, struct outcome *out)
{
	out->error = error;
	if (error != 0)
		return;
	say(out, "type %d nlink %" PRIu64, stat->filetype, stat->nlink);
	if (stat->filetype != MEMFS_DIRECTORY)
		say(out, " size %" PRIu64, stat->size);
}

static void guest_stat(const struct op *op, struct outcome *out)
{
	struct wasi_filestat stat;
	int error;
	if (op->kind == OP_FSTAT)
		error = WASI(fd_filestat_get)(slots[op->slot], &stat);
	else
		error = WASI(path_filestat_get)(fd_of(op->base), op->kind == OP_STAT, op->path, strlen(op->path), &stat);
	guest_say(error, &stat, out);
}

static void guest_set_times(const struct op *op, struct outcome *out)
{
	struct wasi_filestat stat;
	uint64_t atime = 1000000007 * op->offset, mtime = 1000000011 * op->offset;
	uint32_t follow = op->flags & OF_NOFOLLOW ? 0 : WASI_SYMLINK_FOLLOW;
	out->error = WASI(path_filestat_set_times)(fd_of(op->base), follow, op->path, strlen(op->path), atime, mtime,
		WASI_ATIM | WASI_MTIM);
	if (out->error == 0 && WASI(path_filestat_get)(fd_of(op->base), follow, op->path, strlen(op->path), &stat) == 0)
		say(out, "atime %" PRIu64 " mtime %" PRIu64, stat.filetype == MEMFS_SYMLINK ? 0 : stat.atim, stat.mtim);
}

/* As wasi-libc's readdir does it: a buffer that cuts the last entry, and on from the last whole one. */
static int guest_list(uint32_t fd, uint32_t size, char (*names)[300], size_t *count)
{
	uint8_t buffer[4096];
	uint64_t cookie = 0;
	uint32_t used;
	*count = 0;
	do {
		int error = WASI(fd_readdir)(fd, buffer, size, cookie, &used);
		if (error != 0)
			return error;
		struct wasi_dirent head;
		for (uint32_t at = 0; at + sizeof head <= used; at += (uint32_t)sizeof head + head.name_length) {
			memcpy(&head, buffer + at, sizeof head);
			if (at + sizeof head + head.name_length > used || *count == 100)
				break;
			snprintf(names[(*count)++], 300, "%d:%.*s", head.filetype, (int)head.name_length, (char *)buffer + at + sizeof head);
			cookie = head.next;
		}
	} while (used == size && *count < 100);
	return 0;
}

static void guest_say_list(const struct op *op, struct outcome *out)
{
	char names[100][300];
	size_t count;
	out->error = guest_list(slots[op->slot], 300 + op->length % 3000, names, &count);
	if (out->error == 0)
		say_sorted(out, names, count);
}

static void guest_readlink(const struct op *op, struct outcome *out)
{
	size_t used = 0;
	out->error = WASI(path_readlink)(fd_of(op->base), op->path, strlen(op->path), out->text, op->length + 1, &used);
	out->length = used;
}

static void guest_names(const struct op *op, struct outcome *out)
{
	uint32_t base = fd_of(op->base), base2 = fd_of(op->base2);
	size_t length = strlen(op->path), length2 = strlen(op->path2);
	switch (op->kind) {
	case OP_MKDIR: out->error = WASI(path_create_directory)(base, op->path, length); break;
	case OP_RMDIR: out->error = WASI(path_remove_directory)(base, op->path, length); break;
	case OP_UNLINK: out->error = WASI(path_unlink_file)(base, op->path, length); break;
	case OP_RENAME: out->error = WASI(path_rename)(base, op->path, length, base2, op->path2, length2); break;
	case OP_LINK: out->error = WASI(path_link)(base, op->flags % 2, op->path, length, base2, op->path2, length2); break;
	case OP_SYMLINK: out->error = WASI(path_symlink)(op->path2, length2, base, op->path, length); break;
	default: out->error = wasi_chdir(op->path, length); break;
	}
}

void op_guest(const struct op *op, struct outcome *out)
{
	out->error = 0;
	out->value = out->length = 0;
	switch (op->kind) {
	case OP_OPEN: guest_open(op, out); break;
	case OP_CLOSE: guest_close(op, out); break;
	case OP_READ: case OP_PREAD: guest_read(op, out); break;
	case OP_WRITE: case OP_PWRITE: guest_write(op, out); break;
	case OP_SEEK: guest_seek(op, out); break;
	case OP_TRUNCATE: out->error = WASI(fd_filestat_set_size)(slots[op->slot], op->offset); break;
	case OP_ALLOCATE: out->error = WASI(fd_allocate)(slots[op->slot], op->offset, op->length); break;
	case OP_FSTAT: case OP_STAT: case OP_LSTAT: guest_stat(op, out); break;
	case OP_SET_TIMES: guest_set_times(op, out); break;
	case OP_SET_APPEND: out->error = WASI(fd_fdstat_set_flags)(slots[op->slot], op->flags & OF_APPEND ? WASI_APPEND : 0); break;
	case OP_LIST: guest_say_list(op, out); break;
	case OP_READLINK: guest_readlink(op, out); break;
	case OP_GETCWD:
		if ((out->error = wasi_getcwd(out->text, 4096)) == 0)
			out->length = strlen(out->text);
		break;
	default: guest_names(op, out); break;
	}
}

static void guest_clear(const char *directory, int depth);

static void guest_remove(const char *path, bool is_directory, int depth)
{
	if (is_directory) {
		guest_clear(path, depth + 1);
		WASI(path_remove_directory)(WASI_AT_FDCWD, path, strlen(path));
	} else {
		WASI(path_unlink_file)(WASI_AT_FDCWD, path, strlen(path));
	}
}

/* What the test's trees are made with, in both worlds. */
bool is_fixed(const char *name)
{
	return strcmp(name, "dev") == 0 || strcmp(name, "usr") == 0 || strcmp(name, "tmp") == 0 || strcmp(name, "home") == 0;
}

static size_t list_here(char (*names)[300])
{
	size_t count;
	uint32_t fd;
	if (WASI(path_open)(WASI_AT_FDCWD, 1, ".", 1, 0, WASI_RIGHT_READ, 0, 0, &fd) != 0 || guest_list(fd, 4096, names, &count) != 0)
		abort();
	WASI(fd_close)(fd);
	return count;
}

/* rm -rf. Deep trees are reached with chdir, as any program would have to. */
static void guest_clear(const char *directory, int depth)
{
	char (*names)[300] = malloc(100 * sizeof *names);
	size_t count;
	if (wasi_chdir(directory, strlen(directory)) != 0)
		abort();
	do {
		count = list_here(names);
		for (size_t i = 0; i < count; i++) {
			const char *name = names[i] + 2;
			if (strcmp(name, ".") != 0 && strcmp(name, "..") != 0 && (depth > 0 || !is_fixed(name)))
				guest_remove(name, names[i][0] == '0' + MEMFS_DIRECTORY, depth);
		}
	} while (count == 100); /* there may be more */
	free(names);
	if (depth > 0 && wasi_chdir("..", 2) != 0)
		abort();
}

void guest_reset(void)
{
	for (uint32_t i = 0; i < SLOTS; i++) {
		if (slots[i] != CLOSED)
			WASI(fd_close)(slots[i]);
		slots[i] = CLOSED;
	}
	guest_clear("/", 0);
}
