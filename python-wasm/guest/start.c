/* Starting CPython, once, for the snapshot.
 *
 * Owns: the configuration of the interpreter, what is imported and warmed up beforehand, and the order in which the
 * snapshot is made ready: objects immortal, gaps filled, and only then what a script changes. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "heap.h"
#include "immortal.h"
#include "memfs.h"
#include "script.h"
#include "start.h"

#define HOME "/home/user"
#define ROUNDS 30 /* of the warm-up: the interpreter tries several times before it gives up specialising */
#define LIBRARY L"/usr/lib/python3.13"

extern const struct _frozen frozen_stdlib[];

static _Noreturn void give_up(const char *what)
{
	fprintf(stderr, "cloud-python guest: %s\n", what);
	if (PyErr_Occurred())
		PyErr_Print();
	abort();
}

static void must(bool good, const char *what)
{
	if (!good)
		give_up(what);
}

static void check(PyStatus status)
{
	if (PyStatus_Exception(status))
		give_up(status.err_msg ? status.err_msg : "CPython does not start");
}

static void set(PyConfig *config, wchar_t **field, const wchar_t *value)
{
	check(PyConfig_SetString(config, field, value));
}

static void configure(PyConfig *config)
{
	PyConfig_InitPythonConfig(config);
	config->use_environment = 0;
	config->parse_argv = 0;
	config->user_site_directory = 0;
	config->write_bytecode = 0;
	config->pathconfig_warnings = 0;
	config->use_frozen_modules = 1;
	config->use_hash_seed = 0; /* a random secret of str hashes, drawn when the image is made */

	set(config, &config->program_name, L"python3");
	set(config, &config->executable, L"/usr/bin/python3");
	set(config, &config->base_executable, L"/usr/bin/python3");
	set(config, &config->prefix, L"/usr");
	set(config, &config->base_prefix, L"/usr");
	set(config, &config->exec_prefix, L"/usr");
	set(config, &config->base_exec_prefix, L"/usr");
	set(config, &config->platlibdir, L"lib");
	set(config, &config->stdlib_dir, LIBRARY);
	config->module_search_paths_set = 1;
	check(PyWideStringList_Append(&config->module_search_paths, L"" HOME));
	check(PyWideStringList_Append(&config->module_search_paths, LIBRARY));
	wchar_t *argv[] = {L"main.py"};
	check(PyConfig_SetArgv(config, 1, argv));
}

static void start_python(void)
{
	PyPreConfig before;
	PyPreConfig_InitPythonConfig(&before);
	before.utf8_mode = 1;
	before.use_environment = 0;
	before.parse_argv = 0;
	check(Py_PreInitialize(&before));

	PyImport_FrozenModules = frozen_stdlib;
	PyConfig config;
	configure(&config);
	check(Py_InitializeFromConfig(&config));
	PyConfig_Clear(&config);
}

static PyObject *import(const char *name)
{
	PyObject *module = PyImport_ImportModule(name);
	must(module != NULL, name);
	return module;
}

static void call(PyObject *module, const char *name)
{
	PyObject *result = PyObject_CallMethod(module, name, NULL);
	must(result != NULL, name);
	Py_DECREF(result);
}

static void rehearse(PyObject *guest, PyObject *warmup, const char *file, int expected)
{
	struct script script = {.program = file, .file = file, .arguments = PyList_New(0)};
	for (int round = 0; round < ROUNDS; round++) {
		must(script.arguments && script_lay_out(guest), "out of memory");
		call(warmup, "before");
		must(script_rehearse(&script) == expected, file);
		call(warmup, "after");
	}
	Py_DECREF(script.arguments);
}

/* Runs first scripts, so that the caches of the interpreter are filled and need no writing later: inline caches, the
 * cache of methods, interned names. The short one comes last, because what it needs every run needs. */
static void warm_up(PyObject *guest, PyObject *warmup)
{
	call(warmup, "write_scripts");
	rehearse(guest, warmup, "long.py", EXIT_UNCAUGHT);
	rehearse(guest, warmup, "short.py", 0);
	call(warmup, "remove_scripts");
}

void start(void)
{
	must(memfs_init() == 0 && chdir(SCRIPT_HOME) == 0, "no file system");
	heap_use_for_python();
	start_python();
	PyObject *guest = import("_cloud_python"), *warmup = import("_cloud_warmup");
	call(guest, "prepare");
	must(script_keep(), "the standard library lacks something");
	warm_up(guest, warmup);
	call(guest, "settle");
	make_everything_immortal();
	heap_fresh_start();
	must(script_lay_out(guest), "out of memory");
	call(guest, "register_at_exit");
}
