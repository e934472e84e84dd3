/* Bytes from a fuzzer, turned into calls: operations on the tree, and WASI calls with any numbers whatever.
 *
 * LLVMFuzzerTestOneInput is what libFuzzer wants (clang -fsanitize=fuzzer,address -DFUZZ_LIBRARY). Without it there is a
 * main that feeds random bytes: fuzz SECONDS [SEED]. Nothing is compared: the sanitizers and the block count judge. */
#include "op.h"
#include "wasi_calls.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static uint32_t any_fd(struct source *source)
{
	static const uint32_t odd[] = { WASI_AT_FDCWD, UINT32_MAX, 1023, 1024, 0x80000000 };
	return draw(source, 5) == 0 ? odd[draw(source, 5)] : draw(source, 8);
}

static uint64_t any_number(struct source *source)
{
	static const uint64_t odd[] = { UINT64_MAX, INT64_MAX, (uint64_t)1 << 63, MEMFS_FILE_MAX, MEMFS_FILE_MAX + 1, UINT32_MAX };
	return draw(source, 3) == 0 ? odd[draw(source, 6)] - draw(source, 3) : draw(source, 1u << 20);
}

/* Up to three pieces at any place of any descriptor. */
static void any_transfer(struct source *source)
{
	uint8_t bytes[600];
	struct wasi_iovec pieces[3];
	uint32_t total, fd = any_fd(source);
	uint64_t offset = any_number(source);
	size_t count = draw(source, 4);
	memset(bytes, 'w', sizeof bytes);
	for (size_t i = 0; i < count; i++)
		pieces[i] = (struct wasi_iovec){ bytes + 200 * i, draw(source, 201) };
	switch (draw(source, 4)) {
	case 0: WASI(fd_read)(fd, pieces, count, &total); break;
	case 1: WASI(fd_write)(fd, pieces, count, &total); break;
	case 2: WASI(fd_pread)(fd, pieces, count, offset, &total); break;
	default: WASI(fd_pwrite)(fd, pieces, count, offset, &total); break;
	}
}

static void any_poll(struct source *source)
{
	struct wasi_subscription in[6];
	struct wasi_event events[6];
	uint32_t happened;
	for (int i = 0; i < 6; i++) {
		in[i] = (struct wasi_subscription){ .userdata = any_number(source), .tag = (uint8_t)draw(source, 4) };
		in[i].clock.id = any_fd(source);
		in[i].clock.timeout = any_number(source);
		in[i].clock.flags = (uint16_t)draw(source, 3);
	}
	if (WASI(poll_oneoff)(in, events, draw(source, 7), &happened) == 0 && happened > 6)
		abort();
}

static void any_listing(struct source *source)
{
	uint8_t *buffer = malloc(500);
	uint32_t used = 0, size = draw(source, 501);
	if (WASI(fd_readdir)(any_fd(source), buffer, size, any_number(source), &used) == 0 && used > size)
		abort();
	free(buffer);
}

/* Any bytes as paths, in a block of exactly their length. */
static void any_path(struct source *source)
{
	uint32_t fd, length = draw(source, 40);
	char *text = malloc(length + 1), target[10];
	size_t used;
	for (uint32_t i = 0; i < length; i++)
		text[i] = "abc/.\0\xff\n"[draw(source, 8)];
	text = realloc(text, length > 0 ? length : 1);
	switch (draw(source, 8)) {
	case 0: WASI(path_create_directory)(any_fd(source), text, length); break;
	case 1: WASI(path_symlink)(text, length, any_fd(source), text, length); break;
	case 2: WASI(path_rename)(any_fd(source), text, length, any_fd(source), text, length / 2); break;
	case 3: WASI(path_link)(any_fd(source), draw(source, 2), text, length, any_fd(source), text, length / 2); break;
	case 4: WASI(path_readlink)(any_fd(source), text, length, target, sizeof target, &used); break;
	case 5: wasi_chdir(text, length); break;
	case 6: memfs_add(text, length, "borrowed", 8, draw(source, 2)); break;
	default:
		WASI(path_open)(any_fd(source), draw(source, 2), text, length, draw(source, 16), any_number(source), 0, draw(source, 32), &fd);
		break;
	}
	free(text);
}

