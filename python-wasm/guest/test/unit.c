/* What random operations do not reach: the driver's side of memfs, limits, devices, streams, waiting.
 *
 * Each test says what it wants in the words of the calls; nothing here depends on the order of the tests. */
#include "check.h"
#include "wasi_calls.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define CWD WASI_AT_FDCWD
#define READ WASI_RIGHT_READ
#define WRITE WASI_RIGHT_WRITE

static uint32_t out;

static int32_t open_at(const char *path, uint32_t oflags, uint64_t rights, uint32_t *fd)
{
	return WASI(path_open)(CWD, WASI_SYMLINK_FOLLOW, path, strlen(path), oflags, rights, WASI_RIGHTS_ALL, 0, fd);
}

static uint32_t opened(const char *path, uint32_t oflags, uint64_t rights)
{
	uint32_t fd;
	return open_at(path, oflags, rights, &fd) == 0 ? fd : 9999;
}

static int32_t write_text(uint32_t fd, const char *text)
{
	struct wasi_iovec piece = { (uint8_t *)text, strlen(text) };
	return WASI(fd_write)(fd, &piece, 1, &out);
}

static int32_t read_text(uint32_t fd, char *text, size_t size)
{
	struct wasi_iovec piece = { (uint8_t *)text, size - 1 };
	int32_t error = WASI(fd_read)(fd, &piece, 1, &out);
	text[error == 0 ? out : 0] = 0;
	return error;
}

static int32_t seek(uint32_t fd, int64_t delta, uint32_t whence)
{
	uint64_t position;
	return WASI(fd_seek)(fd, delta, whence, &position);
}

static int32_t unlink_at(const char *path)
{
	return WASI(path_unlink_file)(CWD, path, strlen(path));
}

static int32_t mkdir_at(const char *path)
{
	return WASI(path_create_directory)(CWD, path, strlen(path));
}

static struct wasi_filestat stat_of(const char *path)
{
	struct wasi_filestat stat = { 0 };
	CHECK(WASI(path_filestat_get)(CWD, WASI_SYMLINK_FOLLOW, path, strlen(path), &stat) == 0);
	return stat;
}

static void test_borrowed(void)
{
	static char big[200000];
	char text[16];
	const void *piece;
	size_t length;
	memset(big, 'x', sizeof big);
	CHECK(memfs_add("/home/user/in/data", 18, big, sizeof big, true) == 0);
	CHECK(memfs_extent("/home/user/in/data", 18, 5, &piece, &length) == 0 && piece == big + 5 && length > 60000);
	uint32_t fd = opened("/home/user/in/data", 0, READ | WRITE);
	CHECK(seek(fd, 150000, 0) == 0 && write_text(fd, "new") == 0 && out == 3);
	CHECK(big[150000] == 'x'); /* the lender's bytes are as they were */
	CHECK(seek(fd, 149999, 0) == 0 && read_text(fd, text, 6) == 0 && strcmp(text, "xnewx") == 0);
	CHECK(memfs_extent("/home/user/in/data", 18, 0, &piece, &length) == 0 && piece == big);
	CHECK(WASI(fd_filestat_set_size)(fd, 10) == 0 && WASI(fd_filestat_set_size)(fd, 20) == 0);
	CHECK(seek(fd, 8, 0) == 0 && read_text(fd, text, 5) == 0 && memcmp(text, "xx\0\0", 4) == 0);
	CHECK(memfs_extent("/home/user/in/data", 18, 20, &piece, &length) == 0 && length == 0);
	CHECK(memfs_extent("/home/user/in", 13, 0, &piece, &length) == MEMFS_EISDIR);
	CHECK(WASI(fd_close)(fd) == 0);
}

/* Whether a file is as it was brought, which nobody would send back then. */
static bool is_as_brought(const char *path, const char *brought, size_t size)
{
	const void *data;
	size_t length;
	return memfs_borrowed(path, strlen(path), &data, &length) && data == brought && length == size;
}

