"""One-way constraints between variables, planned by strength and carried out in order: objects that point at each other."""
import time

CHAIN = 400
ROUNDS = 60


class Variable:
    def __init__(self, name, value=0):
        self.name, self.value, self.users, self.by, self.mark = name, value, [], None, 0


class Constraint:
    """Computes its output from its inputs."""

    def __init__(self, strength, output, *inputs):
        self.strength, self.output, self.inputs = strength, output, inputs

    def add(self):
        if self.output.by is not None and self.output.by.strength >= self.strength:
            return False
        self.output.by = self
        for variable in self.inputs:
            variable.users.append(self)
        return True

    def remove(self):
        self.output.by = None
        for variable in self.inputs:
            variable.users.remove(self)


class Stay(Constraint):
    def compute(self):
        return self.output.value


class Equal(Constraint):
    def compute(self):
        return self.inputs[0].value


class Scale(Constraint):
    def compute(self):
        source, factor, offset = self.inputs
        return source.value * factor.value + offset.value


class Edit(Constraint):
    def __init__(self, strength, output):
        super().__init__(strength, output)
        self.wish = 0

    def compute(self):
        return self.wish


class Planner:
    mark = 0

    def plan(self, start):
        """What start makes others compute anew, each after what it reads."""
        Planner.mark += 1
        mark, plan, waiting = Planner.mark, [], [start]
        while waiting:
            constraint = waiting.pop()
            output = constraint.output
            if output.mark == mark:
                continue
            output.mark = mark
            plan.append(constraint)
            waiting.extend(user for user in output.users if user.output.by is user)
        return plan


def chain():
    variables = [Variable(f"v{i}") for i in range(CHAIN)]
    for left, right in zip(variables, variables[1:]):
        Equal(5, right, left).add()
    edit = Edit(9, variables[0])
    edit.add()
    total = 0
    for round in range(ROUNDS):
        edit.wish = round
        for constraint in Planner().plan(edit):
            constraint.output.value = constraint.compute()
        total += variables[-1].value
    edit.remove()
    return total


def projection():
    factor, offset = Variable("factor", 10), Variable("offset", 1000)
    sources = [Variable(f"s{i}", i) for i in range(CHAIN)]
    targets = [Variable(f"t{i}") for i in range(CHAIN)]
    for source, target in zip(sources, targets):
        Stay(1, source).add()
        Scale(5, target, source, factor, offset).add()
    total = 0
    for round in range(ROUNDS):
        for changed, value in ((factor, round), (offset, -round), (sources[round % CHAIN], 17)):
            edit = Edit(9, changed)
            edit.add()
            edit.wish = value
            for constraint in Planner().plan(edit):
                constraint.output.value = constraint.compute()
            edit.remove()
        total += sum(target.value for target in targets)
    return total


def main():
    return [(chain(), projection()) for _ in range(5)][-1]


begin = time.perf_counter_ns()
value = main()
print("elapsed_ns", time.perf_counter_ns() - begin)
print("check", value)
