"""Runs one module of CPython's own test suite, inside the sandbox. Started by `run`, which reads what this prints.

What `python -m test --fast-ci` does for a module (libregrtest), with a result for each single test. Results are lines on
standard output that begin with MARK; everything else there comes from the tests themselves.

The working directory has the package `test` and regrtest.json: {"module": name, "without": [ids], "resources": [names],
"sockets": bool}, the last for modules that ask for sockets and do not need them.
"""
import importlib
import json
import os
import random
import sys
import time
import traceback
import types
import unittest

MARK = "\x1eregrtest "
TEXT_LIMIT = 4000
# The runtime is built with --disable-test-modules.
ABSENT = ("_testcapi", "_testinternalcapi", "_testlimitedcapi")
JOB = os.path.abspath("regrtest.json")


def report(what, name, text=""):
    line = MARK + json.dumps([what, name, text[-TEXT_LIMIT:]])
    os.write(1, f"\n{line}\n".encode("ascii"))


def name_of(test):
    """The id of a test, without the package that all share. Fixtures have ids such as `setUpClass (test.test_x.Class)`."""
    name = test.id()
    if name.endswith(")") and " (" in name:
        fixture, _, owner = name.removesuffix(")").partition(" (")
        name = f"{owner}.{fixture}"
    return name.removeprefix("test.").replace(" ", "_")


class Result(unittest.TestResult):
    """Says when a test starts, and how it ended: one word for each test, whatever its subtests did."""

    def __init__(self):
        super().__init__()
        self.outcome = {}
        self.running = False

    def startTest(self, test):
        super().startTest(test)
        self.running = True
        report("start", name_of(test))

    def stopTest(self, test):
        super().stopTest(test)
        self.running = False
        name = name_of(test)
        report(*self.outcome.pop(name, ("failed", name, "ended without a result")))

    def note(self, what, test, text=""):
        if isinstance(test, unittest.case._SubTest):  # it speaks for its test
            test = test.test_case
        name = name_of(test)
        if not self.running:  # a fixture of a class or module
            report(what, name, text)
        elif self.outcome.get(name, [""])[0] != "failed":
            self.outcome[name] = [what, name, text]

    def failure(self, test, error):
        if isinstance(error[1], ModuleNotFoundError) and error[1].name in ABSENT:
            self.note("skipped", test, str(error[1]))
        else:
            self.note("failed", test, "".join(traceback.format_exception(*error)))

    def addSuccess(self, test):
        self.note("passed", test)

    def addError(self, test, error):
        self.failure(test, error)

    def addFailure(self, test, error):
        self.failure(test, error)

    def addSubTest(self, test, subtest, error):
        if error is not None:
            self.failure(test, error)

    def addSkip(self, test, reason):
        self.note("skipped", test, str(reason))

    def addExpectedFailure(self, test, error):
        self.note("passed", test)

    def addUnexpectedSuccess(self, test):
        self.note("failed", test, "passed, but the test expects itself to fail")


def remove(suite, unwanted):
    """Takes tests out of a suite, in place: suites may be of classes that mean something."""
    for item in list(suite):
        if isinstance(item, unittest.TestSuite):
            remove(item, unwanted)
    suite._tests = [item for item in suite._tests if isinstance(item, unittest.TestSuite) or not unwanted(item)]


def needs_absent(test):
    """A class that is all about the C interface would fail half-way where stand-ins take its place."""
    if "capi" not in type(test).__name__.lower() or not isinstance(sys.modules.get("_testcapi"), Absent):
        return False
    report("skipped", name_of(test), "needs _testcapi")
    return True


def prepare(resources, sockets):
    """What libregrtest sets up before it runs a module."""
    from test import support
    from test.support import os_helper
    support.has_socket_support |= sockets
    support.verbose = False
    support.use_resources = dict.fromkeys(resources)
    support.record_original_stdout(sys.stdout)
    sys.stdout.reconfigure(errors="backslashreplace")
    sys.addaudithook(lambda name, arguments: None)
    if os_helper.FS_NONASCII:
        os.environ.setdefault("PYTHONREGRTEST_UNICODE_GUARD", os_helper.FS_NONASCII)
    if getattr(support, "skip_if_suppress_immortalization", bool)() is None:  # no decorator without _testinternalcapi
        support.skip_if_suppress_immortalization = lambda: lambda test: test
    random.seed(20130929)
    work = f"/tmp/test_python_{os.getpid()}{os_helper.FS_NONASCII}"
    os.mkdir(work)
    os.chdir(work)


class Absent(types.ModuleType):
    """Stands for a C module that only these tests use: a test that calls it is skipped, instead of all in its module."""

    PY_SSIZE_T_MAX, PY_SSIZE_T_MIN = sys.maxsize, -sys.maxsize - 1
    INT_MAX, INT_MIN, UINT_MAX = 2**31 - 1, -2**31, 2**32 - 1

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)

        def skip(*arguments, **named):
            raise unittest.SkipTest(f"needs {self.__name__}.{name}")
        return skip


def load(module):
    """The tests of a module. Where it cannot be imported without CPython's test modules in C, it gets stand-ins."""
    try:
        return importlib.import_module(f"test.{module}")
    except (ImportError, unittest.SkipTest) as error:
        if not any(name in str(error) for name in ABSENT):
            raise
    for name in ABSENT:
        sys.modules[name] = Absent(name)
    return importlib.import_module(f"test.{module}")


def run_module(module, without):
    try:
        tests = unittest.defaultTestLoader.loadTestsFromModule(load(module))
    except unittest.SkipTest as reason:
        report("skipped", module, str(reason))
        return
    except Exception:
        report("failed", f"{module}.import", traceback.format_exc())
        return
    remove(tests, lambda test: name_of(test) in without or needs_absent(test))
    tests.run(Result())


def main():
    with open(JOB, encoding="utf-8") as file:
        job = json.load(file)
    os.remove(JOB)
    # A module is imported as test.NAME, so that its package and its data are where it looks for them.
    sys.path.insert(0, os.getcwd())
    prepare(job["resources"], job["sockets"])
    begin = time.monotonic()
    run_module(job["module"], frozenset(job["without"]))
    report("end", job["module"], f"{time.monotonic() - begin:.3f}")
    sys.stdout.flush()
    # Not through the interpreter's end: what a test left behind must not turn results into an error.
    os._exit(0)


if __name__ == "__main__":
    main()
