/* What changes names in the in-memory tree: mkdir, rmdir, unlink, rename, link, symlink.
 *
 * Owns: which of these is allowed when, in the order in which Linux checks (a caller sees the first reason only).
 * Deliberately not here: finding the place (memfs_path.c) and keeping the entries (memfs_dir.c). */
#include "memfs_node.h"

#include <stdlib.h>
#include <string.h>

int may_create(const struct walk *place, bool as_directory)
{
	if (place->kind == LAST_TOO_LONG)
		return MEMFS_ENAMETOOLONG;
	if (place->node != NULL) /* "." and ".." and "/" among them */
		return MEMFS_EEXIST;
	if (place->slash && !as_directory)
		return MEMFS_ENOENT;
	if (is_removed(place->directory))
		return MEMFS_ENOENT;
	return place->directory->read_only ? MEMFS_EROFS : 0;
}

int memfs_mkdir(struct memfs_path path, uint32_t mode)
{
	struct walk place;
	int error = walk(path, WALK_NAME, &place);
	if (error == 0)
		error = may_create(&place, true);
	if (error != 0)
		return error;
	struct memfs_node *node = node_new(MEMFS_DIRECTORY);
	if (node == NULL)
		return MEMFS_ENOSPC;
	node->mode = (uint16_t)(mode & MEMFS_MODE_BITS);
	error = directory_attach(place.directory, place.name, place.length, node);
	node_release(node); /* unless it got its name */
	return error;
}

static struct memfs_node *symlink_new(const char *target, size_t length)
{
	struct memfs_node *node = node_new(MEMFS_SYMLINK);
	if (node == NULL)
		return NULL;
	node->target.text = memory_take(length);
	if (node->target.text == NULL) {
		node_release(node);
		return NULL;
	}
	memcpy(node->target.text, target, length);
	node->target.length = (uint32_t)length;
	return node;
}

/* A target is any text that could be a path. */
static int check_target(const char *target, size_t length)
{
	if (length == 0)
		return MEMFS_ENOENT;
	if (length >= MEMFS_PATH_MAX)
		return MEMFS_ENAMETOOLONG;
	return memchr(target, 0, length) != NULL ? MEMFS_EINVAL : 0;
}

int memfs_symlink(const char *target, size_t target_length, struct memfs_path path)
{
	struct walk place;
	int error = check_target(target, target_length);
	if (error == 0)
		error = walk(path, WALK_NAME, &place);
	if (error == 0)
		error = may_create(&place, false);
	if (error != 0)
		return error;
	struct memfs_node *node = symlink_new(target, target_length);
	if (node == NULL)
		return MEMFS_ENOSPC;
	error = directory_attach(place.directory, place.name, place.length, node);
	node_release(node);
	return error;
}

/* What belongs to the image cannot get names outside of it, just as if it were another file system. */
static int may_link(const struct memfs_node *node)
{
	if (node->read_only || node->type == MEMFS_CHARACTER_DEVICE)
		return MEMFS_EXDEV;
	if (is_directory(node))
		return MEMFS_EPERM;
	return node->nlink >= MEMFS_NLINK_MAX ? MEMFS_EMLINK : 0;
}

int memfs_link(struct memfs_path from, bool follow, struct memfs_path to)
{
	struct walk old, place;
	int error = walk(from, follow ? WALK_FOLLOW : WALK_NO_FOLLOW, &old);
	if (error == 0)
		error = walk(to, WALK_NAME, &place);
	if (error == 0)
		error = may_create(&place, false);
	if (error == 0)
		error = may_link(old.node);
	if (error == 0)
		error = directory_attach(place.directory, place.name, place.length, old.node);
	if (error == 0)
		node_modified(old.node);
	return error;
}

static int present(const struct walk *place)
{
	if (place->kind == LAST_TOO_LONG)
		return MEMFS_ENAMETOOLONG;
	return place->node == NULL ? MEMFS_ENOENT : 0;
}

