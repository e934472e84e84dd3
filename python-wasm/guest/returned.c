/* The files that a job wants back, handed to the host when the script has ended.
 *
 * Owns: which files those are, and the walk through the directories among them. What is not there is not returned, and
 * neither is what is no regular file. A link is followed if it was asked for by its own name; one inside a directory is
 * not, for it may lead in a circle. Of a whole working directory it says what there is, hands over what has changed, and tells
 * the end only if nothing was left out: whoever keeps the files must not take what could not be told for removed.
 * Deliberately not here: what may be asked for, which the host knows, and the end
 * itself (driver.c). */
#include <stdlib.h>
#include <string.h>

#include "driver.h"
#include "host.h"
#include "memfs.h"
#include "returned.h"
#include "script.h"

#define HOME_LENGTH (sizeof SCRIPT_HOME - 1)

struct asked {
	const char *path;
	size_t length;
};

static struct {
	struct asked *asked;
	size_t count, room;
	bool tree;   /* all of the working directory is wanted */
	bool missed; /* something of it could not be handed over */
} returned;

/* The absolute path of what is being handed over. One buffer for all levels of a deep tree. */
static char path[MEMFS_PATH_MAX];

bool returned_ask(const char *name, size_t length)
{
	if (returned.count == returned.room) {
		size_t room = returned.room > 0 ? 2 * returned.room : 8;
		struct asked *larger = realloc(returned.asked, room * sizeof *larger);
		if (larger == NULL)
			return false;
		returned.asked = larger;
		returned.room = room;
	}
	returned.asked[returned.count++] = (struct asked){name, length};
	return true;
}

void returned_ask_tree(void)
{
	returned.tree = true;
}

/* False if the host has refused. */
static bool hand_over_piece(size_t length, const unsigned char *bytes, size_t size)
{
	do {
		int32_t taken = host_output(path + HOME_LENGTH, (int32_t)(length - HOME_LENGTH), bytes, (int32_t)size);
		if (taken < 0 || (taken == 0 && size > 0))
			return false;
		bytes += taken;
		size -= (size_t)taken;
	} while (size > 0);
	return true;
}

static bool hand_over_content(size_t length)
{
	const void *bytes;
	size_t size;
	uint64_t offset = 0;
	if (memfs_extent(path, length, 0, &bytes, &size) != 0 || !hand_over_piece(length, bytes, size))
		return false;
	while (size > 0) {
		offset += size;
		if (memfs_extent(path, length, offset, &bytes, &size) != 0)
			return false;
		if (size > 0 && !hand_over_piece(length, bytes, size))
			return false;
	}
	return true;
}

/* Tells the host something of a name: [path+from, path+to). */
static void tell(size_t from, size_t to)
{
	if (host_output(path + from, (int32_t)(to - from), path, 0) < 0)
		returned.missed = true;
}

static void hand_over_file(size_t length)
{
	const void *bytes;
	size_t size;
	if (returned.tree && memfs_borrowed(path, length, &bytes, &size) &&
		job_brought(path + HOME_LENGTH, length - HOME_LENGTH, bytes, size))
		tell(HOME_LENGTH - 1, length);
	else if (!hand_over_content(length))
		returned.missed = true;
}

static void hand_over_directory(size_t length);

/* The directory itself, or the one above. */
static bool is_dots(struct memfs_entry entry)
{
	return entry.name_length <= 2 && memcmp(entry.name, "..", entry.name_length) == 0;
}

static void hand_over_entry(size_t length, struct memfs_entry entry)
{
	size_t below = length + 1 + entry.name_length;
	if (is_dots(entry))
		return;
	if (below >= sizeof path) {
		returned.missed = true;
		return;
	}
	path[length] = '/';
	memcpy(path + length + 1, entry.name, entry.name_length);
	if (entry.type == MEMFS_REGULAR)
		hand_over_file(below);
	else if (entry.type == MEMFS_DIRECTORY)
		hand_over_directory(below);
}

static void hand_over_tree(void)
{
	memcpy(path, SCRIPT_HOME, HOME_LENGTH);
	hand_over_directory(HOME_LENGTH - 1);
	if (!returned.missed)
		tell(HOME_LENGTH - 1, HOME_LENGTH);
}

static void hand_over_directory(size_t length)
{
	struct memfs_open directory;
	struct memfs_path here = {memfs_root(), path, length};
	if (memfs_open(here, MEMFS_O_READ | MEMFS_O_DIRECTORY, 0, &directory) != 0) {
		returned.missed = true;
		return;
	}
	if (returned.tree && length > HOME_LENGTH) {
		path[length] = '/';
		tell(HOME_LENGTH, length + 1);
	}
	struct memfs_entry entry = {.cookie = 0};
	int error;
	while ((error = memfs_readdir(&directory, entry.cookie, &entry)) == 0 && entry.name_length > 0)
		hand_over_entry(length, entry);
	if (error != 0)
		returned.missed = true;
	memfs_close(&directory);
}

static void hand_over(struct asked asked)
{
	struct memfs_stat stat;
	size_t length = HOME_LENGTH + asked.length;
	if (length > sizeof path)
		return;
	memcpy(path, SCRIPT_HOME, HOME_LENGTH);
	memcpy(path + HOME_LENGTH, asked.path, asked.length);
	if (memfs_stat((struct memfs_path){memfs_root(), path, length}, true, &stat) != 0)
		return;
	if (stat.type == MEMFS_REGULAR)
		hand_over_file(length);
	else if (stat.type == MEMFS_DIRECTORY)
		hand_over_directory(length);
}

/* A name that is covered by another one is handed over with that one: twice would be double its content. */
static bool is_covered(size_t index)
{
	struct asked asked = returned.asked[index];
	for (size_t i = 0; i < returned.count; i++) {
		struct asked other = returned.asked[i];
		if (i == index || other.length > asked.length || memcmp(asked.path, other.path, other.length) != 0)
			continue;
		if (other.length == asked.length ? i < index : asked.path[other.length] == '/')
			return true;
	}
	return false;
}

void returned_hand_over(void)
{
	size_t count = returned.count;
	for (size_t i = 0; i < count; i++)
		if (!is_covered(i))
			hand_over(returned.asked[i]);
	returned.count = 0; /* whatever may call this again finds nothing to do */
	if (returned.tree)
		hand_over_tree();
	returned.tree = false;
}
