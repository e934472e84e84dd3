/* The driver: the exports of host.h.
 *
 * Owns: the reading of a job, and which files it makes. Deliberately not here: how CPython starts (start.c), how a
 * script runs and ends (script.c), files (memfs), the calls of WASI (wasi.c).
 *
 * Everything in this module belongs to the script: a script that overwrites this code's data only harms itself. What
 * protects others is the host, and that a job never meets the memory of another. So the aim here is fidelity: a script
 * should not notice that it does not run under an ordinary `python3`. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "driver.h"
#include "host.h"
#include "memfs.h"
#include "returned.h"
#include "script.h"
#include "start.h"

#define ELSEWHERE "/tmp/script.py" /* where a script lies whose own name no file can have, or is to have */

void __wasm_call_ctors(void);

/* The job as the host wrote it. Files and the script are used where they lie, so it lives until the run ends. */
static struct {
	unsigned char *bytes;
	size_t size;
} job;

struct record {
	unsigned char kind;
	const unsigned char *data;
	size_t size;
};

/* Takes the next record off [*at, end). False if what is left is not a record. */
static bool take_record(const unsigned char **at, const unsigned char *end, struct record *record)
{
	const unsigned char *bytes = *at;
	size_t left = (size_t)(end - bytes);
	if (left < 5)
		return false;
	size_t size = bytes[1] | (size_t)bytes[2] << 8 | (size_t)bytes[3] << 16 | (size_t)bytes[4] << 24;
	if (size > left - 5)
		return false;
	*record = (struct record){bytes[0], bytes + 5, size};
	*at = bytes + 5 + size;
	return true;
}

/* Puts a file into the tree, relative paths below SCRIPT_HOME. The content stays where it lies: in the job. */
static bool add_file(const char *path, size_t path_size, const void *data, size_t size)
{
	char absolute[MEMFS_PATH_MAX] = SCRIPT_HOME;
	size_t start = path_size > 0 && path[0] == '/' ? 0 : strlen(SCRIPT_HOME);
	if (path_size >= sizeof absolute - start)
		return false;
	memcpy(absolute + start, path, path_size);
	return memfs_add(absolute, start + path_size, data, size, true) == 0;
}

static bool take_file(struct record record)
{
	if (record.size < 2)
		return false;
	size_t path_size = record.data[0] | (size_t)record.data[1] << 8;
	if (path_size == 0 || path_size > record.size - 2)
		return false;
	const unsigned char *path = record.data + 2;
	return add_file((const char *)path, path_size, path + path_size, record.size - 2 - path_size);
}

/* Nothing but the head of its record says so, which lies before the content: a kind, a length, and the path with its length. */
bool job_brought(const char *path, size_t path_size, const void *data, size_t size)
{
	const unsigned char *content = data;
	if (content < job.bytes || content > job.bytes + job.size || size > (size_t)(job.bytes + job.size - content))
		return false;
	if ((size_t)(content - job.bytes) < 7 + path_size)
		return false;
	const unsigned char *at = content - path_size - 7;
	struct record record;
	return take_record(&at, job.bytes + job.size, &record) && record.kind == JOB_FILE &&
		record.size == 2 + path_size + size && (record.data[0] | (size_t)record.data[1] << 8) == path_size &&
		memcmp(record.data + 2, path, path_size) == 0;
}

static bool take_directory(struct record record)
{
	char absolute[MEMFS_PATH_MAX] = SCRIPT_HOME;
	size_t start = strlen(SCRIPT_HOME);
	if (record.size == 0 || record.size >= sizeof absolute - start)
		return false;
	memcpy(absolute + start, record.data, record.size);
	return memfs_add_directory(absolute, start + record.size) == 0;
}

static bool take_program(struct record record, struct script *script)
{
	if (script->program != NULL || record.size == 0 || record.size >= MEMFS_PATH_MAX)
		return false;
	if (memchr(record.data, 0, record.size) != NULL)
		return false;
	script->program = script->file = strndup((const char *)record.data, record.size);
	return script->program != NULL;
}

