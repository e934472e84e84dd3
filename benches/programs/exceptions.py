"""Errors as control flow: raising, catching by class, finally, context managers, chained causes."""
import contextlib
import time

ROUNDS = 40_000


class Shop(Exception):
    pass


class OutOfStock(Shop, LookupError):
    def __init__(self, item, left):
        super().__init__(f"{item}: {left} left")
        self.left = left


@contextlib.contextmanager
def counted(counts, name):
    try:
        yield
    except Shop as error:
        counts[name] = counts.get(name, 0) + 1 + error.left
    finally:
        counts["all"] = counts.get("all", 0) + 1


def sell(stock, item):
    try:
        left = stock[item]
    except KeyError as error:
        raise OutOfStock(item, 0) from error
    if left <= 0:
        raise OutOfStock(item, left)
    stock[item] = left - 1
    return left


def parse(text):
    try:
        return int(text)
    except ValueError:
        try:
            return int(float(text))
        except ValueError:
            return -1


def main():
    stock, counts, total = {number: number % 5 for number in range(50)}, {}, 0
    for number in range(ROUNDS):
        with counted(counts, number % 4):
            total += sell(stock, number % 60)
        total += parse("12" if number % 2 else "1.5" if number % 3 else "x")
        try:
            [][number]
        except (TypeError, IndexError):
            total += 1
        for attempt in range(2):
            try:
                if attempt:
                    break
                None.missing
            except AttributeError:
                continue
            finally:
                total += attempt
    return total, sorted(counts.items(), key=str)


begin = time.perf_counter_ns()
value = main()
print("elapsed_ns", time.perf_counter_ns() - begin)
print("check", value)
