/* One script: what `python3 script.py` does between the start of the interpreter and its end.
 *
 * Owns: __main__ and what sys says about the program, what was drawn when the snapshot was made and must be drawn
 * again, uncaught exceptions, exit codes, and the parts of CPython's finalization that a script can notice.
 * Deliberately not here: starting CPython (start.c), reading a job (driver.c). */
#define PY_SSIZE_T_CLEAN
#define Py_BUILD_CORE 1 /* for _PyModule_Clear and _PyGC_CollectNoFail: how CPython itself ends a script */
#include <Python.h>
#include <internal/pycore_gc.h>
#include <internal/pycore_interp.h>
#include <internal/pycore_moduleobject.h>
#include <internal/pycore_pystate.h>
#include <internal/pycore_runtime.h>

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "heap.h"
#include "host.h"
#include "script.h"

/* What all scripts use. What a run changes is made after everything else, so that it lies together: each page that a
 * run writes costs time. */
static struct {
	PyObject *modules;                 /* the names of the modules in the snapshot */
	PyObject *run_at_exit;             /* atexit._run_exitfuncs */
	PyObject *logging, *start_time;    /* the module, and the name of a variable in it */
	PyObject *path;                    /* the list sys.path */
	PyObject *random, *seed;           /* the generator behind random.random(), and its C method seed */
	PyObject *guest;
	PyObject *argv, *orig_argv;        /* the lists in sys; changed */
	PyObject *output, *errors;         /* sys.stdout and sys.stderr as the script finds them; changed */
	PyObject *main, *loader;           /* the module that the script becomes, and its __loader__; changed */
} kept;

/* ---- Before the snapshot ---- */

static PyObject *attribute_of(const char *module_name, const char *name)
{
	PyObject *module = PyImport_ImportModule(module_name);
	PyObject *value = module ? PyObject_GetAttrString(module, name) : NULL;
	Py_XDECREF(module);
	return value;
}

bool script_keep(void)
{
	kept.modules = PyFrozenSet_New(PyImport_GetModuleDict());
	kept.run_at_exit = attribute_of("atexit", "_run_exitfuncs");
	kept.logging = PyImport_ImportModule("logging");
	kept.start_time = PyUnicode_InternFromString("_startTime");
	kept.path = Py_XNewRef(PySys_GetObject("path"));
	kept.random = attribute_of("random", "_inst");
	PyObject *generator = attribute_of("_random", "Random");
	kept.seed = generator ? PyObject_GetAttrString(generator, "seed") : NULL;
	Py_XDECREF(generator);
	return kept.modules && kept.run_at_exit && kept.logging && kept.start_time && kept.path && kept.random && kept.seed;
}

static PyObject *new_list(const char *name)
{
	PyObject *list = PyList_New(0);
	if (list != NULL && PySys_SetObject(name, list) != 0)
		Py_CLEAR(list);
	return list;
}

bool script_lay_out(PyObject *guest)
{
	kept.guest = guest;
	kept.argv = new_list("argv");
	kept.orig_argv = new_list("orig_argv");
	kept.main = PyObject_CallMethod(guest, "new_main", NULL);
	kept.loader = kept.main ? PyObject_GetAttrString(kept.main, "__loader__") : NULL;
	PyObject *streams = PyObject_CallMethod(guest, "open_streams", NULL);
	kept.output = Py_XNewRef(PySys_GetObject("stdout"));
	kept.errors = Py_XNewRef(PySys_GetObject("stderr"));
	Py_XDECREF(streams);
	return kept.argv && kept.orig_argv && kept.loader && streams;
}

/* ---- The start ---- */

/* Draws again what modules drew from the clock and the random generator when they were imported.
 *
 * Looked for in the whole library: these two are all. What is drawn at first use (the name sequence of tempfile, the
 * node of uuid, the generator inside sqlite) is not in the snapshot, the warm-up takes care not to use it. The secret
 * of str hashes is drawn once per image: cached hashes and the order of sets depend on it. */
