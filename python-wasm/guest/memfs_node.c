/* Nodes of the in-memory tree: their memory, their life, their attributes.
 *
 * Owns: taking memory (and when to stop taking it), making and freeing nodes, stat, chmod and times.
 * Deliberately not here: what is in a node (memfs_dir.c, memfs_file.c) and how a path finds one (memfs_path.c). */
#include "memfs_node.h"

#include <stdlib.h>
#include <string.h>

/* How much is taken between two looks whether MEMFS_RESERVE is still to be had. */
#define LOOK_EVERY CHUNK

static struct {
	uint64_t last_ino;
	size_t taken; /* since the last look */
} state;

/* Files and Python share one memory. A disk that filled it to the last byte would leave Python unable even to raise
 * the OSError, so the disk is full a little earlier. */
static bool memory_left(size_t size)
{
	if (size > SIZE_MAX - MEMFS_RESERVE)
		return false;
	if (size < LOOK_EVERY - state.taken) {
		state.taken += size;
		return true;
	}
	void *volatile look = malloc(size + MEMFS_RESERVE); /* volatile: a compiler may assume that an unused one succeeds */
	if (look == NULL)
		return false;
	free(look);
	state.taken = 0;
	return true;
}

void *memory_take(size_t size)
{
	return memory_left(size) ? malloc(size) : NULL;
}

void *memory_resize(void *old, size_t size)
{
	return memory_left(size) ? realloc(old, size) : NULL;
}

static uint16_t first_mode(enum memfs_type type)
{
	switch (type) {
	case MEMFS_DIRECTORY: return MEMFS_DIRECTORY_MODE;
	case MEMFS_SYMLINK: return 0777;
	case MEMFS_CHARACTER_DEVICE: return 0666;
	default: return MEMFS_FILE_MODE;
	}
}

struct memfs_node *node_new(enum memfs_type type)
{
	struct memfs_node *node = memory_take(sizeof *node);
	if (node == NULL)
		return NULL;
	memset(node, 0, sizeof *node);
	node->ino = ++state.last_ino;
	node->type = (uint8_t)type;
	node->mode = first_mode(type);
	node->atime = node->mtime = node->ctime = memfs_clock();
	if (type == MEMFS_REGULAR)
		content_begin(&node->content, NULL, 0);
	if (type == MEMFS_DIRECTORY)
		node->directory.next_cookie = 3; /* 1 and 2 are "." and ".." */
	return node;
}

/* Frees one node and says which one it held. */
static struct memfs_node *node_free(struct memfs_node *node)
{
	struct memfs_node *held = NULL;
	if (is_directory(node)) {
		held = node->directory.parent;
		directory_free(&node->directory);
	} else if (is_symlink(node)) {
		free(node->target.text);
	} else if (node->type == MEMFS_REGULAR) {
		content_free(&node->content);
	}
	free(node);
	return held;
}

/* A loop and not a recursion: removed directories can hang on one another in a chain of any length. */
void node_release(struct memfs_node *node)
{
	while (node != NULL && node->nlink == 0 && node->holds == 0) {
		node = node_free(node);
		if (node != NULL)
			node->holds--;
	}
}

void node_hold(struct memfs_node *node)
{
	node->holds++;
}

void node_drop(struct memfs_node *node)
{
	node->holds--;
	node_release(node);
}

void node_changed(struct memfs_node *node)
{
	node->mtime = node->ctime = memfs_clock();
}

void node_modified(struct memfs_node *node)
{
	node->ctime = memfs_clock();
}

enum memfs_device memfs_device(const struct memfs_node *node)
{
	return (enum memfs_device)node->device;
}

static uint64_t node_size(const struct memfs_node *node)
{
	switch (node->type) {
	case MEMFS_REGULAR: return node->content.size;
	case MEMFS_SYMLINK: return node->target.length;
	default: return 0;
	}
}

void memfs_fstat(const struct memfs_node *node, struct memfs_stat *out)
{
	*out = (struct memfs_stat){
		.ino = node->ino,
		.nlink = node->nlink,
		.size = node_size(node),
		.atime = node->atime,
		.mtime = node->mtime,
		.ctime = node->ctime,
		.mode = node->mode,
		.type = node->type,
	};
}

/* The devices are part of the image like the static files. */
static bool is_fixed(const struct memfs_node *node)
{
	return node->read_only || node->type == MEMFS_CHARACTER_DEVICE;
}

int memfs_fchmod(struct memfs_node *node, uint32_t mode)
{
	if (is_fixed(node))
		return MEMFS_EROFS;
	node->mode = (uint16_t)(mode & MEMFS_MODE_BITS);
	node_modified(node);
	return 0;
}

int memfs_futimes(struct memfs_node *node, struct memfs_times times)
{
	if (is_fixed(node))
		return MEMFS_EROFS;
	if (times.atime != NULL)
		node->atime = *times.atime;
	if (times.mtime != NULL)
		node->mtime = *times.mtime;
	node_modified(node);
	return 0;
}