static void test_as_brought(void)
{
	static char big[200000];
	static const char path[] = "/home/user/in/brought";
	size_t path_size = strlen(path);
	memset(big, 'x', sizeof big);
	for (int change = 0; change < 5; change++) {
		CHECK(memfs_add(path, path_size, big, sizeof big, true) == 0 && is_as_brought(path, big, sizeof big));
		uint32_t fd = opened(path, 0, READ | WRITE);
		CHECK(is_as_brought(path, big, sizeof big));
		switch (change) {
		case 0: /* the same bytes, but somebody wrote them */
			CHECK(seek(fd, 150000, 0) == 0 && write_text(fd, "xxx") == 0);
			break;
		case 1:
			CHECK(seek(fd, 0, 2) == 0 && write_text(fd, "x") == 0);
			break;
		case 2:
			CHECK(WASI(fd_filestat_set_size)(fd, sizeof big - 1) == 0);
			break;
		case 3: /* as long as it was, and zeros at its end */
			CHECK(WASI(fd_filestat_set_size)(fd, 10) == 0 && WASI(fd_filestat_set_size)(fd, sizeof big) == 0);
			break;
		default:
			CHECK(WASI(fd_filestat_set_size)(fd, 0) == 0);
		}
		CHECK(!is_as_brought(path, big, sizeof big));
		CHECK(WASI(fd_close)(fd) == 0);
	}
	CHECK(memfs_add(path, path_size, "", 0, true) == 0);
	CHECK(memfs_add(path, path_size, "copied", 6, false) == 0 && !is_as_brought(path, "copied", 6));
	CHECK(!is_as_brought("/home/user/in", big, 0) && !is_as_brought("/absent", big, 0));
}

static void test_add_directory(void)
{
	CHECK(memfs_add_directory("/home/user/x/y/z", 16) == 0);
	CHECK(stat_of("/home/user/x/y/z").filetype == MEMFS_DIRECTORY);
	CHECK(memfs_add_directory("/home/user/x/y", 14) == 0); /* is there */
	CHECK(memfs_add("/home/user/x/f", 14, "", 0, false) == 0);
	CHECK(memfs_add_directory("/home/user/x/f/d", 16) == MEMFS_ENOTDIR);
	CHECK(memfs_add_directory("relative", 8) == MEMFS_ENOENT && memfs_add_directory("", 0) == MEMFS_ENOENT);
}

static void test_add(void)
{
	char text[16];
	CHECK(memfs_add("/a/b/c.txt", 10, "one", 3, false) == 0);
	uint32_t fd = opened("/a/b/c.txt", 0, READ);
	CHECK(memfs_add("/a/b/c.txt", 10, "second", 6, true) == 0); /* replaces; who has the old one open keeps it */
	CHECK(read_text(fd, text, 16) == 0 && strcmp(text, "one") == 0);
	CHECK(stat_of("/a/b/c.txt").size == 6);
	CHECK(memfs_add("relative", 8, "", 0, false) == MEMFS_ENOENT && memfs_add("", 0, "", 0, false) == MEMFS_ENOENT);
	CHECK(memfs_add("/a/b", 4, "", 0, false) == MEMFS_EISDIR);
	CHECK(memfs_add("/a/b/c.txt/d", 12, "", 0, false) == MEMFS_ENOTDIR);
	CHECK(memfs_add("/usr/share/zoneinfo/UTC", 23, "", 0, false) == MEMFS_EROFS);
	CHECK(memfs_add("/usr/x", 6, "", 0, false) == MEMFS_EROFS);
	CHECK(memfs_add("/dev/null", 9, "", 0, false) == MEMFS_EROFS);
	CHECK(memfs_add("/a/../../home/user/d", 20, "x", 1, false) == 0 && stat_of("/home/user/d").size == 1);
	CHECK(memfs_add("/a/\0b", 5, "", 0, false) == MEMFS_EINVAL);
	CHECK(WASI(fd_close)(fd) == 0);
}

