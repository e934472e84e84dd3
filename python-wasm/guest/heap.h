/* The guest's malloc: see heap.c. */
#ifndef CLOUD_PYTHON_HEAP_H
#define CLOUD_PYTHON_HEAP_H

/* Gives CPython arenas that begin at a page of the host. Call it before CPython is started. */
void heap_use_for_python(void);

/* Uses up all gaps among the objects that are there, so that everything new lies together behind them. Call it last,
 * before the snapshot. */
void heap_fresh_start(void);

/* A script that has used up its memory ends with a traceback: this frees what was kept back for that. */
void heap_open_reserve(void);

#endif
