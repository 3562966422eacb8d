"""What a build leaves: `artifacts`, `cache`, `reports` of a buildspec (CB-065…067, CB-080…092)."""

from __future__ import annotations

from penstock.documents.buildspec import (
    Artifact,
    Artifacts,
    Cache,
    CacheAction,
    ReportFormat,
    ReportGroup,
    Text,
)
from penstock.documents.buildspec_env import without_old_key
from penstock.documents.diagnostics import Position
from penstock.documents.findings import shown
from penstock.documents.sections import Section

MOST_GROUPS = 5
MOST_FALLBACK_KEYS = 5

_ARTIFACT_KEYS = (
    *("files", "name", "base-directory", "exclude-paths"),
    *("discard-paths", "enable-symlinks", "s3-prefix"),
)


def read_artifacts(top: Section, version: str) -> Artifacts | None:
    body = top.child("artifacts")
    if body is None:
        return None
    known: tuple[str, ...] = (*_ARTIFACT_KEYS, "secondary-artifacts")
    if version == "0.1":
        known = (*known, "type")
    else:
        body = without_old_key(body, "type", f"remove it: version {version} always packs as set up")
    body.allow(known)
    secondary = _secondary(body)
    return Artifacts(_artifact(body, "", bool(secondary)), secondary)


def read_cache(top: Section) -> Cache | None:
    body = top.child("cache", ("paths", "key", "fallback-keys", "action"))
    if body is None:
        return None
    key, fallback = body.string("key"), body.texts("fallback-keys")
    at = body.at_key("fallback-keys")
    if len(fallback) > MOST_FALLBACK_KEYS:
        message = f"`cache.fallback-keys` has {len(fallback)} keys; CodeBuild takes 5"
        body.findings.error(at, "too-many-fallback-keys", message, "keep the 5 that matter most")
    if fallback and key is None:
        message = "`cache.fallback-keys` is ignored without `cache.key`"
        body.findings.warn(at, "fallback-without-key", message, "add `key:`")
    return Cache(body.texts("paths"), key, fallback, _cache_action(body), body.at)


def read_reports(top: Section) -> tuple[ReportGroup, ...]:
    body = top.child("reports")
    if body is None:
        return ()
    if len(body.keys) > MOST_GROUPS:
        sixth = list(body.keys)[MOST_GROUPS]
        message = f"`reports` has {len(body.keys)} report groups; CodeBuild takes 5"
        hint = "join groups: `files` takes many patterns"
        body.findings.error(body.at_key(sixth), "too-many-report-groups", message, hint)
    groups = (_report_group(body, name) for name in body.keys)
    return tuple(group for group in groups if group is not None)


def _secondary(body: Section) -> tuple[Artifact, ...]:
    parts = body.child("secondary-artifacts")
    if parts is None:
        return ()
    found = []
    for identifier in parts.keys:
        part = _part(parts, identifier)
        if part is not None:
            part.allow(_ARTIFACT_KEYS)
            found.append(_artifact(part, identifier, False))
    return tuple(found)


def _part(parts: Section, name: str) -> Section | None:
    """A named mapping that cannot be left empty, as it needs `files`."""
    if parts.lacks(name):
        _missing_files(parts, parts.path_of(name), parts.at_key(name))
        return None
    return parts.child(name)


def _artifact(body: Section, identifier: str, has_secondary: bool) -> Artifact:
    return Artifact(
        files=_files(body, has_secondary),
        identifier=identifier,
        name=body.string("name"),
        base_directory=body.string("base-directory"),
        exclude_paths=body.texts("exclude-paths", one_is_fine=True),
        discard_paths=bool(body.flag("discard-paths")),
        enable_symlinks=bool(body.flag("enable-symlinks")),
        s3_prefix=body.string("s3-prefix"),
        at=body.at,
    )


def _files(body: Section, has_secondary: bool = False) -> tuple[Text, ...]:
    if not body.lacks("files"):
        return body.texts("files")
    if has_secondary:
        # CB-080 requires `files`, yet AWS's own samples do without (CB-215): not refused here.
        message = "`artifacts` has secondary artifacts but no `files` of its own"
        hint = "add `files:`; CodeBuild's reference requires it"
        body.findings.warn(body.at, "only-secondary-artifacts", message, hint)
    else:
        _missing_files(body, body.path, body.at)
    return ()


def _missing_files(section: Section, path: str, at: Position) -> None:
    hint = "add `files:` with a list of patterns such as `- '**/*'`"
    section.findings.error(at, "missing-files", f"`{path}` has no `files`", hint)


def _cache_action(body: Section) -> CacheAction | None:
    text = body.text("action")
    if text is None:
        return None
    if text.value.lower() in ("restore", "save"):
        return CacheAction(text.value.lower())
    message = f"`cache.action` is restore or save, not `{shown(text.value)}`: it is ignored"
    body.findings.warn(text.at, "bad-cache-action", message, "remove it to restore and save")
    return None


def _report_group(reports: Section, name: str) -> ReportGroup | None:
    body = _part(reports, name)
    if body is None:
        return None
    body.allow(("files", "base-directory", "discard-paths", "file-format"))
    return ReportGroup(
        name=name,
        files=_files(body),
        base_directory=body.string("base-directory"),
        discard_paths=bool(body.flag("discard-paths")),
        file_format=_file_format(body),
        at=body.at,
    )


def _file_format(body: Section) -> ReportFormat:
    text = body.text("file-format")
    if text is None:
        return ReportFormat.JUNITXML
    known = ReportFormat.__members__
    if text.value.upper() in known:
        return known[text.value.upper()]
    near = body.findings.nearest(text.value, [name.lower() for name in known]).upper()
    hint = f"did you mean {near}?" if near else f"write one of {', '.join(known)}"
    message = f"`{body.path_of('file-format')}` cannot be `{shown(text.value)}`"
    body.findings.error(text.at, "bad-file-format", message, hint)
    return ReportFormat.JUNITXML
