/* From a path to a node: the walk through the in-memory tree, and what needs nothing else.
 *
 * Owns: components, "." and "..", symbolic links, trailing slashes, the limits of names and paths; open; the attributes
 * of a path.
 * Deliberately not here: making and removing names (memfs_name.c).
 *
 * Where POSIX leaves a choice or Linux differs from it, this does what Linux does: that is what programs were tried on. */
#include "memfs_node.h"

#include <string.h>

struct text {
	const char *at, *end;
};

/* What is still to be walked: the path at the bottom, the targets of the links that are being followed above it.
 * Nothing in the tree changes during a walk, so the targets can be read where they are. */
struct walker {
	struct memfs_node *here;
	struct text texts[MEMFS_LINKS_MAX + 1];
	uint32_t depth;
	uint32_t links; /* followed so far */
};

static void skip_slashes(struct text *text)
{
	while (text->at < text->end && *text->at == '/')
		text->at++;
}

/* Puts a text on top. One that is used up makes place; so depth never exceeds the number of links plus one. */
static void push(struct walker *walker, const char *text, size_t length)
{
	while (walker->depth > 0 && walker->texts[walker->depth - 1].at == walker->texts[walker->depth - 1].end)
		walker->depth--;
	walker->texts[walker->depth++] = (struct text){ text, text + length };
	if (text[0] == '/')
		walker->here = memfs_root();
}

static bool next_component(struct walker *walker, const char **name, size_t *length)
{
	while (walker->depth > 0) {
		struct text *top = &walker->texts[walker->depth - 1];
		skip_slashes(top);
		if (top->at < top->end) {
			*name = top->at;
			while (top->at < top->end && *top->at != '/')
				top->at++;
			*length = (size_t)(top->at - *name);
			return true;
		}
		walker->depth--;
	}
	return false;
}

/* Whether nothing but slashes is left, and if so whether there are any. */
static bool at_end(const struct walker *walker, bool *slash)
{
	*slash = false;
	for (uint32_t i = walker->depth; i-- > 0;) {
		struct text rest = walker->texts[i];
		*slash = *slash || rest.at < rest.end;
		skip_slashes(&rest);
		if (rest.at < rest.end)
			return false;
	}
	return true;
}

/* In a removed directory no name is, whatever its length. */
static enum last_kind kind_of(const struct memfs_node *directory, const char *name, size_t length)
{
	if (length == 1 && name[0] == '.')
		return LAST_DOT;
	if (length == 2 && name[0] == '.' && name[1] == '.')
		return LAST_DOT_DOT;
	return length > MEMFS_NAME_MAX && !is_removed(directory) ? LAST_TOO_LONG : LAST_NAME;
}

/* Fills step with what the component names in the directory where the walk is. */
static void look_up(const struct walker *walker, struct walk *step)
{
	struct memfs_node *here = walker->here;
	step->directory = here;
	step->kind = kind_of(here, step->name, step->length);
	step->entry = NULL;
	step->node = NULL;
	if (step->kind == LAST_DOT)
		step->node = here;
	if (step->kind == LAST_DOT_DOT)
		step->node = here->directory.parent;
	if (step->kind == LAST_NAME && (step->entry = directory_find(here, step->name, step->length)) != NULL)
		step->node = step->entry->node;
}

static int check_text(struct memfs_path path)
{
	if (path.length == 0)
		return MEMFS_ENOENT;
	if (path.length >= MEMFS_PATH_MAX)
		return MEMFS_ENAMETOOLONG;
	return memchr(path.text, 0, path.length) != NULL ? MEMFS_EINVAL : 0;
}

static bool follows(enum walk_mode mode, bool last, bool slash)
{
	return !last || mode == WALK_FOLLOW || mode == WALK_CREATE || (mode == WALK_NO_FOLLOW && slash);
}

/* Goes on in the target of the link that step found. */
static int follow(struct walker *walker, struct walk *step)
{
	const struct target *target = &step->node->target;
	if (++walker->links > MEMFS_LINKS_MAX)
		return MEMFS_ELOOP;
	push(walker, target->text, target->length);
	if (target->text[0] == '/') /* which may be all that there is to it */
		*step = (struct walk){ .node = walker->here, .kind = LAST_ROOT };
	return 0;
}

static bool creates(enum walk_mode mode)
{
	return mode == WALK_CREATE || mode == WALK_CREATE_NAME;
}

/* A component that is not there. */
static int missing(const struct walk *step, enum walk_mode mode, bool last)
{
	if (step->kind == LAST_TOO_LONG)
		return MEMFS_ENAMETOOLONG;
	return last && creates(mode) ? 0 : MEMFS_ENOENT;
}

/* One component. *done says that the walk is over. */
static int walk_step(struct walker *walker, enum walk_mode mode, struct walk *step, bool *done)
{
	if (!is_directory(walker->here))
		return MEMFS_ENOTDIR;
	bool last = at_end(walker, &step->slash);
	look_up(walker, step);
	*done = last && mode == WALK_NAME;
	if (*done)
		return 0;
	if (last && creates(mode) && step->slash && step->kind <= LAST_TOO_LONG)
		return MEMFS_EISDIR;
	if (step->node == NULL) {
		*done = true;
		return missing(step, mode, last);
	}
	if (is_symlink(step->node) && follows(mode, last, step->slash))
		return follow(walker, step);
	walker->here = step->node;
	return 0;
}

