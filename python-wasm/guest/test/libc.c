/* wasi-libc on top of the tree: compiled for wasm32-wasi, run by libc.mjs under a host of exactly the six imports.
 *
 * Owns: what only shows with the real libc in between: the working directory, directory streams, stdio, permission bits,
 * select and sleep, and the end of a memory that really ends. */
#define _WASI_EMULATED_PROCESS_CLOCKS /* lets <time.h> declare clock without a warning */
#include "../memfs.h"
#include "../host.h"
#include "check.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/select.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

const struct memfs_static_file memfs_static[] = { { "/usr/share/zoneinfo/UTC", "TZif", 4 } };
const uint32_t memfs_static_count = 1;

int guest_chmod(const char *text, mode_t mode);
int guest_fchmod(int fd, mode_t mode);

#define FAILS(call, error) ((call) == -1 && errno == (error))

static char text[5000];

static void test_working_directory(void)
{
	CHECK(chdir("/home/user") == 0 && strcmp(getcwd(text, sizeof text), "/home/user") == 0);
	CHECK(mkdir("a", 0777) == 0 && mkdir("a/b", 0777) == 0 && chdir("a/b/../b/.") == 0);
	CHECK(strcmp(getcwd(text, sizeof text), "/home/user/a/b") == 0);
	CHECK(rename("/home/user/a", "/home/user/c") == 0 && strcmp(getcwd(text, sizeof text), "/home/user/c/b") == 0);
	CHECK(chdir("..") == 0 && strcmp(getcwd(NULL, 0), "/home/user/c") == 0);
	CHECK(chdir("b") == 0 && rmdir("../b") == 0 && getcwd(text, sizeof text) == NULL && errno == ENOENT);
	CHECK(FAILS(open("new", O_CREAT | O_WRONLY, 0666), ENOENT) && FAILS(chdir("none"), ENOENT));
	CHECK(chdir("..") == 0 && chdir("..") == 0 && FAILS(chdir(""), ENOENT) && FAILS(open("", O_RDONLY), ENOENT));
	CHECK(getcwd(text, 3) == NULL && errno == ERANGE);
}

static void test_files(void)
{
	struct stat stat_of;
	FILE *file = fopen("hello.txt", "w+");
	CHECK(file != NULL && fileno(file) == 3 && fprintf(file, "hello %d\n", 5) == 8 && fseek(file, -4, SEEK_END) == 0);
	CHECK(fgets(text, sizeof text, file) != NULL && strcmp(text, "o 5\n") == 0 && fclose(file) == 0);
	CHECK(stat("hello.txt", &stat_of) == 0 && stat_of.st_mode == (S_IFREG | 0644) && stat_of.st_size == 8);
	CHECK(guest_chmod("hello.txt", 0500) == 0 && stat("hello.txt", &stat_of) == 0 && stat_of.st_mode == (S_IFREG | 0500));
	CHECK(close(open("private", O_CREAT | O_RDWR, 0666)) == 0 && stat("private", &stat_of) == 0 && stat_of.st_mode == (S_IFREG | 0644));
	CHECK(unlink("private") == 0 && close(open("private", O_CREAT | O_RDWR, 0600)) == 0 && close(open("private", 0)) == 0);
	CHECK(stat("private", &stat_of) == 0 && stat_of.st_mode == (S_IFREG | 0600) && unlink("private") == 0);
	CHECK(mkdir("own", 0700) == 0 && stat("own", &stat_of) == 0 && stat_of.st_mode == (S_IFDIR | 0700) && rmdir("own") == 0);
	CHECK(FAILS(openat(9, "x", O_RDONLY), EBADF) && FAILS(mkdirat(9, "x", 0777), EBADF));
	CHECK(truncate("hello.txt", 3) == 0 && access("hello.txt", R_OK | W_OK) == 0 && FAILS(access("none", F_OK), ENOENT));
	CHECK(link("hello.txt", "second") == 0 && lstat("second", &stat_of) == 0 && stat_of.st_nlink == 2);
	CHECK(symlink("second", "link") == 0 && readlink("link", text, sizeof text) == 6 && FAILS(rename("link", "none/x"), ENOENT));
	CHECK(lstat("link", &stat_of) == 0 && S_ISLNK(stat_of.st_mode) && unlink("link") == 0 && unlink("second") == 0);
	CHECK(realpath("c/../hello.txt", text) != NULL && strcmp(text, "/home/user/hello.txt") == 0);
	CHECK(FAILS(open("/usr/share/zoneinfo/UTC", O_WRONLY), EROFS) && remove("c") == 0 && remove("hello.txt") == 0);
	CHECK(FAILS(open("/tmp", O_WRONLY), EISDIR) && FAILS(open("/dev/null/x", O_RDONLY), ENOTDIR));
}

