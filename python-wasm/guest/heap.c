/* The guest's malloc, and a fresh start for it before the snapshot.
 *
 * The compiler's C library rounds every request up to a power of two and never joins what was freed: under a memory
 * limit a script would get half of it. So this is Doug Lea's malloc (in the public domain; the build takes dlmalloc.c
 * from libffi's source) on memory.grow.
 *
 * A run pays for every page that it writes, and more for pages that lie apart. heap_fresh_start therefore uses up the
 * gaps that the snapshot's objects left: what a run allocates then lies side by side. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <errno.h>
#include <stddef.h>
#include <stdint.h>

#include "heap.h"

#define WASM_PAGE 65536u
#define OS_PAGE 4096u

extern unsigned char __heap_base;

/* Hands out memory from the end of the static data to the end of the linear memory, which it extends. */
static void *more_core(ptrdiff_t size)
{
	static uintptr_t end;
	if (end == 0)
		end = ((uintptr_t)&__heap_base + OS_PAGE - 1) & -(uintptr_t)OS_PAGE;
	if (size < 0 || (size_t)size > UINTPTR_MAX - end)
		return (void *)-1;
	uint64_t have = (uint64_t)__builtin_wasm_memory_size(0) * WASM_PAGE;
	uint64_t want = (uint64_t)end + (uint64_t)size;
	if (want > have) {
		size_t pages = (size_t)((want - have + WASM_PAGE - 1) / WASM_PAGE);
		if (__builtin_wasm_memory_grow(0, pages) == (size_t)-1)
			return (void *)-1;
	}
	void *start = (void *)end;
	end = (uintptr_t)want;
	return start;
}

#define ONLY_MSPACES 0
#define USE_DL_PREFIX 0
#undef USE_DL_PREFIX
#define HAVE_MMAP 0
#define HAVE_MREMAP 0
#define HAVE_MORECORE 1
#define MORECORE more_core
#define MORECORE_CONTIGUOUS 1
#define MORECORE_CANNOT_TRIM 1
#define MALLOC_ALIGNMENT ((size_t)16U)
#define malloc_getpagesize ((size_t)WASM_PAGE)
#define USE_LOCKS 0
#define NO_MALLINFO 1
#define NO_MALLOC_STATS 1
#define ABORT __builtin_trap()
#define MALLOC_FAILURE_ACTION errno = ENOMEM;
#define LACKS_SYS_MMAN_H 1
#define LACKS_SYS_PARAM_H 1
#define LACKS_SCHED_H 1
#define LACKS_TIME_H 1
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Weverything"
#include "dlmalloc.c"
#pragma clang diagnostic pop

void *aligned_alloc(size_t alignment, size_t size)
{
	return memalign(alignment, size);
}

/* ---- CPython's arenas ---- */

static size_t arenas;

static void *arena_allocate(void *context, size_t size)
{
	(void)context;
	arenas++;
	return memalign(OS_PAGE, size);
}

static void arena_free(void *context, void *arena, size_t size)
{
	(void)context, (void)size;
	free(arena);
}

void heap_use_for_python(void)
{
	PyObjectArenaAllocator allocator = {NULL, arena_allocate, arena_free};
	PyObject_SetArenaAllocator(&allocator);
}

/* ---- The fresh start ---- */

#define RESERVE ((size_t)1 << 20)
#define SMALL_MAX 512 /* SMALL_REQUEST_THRESHOLD of pymalloc: larger requests go to malloc */
#define SMALL_STEP 8  /* its size classes lie at most so close together */

static void out_of_memory(void *pointer)
{
	if (pointer == NULL)
		__builtin_trap();
}

/* Takes blocks of pymalloc, never to be given back, until every size class has its pool in a new arena. */
static void fill_pools(void)
{
	size_t before = arenas;
	uintptr_t frontier;
	do {
		frontier = (uintptr_t)PyObject_Malloc(SMALL_MAX);
		out_of_memory((void *)frontier);
	} while (arenas == before);
	for (size_t size = SMALL_STEP; size < SMALL_MAX; size += SMALL_STEP) {
		void *block;
		do {
			block = PyObject_Malloc(size);
			out_of_memory(block);
		} while ((uintptr_t)block < frontier);
	}
}

/* Takes every free chunk that lies before the last one, the rest of the heap. */
static void fill_chunks(void)
{
	uintptr_t frontier = (uintptr_t)gm->top;
	for (size_t size = (size_t)1 << 20; size > 0; size = size > 4096 ? size / 2 : size - 4) {
		for (;;) {
			void *chunk = malloc(size);
			out_of_memory(chunk);
			if ((uintptr_t)chunk < frontier)
				continue;
			free(chunk);
			break;
		}
	}
}

/* What starting CPython left in the free rest of the heap need not be in the snapshot. */
static void clear_rest(void)
{
	unsigned char *start = (unsigned char *)gm->top + 2 * sizeof(size_t);
	memset(start, 0, gm->topsize - 2 * sizeof(size_t));
}

static void *reserve;

void heap_fresh_start(void)
{
	fill_chunks();
	fill_pools();
	fill_chunks();
	reserve = malloc(RESERVE);
	clear_rest();
}

void heap_open_reserve(void)
{
	free(reserve);
	reserve = NULL;
}
