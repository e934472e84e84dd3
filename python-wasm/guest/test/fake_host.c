/* The host that natively built tests pretend to have, and a small read-only tree.
 *
 * Owns: the imports of host.h, the generated table's place. */
#include "../host.h"
#include "wasi_calls.h"

#include <stdlib.h>
#include <string.h>

struct fake_host host;

const struct memfs_static_file memfs_static[] = {
	{ "/usr/share/zoneinfo/Europe/Berlin", "TZif-berlin", 11 },
	{ "/usr/share/zoneinfo/UTC", "TZif", 4 },
};
const uint32_t memfs_static_count = 2;

void guest_before_wait(void)
{
	host.before_waits++;
}

int32_t host_read(void *ptr, int32_t len)
{
	if (host.result != 0)
		return host.result;
	if (host.input == NULL)
		return 0;
	int32_t left = (int32_t)strlen(host.input);
	int32_t part = left < len ? left : len;
	memcpy(ptr, host.input, (size_t)part);
	host.input += part;
	return part;
}

int32_t host_write(int32_t fd, const void *ptr, int32_t len)
{
	if (host.result != 0)
		return host.result;
	if (host.write_at_most != 0 && len > host.write_at_most)
		len = host.write_at_most;
	size_t kept = len < 63 ? (size_t)len : 63;
	memcpy(host.written[fd], ptr, kept);
	host.written[fd][kept] = 0;
	return len;
}

int64_t host_clock(int32_t id)
{
	(void)id;
	return (int64_t)host.now;
}

int32_t host_random(void *ptr, int32_t len)
{
	memset(ptr, 0x5a, (size_t)len);
	return host.result;
}

int32_t host_wait(int32_t want_stdin, int64_t timeout_ns)
{
	host.waits += timeout_ns != 0;
	host.last_timeout = timeout_ns;
	return want_stdin && host.readable;
}

_Noreturn void host_exit(int32_t code)
{
	exit(code);
}
