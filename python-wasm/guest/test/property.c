/* The tree in memory against a real one: the same random operations, the same results.
 *
 * Usage: property SECONDS [SEED]. A real directory on tmpfs becomes this process's root (with root's rights or in a user
 * namespace), sequences of operations are run in both, every outcome is compared: errno, counts, bytes, listings,
 * attributes. At the end of a sequence everything is removed and no block of memory may be left.
 *
 * Where POSIX leaves a choice the tree follows Linux; compared with 6.18. Older kernels may differ in which of two errors
 * comes first. Differences that are meant, and therefore not drawn or not compared: the size of directories, positions in
 * directories, ctime, atime on reading (as with noatime), permissions, sizes beyond MEMFS_FILE_MAX. Exit code 2: no rights
 * to change the root here. */
#define _GNU_SOURCE
#include "blocks.h"
#include "op.h"
#include "wasi_calls.h"

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define SEQUENCE 250

static char real_root[] = "/dev/shm/memfs-test-XXXXXX";
static const char *const fixed[] = { "/dev", "/usr", "/tmp", "/home" };
static int outside; /* a descriptor of the directory that real_root is in */

static void write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);
	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		perror(path);
	close(fd);
}

static bool enter_namespace(void)
{
	char map[64];
	snprintf(map, sizeof map, "0 %d 1", (int)getuid());
	if (unshare(CLONE_NEWUSER) != 0)
		return false;
	write_file("/proc/self/setgroups", "deny");
	write_file("/proc/self/uid_map", map);
	return true;
}

/* The fixed directories stand in both trees, so that link counts of the root agree. */
static bool enter_real_tree(void)
{
	if (getuid() != 0 && !enter_namespace())
		return false;
	outside = open("/dev/shm", O_RDONLY | O_DIRECTORY);
	if (outside < 0 || mkdtemp(real_root) == NULL || chroot(real_root) != 0 || chdir("/") != 0)
		return false;
	(void)umask(0);
	for (int i = 0; i < 4; i++)
		mkdir(fixed[i], 0755);
	return true;
}

static void leave_real_tree(void)
{
	for (int i = 0; i < 4; i++)
		rmdir(fixed[i]);
	unlinkat(outside, strrchr(real_root, '/') + 1, AT_REMOVEDIR);
}

/* The root's own table only grows; let it, before blocks are counted. */
static void grow_root(void)
{
	for (char name[] = "/A"; name[1] <= 'Z'; name[1]++)
		WASI(path_create_directory)(WASI_AT_FDCWD, name, 2);
	guest_reset();
}

static bool same(const struct outcome *a, const struct outcome *b)
{
	return a->error == b->error && a->value == b->value && a->length == b->length && memcmp(a->text, b->text, a->length) == 0;
}

static void show(const char *who, const struct outcome *outcome)
{
	printf("  %s: error %d value %llu text(%zu) %.300s\n", who, outcome->error, (unsigned long long)outcome->value, outcome->length,
		outcome->length > 0 ? outcome->text : "");
}

/* Runs one sequence; prints it whole if a result differs. */
static bool sequence(uint64_t seed, bool print)
{
	static struct op op;
	static struct outcome guest, real;
	struct source source = { .state = seed };
	bool good = true;
	for (int i = 0; i < SEQUENCE && good; i++) {
		memset(guest.text, 0, sizeof guest.text);
		memset(real.text, 0, sizeof real.text);
		op_draw(&source, &op);
		op_guest(&op, &guest);
		op_real(&op, &real);
		good = same(&guest, &real);
		if (print || !good) {
			op_print(&op);
			show("guest", &guest);
			show("real ", &real);
		}
	}
	guest_reset();
	real_reset();
	return good;
}

int main(int count, char **arguments)
{
	uint64_t seed = count > 2 ? strtoull(arguments[2], NULL, 0) : (uint64_t)time(NULL) * 1000003;
	time_t end = time(NULL) + (count > 1 ? atoi(arguments[1]) : 10);
	uint64_t passed = 0, failed = 0;
	bool print = count > 3;
	printf("property: seed %llu\n", (unsigned long long)seed);
	if (!enter_real_tree() || memfs_init() != 0) {
		printf("property: cannot make a real directory this process's root\n");
		return 2;
	}
	grow_root();
	size_t blocks = blocks_live();
	for (uint64_t i = 0; time(NULL) < end && failed < 5; i++) {
		bool good = sequence(seed + i, print);
		if (blocks_live() != blocks) {
			printf("  %zd blocks of memory left\n", (ssize_t)(blocks_live() - blocks));
			blocks = blocks_live();
			good = false;
		}
		if (!good)
			printf("FAILED: property 1 %llu print\n", (unsigned long long)(seed + i));
		good ? passed++ : failed++;
		if (print)
			break;
	}
	leave_real_tree();
	printf("property: %llu sequences of %d operations passed, %llu failed\n", (unsigned long long)passed, SEQUENCE,
		(unsigned long long)failed);
	return failed > 0;
}
