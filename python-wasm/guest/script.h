/* One script: how it starts, how it ends. See script.c. */
#ifndef CLOUD_PYTHON_SCRIPT_H
#define CLOUD_PYTHON_SCRIPT_H

#include <Python.h>

#define SCRIPT_HOME "/home/user/" /* the working directory */

/* Exit codes with a meaning of their own. All but the last are CPython's. */
enum {
	EXIT_UNCAUGHT = 1,
	EXIT_FLUSH_FAILED = 120,
	EXIT_INTERRUPTED = 130,
	EXIT_BAD_JOB = 125, /* the host sent something that is not a job, or that does not fit into memory */
};

struct script {
	const char *program; /* what the script is called: sys.argv[0], __file__, in tracebacks */
	const char *file;    /* the file it is read from */
	PyObject *arguments; /* list of str: sys.argv[1:] */
	bool interactive;    /* there is no script, and neither program nor file: the interactive interpreter */
	bool unbuffered;     /* standard output is written at once */
	bool aside;          /* file is not program, and not in the working directory */
};

/* Before the snapshot. The first keeps what all scripts need; the second makes what each of them changes. Both return
 * false with an exception set. guest is the module _cloud_python. */
bool script_keep(void);
bool script_lay_out(PyObject *guest);

/* Runs the script and returns its exit code; then script_end runs what is left to run and flushes. A rehearsal does
 * both but for what happens once in the life of the interpreter. */
int script_run(const struct script *script);
int script_end(int code);
int script_rehearse(const struct script *script);

/* Shows what the script has written so far. */
void script_flush(void);

#endif
