/* The in-memory tree as a whole: how it begins, and how the driver puts files into it.
 *
 * Owns: the root, the directories and devices that every run finds, the read-only tree, memfs_add.
 * Deliberately not here: everything that a running program does with it (memfs.h lists the other sources). */
#include "memfs_node.h"

#include <string.h>

/* Whose a new name is. What belongs to the image is read-only, and may be put into directories that are. */
enum owner { IMAGE, RUN };

static struct memfs_node *root;

struct memfs_node *memfs_root(void)
{
	return root;
}

/* Gives a new node its name. A file that has that name gives way, as in a rename. Without a name the node is freed. */
static int put(struct memfs_path path, struct memfs_node *node, enum owner owner)
{
	struct walk place;
	int error = walk(path, WALK_NAME, &place);
	if (error == 0 && place.node != NULL && is_directory(place.node))
		error = MEMFS_EISDIR;
	if (error == 0 && place.node == NULL && owner == RUN)
		error = may_create(&place, is_directory(node));
	if (error == 0 && place.node != NULL && (place.directory->read_only || place.slash))
		error = place.slash ? MEMFS_ENOTDIR : MEMFS_EROFS;
	if (error == 0 && place.node != NULL)
		directory_replace(place.directory, place.entry, node);
	else if (error == 0)
		error = directory_attach(place.directory, place.name, place.length, node);
	node_release(node);
	return error;
}

/* Makes a directory. Whatever has the name already is left alone: if it is no directory, the next walk says so. */
static int make_directory(struct memfs_path path, enum owner owner)
{
	struct walk place;
	int error = walk(path, WALK_NAME, &place);
	if (error != 0 || place.node != NULL)
		return error;
	struct memfs_node *node = node_new(MEMFS_DIRECTORY);
	if (node == NULL)
		return MEMFS_ENOSPC;
	node->read_only = owner == IMAGE;
	return put(path, node, owner);
}

/* Makes all directories above the last component. */
static int make_parents(const char *path, size_t length, enum owner owner)
{
	int error = 0;
	for (size_t i = 1; error == 0 && i < length; i++)
		if (path[i] == '/')
			error = make_directory((struct memfs_path){ root, path, i }, owner);
	return error;
}

static int fill(struct content *content, const void *data, size_t length, bool borrow)
{
	size_t done = 0;
	if (borrow) {
		content_begin(content, data, length);
		return 0;
	}
	int error = content_write(content, data, length, 0, &done);
	return error == 0 && done < length ? MEMFS_ENOSPC : error;
}

int memfs_add(const char *path, size_t path_length, const void *data, size_t length, bool borrow)
{
	if (path_length == 0 || path[0] != '/')
		return MEMFS_ENOENT;
	int error = make_parents(path, path_length, RUN);
	if (error != 0)
		return error;
	struct memfs_node *node = node_new(MEMFS_REGULAR);
	if (node == NULL)
		return MEMFS_ENOSPC;
	error = fill(&node->content, data, length, borrow);
	if (error != 0) {
		node_release(node);
		return error;
	}
	return put((struct memfs_path){ root, path, path_length }, node, RUN);
}

int memfs_add_directory(const char *path, size_t path_length)
{
	if (path_length == 0 || path[0] != '/')
		return MEMFS_ENOENT;
	int error = make_parents(path, path_length, RUN);
	return error != 0 ? error : make_directory((struct memfs_path){ root, path, path_length }, RUN);
}

static int add_device(const char *path, enum memfs_device device)
{
	struct memfs_node *node = node_new(MEMFS_CHARACTER_DEVICE);
	if (node == NULL)
		return MEMFS_ENOSPC;
	node->device = (uint8_t)device;
	return put((struct memfs_path){ root, path, strlen(path) }, node, IMAGE);
}

static int add_devices(void)
{
	static const struct {
		const char *path;
		enum memfs_device device;
	} devices[] = {
		{ "/dev/null", MEMFS_DEV_NULL },     { "/dev/zero", MEMFS_DEV_ZERO },
		{ "/dev/random", MEMFS_DEV_RANDOM }, { "/dev/urandom", MEMFS_DEV_RANDOM },
		{ "/dev/stdin", MEMFS_DEV_STDIN },   { "/dev/stdout", MEMFS_DEV_STDOUT },
		{ "/dev/stderr", MEMFS_DEV_STDERR },
	};
	int error = make_parents("/dev/", 5, IMAGE);
	for (size_t i = 0; error == 0 && i < sizeof devices / sizeof *devices; i++)
		error = add_device(devices[i].path, devices[i].device);
	return error;
}

static int add_static(const struct memfs_static_file *file)
{
	size_t length = strlen(file->path);
	int error = make_parents(file->path, length, IMAGE);
	if (error != 0)
		return error;
	struct memfs_node *node = node_new(MEMFS_REGULAR);
	if (node == NULL)
		return MEMFS_ENOSPC;
	content_begin(&node->content, file->data, file->size);
	node->read_only = true;
	return put((struct memfs_path){ root, file->path, length }, node, IMAGE);
}

static struct memfs_node *root_new(void)
{
	struct memfs_node *node = node_new(MEMFS_DIRECTORY);
	if (node == NULL)
		return NULL;
	node->nlink = 2;
	node->directory.parent = node;
	return node;
}

int memfs_init(void)
{
	root = root_new();
	if (root == NULL)
		return MEMFS_ENOSPC;
	int error = make_parents("/home/user/", 11, RUN);
	if (error == 0)
		error = make_parents("/tmp/", 5, RUN);
	if (error == 0)
		error = add_devices();
	for (uint32_t i = 0; error == 0 && i < memfs_static_count; i++)
		error = add_static(&memfs_static[i]);
	return error;
}
