/* One operation on a tree of files, drawn at random or from a fuzzer's bytes, and what comes of it.
 *
 * Owns: the alphabet of all three random tests. op_guest runs an operation in the tree under test, op_real (op_real.c) the
 * same one in a real directory; both write everything that can be observed into an outcome, in the same words. */
#ifndef TEST_OP_H
#define TEST_OP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SLOTS 4 /* open files at a time */
#define PATH_ROOM 4200

enum op_kind {
	OP_OPEN,
	OP_CLOSE,
	OP_READ,
	OP_WRITE,
	OP_PREAD,
	OP_PWRITE,
	OP_SEEK,
	OP_TRUNCATE,
	OP_ALLOCATE,
	OP_FSTAT,
	OP_STAT,
	OP_LSTAT,
	OP_SET_TIMES,
	OP_SET_APPEND,
	OP_LIST,
	OP_MKDIR,
	OP_RMDIR,
	OP_UNLINK,
	OP_RENAME,
	OP_LINK,
	OP_SYMLINK,
	OP_READLINK,
	OP_CHDIR,
	OP_GETCWD,
	OP_KINDS,
};

enum op_flag {
	OF_READ = 1,
	OF_WRITE = 2,
	OF_CREAT = 4,
	OF_EXCL = 8,
	OF_TRUNC = 16,
	OF_APPEND = 32,
	OF_DIRECTORY = 64,
	OF_NOFOLLOW = 128,
};

struct op {
	enum op_kind kind;
	uint32_t slot;
	int32_t base, base2; /* a slot (if closed: as -1), -1: the working directory, -2: no descriptor */
	char path[PATH_ROOM], path2[PATH_ROOM];
	uint32_t flags;
	uint32_t length; /* at most DATA_ROOM */
	uint64_t offset;
	int64_t delta;
};

#define DATA_ROOM 5000
#define TEXT_ROOM 9000

struct outcome {
	int error; /* a WASI errno */
	uint64_t value;
	size_t length;
	char text[TEXT_ROOM];
};

/* Where operations are drawn from: a generator, or bytes while there are any and zeros behind. */
struct source {
	uint64_t state;
	const uint8_t *bytes;
	size_t left;
};

uint32_t draw(struct source *source, uint32_t below);
void op_draw(struct source *source, struct op *op);
void op_print(const struct op *op);

void op_guest(const struct op *op, struct outcome *outcome);
void op_real(const struct op *op, struct outcome *outcome);

void data_of(const struct op *op, uint8_t *data); /* what a write writes */
void say(struct outcome *outcome, const char *format, ...) __attribute__((format(printf, 2, 3)));
void say_sorted(struct outcome *outcome, char (*names)[300], size_t count);

bool is_fixed(const char *name);

/* Closes all slots, removes everything but the fixed directories, goes back to the root. */
void guest_reset(void);
void real_reset(void);

#endif
