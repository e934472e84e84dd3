/* Content of the in-memory tree: the bytes of a regular file, and reading, writing and seeking in an open one.
 *
 * Owns: chunks, holes, borrowed bytes (memfs_node.h says how they lie over one another), the end of the disk.
 * Deliberately not here: who has a file open (the owner of the descriptors) and where it stands in the tree. */
#include "memfs_node.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_SIZE (256 - BESIDE) /* the least that chunk 0 takes: most files are small */

static uint32_t smaller(uint64_t a, uint32_t b)
{
	return a < b ? (uint32_t)a : b;
}

static uint32_t index_of(uint64_t offset)
{
	return (uint32_t)(offset / CHUNK);
}

static uint32_t inside(uint64_t offset)
{
	return (uint32_t)(offset % CHUNK);
}

void content_begin(struct content *content, const void *base, size_t base_size)
{
	*content = (struct content){
		.size = base_size,
		.base = base,
		.base_size = base_size,
		.chunks = &content->only_chunk,
		.chunk_slots = 1,
	};
}

void content_free(struct content *content)
{
	for (uint32_t i = 0; i < content->chunk_slots; i++)
		free(content->chunks[i]);
	if (content->chunks != &content->only_chunk)
		free(content->chunks);
}

/* A stretch of bytes that lie together: null means zeros. */
struct stretch {
	const uint8_t *bytes;
	uint32_t length;
};

/* The longest stretch at offset within its chunk, whatever the file's size is. */
static struct stretch stretch_at(const struct content *content, uint64_t offset)
{
	uint32_t index = index_of(offset), at = inside(offset);
	const uint8_t *chunk = index < content->chunk_slots ? content->chunks[index] : NULL;
	uint32_t there;
	if (chunk != NULL)
		there = index == 0 ? content->first_size : CHUNK;
	else
		there = content->base_size > offset - at ? smaller(content->base_size - (offset - at), CHUNK) : 0;
	if (at >= there)
		return (struct stretch){ NULL, CHUNK - at };
	const uint8_t *bytes = chunk != NULL ? chunk + at : content->base + offset;
	return (struct stretch){ bytes, there - at };
}

static size_t content_read(const struct content *content, uint8_t *buffer, size_t length, uint64_t offset)
{
	if (offset >= content->size)
		return 0;
	if (length > content->size - offset)
		length = (size_t)(content->size - offset);
	for (size_t done = 0; done < length;) {
		struct stretch stretch = stretch_at(content, offset + done);
		uint32_t part = smaller(length - done, stretch.length);
		if (stretch.bytes != NULL)
			memcpy(buffer + done, stretch.bytes, part);
		else
			memset(buffer + done, 0, part);
		done += part;
	}
	return length;
}

/* Room in the table for a chunk of that index. */
static bool slots_reserve(struct content *content, uint32_t index)
{
	if (index < content->chunk_slots)
		return true;
	uint32_t slots = content->chunk_slots;
	while (slots <= index) /* MEMFS_FILE_MAX keeps index far below overflow */
		slots *= 2;
	bool single = content->chunks == &content->only_chunk;
	uint8_t **chunks = memory_resize(single ? NULL : content->chunks, slots * sizeof *chunks);
	if (chunks == NULL)
		return false;
	if (single)
		chunks[0] = content->only_chunk;
	for (uint32_t i = content->chunk_slots; i < slots; i++)
		chunks[i] = NULL;
	content->chunks = chunks;
	content->chunk_slots = slots;
	return true;
}

/* Makes a chunk, or makes chunk 0 longer, so that it holds at least upto bytes. */
static uint8_t *chunk_resize(struct content *content, uint32_t index, uint32_t old_size, uint32_t upto)
{
	uint32_t size = index == 0 ? FIRST_SIZE : CHUNK;
	while (size < upto)
		size = 2 * (size + BESIDE) - BESIDE;
	uint8_t *chunk = memory_resize(content->chunks[index], size);
	if (chunk == NULL)
		return NULL;
	memset(chunk + old_size, 0, size - old_size);
	content->chunks[index] = chunk;
	if (index == 0)
		content->first_size = size;
	return chunk;
}

/* The chunk of that index, own and at least upto bytes long. Borrowed bytes are copied into a new one. */
static uint8_t *chunk_writable(struct content *content, uint32_t index, uint32_t upto)
{
	if (!slots_reserve(content, index))
		return NULL;
	uint8_t *chunk = content->chunks[index];
	if (chunk != NULL) {
		uint32_t size = index == 0 ? content->first_size : CHUNK;
		return upto <= size ? chunk : chunk_resize(content, index, size, upto);
	}
	uint64_t start = (uint64_t)index * CHUNK;
	uint32_t borrowed = content->base_size > start ? smaller(content->base_size - start, CHUNK) : 0;
	chunk = chunk_resize(content, index, 0, upto > borrowed ? upto : borrowed);
	if (chunk != NULL && borrowed > 0)
		memcpy(chunk, content->base + start, borrowed);
	return chunk;
}

