"""Spheres over a chessboard, lit by one lamp: small objects with operators, methods, floating point."""
import time

WIDTH, HEIGHT = 160, 98


class Vector:
    __slots__ = ("x", "y", "z")

    def __init__(self, x, y, z):
        self.x, self.y, self.z = x, y, z

    def __add__(self, other):
        return Vector(self.x + other.x, self.y + other.y, self.z + other.z)

    def __sub__(self, other):
        return Vector(self.x - other.x, self.y - other.y, self.z - other.z)

    def __mul__(self, by):
        return Vector(self.x * by, self.y * by, self.z * by)

    def dot(self, other):
        return self.x * other.x + self.y * other.y + self.z * other.z

    def unit(self):
        return self * (1.0 / self.dot(self) ** 0.5)


class Sphere:
    def __init__(self, centre, radius, shade, mirror):
        self.centre, self.radius, self.shade, self.mirror = centre, radius, shade, mirror

    def hit(self, start, along):
        to = self.centre - start
        near = to.dot(along)
        square = to.dot(to) - near * near
        rest = self.radius * self.radius - square
        if rest < 0.0:
            return None
        distance = near - rest ** 0.5
        return distance if distance > 1e-6 else None

    def normal(self, point):
        return (point - self.centre).unit()

    def colour(self, point):
        return self.shade


class Floor:
    mirror = 0.2

    def hit(self, start, along):
        return -(start.y + 1.0) / along.y if along.y < -1e-6 else None

    def normal(self, point):
        return Vector(0.0, 1.0, 0.0)

    def colour(self, point):
        return 0.9 if (int(point.x // 1) + int(point.z // 1)) % 2 else 0.2


SCENE = [Floor(), *(Sphere(Vector(i - 2.0, (i % 3) * 0.4 - 0.6, 4.0 + i * 0.7), 0.4 + i * 0.06, 0.3 + i * 0.1, 0.3) for i in range(5))]
LAMP = Vector(-3.0, 5.0, -2.0)


def nearest(start, along):
    best, what = None, None
    for thing in SCENE:
        distance = thing.hit(start, along)
        if distance is not None and (best is None or distance < best):
            best, what = distance, thing
    return best, what


def trace(start, along, depth):
    distance, thing = nearest(start, along)
    if thing is None:
        return 0.5 + 0.5 * along.y
    point = start + along * distance
    normal = thing.normal(point)
    to_lamp = (LAMP - point).unit()
    light = max(0.0, normal.dot(to_lamp)) if nearest(point + normal * 1e-4, to_lamp)[1] is None else 0.0
    colour = thing.colour(point) * (0.2 + 0.8 * light)
    if depth and thing.mirror:
        mirrored = along - normal * (2.0 * along.dot(normal))
        colour = colour * (1.0 - thing.mirror) + trace(point + normal * 1e-4, mirrored, depth - 1) * thing.mirror
    return colour


def main():
    eye, total, row = Vector(0.0, 0.5, -2.0), 0.0, []
    for y in range(HEIGHT):
        for x in range(WIDTH):
            along = Vector((x - WIDTH / 2) / WIDTH * 1.6, (HEIGHT / 2 - y) / HEIGHT, 1.0).unit()
            colour = trace(eye, along, 3)
            total += colour
            if y == HEIGHT // 2 and x % 12 == 0:
                row.append(f"{colour:.4f}")
    return f"{total:.6f}", row


begin = time.perf_counter_ns()
value = main()
print("elapsed_ns", time.perf_counter_ns() - begin)
print("check", value)
