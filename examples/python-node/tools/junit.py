"""Runs the unit tests of a folder and writes what came of them as JUnit XML.

usage: python3 tools/junit.py TESTS REPORT
"""

from __future__ import annotations

import sys
import time
import unittest
from pathlib import Path
from xml.etree import ElementTree


class JUnitResult(unittest.TextTestResult):
    """Prints as unittest does, and keeps a `testcase` element for each test."""

    def __init__(self, *args, **settings) -> None:
        super().__init__(*args, **settings)
        self.cases: dict[str, ElementTree.Element] = {}
        self._started = 0.0

    def startTest(self, test) -> None:
        super().startTest(test)
        self._started = time.perf_counter()
        suite, _, name = test.id().rpartition(".")
        self.cases[test.id()] = ElementTree.Element("testcase", classname=suite, name=name)

    def stopTest(self, test) -> None:
        seconds = time.perf_counter() - self._started
        self.cases[test.id()].set("time", f"{seconds:.6f}")
        super().stopTest(test)

    def addFailure(self, test, err) -> None:
        super().addFailure(test, err)
        self._add(test.id(), "failure", err)

    def addError(self, test, err) -> None:
        super().addError(test, err)
        self._add(test.id(), "error", err)

    def addSubTest(self, test, subtest, err) -> None:
        super().addSubTest(test, subtest, err)
        if err is not None:
            self._add(test.id(), "failure", err)

    def addSkip(self, test, reason) -> None:
        super().addSkip(test, reason)
        ElementTree.SubElement(self.cases[test.id()], "skipped", message=reason)

    def _add(self, test_id: str, kind: str, err) -> None:
        # A folder that cannot be imported fails before any test has started.
        case = self.cases.setdefault(
            test_id, ElementTree.Element("testcase", classname="setup", name=test_id)
        )
        ElementTree.SubElement(case, kind, type=err[0].__name__, message=str(err[1]))


def main(tests: str, report: str) -> int:
    sys.path.insert(0, ".")  # as `python3 -m unittest` has it
    suite = unittest.defaultTestLoader.discover(tests)
    result = unittest.TextTestRunner(resultclass=JUnitResult, verbosity=2).run(suite)
    top = ElementTree.Element("testsuite", name=tests, tests=str(len(result.cases)))
    top.extend(result.cases.values())
    Path(report).parent.mkdir(parents=True, exist_ok=True)
    ElementTree.ElementTree(top).write(report, encoding="utf-8", xml_declaration=True)
    return 0 if result.wasSuccessful() and result.cases else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
