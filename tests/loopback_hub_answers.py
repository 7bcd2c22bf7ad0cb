"""What the Hub on loopback and its CDN answer when nothing is broken, request by request."""

from __future__ import annotations

import base64
import json
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote

from loopback_hub_content import ATTRIBUTES, Blob, Commit, Entry, Repository, is_large
from loopback_hub_transport import Reply

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from loopback_hub import LoopbackHub
    from loopback_hub_transport import Request

LFS_TYPE = "application/vnd.git-lfs+json"
DATE = "2024-01-01T00:00:00.000Z"
REPOSITORY = r"(?P<name>[^/]+/[^/]+)"
REVISION = r"(?P<revision>[^/]+)"
MODEL = rf"/api/models/{REPOSITORY}"
OBJECT = rf"{REPOSITORY}/(?P<oid>[0-9a-f]{{64}})"

ROUTES: list[tuple[str, str, re.Pattern[str], Callable[..., Reply]]] = []


class Refusal(Exception):
    """An answer that is an error, said as the Hub says it: in headers and in a body."""

    def __init__(
        self,
        status: int,
        message: str,
        code: str = "",
        *,
        commit: Commit | None = None,
        **body: Any,
    ) -> None:
        super().__init__(message)
        headers = {"X-Error-Message": message, "Content-Type": "application/json; charset=utf-8"}
        if code:
            headers["X-Error-Code"] = code
        if commit:
            headers["X-Repo-Commit"] = commit.id
        self.reply = Reply(status, headers, json.dumps({"error": message, **body}).encode())


def respond(hub: LoopbackHub, request: Request) -> Reply:
    """Answer a request, whichever host it came to."""
    method = {"HEAD": "GET"}.get(request.seen.method, request.seen.method)
    for host, routed, pattern, answer in ROUTES:
        if (host, routed) != (request.seen.host, method):
            continue
        if found := pattern.fullmatch(request.path):
            named = {key: value and unquote(value) for key, value in found.groupdict().items()}
            try:
                return answer(hub, request, **named)
            except Refusal as refusal:
                return refusal.reply
    return Refusal(404, "Sorry, we can't find the page you are looking for.").reply


def route(method: str, pattern: str, host: str = "hub") -> Callable[..., Any]:
    def named(answer: Callable[..., Reply]) -> Callable[..., Reply]:
        ROUTES.append((host, method, re.compile(pattern), answer))
        return answer

    return named


def as_json(content: Any, headers: dict[str, str] | None = None) -> Reply:
    kind = {"Content-Type": "application/json; charset=utf-8"}
    return Reply(200, kind | (headers or {}), json.dumps(content).encode())


# Who may do what


def role(hub: LoopbackHub, request: Request) -> str | None:
    """What the request's token allows; None without a token."""
    token = request.seen.token
    if token is None:
        return None
    if token not in hub.tokens:
        raise Refusal(401, "Invalid credentials in Authorization header")
    return hub.tokens[token]


def require_write(allowed: str | None) -> None:
    if allowed is None:
        raise Refusal(401, "Invalid username or password.")
    if allowed != "write":
        raise Refusal(403, "Forbidden: you must use a write token to upload to a repository.")


def visible(hub: LoopbackHub, request: Request, name: str, *, write: bool = False) -> Repository:
    """A repository that the request may know of, and write to."""
    allowed = role(hub, request)
    found = hub.repositories.get(name)
    if allowed is None and (found is None or found.private):
        raise Refusal(401, "Invalid username or password.", "RepoNotFound")
    if found is None:
        raise Refusal(404, "Repository not found", "RepoNotFound")
    if write:
        require_write(allowed)
    return found


def check_gate(hub: LoopbackHub, request: Request, repository: Repository) -> None:
    if not repository.gated or request.seen.token in hub.accepted:
        return
    said = f"Access to model {repository.name} is restricted"
    if request.seen.token is None:
        more = ". You must have access to it and be authenticated to access it. Please log in."
        raise Refusal(401, said + more, "GatedRepo")
    more = " and you are not in the authorized list. Visit its page to ask for access."
    raise Refusal(403, said + more, "GatedRepo")


def commit_of(repository: Repository, revision: str) -> Commit:
    found = repository.find(revision)
    if found is None:
        raise Refusal(404, f"Invalid rev id: {revision}", "RevisionNotFound")
    return found


# Files


