/* The door between the guest and its host: everything that the guest imports and exports.
 *
 * Owns: the seven imports, the exports, and the encoding of a job. The same facts stand on the host's side in
 * src/sandbox/guest.rs; python-wasm/imports.txt is the list that a test holds the finished module against.
 * Deliberately not here: files (memfs.h lives wholly in the guest's memory) and anything of WASI (wasi.c maps
 * the calls of wasi-libc onto these seven and onto memfs).
 *
 * Flat arguments only: no vectors, no structures in guest memory that the host would have to walk. */
#ifndef CLOUD_PYTHON_HOST_H
#define CLOUD_PYTHON_HOST_H

#include <stdint.h>

#define HOST_IMPORT(name) __attribute__((import_module("cloud_python"), import_name(name)))
#define HOST_EXPORT(name) __attribute__((export_name(name)))

/* Reads standard input into [ptr, ptr+len). Waits until there is something. Returns the number of bytes (1..len),
 * 0 at the end of input (and for len 0), or a negative WASI errno. */
HOST_IMPORT("read") int32_t host_read(void *ptr, int32_t len);

/* Writes to standard output (fd 1) or standard error (fd 2). Returns the number of bytes taken (1..len, may be fewer
 * than asked; 0 only for len 0), or a negative WASI errno. Over the output budget the run ends and this never returns. */
HOST_IMPORT("write") int32_t host_write(int32_t fd, const void *ptr, int32_t len);

/* Nanoseconds of a clock, cut to HOST_CLOCK_RESOLUTION_NS: 0 real time since 1970, 1 monotonic since the run began,
 * 2 CPU time of the run. Any other id: -1. */
HOST_IMPORT("clock") int64_t host_clock(int32_t id);
#define HOST_CLOCK_RESOLUTION_NS 100000

/* Returns a piece of a file: [ptr, ptr+len) goes behind what has been returned of the file whose path (relative to the
 * working directory, no NUL) is [path, path+path_len). A piece of no bytes returns an empty file. The host ends the run
 * for a path that no JOB_OUTPUT covers, and over the budget of returned files. Returns the number of bytes taken (may be
 * fewer than asked; 0 only for len 0), or a negative WASI errno.
 *
 * Where the job has a JOB_TREE, pieces of no bytes also say, by paths that no file has: "name/", that there is a directory
 * of this name; "/name", that there is a file of this name whose content is as the job brought it under this name; "/",
 * the last, that everything has been told. */
HOST_IMPORT("output") int32_t host_output(const void *path, int32_t path_len, const void *ptr, int32_t len);

/* Fills [ptr, ptr+len) from the operating system's random generator. Returns 0 or a negative WASI errno. */
HOST_IMPORT("random") int32_t host_random(void *ptr, int32_t len);

/* Sleeps until timeout_ns have passed (negative: no limit of its own) or, if want_stdin is not 0, until standard input
 * can be read without waiting (data or end of input). Returns 1 if standard input can be read, else 0. The run's
 * deadline ends the run in any case. */
HOST_IMPORT("wait") int32_t host_wait(int32_t want_stdin, int64_t timeout_ns);

/* Ends the run with this exit code (low 8 bits). */
HOST_IMPORT("exit") _Noreturn void host_exit(int32_t code);

/* Exports, defined in driver.c:
 *   initialize()            called once, when the snapshot is made; absent from the finished image
 *   job_buffer(len) -> ptr  room for a job of len bytes, or 0 if there is no memory for it
 *   job_run(len) -> code    runs the job that the host wrote there, returns the exit code 0..255
 *   memory
 *
 * A job is a sequence of records: one byte kind, four bytes length (little-endian), that many bytes. */
enum job_record {
	JOB_PROGRAM = 1,  /* name of the script: sys.argv[0], __file__ and the file name in tracebacks; exactly one */
	JOB_ARGUMENT = 2, /* one of sys.argv[1:], in order */
	JOB_SCRIPT = 3,   /* the script's text, any bytes; exactly one unless JOB_INTERACTIVE */
	JOB_FILE = 4,     /* a file: two bytes length of its path (little-endian), the path, then the content */
	JOB_OUTPUT = 5,   /* path of a file to return at the end, or of a directory with all files below it */
	JOB_INTERACTIVE = 6, /* empty: no script, the interactive interpreter */
	JOB_UNBUFFERED = 7,  /* empty: standard output is written at once, as by `python3 -u` */
	JOB_TREE = 8,        /* empty: the whole working directory is returned at the end, see host_output */
	JOB_DIRECTORY = 9,   /* path of a directory, made with those above it */
	JOB_ASIDE = 10,      /* empty: the script lies outside of the working directory, whatever its name is */
};

#endif