static void test_read_only(void)
{
	char text[16];
	uint32_t fd = opened("/usr/share/zoneinfo/Europe/Berlin", 0, READ);
	CHECK(read_text(fd, text, 16) == 0 && strcmp(text, "TZif-berlin") == 0);
	CHECK(write_text(fd, "x") == MEMFS_EBADF && WASI(fd_filestat_set_times)(fd, 1, 1, 5) == MEMFS_EROFS);
	CHECK(WASI(fd_close)(fd) == 0);
	CHECK(open_at("/usr/share/zoneinfo/UTC", 0, WRITE, &fd) == MEMFS_EROFS);
	CHECK(open_at("/usr/share/zoneinfo/UTC", WASI_O_TRUNC, READ, &fd) == MEMFS_EROFS);
	CHECK(open_at("/usr/share/zoneinfo/new", WASI_O_CREAT, WRITE, &fd) == MEMFS_EROFS);
	CHECK(unlink_at("/usr/share/zoneinfo/UTC") == MEMFS_EROFS && mkdir_at("/usr/local") == MEMFS_EROFS);
	CHECK(WASI(path_remove_directory)(CWD, "/usr", 4) == MEMFS_EROFS);
	CHECK(WASI(path_rename)(CWD, "/usr", 4, CWD, "/tmp/usr", 8) == MEMFS_EROFS);
	CHECK(WASI(path_rename)(CWD, "/usr/share/zoneinfo/UTC", 23, CWD, "/tmp/U", 6) == MEMFS_EROFS);
	CHECK(WASI(path_link)(CWD, 0, "/usr/share/zoneinfo/UTC", 23, CWD, "/tmp/U", 6) == MEMFS_EXDEV);
	CHECK(mkdir_at("/tmp/empty") == 0);
	CHECK(WASI(path_rename)(CWD, "/tmp/empty", 10, CWD, "/usr", 4) == MEMFS_EROFS);
	CHECK(memfs_chmod((struct memfs_path){ memfs_root(), "/usr", 4 }, true, 0777) == MEMFS_EROFS);
}

static void test_devices(void)
{
	char text[16];
	uint32_t fd = opened("/dev/null", WASI_O_TRUNC | WASI_O_CREAT, READ | WRITE);
	CHECK(write_text(fd, "gone") == 0 && out == 4 && read_text(fd, text, 16) == 0 && out == 0);
	CHECK(seek(fd, 5, 0) == 0 && WASI(fd_filestat_set_size)(fd, 1) == MEMFS_EINVAL && WASI(fd_close)(fd) == 0);
	fd = opened("/dev/zero", 0, READ);
	CHECK(read_text(fd, text, 16) == 0 && out == 15 && text[14] == 0 && WASI(fd_close)(fd) == 0);
	fd = opened("/dev/urandom", 0, READ);
	CHECK(read_text(fd, text, 16) == 0 && out == 15 && text[14] == 0x5a && WASI(fd_close)(fd) == 0);
	CHECK(unlink_at("/dev/null") == MEMFS_EROFS && stat_of("/dev/null").filetype == MEMFS_CHARACTER_DEVICE);
	host.input = "typed";
	fd = opened("/dev/stdin", 0, READ);
	CHECK(read_text(fd, text, 16) == 0 && strcmp(text, "typed") == 0 && WASI(fd_close)(fd) == 0);
	fd = opened("/dev/stderr", 0, WRITE);
	CHECK(write_text(fd, "err") == 0 && strcmp(host.written[2], "err") == 0 && WASI(fd_close)(fd) == 0);
}

static void test_streams(void)
{
	char text[16];
	struct wasi_fdstat stat;
	struct wasi_filestat file;
	CHECK(WASI(fd_fdstat_get)(0, &stat) == 0 && (stat.rights & (READ | WRITE | WASI_RIGHT_SEEK)) == READ);
	CHECK(WASI(fd_fdstat_get)(1, &stat) == 0 && (stat.rights & (READ | WRITE)) == WRITE);
	CHECK(stat.filetype == WASI_FILETYPE_SOCKET_STREAM && WASI(fd_filestat_get)(1, &file) == 0);
	CHECK(seek(1, 0, 1) == MEMFS_ESPIPE && WASI(fd_pwrite)(1, NULL, 0, 0, &out) == MEMFS_ESPIPE);
	CHECK(WASI(fd_filestat_set_size)(1, 0) == MEMFS_EINVAL && WASI(fd_sync)(1) == MEMFS_EINVAL);
	CHECK(write_text(0, "x") == MEMFS_EBADF && read_text(1, text, 2) == MEMFS_EBADF);
	CHECK(write_text(1, "hello") == 0 && out == 5 && strcmp(host.written[1], "hello") == 0);
	host.write_at_most = 3;
	struct wasi_iovec pieces[2] = { { (uint8_t *)"abcd", 4 }, { (uint8_t *)"ef", 2 } };
	CHECK(WASI(fd_write)(1, pieces, 2, &out) == 0 && out == 6 && strcmp(host.written[1], "ef") == 0);
	host.write_at_most = 0;
	host.input = "two lines\n";
	host.before_waits = 0;
	CHECK(read_text(0, text, 4) == 0 && strcmp(text, "two") == 0 && host.before_waits == 1);
	CHECK(read_text(0, text, 1) == 0 && out == 0 && host.before_waits == 1);
	host.input = NULL;
	CHECK(read_text(0, text, 4) == 0 && out == 0);
}