@route("GET", rf"/{REPOSITORY}/resolve/{REVISION}/(?P<path>.+)")
def resolve(hub: LoopbackHub, request: Request, name: str, revision: str, path: str) -> Reply:
    repository = visible(hub, request, name)
    check_gate(hub, request, repository)
    commit = commit_of(repository, revision)
    entry = commit.files.get(path)
    if entry is None:
        raise Refusal(404, "Entry not found", "EntryNotFound", commit=commit)
    headers = {"X-Repo-Commit": commit.id, "ETag": f'"{entry.etag}"'}
    if not entry.large:
        kind = {"Content-Type": "application/octet-stream"}
        return Reply(200, headers | kind, entry.blob, ranged=True)
    shown = path.rpartition("/")[2]
    headers |= {
        "Location": hub.signed(f"/repos/{name}/{entry.blob.sha256}", filename=shown),
        "X-Linked-Etag": headers.pop("ETag"),
        "X-Linked-Size": str(entry.blob.size),
    }
    return Reply(302, headers)


@route("GET", f"/repos/{OBJECT}", host="cdn")
def stored(hub: LoopbackHub, request: Request, name: str, oid: str) -> Reply:
    hub.check_signature(request)
    blob = hub.repositories[name].objects[oid]
    headers = {
        "ETag": f'"{oid}"',
        "Content-Type": "application/octet-stream",
        "Content-Disposition": f'inline; filename="{quote(request.query["filename"][0])}";',
    }
    return Reply(200, headers, blob, ranged=True)


# What there is


@route("GET", rf"{MODEL}(?:/revision/{REVISION})?")
def information(hub: LoopbackHub, request: Request, name: str, revision: str | None) -> Reply:
    repository = visible(hub, request, name)
    commit = commit_of(repository, revision or "main")
    siblings = [
        {"rfilename": path} | (sizes(entry) if request.flag("blobs") else {})
        for path, entry in commit.files.items()
    ]
    known = {
        "_id": "0" * 24,
        "id": name,
        "modelId": name,
        "author": name.partition("/")[0],
        "sha": commit.id,
        "lastModified": DATE,
        "createdAt": DATE,
        "private": repository.private,
        "gated": "manual" if repository.gated else False,
        "disabled": False,
        "downloads": 0,
        "likes": 0,
        "tags": [],
        "siblings": siblings,
    }
    if wanted := request.query.get("expand"):
        known = {key: known[key] for key in ("_id", "id", *wanted) if key in known}
    return as_json(known)


def sizes(entry: Entry) -> dict[str, Any]:
    told: dict[str, Any] = {"blobId": entry.git_id, "size": entry.blob.size}
    if entry.large:
        told["lfs"] = {
            "sha256": entry.blob.sha256,
            "size": entry.blob.size,
            "pointerSize": len(entry.pointer),
        }
    return told


@route("GET", rf"{MODEL}/auth-check")
def auth_check(hub: LoopbackHub, request: Request, name: str) -> Reply:
    check_gate(hub, request, visible(hub, request, name))
    return Reply(200)


@route("GET", rf"{MODEL}/refs")
def refs(hub: LoopbackHub, request: Request, name: str) -> Reply:
    repository = visible(hub, request, name)

    def told(kind: str, known: dict[str, str]) -> list[dict[str, str]]:
        return [
            {"name": key, "ref": f"refs/{kind}/{key}", "targetCommit": commit}
            for key, commit in known.items()
        ]

    heads, tags = told("heads", repository.branches), told("tags", repository.tags)
    return as_json({"branches": heads, "tags": tags, "converts": []})


@route("GET", rf"{MODEL}/commits/{REVISION}")
def commits(hub: LoopbackHub, request: Request, name: str, revision: str) -> Reply:
    repository = visible(hub, request, name)
    commit_of(repository, revision)
    told = [
        {
            "id": commit.id,
            "title": commit.title,
            "message": commit.description,
            "date": DATE,
            "authors": [{"user": hub.user}],
        }
        for commit in repository.history(revision)
    ]
    return as_json(told)


