/* Counting and refusing memory. Linked with --wrap=malloc, --wrap=realloc and --wrap=free.
 *
 * Owns: the count of live blocks, and the wish that an allocation fails. */
#ifndef TEST_BLOCKS_H
#define TEST_BLOCKS_H

#include <stddef.h>

size_t blocks_live(void);
void blocks_fail_at(size_t nth); /* the nth allocation from now fails (1: the next), and those behind it; 0: none */
size_t blocks_failed(void);      /* how many did since then */

#endif
