/* See blocks.h. */
#include "blocks.h"

#include <stdlib.h>

void *__real_malloc(size_t size);
void *__real_realloc(void *old, size_t size);
void __real_free(void *block);
void *__wrap_malloc(size_t size);
void *__wrap_realloc(void *old, size_t size);
void __wrap_free(void *block);

static size_t live, fail_at, failed;

size_t blocks_live(void)
{
	return live;
}

void blocks_fail_at(size_t nth)
{
	fail_at = nth;
	failed = 0;
}

size_t blocks_failed(void)
{
	return failed;
}

static int fails(void)
{
	if (fail_at == 0)
		return 0;
	if (fail_at > 1) {
		fail_at--;
		return 0;
	}
	failed++;
	return 1;
}

void *__wrap_malloc(size_t size)
{
	void *block = fails() ? NULL : __real_malloc(size);
	live += block != NULL;
	return block;
}

void *__wrap_realloc(void *old, size_t size)
{
	void *block = fails() ? NULL : __real_realloc(old, size);
	live += block != NULL && old == NULL;
	return block;
}

void __wrap_free(void *block)
{
	live -= block != NULL;
	__real_free(block);
}
