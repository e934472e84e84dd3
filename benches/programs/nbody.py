"""Planets that pull at each other: floating point, lists, tuple unpacking."""
import time

STEPS = 40_000
BODIES = [  # position, velocity (units a year), mass (in suns times 4 pi squared)
    ([0.0, 0.0, 0.0], [0.0, 0.0, 0.0], 39.47841760435743),
    ([4.84143144, -1.16032004, -0.10362204], [0.60632639, 2.81198684, -0.02521836], 0.03769367),
    ([8.34336671, 4.12479856, -0.40352341], [-1.01077434, 1.82566237, 0.00841576], 0.01128632),
    ([12.89436956, -15.11115140, -0.22330757], [1.08279100, 0.86871301, -0.01083263], 0.00172372),
    ([15.37969711, -25.91931460, 0.17925877], [0.97909073, 0.59469899, -0.03475595], 0.00203368),
]


def advance(bodies, pairs, dt):
    for ((x1, y1, z1), v1, m1), ((x2, y2, z2), v2, m2) in pairs:
        dx, dy, dz = x1 - x2, y1 - y2, z1 - z2
        square = dx * dx + dy * dy + dz * dz
        pull = dt / (square * square ** 0.5)
        one, two = m1 * pull, m2 * pull
        v1[0] -= dx * two
        v1[1] -= dy * two
        v1[2] -= dz * two
        v2[0] += dx * one
        v2[1] += dy * one
        v2[2] += dz * one
    for place, (vx, vy, vz), _ in bodies:
        place[0] += dt * vx
        place[1] += dt * vy
        place[2] += dt * vz


def main():
    bodies = [(place[:], speed[:], mass) for place, speed, mass in BODIES]
    pairs = [(a, b) for i, a in enumerate(bodies) for b in bodies[i + 1:]]
    for _ in range(STEPS):
        advance(bodies, pairs, 0.001)
    return " ".join(f"{x:.6f}" for place, _, _ in bodies for x in place)


begin = time.perf_counter_ns()
value = main()
print("elapsed_ns", time.perf_counter_ns() - begin)
print("check", value)