static void any_descriptor_call(struct source *source)
{
	struct wasi_fdstat fdstat;
	struct wasi_filestat filestat;
	uint64_t position;
	uint32_t fd = any_fd(source);
	switch (draw(source, 10)) {
	case 0: WASI(fd_renumber)(fd, any_fd(source)); break;
	case 1: WASI(fd_close)(fd); break;
	case 2: WASI(fd_fdstat_get)(fd, &fdstat); break;
	case 3: WASI(fd_fdstat_set_flags)(fd, draw(source, 40)); break;
	case 4: WASI(fd_seek)(fd, (int64_t)any_number(source), draw(source, 5), &position); break;
	case 5: WASI(fd_filestat_get)(fd, &filestat); break;
	case 6: WASI(fd_filestat_set_size)(fd, any_number(source)); break;
	case 7: WASI(fd_filestat_set_times)(fd, any_number(source), any_number(source), draw(source, 20)); break;
	case 8: WASI(fd_advise)(fd, any_number(source), any_number(source), draw(source, 8)); break;
	default: WASI(fd_allocate)(fd, any_number(source), draw(source, 1u << 20)); break;
	}
}

/* A host that does what host.h says, or not even that. */
static void any_host(struct source *source)
{
	static const int32_t results[] = { 0, 0, 0, -6, 1000000, INT32_MIN, -1 };
	host.result = results[draw(source, 7)];
	host.readable = draw(source, 2);
	host.write_at_most = (int32_t)draw(source, 50);
	host.input = draw(source, 2) ? "some input" : NULL;
	host.now = any_number(source);
}

static void close_all(void)
{
	for (uint32_t fd = 0; fd < WASI_FD_COUNT; fd++)
		WASI(fd_close)(fd);
	for (uint32_t fd, i = 0; i < 3; i++)
		WASI(path_open)(WASI_AT_FDCWD, 1, i == 0 ? "/dev/stdin" : "/dev/stdout", i == 0 ? 10 : 11, 0, 0, 0, 0, &fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	static struct op op;
	static struct outcome outcome;
	struct source source = { .bytes = bytes, .left = size };
	if (memfs_root() == NULL && memfs_init() != 0)
		abort();
	while (source.left > 0) {
		switch (draw(&source, 8)) {
		case 0: any_transfer(&source); break;
		case 1: any_poll(&source); break;
		case 2: any_listing(&source); break;
		case 3: any_path(&source); break;
		case 4: any_descriptor_call(&source); break;
		case 5: any_host(&source); break;
		default:
			op_draw(&source, &op);
			op_guest(&op, &outcome);
			break;
		}
	}
	guest_reset();
	close_all();
	return 0;
}

#ifndef FUZZ_LIBRARY
int main(int count, char **arguments)
{
	uint64_t seed = count > 2 ? strtoull(arguments[2], NULL, 0) : (uint64_t)time(NULL) * 1000003;
	time_t end = time(NULL) + (count > 1 ? atoi(arguments[1]) : 5);
	static uint8_t bytes[4000];
	uint64_t runs = 0;
	printf("fuzz: seed %" PRIu64 "\n", seed);
	for (; time(NULL) < end; runs++) {
		struct source source = { .state = seed + runs };
		for (size_t i = 0; i < sizeof bytes; i++)
			bytes[i] = (uint8_t)draw(&source, 256);
		LLVMFuzzerTestOneInput(bytes, sizeof bytes);
	}
	printf("fuzz: %" PRIu64 " inputs of %zu bytes passed, 0 failed\n", runs, sizeof bytes);
	return 0;
}
#endif
