/* Memory that ends: the nth allocation fails, for every n, and nothing else changes.
 *
 * Usage: nomem SECONDS [SEED]. Random operations; before each, a picture of the whole tree is taken. The operation runs
 * with its first, then its second... allocation failing, until it succeeds: because none failed, or because it could do
 * without (a write that comes short, a directory that closes its gaps). Until then it must fail with "no space" and leave the
 * picture as it was. At the end no block may be left. */
#include "blocks.h"
#include "check.h"
#include "op.h"
#include "wasi_calls.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SEQUENCE 120

/* A number that changes with every name, type, size, link count and byte below a directory. */
static uint64_t mix(uint64_t picture, const void *bytes, size_t length)
{
	for (size_t i = 0; i < length; i++)
		picture = (picture ^ ((const uint8_t *)bytes)[i]) * 1099511628211u;
	return picture;
}

static uint64_t content_of(uint64_t picture, const struct memfs_open *file)
{
	uint8_t bytes[4096];
	size_t done;
	uint64_t at = 0;
	while (memfs_pread(file, bytes, sizeof bytes, at, &done) == 0 && done > 0) {
		picture = mix(picture, bytes, done);
		at += done;
	}
	return picture;
}

static uint64_t picture_of(struct memfs_node *base, const char *name, size_t length, uint64_t picture)
{
	struct memfs_open node;
	struct memfs_entry entry = { 0 };
	struct memfs_stat stat;
	struct memfs_path path = { base, name, length };
	if (memfs_stat(path, false, &stat) != 0 || stat.type == MEMFS_CHARACTER_DEVICE)
		return picture;
	picture = mix(mix(mix(mix(picture, name, length), &stat.type, 1), &stat.size, 8), &stat.nlink, 8);
	if (memfs_open(path, MEMFS_O_READ | MEMFS_O_NOFOLLOW, 0, &node) != 0)
		return picture;
	picture = content_of(picture, &node);
	while (memfs_readdir(&node, entry.cookie, &entry) == 0 && entry.name_length > 0)
		if (entry.name[0] != '.')
			picture = picture_of(node.node, entry.name, entry.name_length, picture);
	memfs_close(&node);
	return picture;
}

static uint64_t picture(void)
{
	return picture_of(memfs_root(), "/", 1, 14695981039346656037u);
}

/* Says whether every allocation of the operation had its turn to fail. */
static bool refuse(const struct op *op, size_t nth)
{
	static struct outcome outcome;
	uint64_t before = picture();
	blocks_fail_at(nth);
	op_guest(op, &outcome);
	bool refused = blocks_failed() > 0;
	blocks_fail_at(0);
	if (!refused)
		return true;
	if (outcome.error != 0)
		CHECK(outcome.error == MEMFS_ENOSPC && picture() == before);
	return outcome.error == 0;
}

static void sequence(uint64_t seed)
{
	static struct op op;
	struct source source = { .state = seed };
	for (int i = 0; i < SEQUENCE; i++) {
		op_draw(&source, &op);
		for (size_t nth = 1; nth < 50 && !refuse(&op, nth); nth++)
			;
	}
	guest_reset();
}

/* Directories large enough for an index, which random names seldom make: every allocation fails once. */
static void growth(void)
{
	char path[32];
	for (int i = 0; i < 100; i++) {
		int error = MEMFS_ENOSPC, length = snprintf(path, sizeof path, i == 0 ? "/g" : "/g/%d", i);
		for (size_t nth = 1; error != 0 && nth < 20; nth++) {
			uint64_t before = picture();
			blocks_fail_at(nth);
			error = memfs_mkdir((struct memfs_path){ memfs_root(), path, (size_t)length }, 0755);
			blocks_fail_at(0);
			CHECK(error == 0 || (error == MEMFS_ENOSPC && picture() == before));
		}
		CHECK(error == 0);
	}
	guest_reset();
}

int main(int count, char **arguments)
{
	uint64_t seed = count > 2 ? strtoull(arguments[2], NULL, 0) : (uint64_t)time(NULL) * 1000003;
	time_t end = time(NULL) + (count > 1 ? atoi(arguments[1]) : 5);
	printf("nomem: seed %" PRIu64 "\n", seed);
	CHECK(memfs_init() == 0);
	for (char name[] = "/A"; name[1] <= 'Z'; name[1]++) /* the root's own table only grows; let it */
		WASI(path_create_directory)(WASI_AT_FDCWD, name, 2);
	guest_reset();
	size_t blocks = blocks_live();
	uint64_t sequences = 0;
	growth();
	CHECK(blocks_live() == blocks);
	for (; time(NULL) < end && failed == 0; sequences++) {
		sequence(seed + sequences);
		CHECK(blocks_live() == blocks);
		if (failed > 0)
			printf("FAILED: nomem 1 %" PRIu64 "\n", seed + sequences);
	}
	printf("nomem: %u checks in %" PRIu64 " sequences passed, %u failed\n", passed, sequences, failed);
	return failed > 0;
}
