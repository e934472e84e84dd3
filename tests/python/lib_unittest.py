#: exit: 1
# A script that tests itself with unittest: verbose output on stderr, exit code 1 for a failure
import os
import unittest
from unittest import mock

class Tests(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        print("setUpClass")

    def setUp(self):
        self.addCleanup(print, "clean-up of", self.id().rpartition(".")[2])

    def test_passes(self):
        self.assertEqual(1 + 1, 2)
        with self.assertRaisesRegex(ValueError, "invalid literal"):
            int("x")
        with self.assertLogs("x", "INFO") as logs:
            __import__("logging").getLogger("x").info("message")
        self.assertEqual(logs.output, ["INFO:x:message"])

    def test_fails(self):
        """A test with a docstring."""
        self.assertEqual({"a": [1, 2]}, {"a": [1, 3]}, "a message")

    def test_error(self):
        {}["missing"]

    @unittest.skip("a reason")
    def test_skipped(self):
        pass

    @unittest.expectedFailure
    def test_expected(self):
        self.fail()

    def test_subtests(self):
        for number in range(3):
            with self.subTest(number=number):
                self.assertNotEqual(number, 1)

    def test_mock(self):
        thing = mock.Mock(return_value=5)
        self.assertEqual(thing(1, a=2), 5)
        thing.assert_called_once_with(1, a=2)
        with mock.patch("os.getpid", return_value=9):
            self.assertEqual(os.getpid(), 9)
        with self.assertRaises(AssertionError):
            thing.assert_not_called()

class AsyncTests(unittest.IsolatedAsyncioTestCase):
    async def asyncSetUp(self):
        self.value = 1

    async def test_async(self):
        import asyncio
        self.assertEqual(await asyncio.sleep(0, self.value), 1)

class Runner(unittest.TextTestRunner):
    """The time that the tests took is the one thing that differs from run to run."""
    def __init__(self, *arguments, **named):
        import re
        import sys
        class Stream:
            def write(self, text):
                sys.stderr.write(re.sub(r"in \d+\.\d+s", "in no time", text))
            def flush(self):
                sys.stderr.flush()
        super().__init__(Stream(), *arguments, **named)

if __name__ == "__main__":
    unittest.main(verbosity=2, testRunner=Runner)