@route("GET", rf"{MODEL}/tree/{REVISION}(?:/(?P<path>.+))?")
def tree(hub: LoopbackHub, request: Request, name: str, revision: str, path: str | None) -> Reply:
    commit = commit_of(visible(hub, request, name), revision)
    within = f"{path.strip('/')}/" if path else ""
    found = [
        entry
        for entry in listing(commit, expand=request.flag("expand"))
        if entry["path"].startswith(within)
        and (request.flag("recursive") or "/" not in entry["path"][len(within) :])
    ]
    if within and not found:
        raise Refusal(404, f"{path} does not exist on {revision}", "EntryNotFound", commit=commit)
    start = int(request.query.get("cursor", ["0"])[0])
    end = start + hub.page_size
    headers = {}
    if end < len(found):
        asked = {"recursive": request.flag("recursive"), "expand": request.flag("expand")}
        query = "&".join(f"{key}={str(value).lower()}" for key, value in asked.items())
        headers["Link"] = f'<{hub.endpoint}{request.path}?{query}&cursor={end}>; rel="next"'
    return as_json(found[start:end], headers)


def listing(commit: Commit, *, expand: bool = False) -> Iterator[dict[str, Any]]:
    """All folders and files of a commit, as the Hub tells them."""
    more = {"lastCommit": {"id": commit.id, "title": commit.title, "date": DATE}} if expand else {}
    folders = {
        "/".join(parts[:depth])
        for parts in (path.split("/") for path in commit.files)
        for depth in range(1, len(parts))
    }
    for folder in sorted(folders):
        yield {"type": "directory", "oid": "0" * 40, "size": 0, "path": folder, **more}
    for path, entry in commit.files.items():
        told = {"type": "file", "oid": entry.git_id, "size": entry.blob.size, "path": path}
        if entry.large:
            size = {"size": entry.blob.size, "pointerSize": len(entry.pointer)}
            told["lfs"] = {"oid": entry.blob.sha256, **size}
        yield told | more


@route("POST", rf"{MODEL}/paths-info/{REVISION}")
def paths_info(hub: LoopbackHub, request: Request, name: str, revision: str) -> Reply:
    commit = commit_of(visible(hub, request, name), revision)
    form = request.form()
    expand = form.get("expand", [""])[0].lower() == "true"
    wanted = {path.strip("/") for path in form.get("paths", [])}
    return as_json([entry for entry in listing(commit, expand=expand) if entry["path"] in wanted])


@route("GET", "/api/whoami-v2")
def whoami(hub: LoopbackHub, request: Request) -> Reply:
    allowed = role(hub, request)
    if allowed is None:
        raise Refusal(401, "Invalid username or password.")
    token = {"displayName": "a token", "role": allowed}
    person = {"type": "user", "id": "1" * 24, "name": hub.user, "fullname": hub.user}
    auth = {"type": "access_token", "accessToken": token}
    return as_json({**person, "isPro": False, "orgs": [], "auth": auth})


# Pushing


@route("POST", "/api/repos/create")
def create(hub: LoopbackHub, request: Request) -> Reply:
    allowed = role(hub, request)
    asked = request.json()
    require_write(allowed)
    name = f"{asked.get('organization') or hub.user}/{asked['name']}"
    url = f"{hub.endpoint}/{name}"
    private = asked.get("visibility") == "private" or bool(asked.get("private"))
    with hub.lock:
        if name in hub.repositories:
            raise Refusal(409, "You already created this model repo", url=url)
        made = hub.repositories[name] = Repository(name, private=private)
        attributes = Entry(Blob.of(ATTRIBUTES.encode()), large=False)
        made.commit("main", "initial commit", {".gitattributes": attributes})
    return as_json({"url": url, "name": name, "id": "0" * 24})


@route("POST", "/api/validate-yaml")
def validate(hub: LoopbackHub, request: Request) -> Reply:
    hub.validated.append(request.json())
    return as_json({"errors": [], "warnings": []})


@route("POST", rf"{MODEL}/preupload/{REVISION}")
def preupload(hub: LoopbackHub, request: Request, name: str, revision: str) -> Reply:
    commit = commit_of(visible(hub, request, name, write=True), revision)
    told = []
    for file in request.json()["files"]:
        mode = "lfs" if is_large(file["path"], file["size"], hub.large) else "regular"
        known = {"path": file["path"], "uploadMode": mode, "shouldIgnore": False}
        if file["path"] in commit.files:
            known["oid"] = commit.files[file["path"]].etag
        told.append(known)
    return as_json({"files": told})