/* Writes what fits: fewer bytes than asked when memory ends in the middle, as a disk that fills up does. */
int content_write(struct content *content, const void *buffer, size_t length, uint64_t offset, size_t *done)
{
	*done = 0;
	if (length == 0)
		return 0;
	if (offset >= MEMFS_FILE_MAX)
		return MEMFS_EFBIG;
	if (length > MEMFS_FILE_MAX - offset)
		length = (size_t)(MEMFS_FILE_MAX - offset);
	while (*done < length) {
		uint64_t at = offset + *done;
		uint32_t part = smaller(length - *done, CHUNK - inside(at));
		uint8_t *chunk = chunk_writable(content, index_of(at), inside(at) + part);
		if (chunk == NULL)
			return *done > 0 ? 0 : MEMFS_ENOSPC;
		memcpy(chunk + inside(at), (const uint8_t *)buffer + *done, part);
		*done += part;
		if (content->size < at + part)
			content->size = at + part;
	}
	return 0;
}

/* Frees the chunks that lie wholly behind the end and clears the rest of the last one. */
static void cut_chunks(struct content *content)
{
	uint64_t first_behind = (content->size + CHUNK - 1) / CHUNK;
	for (uint64_t i = first_behind; i < content->chunk_slots; i++) {
		free(content->chunks[i]);
		content->chunks[i] = NULL;
	}
	uint32_t last = index_of(content->size), at = inside(content->size);
	if (at == 0 || last >= content->chunk_slots || content->chunks[last] == NULL)
		return;
	uint32_t there = last == 0 ? content->first_size : CHUNK;
	if (at < there)
		memset(content->chunks[last] + at, 0, there - at);
}

/* Growing makes a hole and takes no memory; size is at most MEMFS_FILE_MAX. */
void content_resize(struct content *content, uint64_t size)
{
	bool shorter = size < content->size;
	content->size = size;
	if (!shorter)
		return;
	if (content->base_size > size)
		content->base_size = (size_t)size;
	cut_chunks(content);
}

/* Memory for every byte up to end, now. Or none of it: what the attempt took behind the end of the file is freed. */
static int content_allocate(struct content *content, uint64_t offset, uint64_t end)
{
	for (uint64_t at = offset; at < end; at += CHUNK - inside(at)) {
		uint32_t part = smaller(end - at, CHUNK - inside(at));
		if (chunk_writable(content, index_of(at), inside(at) + part) == NULL) {
			cut_chunks(content);
			return MEMFS_ENOSPC;
		}
	}
	if (content->size < end)
		content->size = end;
	return 0;
}

int memfs_extent(const char *path, size_t path_length, uint64_t offset, const void **data, size_t *length)
{
	static const uint8_t zeros[4096];
	struct walk found;
	int error = walk((struct memfs_path){ memfs_root(), path, path_length }, WALK_FOLLOW, &found);
	if (error != 0)
		return error;
	if (is_directory(found.node))
		return MEMFS_EISDIR;
	if (found.node->type != MEMFS_REGULAR)
		return MEMFS_EINVAL;
	const struct content *content = &found.node->content;
	struct stretch stretch = { zeros, 0 };
	if (offset < content->size) {
		stretch = stretch_at(content, offset);
		stretch.length = smaller(content->size - offset, stretch.length);
	}
	*data = stretch.bytes != NULL ? stretch.bytes : zeros;
	*length = stretch.bytes != NULL ? stretch.length : smaller(stretch.length, sizeof zeros);
	return 0;
}

bool memfs_borrowed(const char *path, size_t path_length, const void **data, size_t *length)
{
	struct walk found;
	int error = walk((struct memfs_path){ memfs_root(), path, path_length }, WALK_FOLLOW, &found);
	if (error != 0 || found.node->type != MEMFS_REGULAR)
		return false;
	const struct content *content = &found.node->content;
	if (content->base == NULL || content->size != content->base_size)
		return false;
	for (uint32_t i = 0; i < content->chunk_slots; i++)
		if (content->chunks[i] != NULL)
			return false;
	*data = content->base;
	*length = content->base_size;
	return true;
}