static bool draw_again(void)
{
	unsigned char seed[32];
	if (host_random(seed, sizeof seed) != 0)
		abort();
	PyObject *number = PyLong_FromUnsignedNativeBytes(seed, sizeof seed, Py_ASNATIVEBYTES_NATIVE_ENDIAN);
	PyObject *result = number ? PyObject_CallFunctionObjArgs(kept.seed, kept.random, number, NULL) : NULL;
	PyObject *now = PyLong_FromLongLong(host_clock(0));
	bool good = result && now && PyObject_SetAttr(kept.logging, kept.start_time, now) == 0;
	Py_XDECREF(now);
	Py_XDECREF(result);
	Py_XDECREF(number);
	return good;
}

static bool put_first(PyObject *list, const char *first)
{
	PyObject *text = PyUnicode_FromString(first);
	bool good = text && PyList_Insert(list, 0, text) == 0;
	Py_XDECREF(text);
	return good;
}

/* list[:] = [first..., *rest] */
static bool fill(PyObject *list, const char *first, PyObject *second, PyObject *rest)
{
	if (PyList_SetSlice(list, 0, PY_SSIZE_T_MAX, rest) != 0 || PyList_Insert(list, 0, second) != 0)
		return false;
	return first == NULL || put_first(list, first);
}

/* The script's own folder comes first in sys.path. It is the working directory, as the snapshot has it, unless the
 * program's name says otherwise. */
static bool set_path(PyObject *program)
{
	if (PyUnicode_FindChar(program, '/', 0, PyUnicode_GET_LENGTH(program), 1) < 0)
		return true;
	PyObject *folder = PyObject_CallMethod(kept.guest, "folder_of", "O", program);
	return folder && PyList_SetItem(kept.path, 0, folder) == 0;
}

/* The loader finds the lines of the script even if the working directory has changed. */
static bool set_main(PyObject *program, const char *file)
{
	PyObject *path = PyUnicode_FromFormat("%s%s", file[0] == '/' ? "" : SCRIPT_HOME, file);
	bool good = path && PyObject_SetAttr(kept.loader, &_Py_ID(path), path) == 0 &&
		PyDict_SetItem(PyModule_GetDict(kept.main), &_Py_ID(__file__), program) == 0;
	Py_XDECREF(path);
	return good;
}

/* If the script could not be put where its name says, nobody would find its lines. */
static bool remember_source(const struct script *script)
{
	if (strcmp(script->program, script->file) == 0)
		return true;
	PyObject *result = PyObject_CallMethod(kept.guest, "remember_source", "ss", script->program, script->file);
	Py_XDECREF(result);
	return result != NULL;
}

/* Makes the interpreter look as if it had just been started as `python3 program arguments...`. */
static bool introduce(const struct script *script)
{
	PyObject *program = PyUnicode_DecodeFSDefault(script->program);
	bool good = program && fill(kept.argv, NULL, program, script->arguments) &&
		fill(kept.orig_argv, "python3", program, script->arguments) && set_path(program) && set_main(program, script->file) &&
		remember_source(script);
	Py_XDECREF(program);
	return good;
}

static bool call_guest(const char *name)
{
	PyObject *result = PyObject_CallMethod(kept.guest, name, NULL);
	Py_XDECREF(result);
	return result != NULL;
}

/* Makes it look as if it had just been started as `python3 - arguments...` at a terminal. */
static bool introduce_console(const struct script *script)
{
	PyObject *nameless = PyUnicode_FromString("");
	bool good = nameless && fill(kept.argv, NULL, nameless, script->arguments) &&
		PyList_SetSlice(kept.orig_argv, 0, PY_SSIZE_T_MAX, script->arguments) == 0 &&
		put_first(kept.orig_argv, "python3") && PyList_SetItem(kept.path, 0, Py_NewRef(nameless)) == 0 &&
		call_guest("forget_file");
	Py_XDECREF(nameless);
	return good;
}