int walk(struct memfs_path path, enum walk_mode mode, struct walk *out)
{
	struct walker walker = { .here = path.base };
	bool done = false;
	int error = check_text(path);
	if (error != 0)
		return error;
	push(&walker, path.text, path.length);
	*out = (struct walk){ .node = walker.here, .kind = LAST_ROOT };
	while (!done && next_component(&walker, &out->name, &out->length)) {
		error = walk_step(&walker, mode, out, &done);
		if (error != 0)
			return error;
	}
	if (mode != WALK_NAME && out->node != NULL && out->slash && !is_directory(out->node))
		return MEMFS_ENOTDIR;
	return 0;
}

/* May this node, which was there already, be opened so? */
static int may_open(const struct memfs_node *node, uint32_t flags)
{
	bool writes = (flags & (MEMFS_O_WRITE | MEMFS_O_TRUNC)) != 0;
	if ((flags & MEMFS_O_CREAT) && (flags & MEMFS_O_EXCL))
		return MEMFS_EEXIST;
	if ((flags & MEMFS_O_CREAT) && is_directory(node))
		return MEMFS_EISDIR;
	if ((flags & MEMFS_O_DIRECTORY) && !is_directory(node))
		return MEMFS_ENOTDIR;
	if (is_symlink(node))
		return MEMFS_ELOOP;
	if (is_directory(node) && writes)
		return MEMFS_EISDIR;
	return node->read_only && writes ? MEMFS_EROFS : 0;
}

static int create(const struct walk *place, uint32_t mode, struct memfs_node **out)
{
	int error = may_create(place, false);
	if (error != 0)
		return error;
	struct memfs_node *node = node_new(MEMFS_REGULAR);
	if (node == NULL)
		return MEMFS_ENOSPC;
	node->mode = (uint16_t)(mode & MEMFS_MODE_BITS);
	error = directory_attach(place->directory, place->name, place->length, node);
	node_release(node); /* unless it got its name */
	*out = node;
	return error;
}

static enum walk_mode mode_of(uint32_t flags)
{
	if ((flags & MEMFS_O_CREAT) == 0)
		return flags & MEMFS_O_NOFOLLOW ? WALK_NO_FOLLOW : WALK_FOLLOW;
	return flags & (MEMFS_O_EXCL | MEMFS_O_NOFOLLOW) ? WALK_CREATE_NAME : WALK_CREATE;
}

int memfs_open(struct memfs_path path, uint32_t flags, uint32_t mode, struct memfs_open *out)
{
	struct walk found;
	if ((flags & MEMFS_O_CREAT) && (flags & MEMFS_O_DIRECTORY))
		return MEMFS_EINVAL;
	int error = walk(path, mode_of(flags), &found);
	if (error != 0)
		return error;
	struct memfs_node *node = found.node;
	error = node == NULL ? create(&found, mode, &node) : may_open(node, flags);
	if (error != 0)
		return error;
	if ((flags & MEMFS_O_TRUNC) && found.node != NULL && node->type == MEMFS_REGULAR) {
		content_resize(&node->content, 0);
		node_changed(node);
	}
	node_hold(node);
	*out = (struct memfs_open){ .node = node, .flags = flags & (MEMFS_O_READ | MEMFS_O_WRITE | MEMFS_O_APPEND) };
	return 0;
}

void memfs_close(struct memfs_open *file)
{
	node_drop(file->node);
	file->node = NULL;
}

/* The node itself, which is there. */
static int find(struct memfs_path path, bool follow_last, struct memfs_node **node)
{
	struct walk found;
	int error = walk(path, follow_last ? WALK_FOLLOW : WALK_NO_FOLLOW, &found);
	if (error == 0)
		*node = found.node;
	return error;
}

int memfs_stat(struct memfs_path path, bool follow_last, struct memfs_stat *out)
{
	struct memfs_node *node;
	int error = find(path, follow_last, &node);
	if (error == 0)
		memfs_fstat(node, out);
	return error;
}

int memfs_chmod(struct memfs_path path, bool follow_last, uint32_t mode)
{
	struct memfs_node *node;
	int error = find(path, follow_last, &node);
	return error != 0 ? error : memfs_fchmod(node, mode);
}

int memfs_utimes(struct memfs_path path, bool follow_last, struct memfs_times times)
{
	struct memfs_node *node;
	int error = find(path, follow_last, &node);
	return error != 0 ? error : memfs_futimes(node, times);
}

int memfs_readlink(struct memfs_path path, char *buffer, size_t size, size_t *length)
{
	struct memfs_node *node;
	int error = find(path, false, &node);
	if (error != 0)
		return error;
	if (!is_symlink(node))
		return MEMFS_EINVAL;
	*length = node->target.length < size ? node->target.length : size;
	memcpy(buffer, node->target.text, *length);
	return 0;
}

/* Copies a name before position *at. */
static bool prepend(char *buffer, size_t *at, const char *text, size_t length)
{
	if (*at < length)
		return false;
	*at -= length;
	memcpy(buffer + *at, text, length);
	return true;
}

int memfs_getcwd(const struct memfs_node *directory, char *buffer, size_t size)
{
	size_t at = size;
	if (is_removed(directory))
		return MEMFS_ENOENT;
	if (!prepend(buffer, &at, "", 1))
		return MEMFS_ERANGE;
	for (const struct entry *name; (name = directory->directory.self) != NULL; directory = directory->directory.parent)
		if (!prepend(buffer, &at, name->name, name->length) || !prepend(buffer, &at, "/", 1))
			return MEMFS_ERANGE;
	if (at + 1 == size && !prepend(buffer, &at, "/", 1))
		return MEMFS_ERANGE;
	memmove(buffer, buffer + at, size - at);
	return 0;
}