static int device_read(const struct memfs_node *node, void *buffer, size_t length, size_t *done)
{
	int error = 0;
	*done = length;
	switch (memfs_device(node)) {
	case MEMFS_DEV_NULL: *done = 0; break;
	case MEMFS_DEV_ZERO: memset(buffer, 0, length); break;
	case MEMFS_DEV_RANDOM: error = memfs_random(buffer, length); break;
	default: error = MEMFS_EIO; break; /* a stream, which is not ours */
	}
	return error;
}

int memfs_pread(const struct memfs_open *file, void *buffer, size_t length, uint64_t offset, size_t *done)
{
	*done = 0;
	if (!(file->flags & MEMFS_O_READ))
		return MEMFS_EBADF;
	if (is_directory(file->node))
		return MEMFS_EISDIR;
	if (file->node->type == MEMFS_CHARACTER_DEVICE)
		return device_read(file->node, buffer, length, done);
	*done = content_read(&file->node->content, buffer, length, offset);
	return 0;
}

/* With MEMFS_O_APPEND the offset is ignored: Linux's behaviour, not that of POSIX. */
int memfs_pwrite(const struct memfs_open *file, const void *buffer, size_t length, uint64_t offset, size_t *done)
{
	struct memfs_node *node = file->node;
	*done = 0;
	if (!(file->flags & MEMFS_O_WRITE))
		return MEMFS_EBADF;
	if (node->type == MEMFS_CHARACTER_DEVICE) {
		*done = length;
		return 0;
	}
	if (file->flags & MEMFS_O_APPEND)
		offset = node->content.size;
	int error = content_write(&node->content, buffer, length, offset, done);
	if (*done > 0)
		node_changed(node);
	return error;
}

int memfs_read(struct memfs_open *file, void *buffer, size_t length, size_t *done)
{
	int error = memfs_pread(file, buffer, length, file->offset, done);
	if (file->node->type == MEMFS_REGULAR)
		file->offset += *done;
	return error;
}

int memfs_write(struct memfs_open *file, const void *buffer, size_t length, size_t *done)
{
	int error = memfs_pwrite(file, buffer, length, file->offset, done);
	if (*done == 0 || file->node->type != MEMFS_REGULAR)
		return error;
	if (file->flags & MEMFS_O_APPEND)
		file->offset = file->node->content.size;
	else
		file->offset += *done;
	return error;
}

static int seek_from(const struct memfs_open *file, enum memfs_whence whence, uint64_t *start)
{
	switch (whence) {
	case MEMFS_SEEK_SET: *start = 0; return 0;
	case MEMFS_SEEK_CUR: *start = file->offset; return 0;
	case MEMFS_SEEK_END: *start = file->node->type == MEMFS_REGULAR ? file->node->content.size : 0; return 0;
	default: return MEMFS_EINVAL;
	}
}

/* Any position up to INT64_MAX can be sought; writing there is another matter. A device has none. */
int memfs_seek(struct memfs_open *file, int64_t delta, enum memfs_whence whence, uint64_t *position)
{
	uint64_t start;
	int error = seek_from(file, whence, &start);
	if (error != 0)
		return error;
	if (delta < 0 ? (uint64_t)0 - (uint64_t)delta > start : (uint64_t)delta > (uint64_t)INT64_MAX - start)
		return MEMFS_EINVAL;
	if (file->node->type != MEMFS_CHARACTER_DEVICE)
		file->offset = start + (uint64_t)delta;
	*position = file->offset;
	return 0;
}

/* As Linux: not open for writing, or nothing that has a size, is EINVAL. */
static int may_resize(const struct memfs_open *file)
{
	return file->node->type == MEMFS_REGULAR && (file->flags & MEMFS_O_WRITE) ? 0 : MEMFS_EINVAL;
}

int memfs_truncate(const struct memfs_open *file, uint64_t size)
{
	int error = may_resize(file);
	if (error != 0)
		return error;
	if (size > MEMFS_FILE_MAX)
		return size > INT64_MAX ? MEMFS_EINVAL : MEMFS_EFBIG;
	content_resize(&file->node->content, size);
	node_changed(file->node);
	return 0;
}

int memfs_allocate(const struct memfs_open *file, uint64_t offset, uint64_t length)
{
	if (length == 0 || offset > INT64_MAX || length > INT64_MAX)
		return MEMFS_EINVAL;
	if (!(file->flags & MEMFS_O_WRITE))
		return MEMFS_EBADF;
	int error = may_resize(file);
	if (error != 0)
		return error;
	if (offset > MEMFS_FILE_MAX || length > MEMFS_FILE_MAX - offset)
		return MEMFS_EFBIG;
	error = content_allocate(&file->node->content, offset, offset + length);
	if (error == 0)
		node_modified(file->node);
	return error;
}
