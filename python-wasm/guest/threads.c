/* There is one thread. What it waits for from another one never comes.
 *
 * The C library's pthread_cond_wait traps in that case. Elsewhere such a script sleeps until somebody ends it: so it
 * does here, until the run's deadline. */
#include <pthread.h>

#include "host.h"

void guest_before_wait(void);

int pthread_cond_wait(pthread_cond_t *restrict condition, pthread_mutex_t *restrict mutex)
{
	(void)condition, (void)mutex;
	guest_before_wait();
	for (;;)
		host_wait(0, -1);
}
