"""What a kind is: a small frozen declaration. What makes kinds differ is data; what they share is code written once.

Patterns are dotted paths whose parts are names, `*` (any key, or any index of an array) or `**` (any depth,
including none): `schema.properties.*.type`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum, StrEnum
from functools import lru_cache
from typing import Any

from portctl.model.value import Attributes, Value
from portctl.source import Path


class Coverage(Enum):
    """Whether the manifest speaks for the whole object or only for the paths it names."""

    WHOLE = "whole"
    DECLARED = "declared"


class Merge(Enum):
    """How part of an object can be written."""

    PATCH = "patch"
    PARTIAL_PUT = "partial put"
    READ_MODIFY_WRITE = "read-modify-write"
    NONE = "none"


class Verb(StrEnum):
    """The HTTP method of a kind's create or update."""

    POST = "POST"
    PUT = "PUT"
    PATCH = "PATCH"


class OutputClass(Enum):
    """Who can read an output, and when."""

    READABLE = "readable"
    OWNER = "owner-readable"
    ONCE = "once"


class OnDelete(StrEnum):
    """What happens to the remote object when its manifest goes."""

    DELETE = "delete"
    KEEP = "keep"


@dataclass(frozen=True, slots=True)
class Output:
    """A value that other manifests may use. `at` is a path in the live attributes before server fields are dropped."""

    name: str
    at: str
    cls: OutputClass = OutputClass.READABLE
    secret: bool = False


@dataclass(frozen=True, slots=True)
class Ref:
    """Values at `at` name the identity of a resource of kind `to`.

    `system` (matched as a whole) tells identities that the service itself provides (`_user`), which need no manifest.
    `within`, when set, is the path pattern of the value that scopes the identity (an entity's blueprint).
    `also` names further kinds that share the identity's space. `loose`: the value is only the last part of an
    identity and nothing needs to be declared; where something declared ends in it, it comes first.
    """

    at: str
    to: str
    system: str = ""
    within: str = ""
    also: tuple[str, ...] = ()
    loose: bool = False

    @property
    def kinds(self) -> tuple[str, ...]:
        """Every kind that may hold the identity."""
        return (self.to, *self.also)


@dataclass(frozen=True, slots=True)
class Hold:
    """While a resource is created, `field` is held at `value` until the resources of kind `until` under it are done."""

    field: str
    value: Value
    until: str


@dataclass(frozen=True, slots=True)
class Hazard:
    """A change that loses data. `at` is a pattern; `removed`/`changed` say which edits at it are hazardous.

    `shrinking`: only where a number becomes smaller. `held_in`: the top-level key under which the objects that `count`
    counts hold what is lost, by the name of the part that changes.
    """

    at: str
    why: str
    changed: bool = True
    removed: bool = True
    shrinking: bool = False
    held_in: str = ""


@dataclass(frozen=True, slots=True)
class Readable:
    """Fields at and below the pattern `at`, which are read by all who see the object: no place for a secret.

    `instead` says where one belongs. `published`, where it is set, says what becomes of the text: a manifest with a
    secret there is refused, whatever the project says of rules.
    """

    at: str
    instead: str
    published: str = ""


@dataclass(frozen=True, slots=True)
class Search:
    """Reading by a POST that writes nothing.

    `body(names, cursor)` asks for at most `size` names (last parts of identities), from `cursor` on ("" at first);
    the answer holds the next cursor under `cursor` until there is no more.
    """

    path: str
    body: Callable[[Sequence[str], str], Attributes]
    cursor: str = "next"
    size: int = 1000


@dataclass(frozen=True, slots=True)
class Rename:
    """The service's own rename of one part, which keeps its data: PATCH `path` with the new name under `key`.

    `at` is the pattern of the renamed part; `path` may hold `{item}` and `{before}`. `named_in` are the paths of arrays
    in which the service changes the name, too.
    """

    at: str
    path: str
    key: str
    named_in: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Retype:
    """A change at `at` that the service refuses: the named part around it goes first and is then made anew.

    `named_in` are the paths of arrays that may hold the part's name, which must not stand there while it is gone.
    """

    at: str
    named_in: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Count:
    """How many objects of kind `of` hang on this one: GET `path` (may hold `{item}`), the number is under `key`."""

    path: str
    of: str
    key: str = "count"