static void test_wrong_host(void)
{
	char text[16];
	host.result = -WASI_EAGAIN;
	CHECK(read_text(0, text, 4) == WASI_EAGAIN && write_text(1, "x") == WASI_EAGAIN && WASI(random_get)(text, 4) == WASI_EAGAIN);
	host.result = 1000;
	CHECK(read_text(0, text, 4) == MEMFS_EIO && write_text(1, "x") == MEMFS_EIO && WASI(random_get)(text, 4) == MEMFS_EIO);
	host.result = INT32_MIN;
	CHECK(read_text(0, text, 4) == MEMFS_EIO && write_text(1, "x") == MEMFS_EIO && WASI(random_get)(text, 4) == MEMFS_EIO);
	host.result = 0;
}

/* dup2 onto standard output, and giving the number back. */
static void test_renumber(void)
{
	char text[16];
	uint32_t fd = opened("/tmp/log", WASI_O_CREAT, READ | WRITE);
	CHECK(fd == 3); /* nothing is preopened: the first file gets the number that it gets natively */
	CHECK(WASI(fd_renumber)(1, 10) == 0 && WASI(fd_renumber)(fd, 1) == 0);
	CHECK(write_text(1, "logged") == 0 && write_text(3, "x") == MEMFS_EBADF);
	CHECK(seek(1, 0, 0) == 0 && read_text(1, text, 16) == 0 && strcmp(text, "logged") == 0);
	CHECK(write_text(10, "shown") == 0 && strcmp(host.written[1], "shown") == 0);
	CHECK(WASI(fd_renumber)(10, 1) == 0 && write_text(1, "again") == 0 && strcmp(host.written[1], "again") == 0);
	CHECK(WASI(fd_renumber)(1, 1) == 0 && WASI(fd_renumber)(500, 1) == MEMFS_EBADF && WASI(fd_renumber)(1, 1024) == MEMFS_EBADF);
	CHECK(WASI(fd_close)(0) == 0 && opened("/tmp/log", 0, READ) == 0); /* the lowest number is free */
	CHECK(read_text(0, text, 16) == 0 && strcmp(text, "logged") == 0 && WASI(fd_close)(0) == 0);
	CHECK(opened("/dev/stdin", 0, READ) == 0 && WASI(fd_close)(3) == MEMFS_EBADF);
}

static void test_descriptors(void)
{
	uint32_t fd, count = 0;
	while (open_at("/tmp", WASI_O_DIRECTORY, READ, &fd) == 0)
		count++;
	CHECK(count == WASI_FD_COUNT - 3 && open_at("/tmp", 0, READ, &fd) == WASI_EMFILE);
	for (fd = 3; fd < WASI_FD_COUNT; fd++)
		CHECK(WASI(fd_close)(fd) == 0);
	CHECK(WASI(fd_close)(WASI_FD_COUNT) == MEMFS_EBADF && WASI(fd_close)(UINT32_MAX) == MEMFS_EBADF);
	CHECK(WASI(fd_prestat_get)(3, &fd) == MEMFS_EBADF && WASI(fd_fdstat_set_rights)(0, 0, 0) == WASI_ENOTSUP);
}

