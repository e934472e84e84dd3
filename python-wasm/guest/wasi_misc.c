/* The calls of wasi-libc that have nothing to do with files: clocks, randomness, the end, and what a guest has none of.
 *
 * Owns: the hooks that memfs wants for time and random bytes.
 * Deliberately not here: command line and environment, which the driver sets in Python; here both are empty. */
#include "host.h"
#include "wasi_abi.h"

#define RANDOM_PIECE 32768 /* so that no host call takes long */

/* The host's id of a clock. There is one thread, whose CPU time is that of the run. */
static bool host_clock_id(uint32_t clock, int32_t *id)
{
	*id = clock == WASI_CLOCK_THREAD_CPU ? WASI_CLOCK_PROCESS_CPU : (int32_t)clock;
	return clock <= WASI_CLOCK_THREAD_CPU;
}

uint64_t memfs_clock(void)
{
	return (uint64_t)host_clock(WASI_CLOCK_REALTIME);
}

int32_t WASI(clock_res_get)(uint32_t clock, uint64_t *resolution)
{
	int32_t id;
	if (!host_clock_id(clock, &id))
		return MEMFS_EINVAL;
	*resolution = HOST_CLOCK_RESOLUTION_NS;
	return 0;
}

int32_t WASI(clock_time_get)(uint32_t clock, uint64_t precision, uint64_t *time)
{
	int32_t id;
	(void)precision;
	if (!host_clock_id(clock, &id))
		return MEMFS_EINVAL;
	*time = (uint64_t)host_clock(id);
	return 0;
}

int memfs_random(void *buffer, size_t length)
{
	for (size_t done = 0; done < length;) {
		int32_t part = length - done < RANDOM_PIECE ? (int32_t)(length - done) : RANDOM_PIECE;
		int32_t result = host_random((uint8_t *)buffer + done, part);
		if (result != 0)
			return wasi_host_error(result);
		done += (size_t)part;
	}
	return 0;
}

int32_t WASI(random_get)(void *buffer, size_t length)
{
	return memfs_random(buffer, length);
}

__attribute__((weak)) void guest_before_exit(void)
{
}

_Noreturn void WASI(proc_exit)(uint32_t code)
{
	guest_before_exit();
	host_exit((int32_t)code);
}

int32_t WASI(proc_raise)(uint32_t signal)
{
	(void)signal;
	return WASI_ENOTSUP;
}

int32_t WASI(sched_yield)(void)
{
	return 0;
}

int32_t WASI(args_sizes_get)(uint32_t *count, uint32_t *size)
{
	*count = *size = 0;
	return 0;
}

int32_t WASI(args_get)(uint8_t **arguments, uint8_t *buffer)
{
	(void)arguments, (void)buffer;
	return 0;
}

int32_t WASI(environ_sizes_get)(uint32_t *count, uint32_t *size)
{
	*count = *size = 0;
	return 0;
}

int32_t WASI(environ_get)(uint8_t **variables, uint8_t *buffer)
{
	(void)variables, (void)buffer;
	return 0;
}

/* There is no network. */

int32_t WASI(sock_accept)(uint32_t fd, uint32_t flags, uint32_t *out)
{
	(void)fd, (void)flags, (void)out;
	return WASI_ENOTSUP;
}

int32_t WASI(sock_recv)(uint32_t fd, const struct wasi_iovec *pieces, size_t count, uint32_t flags, uint32_t *total,
	uint16_t *out_flags)
{
	(void)fd, (void)pieces, (void)count, (void)flags, (void)total, (void)out_flags;
	return WASI_ENOTSUP;
}

int32_t WASI(sock_send)(uint32_t fd, const struct wasi_iovec *pieces, size_t count, uint32_t flags, uint32_t *total)
{
	(void)fd, (void)pieces, (void)count, (void)flags, (void)total;
	return WASI_ENOTSUP;
}

int32_t WASI(sock_shutdown)(uint32_t fd, uint32_t how)
{
	(void)fd, (void)how;
	return WASI_ENOTSUP;
}