@route("POST", rf"/{REPOSITORY}\.git/info/lfs/objects/batch")
def batch(hub: LoopbackHub, request: Request, name: str) -> Reply:
    repository = visible(hub, request, name, write=True)
    told = []
    for asked in request.json()["objects"]:
        oid, size = asked["oid"], asked["size"]
        known = {"oid": oid, "size": size}
        if oid not in repository.objects:
            upload = hub.signed(f"/uploads/{name}/{oid}", size=size)
            verify = f"{hub.endpoint}/{name}.git/info/lfs/objects/verify"
            known["actions"] = {"upload": {"href": upload}, "verify": {"href": verify}}
        told.append(known)
    return as_json({"transfer": "basic", "objects": told}, {"Content-Type": LFS_TYPE})


@route("PUT", f"/uploads/{OBJECT}", host="cdn")
def upload(hub: LoopbackHub, request: Request, name: str, oid: str) -> Reply:
    hub.check_signature(request)
    path = hub.new_upload()
    with path.open("wb") as file:
        for piece in request.pieces:
            file.write(piece)
    blob = Blob.of(path)
    if blob.sha256 != oid or blob.size != int(request.query["size"][0]):
        path.unlink()
        raise Refusal(400, "The bytes sent are not those that were announced.")
    hub.repositories[name].objects[oid] = blob
    return Reply(200, {"ETag": f'"{oid}"'})


@route("POST", rf"/{REPOSITORY}\.git/info/lfs/objects/verify")
def verify(hub: LoopbackHub, request: Request, name: str) -> Reply:
    repository = visible(hub, request, name, write=True)
    asked = request.json()
    stored_object(repository, asked["oid"], asked["size"])
    return as_json({}, {"Content-Type": LFS_TYPE})


def stored_object(repository: Repository, oid: str, size: int | None) -> Blob:
    blob = repository.objects.get(oid)
    if blob is None or size not in (None, blob.size):
        raise Refusal(404, f"The object {oid} was not uploaded.")
    return blob


@route("POST", rf"{MODEL}/commit/{REVISION}")
def push(hub: LoopbackHub, request: Request, name: str, revision: str) -> Reply:
    repository = visible(hub, request, name, write=True)
    lines = [json.loads(line) for line in request.body().splitlines()]
    header = lines[0]["value"]
    if request.flag("create_pr"):
        raise Refusal(400, "There are no pull requests here.")
    with hub.lock:
        if revision not in repository.branches:
            raise Refusal(404, f"Invalid rev id: {revision}", "RevisionNotFound")
        head = commit_of(repository, revision)
        if header.get("parentCommit", head.id) != head.id:
            raise Refusal(412, "A commit has happened since. Please refresh and try again.")
        changes: dict[str, Entry | None] = {}
        for line in lines[1:]:
            changes |= change(repository, head, line["key"], line["value"])
        made = repository.commit(
            revision, header["summary"], changes, header.get("description", "")
        )
    url = f"{hub.endpoint}/{name}/commit/{made.id}"
    return as_json({"success": True, "commitOid": made.id, "commitUrl": url, "hookOutput": ""})


def change(
    repository: Repository, head: Commit, kind: str, value: dict[str, Any]
) -> dict[str, Entry | None]:
    """What one line of a commit changes."""
    path = value["path"]
    if kind == "file":
        return {path: Entry(Blob.of(base64.b64decode(value["content"])), large=False)}
    if kind == "lfsFile":
        return {path: Entry(stored_object(repository, value["oid"], value.get("size")), large=True)}
    gone = [path] if kind == "deletedFile" else [f for f in head.files if f.startswith(path)]
    if not gone or any(file not in head.files for file in gone):
        raise Refusal(404, "A file with this name doesn't exist", "EntryNotFound", commit=head)
    return dict.fromkeys(gone)


@route("POST", rf"{MODEL}/(?P<kind>branch|tag)/{REVISION}")
def point(hub: LoopbackHub, request: Request, name: str, kind: str, revision: str) -> Reply:
    """Make a branch of this name, or a tag at this revision."""
    repository = visible(hub, request, name, write=True)
    asked = request.json()
    if kind == "tag":
        known, new, start = repository.tags, asked["tag"], revision
    else:
        known, new, start = repository.branches, revision, asked.get("startingPoint") or "main"
    commit = commit_of(repository, start)
    if new in known:
        raise Refusal(409, "Reference already exists")
    known[new] = commit.id
    return Reply(200)
