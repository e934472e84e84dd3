/* Counting what holds.
 *
 * Owns: nothing but the two numbers. */
#ifndef TEST_CHECK_H
#define TEST_CHECK_H

#include <stdio.h>

static unsigned passed, failed;

#define CHECK(condition) \
	((condition) ? (void)passed++ : (failed++, (void)printf("FAILED %s:%d: %s\n", __FILE__, __LINE__, #condition)))

#endif