static bool unbuffer(void)
{
	if (!call_guest("unbuffer"))
		return false;
	Py_XSETREF(kept.output, Py_XNewRef(PySys_GetObject("stdout")));
	return true;
}

/* Reads the script from its file, as `python3 file` does: coding cookies, NUL bytes and bad UTF-8 are then CPython's
 * own business. */
static PyObject *run_file(const struct script *script)
{
	FILE *file = fopen(script->file, "rb");
	if (file == NULL)
		return PyErr_SetFromErrnoWithFilename(PyExc_OSError, script->file);
	PyObject *names = PyModule_GetDict(kept.main);
	PyCompilerFlags flags = _PyCompilerFlags_INIT;
	return PyRun_FileExFlags(file, script->program, Py_file_input, names, names, 1, &flags);
}

/* ---- Uncaught exceptions ---- */

/* What sys.exit(code) means. As CPython's handle_system_exit, with the integers of a 64-bit machine. */
static int exit_code_of(PyObject *code)
{
	if (code == Py_None)
		return 0;
	if (PyLong_Check(code)) {
		long long number = PyLong_AsLongLong(code);
		PyErr_Clear(); /* too large: number is -1, as it is in CPython */
		return (int)(number & 0xff);
	}
	PyObject *stream = PySys_GetObject("stderr");
	if (stream != NULL && stream != Py_None) {
		PyFile_WriteObject(code, stream, Py_PRINT_RAW);
		PyErr_Clear();
		PySys_WriteStderr("\n");
	}
	return EXIT_UNCAUGHT;
}

static int handle_system_exit(void)
{
	PyObject *exception = PyErr_GetRaisedException();
	PyObject *code = PyObject_GetAttrString(exception, "code");
	if (code == NULL) {
		PyErr_Clear();
		code = Py_NewRef(exception);
	}
	int result = exit_code_of(code);
	Py_DECREF(code);
	Py_DECREF(exception);
	return result;
}

static int handle_exception(void)
{
	if (PyErr_ExceptionMatches(PyExc_SystemExit))
		return handle_system_exit();
	int result = PyErr_ExceptionMatches(PyExc_KeyboardInterrupt) ? EXIT_INTERRUPTED : EXIT_UNCAUGHT;
	heap_open_reserve();
	PyErr_Print();
	return result;
}

static PyObject *run(const struct script *script)
{
	if (!draw_again() || (script->unbuffered && !unbuffer()))
		return NULL;
	if (!script->interactive)
		return introduce(script) ? run_file(script) : NULL;
	return introduce_console(script) ? PyObject_CallMethod(kept.guest, "interact", NULL) : NULL;
}

int script_run(const struct script *script)
{
	PyObject *result = run(script);
	int code = result ? 0 : handle_exception();
	Py_XDECREF(result);
	return code;
}

/* ---- The end: what Py_FinalizeEx does that a script can notice, in the same order ---- */

static bool is_closed(PyObject *file)
{
	PyObject *closed = PyObject_GetAttr(file, &_Py_ID(closed));
	int result = closed ? PyObject_IsTrue(closed) : 0;
	Py_XDECREF(closed);
	PyErr_Clear();
	return result > 0;
}

static bool flush(PyObject *file)
{
	if (file == NULL || file == Py_None || is_closed(file))
		return true;
	PyObject *result = PyObject_CallMethodNoArgs(file, &_Py_ID(flush));
	Py_XDECREF(result);
	return result != NULL;
}

static bool flush_streams(void)
{
	bool good = true;
	if (!flush(PySys_GetObject("stdout"))) {
		PyErr_FormatUnraisable("Exception ignored on flushing sys.stdout");
		good = false;
	}
	if (!flush(PySys_GetObject("stderr"))) {
		PyErr_Clear();
		good = false;
	}
	return good;
}

