/* The calls of wasi-libc: waiting, under which its sleep, poll and select lie.
 *
 * Owns: poll_oneoff.
 * Deliberately not here: the descriptors that are waited for (wasi.c). Only standard input and a clock can make anybody
 * wait; everything else is ready at any time. */
#include "host.h"
#include "wasi_abi.h"

/* One for reading and one for writing of every descriptor, and a clock: the most that libc's poll sends. */
#define SUBSCRIPTIONS_MAX (2 * WASI_FD_COUNT + 1)

/* What all subscriptions together wait for. */
struct waiting {
	uint64_t start[2]; /* real time and monotonic clock when the call began */
	bool now;          /* one of them is ready, or wrong, already */
	bool want_stdin;
	int64_t timeout; /* nanoseconds to the first clock that is due, negative if there is none */
};

static int clock_error(const struct wasi_subscription *subscription)
{
	bool right = subscription->clock.id <= WASI_CLOCK_MONOTONIC && subscription->clock.flags <= WASI_ABSTIME;
	return right ? 0 : MEMFS_EINVAL;
}

/* Nanoseconds from the beginning of the call until a clock is due; a wrong one is so at once. */
static int64_t time_left(const struct wasi_subscription *subscription, const uint64_t start[2])
{
	uint64_t timeout = subscription->clock.timeout;
	if (clock_error(subscription) != 0)
		return 0;
	if (subscription->clock.flags & WASI_ABSTIME) {
		uint64_t now = start[subscription->clock.id];
		timeout = timeout > now ? timeout - now : 0;
	}
	return timeout > INT64_MAX ? INT64_MAX : (int64_t)timeout;
}

static bool waits_for_stdin(const struct wasi_subscription *subscription)
{
	const struct wasi_descriptor *descriptor = wasi_descriptor(subscription->fd);
	return subscription->tag == WASI_EVENT_FD_READ && descriptor != NULL && descriptor->kind == WASI_STREAM &&
	       descriptor->stream == 0;
}

static void wait_for(struct waiting *waiting, const struct wasi_subscription *subscription)
{
	if (subscription->tag == WASI_EVENT_CLOCK) {
		int64_t left = time_left(subscription, waiting->start);
		if (waiting->timeout < 0 || left < waiting->timeout)
			waiting->timeout = left;
		waiting->now = waiting->now || left == 0;
	} else if (waits_for_stdin(subscription)) {
		waiting->want_stdin = true;
	} else {
		waiting->now = true;
	}
}

/* Waits if there is nothing yet, and says how it ended: with something to read, or after how long. */
static bool host_waits(const struct waiting *waiting, int64_t *waited)
{
	*waited = 0;
	if (waiting->now)
		return waiting->want_stdin && host_wait(1, 0) != 0;
	guest_before_wait();
	bool readable = host_wait(waiting->want_stdin, waiting->timeout) != 0;
	if (!readable)
		*waited = waiting->timeout;
	return readable && waiting->want_stdin;
}

static uint64_t bytes_ready(const struct wasi_descriptor *descriptor)
{
	struct memfs_stat stat;
	if (descriptor->kind == WASI_STREAM)
		return 1; /* at least, or the end of input */
	memfs_fstat(descriptor->file.node, &stat);
	return stat.size > descriptor->file.offset ? stat.size - descriptor->file.offset : 0;
}

static bool descriptor_event(const struct wasi_subscription *subscription, bool readable, struct wasi_event *event)
{
	const struct wasi_descriptor *descriptor = wasi_descriptor(subscription->fd);
	if (descriptor == NULL)
		event->error = MEMFS_EBADF;
	else if (waits_for_stdin(subscription) && !readable)
		return false;
	else
		event->bytes = bytes_ready(descriptor);
	return true;
}

static bool clock_event(const struct wasi_subscription *subscription, const struct waiting *waiting, int64_t waited,
	struct wasi_event *event)
{
	event->error = (uint16_t)clock_error(subscription);
	return time_left(subscription, waiting->start) <= waited;
}

/* Fills out, which libc made as long as in, with what happened. */
static uint32_t report(const struct wasi_subscription *in, uint32_t count, const struct waiting *waiting,
	struct wasi_event *out)
{
	int64_t waited;
	uint32_t events = 0;
	bool readable = host_waits(waiting, &waited);
	for (uint32_t i = 0; i < count; i++) {
		out[events] = (struct wasi_event){ .userdata = in[i].userdata, .type = in[i].tag };
		bool happened = in[i].tag == WASI_EVENT_CLOCK ? clock_event(&in[i], waiting, waited, &out[events])
		                                              : descriptor_event(&in[i], readable, &out[events]);
		events += happened;
	}
	return events;
}

int32_t WASI(poll_oneoff)(const struct wasi_subscription *in, struct wasi_event *out, uint32_t count, uint32_t *events)
{
	struct waiting waiting = { .timeout = -1 };
	if (count == 0 || count > SUBSCRIPTIONS_MAX)
		return MEMFS_EINVAL;
	waiting.start[WASI_CLOCK_REALTIME] = (uint64_t)host_clock(WASI_CLOCK_REALTIME);
	waiting.start[WASI_CLOCK_MONOTONIC] = (uint64_t)host_clock(WASI_CLOCK_MONOTONIC);
	for (uint32_t i = 0; i < count; i++) {
		if (in[i].tag > WASI_EVENT_FD_WRITE)
			return MEMFS_EINVAL;
		wait_for(&waiting, &in[i]);
	}
	*events = report(in, count, &waiting, out);
	return 0;
}
