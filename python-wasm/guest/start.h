/* Starting CPython, once, for the snapshot. See start.c. */
#ifndef CLOUD_PYTHON_START_H
#define CLOUD_PYTHON_START_H

/* Starts CPython, imports and warms up, and leaves everything ready for script_run. Traps if anything fails. */
void start(void);

#endif