/* What sqlite does with a database: locks of a byte range, with the numbers that it uses on WASI. */
static void test_locks(void)
{
	struct flock lock = { .l_type = 1, .l_start = 10, .l_len = 5 };
	int fd = open("/tmp/db", O_CREAT | O_RDWR | O_APPEND, 0666);
	CHECK(fcntl(fd, F_GETFL) == (O_RDWR | O_APPEND) && fcntl(fd, 13, &lock) == 0 && fcntl(fd, 12, &lock) == 0 && lock.l_type == 2);
	CHECK(close(fd) == 0 && unlink("/tmp/db") == 0);
}

static void test_directories(void)
{
	struct dirent *entry;
	unsigned seen = 0;
	CHECK(mkdir("/tmp/many", 0777) == 0 && chdir("/tmp/many") == 0);
	for (int i = 0; i < 500; i++) {
		snprintf(text, sizeof text, "%0*d", 1 + i % 200, i);
		CHECK(close(open(text, O_CREAT | O_WRONLY | O_EXCL, 0666)) == 0);
	}
	DIR *directory = opendir(".");
	while ((entry = readdir(directory)) != NULL)
		seen += entry->d_type == DT_REG && unlinkat(dirfd(directory), entry->d_name, 0) == 0;
	CHECK(seen == 500 && closedir(directory) == 0 && chdir("/tmp") == 0 && rmdir("many") == 0);
	CHECK(FAILS(rmdir("/usr"), EROFS) && FAILS(rmdir("/"), EBUSY));
}

static void test_streams(void)
{
	struct stat stat_of;
	struct pollfd wanted[2] = { { .fd = 0, .events = POLLIN }, { .fd = 1, .events = POLLOUT } };
	fd_set readable;
	FD_ZERO(&readable);
	FD_SET(0, &readable);
	CHECK(!isatty(0) && !isatty(1) && fstat(0, &stat_of) == 0 && S_ISFIFO(stat_of.st_mode) && FAILS(lseek(1, 0, SEEK_CUR), ESPIPE));
	CHECK(poll(wanted, 2, 100) == 2 && select(1, &readable, NULL, NULL, NULL) == 1 && FD_ISSET(0, &readable));
	CHECK(fgets(text, sizeof text, stdin) != NULL && strcmp(text, "typed\n") == 0 && fgets(text, sizeof text, stdin) == NULL);
	CHECK(fcntl(1, F_GETFL) == O_WRONLY && FAILS(fcntl(50, F_GETFL), EBADF) && FAILS(fcntl(1, 99), EINVAL));
	CHECK(fcntl(0, F_SETFL, O_NONBLOCK) == 0 && (fcntl(0, F_GETFL) & O_NONBLOCK) && fcntl(0, F_SETFL, 0) == 0);
	for (int fd = 3; fd < 1100; fd++) /* what a program does that wants to be a daemon: no path may suffer from it */
		close(fd);
	CHECK(close(open("/tmp/x", O_CREAT | O_WRONLY, 0666)) == 0 && guest_fchmod(1, 0600) == -1);
}

static void test_times(void)
{
	struct timespec before, after, pause = { 0, 20000000 };
	struct timespec times[2] = { { 1000000000, 5 }, { 1000000001, 6 } };
	struct stat stat_of;
	CHECK(clock_gettime(CLOCK_MONOTONIC, &before) == 0 && nanosleep(&pause, NULL) == 0);
	CHECK(clock_gettime(CLOCK_MONOTONIC, &after) == 0);
	CHECK((after.tv_sec - before.tv_sec) * 1000000000ll + after.tv_nsec - before.tv_nsec >= 20000000);
	CHECK(clock() == 1234500000); /* libc.mjs's time of the CPU */
	CHECK(utimensat(AT_FDCWD, "/tmp/x", times, 0) == 0 && stat("/tmp/x", &stat_of) == 0);
	CHECK(stat_of.st_atim.tv_sec == 1000000000 && stat_of.st_mtim.tv_sec == 1000000001 && stat_of.st_mtim.tv_nsec == 6);
}

/* Fills the disk, says how much it took. libc.mjs gives this module 64 MiB. */
static size_t fill(void)
{
	static char block[65536];
	size_t total = 0;
	ssize_t done;
	int fd = open("/tmp/full", O_CREAT | O_WRONLY | O_TRUNC, 0666);
	while ((done = write(fd, block, sizeof block)) > 0)
		total += (size_t)done;
	CHECK(done == -1 && errno == ENOSPC && close(fd) == 0);
	return total;
}

static void test_full_disk(void)
{
	size_t first = fill();
	void *left = malloc(MEMFS_RESERVE / 2); /* Python goes on, to say what happened */
	CHECK(first > 20u << 20 && left != NULL);
	free(left);
	CHECK(unlink("/tmp/full") == 0);
	size_t second = fill();
	CHECK(second > first - first / 10 && unlink("/tmp/full") == 0);
}

HOST_EXPORT("run") int run(void)
{
	CHECK(memfs_init() == 0);
	test_working_directory();
	test_files();
	test_locks();
	test_directories();
	test_streams();
	test_times();
	test_full_disk();
	printf("libc: %u passed, %u failed\n", passed, failed);
	fflush(stdout);
	return failed > 0;
}