@dataclass(frozen=True, slots=True, kw_only=True)
class Purge:
    """Deleting an object together with what hangs on it: DELETE `path`, then wait for the job that the answer names.

    `job` is the key of the job's id in the answer, `job_path` (may hold `{job}`) where it is watched, `state` the
    path of its state there, `done` and `failed` its last states.
    """

    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    job: str
    job_path: str
    state: str
    done: frozenset[str]
    failed: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Privilege:
    """The least that a user or token must be allowed, in the service's own words. `both`: reading and writing alike."""

    read: str = ""
    write: str = ""

    @classmethod
    def both(cls, needed: str) -> Privilege:
        return cls(read=needed, write=needed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One kind of resource.

    identity     patterns-free paths in the attributes that make up the remote identity, in order
    parent       full name of the kind that `metadata.in` must name, "" when the API has no parent
    collection   path of the collection, "" when there is none: objects are then read one by one.
                 `{parent}` and every scope attribute are filled, percent-encoded
    item         path of one object; may hold `{collection}`, `{parent}`, `{identity}` (the identity's last part)
                 and every identity attribute
    item_query   query of every request for one object; values may hold identity attributes as `item` does
    scope        attributes that select one list: objects are read with one list per distinct scope
    listed       False: the collection holds far more than what is ours, so objects are read one by one
    shared       pattern (matched as a whole) of the identity's last part where the service defines the object itself:
                 a manifest may add to it or observe it, and never speaks for the whole of it
    partial      True: how much of an object is read depends on what manifests and the ledger say of it
    list_query   query of the list
    search       reading by POST, for collections too large to list
    belongs      tells this kind's objects from others in the same collection
    envelope     key(s) of the object in an answer, `list_envelope` of the array; the first present wins
    create/update   verbs; `create` None: the object comes with its parent and is only ever updated
    create_query options of the manifest -> query of the create request
    patch_depth  how many levels of an object a PATCH merges; deeper values are sent whole
    clear        pattern -> what a PATCH sends to clear the value; its default, else null, where nothing is said
    eventual     the object may be missing for a moment after its parent was created
    deletable    False: the object disappears with its parent
    server_owned patterns dropped from the live side, everywhere
    defaults     pattern -> value the server fills in: equal to absence, on both sides
    empty        patterns where null, "", [] and {} equal absence
    sets         patterns of arrays whose order means nothing
    text         patterns of long text, shown as a unified diff
    texts        patterns of mappings that may name a file of the project: `template: FILE` or `source: FILE` becomes
                 `content`, the text of that file
    aligned      key by which arrays of objects are aligned in a shown diff
    references   edges to other resources
    sensitive    patterns that are masked on both sides
    write_only   patterns that the API never gives back; their change shows in the ledger's fingerprint
    unseen       patterns of secrets that the service hides in some objects, and of which nothing tells when they were
                 written: plans say so
    readable     what is read by all who see the object, the first that fits counts; what is `sensitive` or `write_only`
                 is none of it
    witness      path (in the live attributes) of a time that moves when somebody writes a write-only value
    deferrable   top-level keys that may be left out at creation, to open a cycle of references
    connecting   those of them that other deferrable keys lead over: in a cycle all members get these before the rest
    hold         a field held back until other resources are done
    immutable    patterns whose change needs a replacement
    essential    patterns without which the named part around them cannot be: who made them made the part
    retyped      changes for which a part has to be removed and made anew
    hazards      changes that lose data, where `count` says that there is any (no `count`: always)
    purge        deletes the object and what hangs on it, for who has agreed to lose that
    renames      parts that the service can rename without losing their data
    deletion_hazard  why deleting an object may lose data, "" when it cannot
    excluded     patterns never compared, with the reason (printed in docs/kinds.md)
    checked      True: the service has an opinion on a body before it is written, which is asked for at plan
    schema       gives the JSON Schema of `spec`, with discriminators
    encode       attributes -> request body, for the odd kind; decode: object in an answer -> attributes, both
                 called by the provider and nowhere else
    canonical    attributes -> attributes on both sides before comparing, for equalities that patterns cannot say
    options      `metadata` keys only this kind knows, with their meaning
    remarks      what else a user should know, for the docs
    server_id    path of what tells an object from one that is made later under the same identity: the service's own id,
                 or the time at which it was made
    replaced     field of a live object with the ids of those that it has replaced and that an update or delete removes
    maker        path of what tells who made an object, as far as the service tells that
    foretold     identity -> the `server_id` that a creation asks for
    parts        patterns of what a creation writes with further requests: what is left of one that was killed may lack
                 them, or hold there what the service fills in
    privilege    least privilege that reading and writing need, for the docs
    """

    provider: str
    name: str
    source: str
    summary: str
    identity: tuple[str, ...]
    parent: str = ""
    collection: str
    item: str = "{collection}/{identity}"
    item_query: Mapping[str, str] = field(default_factory=dict)
    scope: tuple[str, ...] = ()
    listed: bool = True
    shared: str = ""
    partial: bool = False
    list_query: Mapping[str, str] = field(default_factory=dict)
    search: Search | None = None
    belongs: Callable[[Attributes], bool] | None = None
    envelope: tuple[str, ...] = ()
    list_envelope: tuple[str, ...] = ()
    create: Verb | None = Verb.POST
    create_query: Callable[[Mapping[str, bool | str]], Mapping[str, str]] | None = None
    update: Verb = Verb.PUT
    patch_depth: int = 1
    clear: Mapping[str, Value] = field(default_factory=dict)
    eventual: bool = False
    deletable: bool = True
    coverage: Coverage = Coverage.WHOLE
    merge: Merge = Merge.READ_MODIFY_WRITE
    server_owned: tuple[str, ...] = ()
    defaults: Mapping[str, Value] = field(default_factory=dict)
    empty: tuple[str, ...] = ()
    sets: tuple[str, ...] = ()
    text: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()
    aligned: tuple[str, ...] = ("identifier", "key", "name", "title")
    references: tuple[Ref, ...] = ()
    sensitive: tuple[str, ...] = ()
    write_only: tuple[str, ...] = ()
    unseen: tuple[str, ...] = ()
    readable: tuple[Readable, ...] = ()
    modified_marker: str = ""
    outputs: tuple[Output, ...] = ()
    deferrable: tuple[str, ...] = ()
    connecting: tuple[str, ...] = ()
    hold: Hold | None = None
    immutable: tuple[str, ...] = ()
    essential: tuple[str, ...] = ()
    retyped: tuple[Retype, ...] = ()
    hazards: tuple[Hazard, ...] = ()
    deletion_hazard: str = ""
    renames: tuple[Rename, ...] = ()
    count: Count | None = None
    purge: Purge | None = None
    excluded: Mapping[str, str] = field(default_factory=dict)
    on_delete: OnDelete = OnDelete.DELETE
    options: Mapping[str, str] = field(default_factory=dict)
    checked: bool = False
    schema: Callable[[], Mapping[str, Any]]
    encode: Callable[[Attributes], Attributes] | None = None
    decode: Callable[[Attributes], Attributes] | None = None
    canonical: Callable[[Attributes], Attributes] | None = None
    remarks: tuple[str, ...] = ()
    server_id: str = ""
    replaced: str = ""
    maker: str = ""
    foretold: Callable[[tuple[str, ...]], str] | None = None
    parts: tuple[str, ...] = ()
    privilege: Privilege = Privilege()
    folder: str = ""

    @property
    def full_name(self) -> str:
        return f"{self.provider}/{self.name}"

    def output(self, name: str) -> Output | None:
        return next((output for output in self.outputs if output.name == name), None)

    def readable_at(self, path: Path) -> Readable | None:
        """What says that everybody reads the value at `path`; None where it is hidden, or read by few."""
        if any(within(pattern, path) for pattern in (*self.sensitive, *self.write_only)):
            return None
        return next((each for each in self.readable if within(each.at, path)), None)


@lru_cache(maxsize=4096)
def pattern_parts(pattern: str) -> tuple[str, ...]:
    return tuple(pattern.split("."))


@lru_cache(maxsize=65536)
def matches(pattern: str, path: Path) -> bool:
    """Whether `path` is one that `pattern` describes."""
    return _matches(pattern_parts(pattern), path)


@lru_cache(maxsize=65536)
def within(pattern: str, path: Path) -> bool:
    """Whether `path` is described by `pattern` or lies below a path that is."""
    return any(_matches(pattern_parts(pattern), path[:end]) for end in range(1, len(path) + 1))


@lru_cache(maxsize=65536)
def one_matches(patterns: tuple[str, ...], path: Path) -> bool:
    """Whether one of `patterns` describes `path`."""
    return any(_matches(pattern_parts(pattern), path) for pattern in patterns)


@lru_cache(maxsize=65536)
def one_within(patterns: tuple[str, ...], path: Path) -> bool:
    """Whether one of `patterns` describes `path` or a path above it."""
    return any(within(pattern, path) for pattern in patterns)


def _matches(parts: tuple[str, ...], path: Path) -> bool:
    if not parts:
        return not path
    if parts[0] == "**":
        return any(_matches(parts[1:], path[start:]) for start in range(len(path) + 1))
    if not path:
        return False
    return parts[0] in ("*", path[0]) and _matches(parts[1:], path[1:])