static bool take_argument(struct record record, struct script *script)
{
	PyObject *argument = PyUnicode_DecodeFSDefaultAndSize((const char *)record.data, (Py_ssize_t)record.size);
	if (argument == NULL)
		return false;
	int failed = PyList_Append(script->arguments, argument);
	Py_DECREF(argument);
	return failed == 0;
}

static bool take_text(struct record record, struct record *text)
{
	if (text->data != NULL)
		return false;
	*text = record;
	return true;
}

static bool take(struct record record, struct script *script, struct record *text)
{
	switch (record.kind) {
	case JOB_PROGRAM:
		return take_program(record, script);
	case JOB_ARGUMENT:
		return take_argument(record, script);
	case JOB_SCRIPT:
		return take_text(record, text);
	case JOB_FILE:
		return take_file(record);
	case JOB_OUTPUT:
		return returned_ask((const char *)record.data, record.size);
	case JOB_INTERACTIVE:
		return script->interactive = true;
	case JOB_UNBUFFERED:
		return script->unbuffered = true;
	case JOB_TREE:
		returned_ask_tree();
		return true;
	case JOB_DIRECTORY:
		return take_directory(record);
	case JOB_ASIDE:
		return script->aside = true;
	default:
		return false;
	}
}

/* The script becomes a file like the others, under the program's name, so that everything that looks for the source
 * of a line finds it. */
static bool add_script(struct script *script, struct record text)
{
	if (script->interactive)
		return text.data == NULL;
	if (script->program == NULL || text.data == NULL)
		return false;
	if (!script->aside && add_file(script->program, strlen(script->program), text.data, text.size))
		return true;
	script->file = ELSEWHERE;
	return add_file(script->file, strlen(script->file), text.data, text.size);
}

static bool read_job(struct script *script)
{
	const unsigned char *at = job.bytes, *end = job.bytes + job.size;
	struct record record, text = {0};
	while (at != end)
		if (!take_record(&at, end, &record) || !take(record, script, &text))
			return false;
	return add_script(script, text);
}

HOST_EXPORT("initialize") void initialize(void)
{
	__wasm_call_ctors();
	start();
}

HOST_EXPORT("job_buffer") void *job_buffer(uint32_t size)
{
	if (job.bytes != NULL)
		return NULL;
	job.bytes = malloc(size > 0 ? size : 1);
	job.size = size;
	return job.bytes;
}

HOST_EXPORT("job_run") int32_t job_run(uint32_t size)
{
	if (job.bytes == NULL || size > job.size)
		return EXIT_BAD_JOB;
	job.size = size;
	struct script script = {.arguments = PyList_New(0)};
	if (script.arguments == NULL || !read_job(&script))
		return EXIT_BAD_JOB;
	int code = script_run(&script);
	Py_DECREF(script.arguments);
	code = script_end(code) & 0xff;
	returned_hand_over();
	return code;
}

/* Called by wasi.c before a call that may wait: what the script has written so far, the half line of a prompt for
 * one, must be seen before it waits for an answer. */
void guest_before_wait(void)
{
	static bool busy;
	if (busy)
		return;
	busy = true;
	PyGILState_STATE state = PyGILState_Ensure();
	script_flush();
	PyGILState_Release(state);
	busy = false;
}

/* CPython itself ends the process where an exception hook raises SystemExit. The linker sends that call here: a whole
 * Py_FinalizeEx is neither needed nor made for immortal objects. */
_Noreturn void __wrap_Py_Exit(int code)
{
	code = script_end(code) & 0xff;
	returned_hand_over();
	host_exit(code);
}

/* Called by wasi.c before os._exit ends the run: the files are there, whatever else is left undone. */
void guest_before_exit(void)
{
	returned_hand_over();
}
