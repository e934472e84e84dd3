/* Directories of the in-memory tree: the names in one, their order, and what a name does to its node.
 *
 * Owns: finding, adding, removing and listing entries, each in constant or logarithmic time however many there are,
 * and the link counts that follow from them.
 * Deliberately not here: paths (memfs_path.c) and whether an operation is allowed (memfs_name.c). */
#include "memfs_node.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_SIZE 8 /* a directory up to this size is searched from end to end, without an index */
#define SIZE_LIMIT ((uint32_t)1 << 27) /* entries: twice their slots still fit into 32 bits of bytes */

/* What stands in the index: 0, GONE, or a position in slots plus 1. */
#define NOTHING 0u
#define GONE UINT32_MAX

/* FNV-1a. Not keyed: whoever makes names collide slows down nobody but himself. */
static uint32_t name_hash(const char *name, size_t length)
{
	uint32_t hash = 2166136261u;
	for (size_t i = 0; i < length; i++)
		hash = (hash ^ (uint8_t)name[i]) * 16777619u;
	return hash;
}

static uint32_t index_mask(const struct directory *dir)
{
	return 2 * dir->size - 1;
}

static bool entry_is(const struct entry *entry, uint32_t hash, const char *name, size_t length)
{
	return entry != NULL && entry->hash == hash && entry->length == length && memcmp(entry->name, name, length) == 0;
}

/* The place in slots, or used if the name is not there. With an index, *where gets the place in that. */
static uint32_t position_of(const struct directory *dir, uint32_t hash, const char *name, size_t length, uint32_t *where)
{
	if (dir->index == NULL) {
		uint32_t i = 0;
		while (i < dir->used && !entry_is(dir->slots[i].entry, hash, name, length))
			i++;
		return i;
	}
	for (uint32_t at = hash & index_mask(dir);; at = (at + 1) & index_mask(dir)) {
		uint32_t found = dir->index[at];
		if (found == NOTHING)
			return dir->used;
		if (found != GONE && entry_is(dir->slots[found - 1].entry, hash, name, length)) {
			*where = at;
			return found - 1;
		}
	}
}

struct entry *directory_find(const struct memfs_node *directory, const char *name, size_t length)
{
	const struct directory *dir = &directory->directory;
	uint32_t where;
	uint32_t position = position_of(dir, name_hash(name, length), name, length, &where);
	return position < dir->used ? dir->slots[position].entry : NULL;
}

/* At most every second place of the index is taken, so this ends, and soon. */
static void index_add(struct directory *dir, uint32_t position)
{
	if (dir->index == NULL)
		return;
	uint32_t at = dir->slots[position].entry->hash & index_mask(dir);
	while (dir->index[at] != NOTHING)
		at = (at + 1) & index_mask(dir);
	dir->index[at] = position + 1;
}

/* Closes the gaps that removed entries left. Takes no memory. */
static void compact(struct directory *dir)
{
	uint32_t kept = 0;
	for (uint32_t i = 0; i < dir->used; i++)
		if (dir->slots[i].entry != NULL)
			dir->slots[kept++] = dir->slots[i];
	dir->used = kept;
	if (dir->index == NULL)
		return;
	memset(dir->index, 0, 2 * (size_t)dir->size * sizeof *dir->index);
	for (uint32_t i = 0; i < kept; i++)
		index_add(dir, i);
}

static bool grow(struct directory *dir)
{
	uint32_t size = dir->size == 0 ? FIRST_SIZE : 2 * dir->size;
	if (size > SIZE_LIMIT)
		return false;
	uint32_t *index = NULL;
	if (size > FIRST_SIZE && (index = memory_take(2 * (size_t)size * sizeof *index)) == NULL)
		return false;
	struct slot *slots = memory_resize(dir->slots, size * sizeof *slots);
	if (slots == NULL) {
		free(index);
		return false;
	}
	free(dir->index);
	dir->slots = slots;
	dir->index = index;
	dir->size = size;
	compact(dir);
	return true;
}

/* Room for one more entry. A quarter of gaps is worth closing before more memory is taken; any gap is, if none is left. */
static bool reserve(struct directory *dir)
{
	if (dir->used < dir->size)
		return true;
	uint32_t gaps = dir->used - dir->live;
	if (gaps > dir->size / 4 || (!grow(dir) && gaps > 0))
		compact(dir);
	return dir->used < dir->size;
}

static struct entry *entry_new(const char *name, size_t length)
{
	struct entry *entry = memory_take(sizeof *entry + length);
	if (entry == NULL)
		return NULL;
	entry->hash = name_hash(name, length);
	entry->length = (uint32_t)length;
	memcpy(entry->name, name, length);
	return entry;
}

