"""Sources in git repositories (CB-150…153).

Git is told everything by its environment: credentials never stand in an argument, a URL or a file.
"""

from __future__ import annotations

import fcntl
import os
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from penstock.decide.source_versions import Wanted, read_version
from penstock.runner.codebuild.source import Source
from penstock.runner.codebuild.source.git import without_credentials
from penstock.runner.codebuild.source.program import Answer, Program
from penstock.store.repositories import find_repository
from penstock.store.source_credentials import Credential, find_credential
from penstock.worker.memory import Memory
from penstock.worker.refusal import refused
from penstock.worker.work import Work

DEEPEST = 25
"""A deeper clone is a whole one (CB-152)."""
_USERS = {"GITHUB": "x-access-token", "GITHUB_ENTERPRISE": "x-access-token"}
_TOKENS = ("BASIC_AUTH", "OAUTH", "PERSONAL_ACCESS_TOKEN")
_ANY_USER = "x-token-auth"
HOSTED = re.compile(
    r"https://git-codecommit(?:-fips)?\.(?P<region>[a-z0-9-]+)\.amazonaws\.com(?:\.cn)?"
    r"/v1/repos/(?P<name>[A-Za-z0-9_.-]{1,100})/?"
)
"""CodeCommit's own URL of a repository, which is hosted here if it is anywhere."""
_HEADS = "+refs/heads/*:refs/remotes/origin/*"
# A helper in the shell that git runs it in: it prints what the environment holds.
_HELPER = '!f() { echo "username=$PENSTOCK_GIT_USER"; echo "password=$PENSTOCK_GIT_TOKEN"; }; f'

Note = Callable[[str], None]


def fetch_git(
    work: Work,
    memory: Memory,
    source: Mapping[str, Any],
    version: str,
    path: str,
    note: Note,
    credential: Credential | None = None,
) -> tuple[Source, str | None]:
    """The source checked out, and the branch that HEAD was, where nothing else was asked for.

    A `credential` takes the place of the one imported for the source's type. Raises Refused.
    """
    try:
        wanted = read_version(version)
    except ValueError as error:
        raise refused(str(error)) from None
    url, rewrites = source["location"], dict(work.runner.source_rewrites)
    hosted = _hosted(work, memory, source)
    if hosted is None:
        reached = url
        credential = credential or _credential(work, memory, source["type"])
    else:
        reached, credential = hosted, _session(work)
        rewrites[url] = hosted
    git = Git(path, make_environment(source, rewrites, reached, credential), credential)
    git.run("init", "-q", path, folder="")
    git.run("remote", "add", "origin", url)
    with _cached(work, source, git, note):
        commit = _fetch(git, wanted, depth_of(source))
        git.run("-c", "advice.detachedHead=false", "checkout", "-q", "--detach", commit)
    ref = _default_branch(git) if not version else None
    if source.get("gitSubmodulesConfig", {}).get("fetchSubmodules"):
        git.run("submodule", "update", "-q", "--init", "--recursive")
    resolved = git.run("rev-parse", "HEAD").output.decode().strip()
    return Source(path, version, resolved, without_credentials(url)), ref


def _credential(work: Work, memory: Memory, kind: str) -> Credential | None:
    """The imported token. One that is the ARN of something else is none that git could use."""
    name, store = work.begun.name, memory.store
    found = memory.ask(
        lambda: find_credential(store.database, store.sealer, name.account, name.region, kind)
    )
    return found if found is not None and found.auth_type in _TOKENS else None


def _hosted(work: Work, memory: Memory, source: Mapping[str, Any]) -> str | None:
    """The URL on this server of a repository that it hosts, whether the source names it by that or
    by CodeCommit's own. None where it does not host it."""
    url, page = source["location"], work.page
    if source["type"] != "CODECOMMIT":
        return None
    if page and url.startswith((f"{page}/git/", f"{page}/v1/repos/")):
        return str(url)
    found, name = HOSTED.fullmatch(url), work.begun.name
    if found is None:
        return None
    database = memory.store.database
    there = memory.ask(
        lambda: find_repository(database, name.account, found["region"], found["name"])
    )
    return None if there is None else f"{page}/git/{there.region}/{there.name}"


def _session(work: Work) -> Credential:
    """The build's own key, which the server knows."""
    key = work.begun.key
    user = f"{key.access_key_id}%{key.session_token}"
    return Credential("CODECOMMIT", "BASIC_AUTH", user, key.secret_access_key)


class Git(NamedTuple):
    """Git commands in one work tree, with an environment of their own."""

    path: str
    environment: Mapping[str, str]
    credential: Credential | None

    def run(self, *arguments: str, folder: str | None = None) -> Answer:
        """Raises Refused where the command fails."""
        answer = self.ask(*arguments, folder=folder)
        if answer.code != 0:
            complaint = answer.complaint
            if self.credential is not None:
                complaint = complaint.replace(self.credential.token, "***")
            raise refused(f"git {arguments[0]} failed: {complaint}")
        return answer

    def ask(self, *arguments: str, folder: str | None = None) -> Answer:
        """What a command answers, whether or not it fails. Raises Refused without git."""
        where = self.path if folder is None else folder
        command = ("git", *(("-C", where) if where else ()), *arguments)
        try:
            program = Program(command, self.environment)
        except FileNotFoundError:
            raise refused("git is not installed on the worker: install it there") from None
        try:
            return program.answer()
        except BaseException:
            program.close()
            raise


