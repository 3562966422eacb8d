"""CB-101: the image of a batch task."""

from __future__ import annotations

from collections.abc import Iterator

from penstock.documents.batch import Batch
from penstock.documents.diagnostics import Position, Severity
from penstock.documents.findings import shown
from penstock.lint.rule import Finding, rule
from penstock.lint.subject import Subject


@rule(
    id="unpinned-image",
    severity=Severity.INFO,
    summary="A batch image without a fixed tag: two builds of one commit may differ.",
    bad="""
version: 0.2
batch:
  build-list:
    - identifier: unit
      env:
        image: python:latest
phases:
  build:
    commands:
      - make test
""",
    good="""
version: 0.2
batch:
  build-list:
    - identifier: unit
      env:
        image: python:3.13
phases:
  build:
    commands:
      - make test
""",
)
def unpinned_image(subject: Subject) -> Iterator[Finding]:
    batch = subject.buildspec.batch
    for image, at in _images(batch) if batch else ():
        name, tagged, tag = image.rpartition("/")[2].partition(":")
        if "$" not in image and "@" not in name and (not tagged or tag == "latest"):
            message = f"`{shown(image)}` is another image tomorrow"
            yield Finding(at, message, "name a version, or a digest")


def _images(batch: Batch) -> Iterator[tuple[str, Position]]:
    for task in (*batch.graph, *batch.list):
        if task.env.image:
            yield task.env.image, task.at
    for image in batch.matrix.images if batch.matrix else ():
        yield image, batch.at
