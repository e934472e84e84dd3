/* What the rest of the guest may ask about the job. See driver.c. */
#ifndef CLOUD_PYTHON_DRIVER_H
#define CLOUD_PYTHON_DRIVER_H

#include <stdbool.h>
#include <stddef.h>

/* Whether the job brought a file of this name (relative to the working directory) whose whole content lies here. */
bool job_brought(const char *path, size_t path_size, const void *data, size_t size);

#endif
