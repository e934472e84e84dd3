/* The C library's searches and comparisons, sixteen bytes at a time.
 *
 * The compiler's C library goes byte by byte, which makes b"...".find, == on strings and the tokenizer many times slower
 * than on an ordinary machine. The linker takes these definitions because they come first. They are compiled apart
 * (build/link.sh): an optimiser that knows what memchr means could turn its loop into a call of itself.
 *
 * A block that is read whole may reach beyond the bytes asked for, but never beyond the memory: it is either aligned, or
 * lies within [start, start + size). */
#include <stdint.h>
#include <string.h>
#include <wasm_simd128.h>

#define BLOCK 16u

/* One bit for each of the sixteen bytes at block that equals the byte in wanted. */
static uint32_t matches(const void *block, v128_t wanted)
{
	return wasm_i8x16_bitmask(wasm_i8x16_eq(wasm_v128_load(block), wanted));
}

static uint32_t differences(const void *a, const void *b)
{
	return 0xffff ^ (uint32_t)wasm_i8x16_bitmask(wasm_i8x16_eq(wasm_v128_load(a), wasm_v128_load(b)));
}

static unsigned first(uint32_t bits)
{
	return (unsigned)__builtin_ctz(bits);
}

static unsigned last(uint32_t bits)
{
	return 31u - (unsigned)__builtin_clz(bits);
}

void *memchr(const void *start, int byte, size_t size)
{
	const uint8_t *at = start, *end = at + size;
	if (size < BLOCK) {
		for (; at < end; at++)
			if (*at == (uint8_t)byte)
				return (void *)at;
		return NULL;
	}
	v128_t wanted = wasm_u8x16_splat((uint8_t)byte);
	for (; (size_t)(end - at) > BLOCK; at += BLOCK) {
		uint32_t found = matches(at, wanted);
		if (found != 0)
			return (void *)(at + first(found));
	}
	at = end - BLOCK; /* the rest, and some bytes that were looked at already */
	uint32_t found = matches(at, wanted);
	return found != 0 ? (void *)(at + first(found)) : NULL;
}

void *memrchr(const void *start, int byte, size_t size)
{
	const uint8_t *begin = start, *end = begin + size;
	v128_t wanted = wasm_u8x16_splat((uint8_t)byte);
	for (; (size_t)(end - begin) >= BLOCK; end -= BLOCK) {
		uint32_t found = matches(end - BLOCK, wanted);
		if (found != 0)
			return (void *)(end - BLOCK + last(found));
	}
	while (end > begin)
		if (*--end == (uint8_t)byte)
			return (void *)end;
	return NULL;
}

static uint64_t eight(const uint8_t *at)
{
	uint64_t bytes;
	__builtin_memcpy(&bytes, at, sizeof bytes);
	return __builtin_bswap64(bytes);
}

static uint32_t four(const uint8_t *at)
{
	uint32_t bytes;
	__builtin_memcpy(&bytes, at, sizeof bytes);
	return __builtin_bswap32(bytes);
}

/* Most strings that are compared are short: names. Two overlapping words cover all of them. */
static int compare_short(const uint8_t *a, const uint8_t *b, size_t size)
{
	if (size >= 8) {
		uint64_t x = eight(a), y = eight(b);
		if (x == y)
			x = eight(a + size - 8), y = eight(b + size - 8);
		return (x > y) - (x < y);
	}
	if (size >= 4) {
		uint32_t x = four(a), y = four(b);
		if (x == y)
			x = four(a + size - 4), y = four(b + size - 4);
		return (x > y) - (x < y);
	}
	for (size_t i = 0; i < size; i++)
		if (a[i] != b[i])
			return a[i] - b[i];
	return 0;
}

int memcmp(const void *left, const void *right, size_t size)
{
	const uint8_t *a = left, *b = right;
	if (size < BLOCK)
		return compare_short(a, b, size);
	for (size_t at = 0;; at += BLOCK) {
		if (size - at < BLOCK)
			at = size - BLOCK;
		uint32_t different = differences(a + at, b + at);
		if (different != 0) {
			at += first(different);
			return a[at] - b[at];
		}
		if (at == size - BLOCK)
			return 0;
	}
}

int bcmp(const void *left, const void *right, size_t size)
{
	return memcmp(left, right, size);
}

size_t strlen(const char *start)
{
	uintptr_t offset = (uintptr_t)start % BLOCK;
	const char *block = start - offset;
	v128_t zero = wasm_u8x16_splat(0);
	uint32_t found = matches(block, zero) >> offset << offset;
	while (found == 0)
		found = matches(block += BLOCK, zero);
	return (size_t)(block - start) + first(found);
}

size_t strnlen(const char *start, size_t limit)
{
	const char *end = memchr(start, 0, limit);
	return end != NULL ? (size_t)(end - start) : limit;
}

/* The first byte that is the wanted one or the end of the string. */
char *strchrnul(const char *start, int byte)
{
	uintptr_t offset = (uintptr_t)start % BLOCK;
	const char *block = start - offset;
	v128_t zero = wasm_u8x16_splat(0), wanted = wasm_u8x16_splat((uint8_t)byte);
	uint32_t found = (matches(block, zero) | matches(block, wanted)) >> offset << offset;
	while (found == 0) {
		block += BLOCK;
		found = matches(block, zero) | matches(block, wanted);
	}
	return (char *)block + first(found);
}

char *strchr(const char *start, int byte)
{
	char *found = strchrnul(start, byte);
	return *found == (char)byte ? found : NULL;
}

char *strrchr(const char *start, int byte)
{
	return memrchr(start, byte, strlen(start) + 1);
}

char *stpncpy(char *restrict to, const char *restrict from, size_t size)
{
	size_t length = strnlen(from, size);
	memcpy(to, from, length);
	memset(to + length, 0, size - length);
	return to + length;
}

char *strncpy(char *restrict to, const char *restrict from, size_t size)
{
	stpncpy(to, from, size);
	return to;
}