static int may_remove(const struct walk *place)
{
	return place->directory->read_only || place->node->read_only ? MEMFS_EROFS : 0;
}

int memfs_unlink(struct memfs_path path)
{
	struct walk place;
	int error = walk(path, WALK_NAME, &place);
	if (error == 0)
		error = present(&place);
	if (error != 0)
		return error;
	if (is_directory(place.node))
		return MEMFS_EISDIR;
	if (place.slash)
		return MEMFS_ENOTDIR;
	error = may_remove(&place);
	if (error == 0)
		directory_detach(place.directory, place.entry);
	return error;
}

static bool is_empty(const struct memfs_node *node)
{
	return node->directory.live == 0;
}

/* Last components that are no names have errors of their own. */
static int removable_name(const struct walk *place)
{
	switch (place->kind) {
	case LAST_DOT: return MEMFS_EINVAL;
	case LAST_DOT_DOT: return MEMFS_ENOTEMPTY;
	case LAST_ROOT: return MEMFS_EBUSY;
	default: return present(place);
	}
}

int memfs_rmdir(struct memfs_path path)
{
	struct walk place;
	int error = walk(path, WALK_NAME, &place);
	if (error == 0)
		error = removable_name(&place);
	if (error != 0)
		return error;
	if (!is_directory(place.node))
		return MEMFS_ENOTDIR;
	error = may_remove(&place);
	if (error != 0)
		return error;
	if (!is_empty(place.node))
		return MEMFS_ENOTEMPTY;
	directory_detach(place.directory, place.entry);
	return 0;
}

/* Whether node is directory, or lies above it. */
static bool is_above(const struct memfs_node *node, const struct memfs_node *directory)
{
	while (directory != node && directory != directory->directory.parent)
		directory = directory->directory.parent;
	return directory == node;
}

/* May something move from old to a name that is free? */
static int may_move(const struct walk *old, const struct walk *new)
{
	if (old->kind > LAST_TOO_LONG || new->kind > LAST_TOO_LONG)
		return MEMFS_EBUSY;
	int error = present(old);
	if (error != 0)
		return error;
	if (new->kind == LAST_TOO_LONG)
		return MEMFS_ENAMETOOLONG;
	if (is_removed(new->directory))
		return MEMFS_ENOENT;
	if (!is_directory(old->node) && (old->slash || new->slash))
		return MEMFS_ENOTDIR;
	if (is_above(old->node, new->directory))
		return MEMFS_EINVAL;
	if (new->node != NULL && is_above(new->node, old->directory))
		return MEMFS_ENOTEMPTY;
	return new->directory->read_only ? MEMFS_EROFS : may_remove(old);
}

/* May what is at the new name give way? */
static int may_replace(const struct walk *old, const struct walk *new)
{
	if (is_directory(old->node) && !is_directory(new->node))
		return MEMFS_ENOTDIR;
	if (!is_directory(old->node) && is_directory(new->node))
		return MEMFS_EISDIR;
	int error = may_remove(new);
	if (error != 0)
		return error;
	return is_directory(new->node) && !is_empty(new->node) ? MEMFS_ENOTEMPTY : 0;
}

int memfs_rename(struct memfs_path from, struct memfs_path to)
{
	struct walk old, new;
	int error = walk(from, WALK_NAME, &old);
	if (error == 0)
		error = walk(to, WALK_NAME, &new);
	if (error == 0)
		error = may_move(&old, &new);
	if (error != 0 || old.node == new.node) /* two names of one file: nothing happens, says POSIX */
		return error;
	if (new.node == NULL) {
		error = directory_attach(new.directory, new.name, new.length, old.node);
	} else {
		error = may_replace(&old, &new);
		if (error == 0)
			directory_replace(new.directory, new.entry, old.node);
	}
	if (error == 0)
		directory_detach(old.directory, old.entry);
	return error;
}
