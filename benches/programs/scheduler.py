"""A small operating system in play: tasks of several classes, queues of packets, virtual calls, attributes."""
import time
from collections import deque

ROUNDS = 7
IDLE_TURNS = 6000


class Packet:
    __slots__ = ("kind", "owner", "data", "position")

    def __init__(self, kind, owner):
        self.kind, self.owner, self.data, self.position = kind, owner, [0] * 4, 0


class Task:
    def __init__(self, system, name, priority):
        self.system, self.name, self.priority = system, name, priority
        self.queue, self.held, self.waiting = deque(), False, True

    def ready(self):
        return not self.held and (self.queue or not self.waiting)

    def take(self, packet):
        self.queue.append(packet)

    def step(self):
        packet = self.queue.popleft() if self.queue else None
        self.system.steps += 1
        self.act(packet)


class Idle(Task):
    """Wakes one of the two devices, by a shift register."""

    def __init__(self, system, name, priority):
        super().__init__(system, name, priority)
        self.left, self.register, self.waiting = IDLE_TURNS, 1, False

    def act(self, packet):
        self.left -= 1
        if self.left == 0:
            self.held = True
            return
        if self.register & 1:
            self.register = self.register >> 1 ^ 0xD008
            self.system.release("disk")
        else:
            self.register >>= 1
            self.system.release("net")


class Worker(Task):
    def __init__(self, system, name, priority):
        super().__init__(system, name, priority)
        self.letter, self.turn = 0, 0

    def act(self, packet):
        if packet is None:
            self.waiting = True
            return
        self.turn ^= 1
        packet.owner = self.name
        packet.position = 0
        for i in range(4):
            self.letter = self.letter % 26 + 1
            packet.data[i] = 64 + self.letter
        self.system.send("handler a" if self.turn else "handler b", packet)


class Handler(Task):
    def __init__(self, system, name, priority, device):
        super().__init__(system, name, priority)
        self.device, self.work, self.sum = device, deque(), 0

    def act(self, packet):
        if packet is not None:
            (self.work.append if packet.kind == "work" else self.finish)(packet)
        if not self.work:
            self.waiting = not self.queue
            return
        current = self.work[0]
        if current.position < 4:
            self.sum = self.sum * 31 + current.data[current.position] & 0xFFFF
            current.position += 1
            self.system.send(self.device, Packet("device", self.name))
        else:
            self.system.send("worker", self.work.popleft())

    def finish(self, packet):
        self.sum = self.sum + packet.data[0] & 0xFFFF


class Device(Task):
    def __init__(self, system, name, priority):
        super().__init__(system, name, priority)
        self.pending = deque()

    def act(self, packet):
        if packet is not None:
            self.pending.append(packet)
            self.held = True
        elif self.pending:
            done = self.pending.popleft()
            self.system.send(done.owner, done)
        self.waiting = not self.queue and not self.pending


class System:
    def __init__(self):
        self.steps = self.sent = 0
        self.tasks = {}
        for kind, name, *more in ((Idle, "idle"), (Worker, "worker"), (Handler, "handler a", "disk"),
                                  (Handler, "handler b", "net"), (Device, "disk"), (Device, "net")):
            self.tasks[name] = kind(self, name, len(self.tasks), *more)
        for _ in range(3):
            self.send("worker", Packet("work", "worker"))

    def send(self, name, packet):
        self.sent += 1
        self.tasks[name].take(packet)

    def release(self, name):
        self.tasks[name].held = False

    def run(self):
        tasks = sorted(self.tasks.values(), key=lambda task: -task.priority)
        while not self.tasks["idle"].held:
            for task in tasks:
                if task.ready():
                    task.step()
                    break
        return self.steps, self.sent, self.tasks["handler a"].sum, self.tasks["handler b"].sum


def main():
    return [System().run() for _ in range(ROUNDS)][-1]


begin = time.perf_counter_ns()
value = main()
print("elapsed_ns", time.perf_counter_ns() - begin)
print("check", value)
