/* Inside the in-memory tree: what a node is made of, and what the files of memfs share with each other.
 *
 * Owns: the layout of nodes, directories and content, and the rule who keeps a node alive.
 * Deliberately not here: anything that the rest of the guest may use (memfs.h).
 *
 * A node lives as long as it has a name (nlink) or somebody holds it: an open file, the working directory, or, for a
 * directory, the ".." of a directory below it, which stays usable even when both were removed. */
#ifndef CLOUD_PYTHON_MEMFS_NODE_H
#define CLOUD_PYTHON_MEMFS_NODE_H

#include "memfs.h"

/* Content is kept in chunks, so that a growing file is never copied as a whole and a hole costs nothing. Blocks are a
 * little smaller than a power of two: with what an allocator puts beside them they fill its pages. */
#define BESIDE 64
#define CHUNK ((uint32_t)(1 << 16) - BESIDE)

/* The bytes of a regular file. Byte i comes from its chunk; without one from base, if i < base_size; else it is 0.
 * Chunk 0 may be shorter than CHUNK (first_size), the rest of it is 0. Nothing but 0 lies behind size in a chunk. */
struct content {
	uint64_t size;
	const uint8_t *base; /* borrowed, never written, never freed */
	size_t base_size;
	uint8_t **chunks; /* &only_chunk until a second one is needed */
	uint32_t chunk_slots;
	uint32_t first_size;
	uint8_t *only_chunk;
};

/* One name in a directory. */
struct entry {
	struct memfs_node *node;
	uint32_t hash;
	uint32_t length;
	char name[];
};

struct slot {
	uint64_t cookie;
	struct entry *entry; /* null: removed */
};

/* Names in the order of their making. Cookies only grow, so a listing finds its place again by binary search whatever
 * happened in between. index is a hash table of positions in slots, absent while the directory is small. */
struct directory {
	struct memfs_node *parent; /* held, but for the root's, which is the root */
	struct entry *self;        /* the name of this directory in parent; null for the root and when removed */
	struct slot *slots;
	uint32_t *index;
	uint32_t size; /* of slots; index has twice as many */
	uint32_t used; /* slots that have a cookie */
	uint32_t live; /* slots that have an entry */
	uint64_t next_cookie;
};

struct target {
	char *text;
	uint32_t length;
};

struct memfs_node {
	uint64_t ino;
	uint64_t atime, mtime, ctime;
	uint32_t nlink;
	uint32_t holds;
	uint16_t mode;
	uint8_t type;   /* enum memfs_type */
	uint8_t device; /* enum memfs_device */
	bool read_only;
	union {
		struct content content;     /* MEMFS_REGULAR */
		struct directory directory; /* MEMFS_DIRECTORY */
		struct target target;       /* MEMFS_SYMLINK */
	};
};

/* memfs_node.c */
void *memory_take(size_t size); /* null when only MEMFS_RESERVE is left */
void *memory_resize(void *old, size_t size);
struct memfs_node *node_new(enum memfs_type type); /* without a name: nlink 0 */
void node_release(struct memfs_node *node);        /* frees it if nothing keeps it alive */
void node_hold(struct memfs_node *node);
void node_drop(struct memfs_node *node);
void node_changed(struct memfs_node *node);  /* its content: mtime and ctime */
void node_modified(struct memfs_node *node); /* its attributes: ctime */

static inline bool is_directory(const struct memfs_node *node)
{
	return node->type == MEMFS_DIRECTORY;
}

static inline bool is_symlink(const struct memfs_node *node)
{
	return node->type == MEMFS_SYMLINK;
}

static inline bool is_removed(const struct memfs_node *node)
{
	return node->nlink == 0;
}

/* memfs_dir.c */
struct entry *directory_find(const struct memfs_node *directory, const char *name, size_t length);
int directory_attach(struct memfs_node *directory, const char *name, size_t length, struct memfs_node *node);
void directory_detach(struct memfs_node *directory, struct entry *entry);
void directory_replace(struct memfs_node *directory, struct entry *entry, struct memfs_node *node);
void directory_free(struct directory *directory);

/* memfs_file.c */
void content_begin(struct content *content, const void *base, size_t base_size);
int content_write(struct content *content, const void *buffer, size_t length, uint64_t offset, size_t *done);
void content_resize(struct content *content, uint64_t size);
void content_free(struct content *content);

/* memfs_path.c: the result of a walk. */
enum last_kind {
	LAST_NAME,     /* an ordinary component */
	LAST_TOO_LONG, /* one that no file system would take */
	LAST_DOT,
	LAST_DOT_DOT,
	LAST_ROOT, /* no component at all: "/" */
};

struct walk {
	struct memfs_node *directory; /* where the last component was looked up */
	const char *name;
	size_t length;
	struct entry *entry;     /* the name, if it is there and LAST_NAME */
	struct memfs_node *node; /* what it names, or null */
	enum last_kind kind;
	bool slash; /* slashes behind the last component */
};

enum walk_mode {
	WALK_FOLLOW,      /* follow a link at the end */
	WALK_NO_FOLLOW,   /* do not, unless slashes follow it */
	WALK_NAME,        /* never: the name itself is wanted, to make, remove or rename it */
	WALK_CREATE,      /* WALK_FOLLOW for O_CREAT: slashes behind the last name are EISDIR */
	WALK_CREATE_NAME, /* the same, but the link itself is meant: O_EXCL, O_NOFOLLOW */
};

/* In the last three modes a missing last component is no error: node is null. */
int walk(struct memfs_path path, enum walk_mode mode, struct walk *out);

/* memfs_name.c: may walk's last component be made, and is its directory writable? */
int may_create(const struct walk *place, bool as_directory);

#endif
