/* Makes the objects of the snapshot immortal, and settles its code: see immortal.h.
 *
 * The collector knows all containers; what they refer to is found by walking. An object that is immortal already is
 * not walked again, so the walk ends. */
#define PY_SSIZE_T_CLEAN
#define Py_BUILD_CORE 1
#include <Python.h>
#include <internal/pycore_dict.h>
#include <internal/pycore_gc.h>
#include <internal/pycore_backoff.h>
#include <internal/pycore_code.h>
#include <internal/pycore_interp.h>
#include <internal/pycore_object.h>
#include <internal/pycore_opcode_metadata.h>
#include <internal/pycore_opcode_utils.h>

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "immortal.h"

/* Objects that are immortal but not walked yet. */
static struct {
	PyObject **items;
	size_t count, room;
} waiting;

static void push(PyObject *object)
{
	if (waiting.count == waiting.room) {
		waiting.room = waiting.room ? 2 * waiting.room : 4096;
		waiting.items = realloc(waiting.items, waiting.room * sizeof waiting.items[0]);
		if (waiting.items == NULL)
			abort();
	}
	waiting.items[waiting.count++] = object;
}

static int visit(PyObject *object, void *unused)
{
	(void)unused;
	if (object != NULL && !_Py_IsImmortal(object)) {
		object->ob_refcnt = _Py_IMMORTAL_REFCNT;
		push(object);
	}
	return 0;
}

#define GIVEN_UP 3 /* backoff of a counter after two failures to specialise */

/* Every instruction that could be specialised but is not counts how often it runs, until the next try. Where the
 * warm-up has tried in vain, there shall be no further try, so that running shared code does not write to it. */
static void settle(PyCodeObject *code)
{
	_Py_CODEUNIT *instructions = _PyCode_CODE(code);
	for (Py_ssize_t i = 0; i < Py_SIZE(code); i++) {
		int opcode = instructions[i].op.code;
		int caches = _PyOpcode_Caches[_PyOpcode_Deopt[opcode]];
		bool specialised = opcode != _PyOpcode_Deopt[opcode];
		if (caches > 0 && !specialised && instructions[i + 1].counter.backoff >= GIVEN_UP)
			instructions[i + 1].counter = initial_unreachable_backoff_counter();
		i += caches;
	}
}

/* Code objects are the one kind that holds references without being a container for the collector. */
static void walk_code(PyCodeObject *code)
{
	PyObject *const parts[] = {
		code->co_consts, code->co_names, code->co_exceptiontable, code->co_localsplusnames,
		code->co_localspluskinds, code->co_filename, code->co_name, code->co_qualname, code->co_linetable,
	};
	for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
		visit(parts[i], NULL);
	settle(code);
}

/* The names of the attributes that a class's instances share: counted for every instance. */
static void walk_class(PyTypeObject *class)
{
	if ((class->tp_flags & Py_TPFLAGS_HEAPTYPE) == 0)
		return;
	PyDictKeysObject *keys = ((PyHeapTypeObject *)class)->ht_cached_keys;
	if (keys != NULL)
		keys->dk_refcnt = _Py_IMMORTAL_REFCNT;
}

static void walk(PyObject *object)
{
	traverseproc traverse = Py_TYPE(object)->tp_traverse;
	if (PyType_Check(object))
		walk_class((PyTypeObject *)object);
	if (PyCode_Check(object))
		walk_code((PyCodeObject *)object);
	else if (traverse != NULL)
		traverse(object, visit, NULL);
}

/* The cache of method lookups owns the names in it. */
static void walk_method_cache(void)
{
	struct type_cache_entry *entries = PyInterpreterState_Get()->types.type_cache.hashtable;
	for (size_t i = 0; i < 1 << MCACHE_SIZE_EXP; i++)
		visit(entries[i].name, NULL);
}

static PyObject *collector(const char *function)
{
	PyObject *gc = PyImport_ImportModule("gc");
	PyObject *result = gc ? PyObject_CallMethod(gc, function, NULL) : NULL;
	if (result == NULL)
		abort();
	Py_DECREF(gc);
	return result;
}

void make_everything_immortal(void)
{
	Py_DECREF(collector("collect"));
	PyObject *containers = collector("get_objects");
	Py_ssize_t count = PyList_GET_SIZE(containers);
	for (Py_ssize_t i = 0; i < count; i++)
		visit(PyList_GET_ITEM(containers, i), NULL);
	walk_method_cache();
	/* Some were immortal before, but what they hold is not. */
	for (Py_ssize_t i = 0; i < count; i++)
		walk(PyList_GET_ITEM(containers, i));
	while (waiting.count > 0)
		walk(waiting.items[--waiting.count]);
	free(waiting.items);
	Py_DECREF(containers);
	Py_DECREF(collector("freeze"));
	_PyGC_ClearAllFreeLists(PyInterpreterState_Get()); /* new objects shall not lie where dead ones lay */
}
