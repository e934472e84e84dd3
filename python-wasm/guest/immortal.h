/* Objects of the snapshot never die. */
#ifndef CLOUD_PYTHON_IMMORTAL_H
#define CLOUD_PYTHON_IMMORTAL_H

/* Makes every live object immortal (its reference count is not written any more, so its page stays shared with all
 * other runs), takes all of them out of the garbage collector's sight, and stops the counters in code that has been
 * warmed up. Call it last, before the snapshot. */
void make_everything_immortal(void);

#endif