void script_flush(void)
{
	PyObject *pending = PyErr_GetRaisedException();
	if (!flush(kept.output))
		PyErr_Clear();
	if (!flush(kept.errors))
		PyErr_Clear();
	PyErr_SetRaisedException(pending);
}

/* What the script put in their place goes, so that finalizers write where everybody can read it. */
static void restore_streams(void)
{
	static const char *const names[][2] = {
		{"stdin", "__stdin__"}, {"stdout", "__stdout__"}, {"stderr", "__stderr__"}};
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		PyObject *original = PySys_GetObject(names[i][1]);
		if (PySys_GetObject(names[i][0]) != original)
			PySys_SetObject(names[i][0], original != NULL ? original : Py_None);
	}
	PyErr_Clear();
}

/* The last uncaught exception holds the frames it passed, and with them what the script left in them. */
static void forget_last_exception(void)
{
	static const char *const names[] = {"last_exc", "last_type", "last_value", "last_traceback"};
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (PySys_GetObject(names[i]) != NULL)
			PySys_SetObject(names[i], NULL);
	PyErr_Clear();
}

static bool is_of_script(PyObject *name)
{
	return PyUnicode_Check(name) &&
		(PySet_Contains(kept.modules, name) == 0 || PyUnicode_EqualToUTF8(name, "__main__"));
}

/* Takes the script's modules out of sys.modules and returns weak references to them. */
static PyObject *unlink_modules(void)
{
	PyObject *modules = PyImport_GetModuleDict(), *references = PyList_New(0);
	PyObject *name, *module;
	Py_ssize_t at = 0;
	while (references != NULL && PyDict_Next(modules, &at, &name, &module)) {
		if (!is_of_script(name))
			continue;
		PyObject *reference = PyWeakref_NewRef(module, NULL); /* fails for what is no module */
		if (reference != NULL)
			PyList_Append(references, reference);
		Py_XDECREF(reference);
		PyErr_Clear();
		PyDict_SetItem(modules, name, Py_None); /* the key exists: the loop may go on */
	}
	return references;
}

/* Runs the finalizers of what the script left: what only its modules held and what is in cycles goes first, with the
 * modules' names still in place; modules that somebody still holds are emptied afterwards. */
static void drop_modules(void)
{
	Py_CLEAR(kept.main);
	Py_CLEAR(kept.loader);
	PyObject *references = unlink_modules();
	_PyGC_CollectNoFail(_PyThreadState_GET());
	for (Py_ssize_t i = references ? PyList_GET_SIZE(references) : 0; i > 0; i--) {
		PyObject *module = NULL;
		if (PyWeakref_GetRef(PyList_GET_ITEM(references, i - 1), &module) == 1 && PyModule_Check(module))
			_PyModule_Clear(module);
		Py_XDECREF(module);
	}
	Py_XDECREF(references);
	PyErr_Clear();
}

static void set_finalizing(PyThreadState *thread)
{
	_PyInterpreterState_SetFinalizing(PyInterpreterState_Get(), thread);
	_PyRuntimeState_SetFinalizing(&_PyRuntime, thread);
}

static bool end(void)
{
	set_finalizing(_PyThreadState_GET());
	bool good = flush_streams();
	PyGC_Collect();
	forget_last_exception();
	restore_streams();
	drop_modules();
	good &= flush_streams();
	script_flush();
	return good;
}

/* CPython would wait for threads first; there are none. */
int script_end(int code)
{
	PyObject *result = PyObject_CallNoArgs(kept.run_at_exit);
	if (result == NULL)
		PyErr_WriteUnraisable(kept.run_at_exit);
	Py_XDECREF(result);
	return end() ? code : EXIT_FLUSH_FAILED;
}

int script_rehearse(const struct script *script)
{
	int code = script_run(script);
	if (!end())
		code = EXIT_FLUSH_FAILED;
	set_finalizing(NULL);
	return code;
}
