/* The files that a job wants back. See returned.c. */
#ifndef CLOUD_PYTHON_RETURNED_H
#define CLOUD_PYTHON_RETURNED_H

#include <stdbool.h>
#include <stddef.h>

/* Remembers a path below the working directory. It is used where it lies. False if there is no memory. */
bool returned_ask(const char *path, size_t length);

/* All of the working directory is wanted. */
void returned_ask_tree(void);

/* Hands what is there of them to the host. To be called once, when the script has ended. */
void returned_hand_over(void);

#endif