def depth_of(source: Mapping[str, Any]) -> int:
    """0 for a whole clone (CB-152)."""
    depth = source.get("gitCloneDepth", 0)
    return depth if 0 < depth <= DEEPEST else 0


def _fetch(git: Git, wanted: Wanted, depth: int) -> str:
    """Fetches the wanted commit and returns it as `checkout` takes it. Raises Refused."""
    if depth:
        git.run("fetch", "-q", f"--depth={depth}", "origin", wanted.commit or wanted.fetch)
        return "FETCH_HEAD"
    git.run("fetch", "-q", "--tags", "origin", _HEADS)
    if wanted.fetch == "HEAD":
        git.run("fetch", "-q", "origin", "HEAD")
        return "FETCH_HEAD"
    for candidate in _candidates(wanted):
        answer = git.ask("rev-parse", "-q", "--verify", f"{candidate}^{{commit}}")
        if answer.code == 0:
            return answer.output.decode().strip()
    git.run("fetch", "-q", "origin", wanted.commit or wanted.fetch)
    return "FETCH_HEAD"


def _candidates(wanted: Wanted) -> tuple[str, ...]:
    """What a name may be of all that was fetched, the likeliest first (CB-151)."""
    if wanted.commit:
        return (wanted.commit,)
    name = wanted.fetch
    if name.startswith("refs/heads/"):
        return (f"refs/remotes/origin/{name.removeprefix('refs/heads/')}",)
    if name.startswith("refs/"):
        return (name,)
    return (f"refs/remotes/origin/{name}", f"refs/tags/{name}", name)


def _default_branch(git: Git) -> str | None:
    answer = git.ask("ls-remote", "-q", "--symref", "origin", "HEAD")
    first = answer.output.decode().split("\n", 1)[0]
    if answer.code == 0 and first.startswith("ref: "):
        return first.removeprefix("ref: ").split("\t")[0]
    return None


def make_environment(
    source: Mapping[str, Any],
    rewrites: Mapping[str, str],
    reached: str,
    credential: Credential | None,
) -> dict[str, str]:
    """This process's, without what would lead git elsewhere, and with settings for this source.

    Every rewrite counts for submodules too, as git itself puts them in. The credential goes to
    where the source is `reached` alone.
    """
    settings = [(f"url.{there}.insteadOf", beginning) for beginning, there in rewrites.items()]
    if any(not there.startswith("http") for there in rewrites.values()):
        # a submodule may be one of those that are files now
        settings.append(("protocol.file.allow", "always"))
    if source.get("insecureSsl"):
        settings.append(("http.sslVerify", "false"))
    environment = {name: value for name, value in os.environ.items() if name[:4] != "GIT_"}
    environment["GIT_TERMINAL_PROMPT"] = "0"
    url = urlsplit(reached)
    if credential is not None and url.scheme in ("http", "https"):
        settings.append(
            (f"credential.{url.scheme}://{url.netloc.rpartition('@')[2]}.helper", _HELPER)
        )
        user = credential.username or _USERS.get(source["type"], _ANY_USER)
        environment |= {"PENSTOCK_GIT_USER": user, "PENSTOCK_GIT_TOKEN": credential.token}
    environment["GIT_CONFIG_COUNT"] = str(len(settings))
    for number, (key, value) in enumerate(settings):
        environment |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
    return environment


@contextmanager
def _cached(work: Work, source: Mapping[str, Any], git: Git, note: Note) -> Iterator[None]:
    """Lets a fetch bring only what no earlier build of the project fetched (CB-095).

    The cache is a bare repository on this machine. One build at a time reads or writes it.
    """
    cache = work.effective.get("cache", {})
    if "LOCAL_SOURCE_CACHE" not in cache.get("modes", ()) or depth_of(source):
        yield
        return
    identifier = source.get("sourceIdentifier", "primary")
    mirror = os.path.join(work.cache_folder, f"source-{identifier}.git")
    os.makedirs(work.cache_folder, exist_ok=True)
    with open(f"{mirror}.lock", "wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if os.path.exists(mirror):
            git.ask("fetch", "-q", mirror, "+refs/*:refs/penstock/*")
            note("The source cache of this machine is used")
        yield
        git.ask("init", "-q", "--bare", mirror, folder="")
        git.ask("fetch", "-q", git.path, "+refs/remotes/origin/*:refs/heads/*", folder=mirror)
        refs = git.ask("for-each-ref", "--format=%(refname)", "refs/penstock/").output.decode()
        for ref in refs.split():
            git.ask("update-ref", "-d", ref)