static void test_sizes(void)
{
	const uint64_t max = MEMFS_FILE_MAX;
	uint32_t fd = opened("/tmp/big", WASI_O_CREAT, READ | WRITE);
	struct wasi_iovec piece = { (uint8_t *)"xyz", 3 };
	CHECK(WASI(fd_pwrite)(fd, &piece, 1, (uint64_t)10 << 30, &out) == MEMFS_EFBIG);
	CHECK(WASI(fd_pwrite)(fd, &piece, 1, max, &out) == MEMFS_EFBIG && WASI(fd_pwrite)(fd, &piece, 1, UINT64_MAX, &out) == MEMFS_EINVAL);
	CHECK(WASI(fd_pwrite)(fd, &piece, 1, max - 2, &out) == 0 && out == 2 && stat_of("/tmp/big").size == max);
	CHECK(WASI(fd_filestat_set_size)(fd, max + 1) == MEMFS_EFBIG && WASI(fd_filestat_set_size)(fd, UINT64_MAX) == MEMFS_EINVAL);
	CHECK(WASI(fd_allocate)(fd, max - 1, 2) == MEMFS_EFBIG && WASI(fd_allocate)(fd, UINT64_MAX, 2) == MEMFS_EINVAL);
	CHECK(seek(fd, INT64_MAX, 0) == 0 && seek(fd, 1, 1) == MEMFS_EINVAL && seek(fd, INT64_MIN, 1) == MEMFS_EINVAL);
	CHECK(seek(fd, INT64_MIN, 2) == MEMFS_EINVAL && seek(fd, 0, 7) == MEMFS_EINVAL);
	CHECK(read_text(fd, (char[8]){ 0 }, 8) == 0 && out == 0);
	CHECK(write_text(fd, "x") == MEMFS_EFBIG && WASI(fd_close)(fd) == 0 && unlink_at("/tmp/big") == 0);
}

static void test_links(void)
{
	char name[] = "/tmp/l0", target[] = "/tmp/l1";
	uint32_t fd;
	CHECK(memfs_add("/tmp/l9", 7, "end", 3, false) == 0);
	for (char c = '0'; c < '9'; c++) {
		name[6] = c, target[6] = (char)(c + 1);
		CHECK(WASI(path_symlink)(target, 7, CWD, name, 7) == 0);
	}
	CHECK(stat_of("/tmp/l0").size == 3);
	CHECK(WASI(path_symlink)("self", 4, CWD, "/tmp/self", 9) == 0 && open_at("/tmp/self", 0, READ, &fd) == MEMFS_ELOOP);
	CHECK(WASI(path_symlink)("wide/wide", 9, CWD, "/tmp/wide", 9) == 0 && open_at("/tmp/wide", 0, READ, &fd) == MEMFS_ELOOP);
	CHECK(WASI(path_symlink)("slash///", 8, CWD, "/tmp/slash", 10) == 0 && open_at("/tmp/slash/", 0, READ, &fd) == MEMFS_ELOOP);
}