/* Gives node the name entry in directory: the one place where link counts go up. */
static void entry_name(struct memfs_node *directory, struct entry *entry, struct memfs_node *node)
{
	entry->node = node;
	if (!is_directory(node)) {
		node->nlink++;
		return;
	}
	node->nlink += 2; /* the name and its own "." */
	node->directory.self = entry;
	node->directory.parent = directory;
	directory->nlink++; /* its ".." */
	node_hold(directory);
}

/* Takes the name away again. A directory keeps its parent for "..", until it is freed or gets another. */
static void entry_unname(struct memfs_node *directory, const struct entry *entry)
{
	struct memfs_node *node = entry->node;
	if (!is_directory(node)) {
		node->nlink--;
		return;
	}
	node->nlink -= 2;
	directory->nlink--;
	if (node->directory.self == entry) /* else it has its next name already */
		node->directory.self = NULL;
}

/* Before a directory is moved: the parent that its ".." named is let go. */
static void parent_drop(struct memfs_node *node)
{
	if (is_directory(node) && node->directory.parent != NULL) {
		node_drop(node->directory.parent);
		node->directory.parent = NULL;
	}
}

int directory_attach(struct memfs_node *directory, const char *name, size_t length, struct memfs_node *node)
{
	struct directory *dir = &directory->directory;
	struct entry *entry = entry_new(name, length);
	if (entry == NULL)
		return MEMFS_ENOSPC;
	if (!reserve(dir)) {
		free(entry);
		return MEMFS_ENOSPC;
	}
	parent_drop(node);
	entry_name(directory, entry, node);
	dir->slots[dir->used] = (struct slot){ .cookie = dir->next_cookie++, .entry = entry };
	index_add(dir, dir->used++);
	dir->live++;
	node_changed(directory);
	return 0;
}

/* More gaps than entries would make a listing slow. */
static void remove_entry(struct directory *dir, struct entry *entry)
{
	uint32_t where = 0;
	uint32_t position = position_of(dir, entry->hash, entry->name, entry->length, &where);
	if (dir->index != NULL)
		dir->index[where] = GONE;
	dir->slots[position].entry = NULL;
	dir->live--;
	free(entry);
	if (dir->used - dir->live > dir->live + FIRST_SIZE)
		compact(dir);
}

void directory_detach(struct memfs_node *directory, struct entry *entry)
{
	struct memfs_node *node = entry->node;
	entry_unname(directory, entry);
	remove_entry(&directory->directory, entry);
	node_changed(directory);
	node_modified(node);
	node_release(node);
}

void directory_replace(struct memfs_node *directory, struct entry *entry, struct memfs_node *node)
{
	struct memfs_node *old = entry->node;
	entry_unname(directory, entry);
	parent_drop(node);
	entry_name(directory, entry, node);
	node_changed(directory);
	node_modified(old);
	node_release(old);
}

void directory_free(struct directory *directory)
{
	free(directory->slots);
	free(directory->index);
}

/* The first slot whose cookie is greater. */
static uint32_t slot_behind(const struct directory *dir, uint64_t cookie)
{
	uint32_t low = 0, high = dir->used;
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		if (dir->slots[middle].cookie > cookie)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

static void list(struct memfs_entry *out, uint64_t cookie, const struct memfs_node *node, const char *name, uint32_t length)
{
	*out = (struct memfs_entry){
		.cookie = cookie,
		.ino = node->ino,
		.name = name,
		.name_length = length,
		.type = node->type,
	};
}

int memfs_readdir(const struct memfs_open *directory, uint64_t cookie, struct memfs_entry *entry)
{
	const struct memfs_node *node = directory->node;
	if (!is_directory(node))
		return MEMFS_ENOTDIR;
	if (is_removed(node))
		return MEMFS_ENOENT; /* as Linux says */
	const struct directory *dir = &node->directory;
	if (cookie < 2) {
		list(entry, cookie + 1, cookie == 0 ? node : dir->parent, "..", (uint32_t)cookie + 1);
		return 0;
	}
	uint32_t at = slot_behind(dir, cookie);
	while (at < dir->used && dir->slots[at].entry == NULL)
		at++;
	*entry = (struct memfs_entry){ 0 };
	if (at < dir->used) {
		const struct entry *found = dir->slots[at].entry;
		list(entry, dir->slots[at].cookie, found->node, found->name, found->length);
	}
	return 0;
}