static double seconds(void)
{
	struct timespec now;
	timespec_get(&now, TIME_UTC);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static uint32_t many(const char *directory, uint32_t count, bool make)
{
	uint32_t good = 0;
	char path[64];
	for (uint32_t i = 0; i < count; i++) {
		int length = snprintf(path, sizeof path, "%s/%u", directory, i);
		if (make)
			good += memfs_add(path, (size_t)length, "", 0, false) == 0;
		else
			good += unlink_at(path) == 0;
	}
	return good;
}

/* Reads one batch of a listing and marks the numbers in it. Says whether there was one. */
static bool batch(uint32_t fd, uint64_t *cookie, uint8_t *seen, uint32_t count)
{
	uint8_t buffer[1000];
	struct wasi_dirent head;
	CHECK(WASI(fd_readdir)(fd, buffer, sizeof buffer, *cookie, &out) == 0);
	for (uint32_t at = 0; at + sizeof head <= out; at += (uint32_t)sizeof head + head.name_length) {
		char name[16] = "";
		memcpy(&head, buffer + at, sizeof head);
		if (at + sizeof head + head.name_length > out)
			break;
		memcpy(name, buffer + at + sizeof head, head.name_length);
		if (name[0] != '.' && (uint32_t)atoi(name) < count)
			seen[atoi(name)]++;
		*cookie = head.next;
	}
	return out == sizeof buffer;
}

/* Names come and go during a listing: every fourth stays and must be seen once, the others at most once. */
static void test_listing(void)
{
	enum { COUNT = 4000 };
	static uint8_t seen[COUNT];
	uint64_t cookie = 0;
	uint32_t wrong = 0, gone = 0;
	char path[64];
	CHECK(many("/tmp/list", COUNT, true) == COUNT);
	uint32_t fd = opened("/tmp/list", WASI_O_DIRECTORY, READ);
	while (batch(fd, &cookie, seen, COUNT)) {
		for (int i = 0; i < 50 && gone < COUNT; i++, gone++) {
			snprintf(path, sizeof path, "/tmp/list/%u", (gone * 2654435761u) % COUNT);
			if ((gone * 2654435761u) % COUNT % 4 != 0)
				unlink_at(path);
			snprintf(path, sizeof path, "/tmp/list/9%u", gone);
			memfs_add(path, strlen(path), "", 0, false);
		}
	}
	for (uint32_t i = 0; i < COUNT; i++)
		wrong += seen[i] > 1 || (i % 4 == 0 && seen[i] != 1);
	CHECK(wrong == 0 && gone == COUNT && WASI(fd_close)(fd) == 0);
}

/* A great directory costs per name what a small one does: generous, to catch only what is quadratic. */
static void test_many(void)
{
	enum { COUNT = 300000 };
	double start = seconds();
	CHECK(many("/tmp/many", COUNT, true) == COUNT);
	uint8_t *seen = calloc(COUNT, 1);
	uint64_t cookie = 0;
	uint32_t wrong = 0, fd = opened("/tmp/many", WASI_O_DIRECTORY, READ);
	while (batch(fd, &cookie, seen, COUNT))
		;
	for (uint32_t i = 0; i < COUNT; i++)
		wrong += seen[i] != 1;
	CHECK(wrong == 0 && many("/tmp/many", COUNT, false) == COUNT && WASI(fd_close)(fd) == 0);
	CHECK(WASI(path_remove_directory)(CWD, "/tmp/many", 9) == 0 && seconds() - start < 20);
	free(seen);
}

/* Directories in directories far deeper than a path can say, made and removed through the working directory. */
static void test_deep(void)
{
	enum { DEPTH = 20000 };
	char path[5000];
	CHECK(wasi_chdir("/tmp", 4) == 0);
	for (int i = 0; i < DEPTH; i++)
		CHECK(mkdir_at("d") == 0 && wasi_chdir("d", 1) == 0);
	CHECK(wasi_getcwd(path, sizeof path) == MEMFS_ERANGE);
	for (int i = 0; i < DEPTH; i++) /* from the inside out; the working directory keeps the chain until the end */
		CHECK(WASI(path_remove_directory)(CWD, "../d", 4) == 0 && (i + 1 == DEPTH || wasi_chdir("..", 2) == 0));
	CHECK(wasi_getcwd(path, sizeof path) == MEMFS_ENOENT && mkdir_at("x") == MEMFS_ENOENT);
	CHECK(wasi_chdir("/", 1) == 0 && wasi_getcwd(path, 1) == MEMFS_ERANGE && wasi_getcwd(path, 2) == 0 && strcmp(path, "/") == 0);
}

static int32_t poll_of(struct wasi_subscription *in, uint32_t count, struct wasi_event *events, uint32_t *happened)
{
	host.waits = host.before_waits = 0;
	host.last_timeout = 0;
	return WASI(poll_oneoff)(in, events, count, happened);
}

static void test_poll(void)
{
	struct wasi_event events[4];
	uint32_t happened;
	struct wasi_subscription clock = { .userdata = 7, .tag = WASI_EVENT_CLOCK };
	struct wasi_subscription in[3] = { clock, { .userdata = 8, .tag = WASI_EVENT_FD_READ }, { .userdata = 9, .tag = WASI_EVENT_FD_WRITE } };
	host.now = 1000;
	CHECK(poll_of(in, 0, events, &happened) == MEMFS_EINVAL && poll_of(in, 100000, events, &happened) == MEMFS_EINVAL);
	in[0].clock.timeout = 500;
	CHECK(poll_of(in, 1, events, &happened) == 0 && happened == 1 && events[0].userdata == 7 && host.last_timeout == 500);
	CHECK(host.before_waits == 1);
	in[0].clock.flags = WASI_ABSTIME, in[0].clock.timeout = 1800;
	CHECK(poll_of(in, 1, events, &happened) == 0 && happened == 1 && host.last_timeout == 800);
	in[0].clock.timeout = 3;
	CHECK(poll_of(in, 1, events, &happened) == 0 && happened == 1 && host.waits == 0);
	in[0].clock.flags = 0, in[0].clock.timeout = UINT64_MAX;
	CHECK(poll_of(in, 1, events, &happened) == 0 && host.last_timeout == INT64_MAX);
	in[0].clock.timeout = 500;
	host.readable = true;
	CHECK(poll_of(in, 2, events, &happened) == 0 && happened == 1 && events[0].userdata == 8 && events[0].error == 0);
	host.readable = false;
	CHECK(poll_of(in, 2, events, &happened) == 0 && happened == 1 && events[0].userdata == 7 && host.last_timeout == 500);
	in[2].fd = 1;
	CHECK(poll_of(in, 3, events, &happened) == 0 && happened == 1 && events[0].userdata == 9 && host.waits == 0);
	in[2].fd = 77;
	CHECK(poll_of(in, 3, events, &happened) == 0 && happened == 1 && events[0].error == MEMFS_EBADF);
	CHECK(poll_of(in + 1, 1, events, &happened) == 0 && host.last_timeout == -1);
	in[0].clock.id = 9;
	CHECK(poll_of(in, 1, events, &happened) == 0 && happened == 1 && events[0].error == MEMFS_EINVAL);
	in[0].tag = 3;
	CHECK(poll_of(in, 1, events, &happened) == MEMFS_EINVAL);
}

static void test_nonblocking(void)
{
	char text[8];
	host.readable = false;
	CHECK(WASI(fd_fdstat_set_flags)(0, WASI_NONBLOCK) == 0 && read_text(0, text, 8) == WASI_EAGAIN);
	host.readable = true;
	host.input = "now";
	CHECK(read_text(0, text, 8) == 0 && strcmp(text, "now") == 0 && WASI(fd_fdstat_set_flags)(0, 0) == 0);
	CHECK(WASI(fd_fdstat_set_flags)(0, 64) == MEMFS_EINVAL);
	host.input = NULL;
	host.readable = false;
}

static void test_times(void)
{
	uint32_t fd = opened("/tmp/times", WASI_O_CREAT, READ | WRITE);
	host.now = 5000;
	CHECK(write_text(fd, "x") == 0 && stat_of("/tmp/times").mtim == 5000 && stat_of("/tmp/times").atim != 5000);
	CHECK(WASI(fd_filestat_set_times)(fd, 11, 22, WASI_ATIM | WASI_MTIM) == 0);
	CHECK(stat_of("/tmp/times").atim == 11 && stat_of("/tmp/times").mtim == 22 && stat_of("/tmp/times").ctim == 5000);
	CHECK(WASI(fd_filestat_set_times)(fd, 0, 0, WASI_ATIM_NOW) == 0 && stat_of("/tmp/times").atim == 5000);
	CHECK(WASI(fd_filestat_set_times)(fd, 0, 0, WASI_ATIM | WASI_ATIM_NOW) == MEMFS_EINVAL);
	CHECK(WASI(fd_filestat_set_times)(fd, 0, 0, 16) == MEMFS_EINVAL && WASI(fd_close)(fd) == 0);
}

int main(void)
{
	CHECK(memfs_init() == 0);
	test_renumber();
	test_borrowed();
	test_as_brought();
	test_add_directory();
	test_add();
	test_read_only();
	test_devices();
	test_streams();
	test_wrong_host();
	test_descriptors();
	test_sizes();
	test_links();
	test_listing();
	test_many();
	test_deep();
	test_poll();
	test_nonblocking();
	test_times();
	printf("unit: %u passed, %u failed\n", passed, failed);
	return failed > 0;
}
