"""One HTTP client for one service: credentials, retries, counting, journal, and errors in our words."""

from __future__ import annotations

import logging
import re
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias
from urllib.parse import SplitResult, urljoin, urlsplit

from portctl.errors import AnswerLost, InvalidInput, NoConnection, PortctlError, Unreachable
from portctl.model.value import Value, thaw
from portctl.wire.auth import Auth
from portctl.wire.body import LIMITS, Limits, NotJson, Unusable, parse_body
from portctl.wire.exchange import Came, Line, NoAnswer, NotSent, UnusableAnswer
from portctl.wire.retry import DEFAULT_RETRY_POLICY, PASSING, TOO_MANY, RetryPolicy
from portctl.wire.said import Said, words
from portctl.wire.waiting import Tries, Waiter

if TYPE_CHECKING:
    import httpx

log = logging.getLogger("portctl.wire")

_UNAUTHORISED = 401
_GATEWAY_GAVE_UP = frozenset({502, 504})
_NOT_THERE_NOW = 503
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_PART = 206
_ANSWERS = frozenset({200, 201, 202, 204})
"""What the services answer when all is well, by their documentation; 202 is no answer to a read."""

_NOTHING_SAID = frozenset({408, 425, 499})
"""Said by something on the way, or by a server that stopped listening: whether the request was performed is open."""

_SERVER_ERROR = 500
_REPEATABLE = frozenset({"GET", "PUT", "DELETE"})
DEFAULT_OPTIONS: Mapping[str, Any] = {"timeout": 30.0}


@dataclass(frozen=True, slots=True)
class Response:
    """What came back: JSON, frozen, or bytes for `beginning`; None where the body was empty.

    Header names are lower-case.
    """

    status: int
    body: Value
    headers: Mapping[str, str] = field(repr=False)
    size: int = field(default=0, repr=False, compare=False)
    """Bytes of the body, unpacked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """An answer of 400 or above. Values of secrets are scrubbed from `body`; `path` has no query string."""

    method: str
    path: str
    status: int
    body: Value


Translate: TypeAlias = Callable[[Refused], PortctlError]


class Observer(Protocol):
    """Told about every write, before it leaves and how it ended, and about every request that is sent again."""

    def intent(self, method: str, path: str) -> Any: ...

    def result(self, token: Any, status: int | None) -> None: ...

    def waiting(self, text: str) -> None:
        """What is waited for, in words: `waiting for Port (attempt 2 of 5): answered 503`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Request:
    method: str
    path: str
    query: Mapping[str, str]
    body: Value
    form: Mapping[str, str] | None
    writes: bool
    repeatable: bool
    anonymous: bool
    followed: bool = False
    most_bytes: int | None = None


class Client:
    """Sends requests to one service. Safe to use from several threads.

    `safe` are the paths of the POSTs that only read (`*` stands for one segment): with `read_only` they and GET are
    all that is let through. `options` go to httpx as they are (timeout, certificates, proxy). `explain` knows pages
    that come instead of the API while it is not there: what one means, "" where it knows none.
    """

    def __init__(
        self,
        url: str,
        *,
        service: str,
        translate: Translate,
        auth: Auth | None = None,
        safe: Sequence[str] = (),
        read_only: bool = False,
        observer: Observer | None = None,
        scrub: Callable[[str], str] = str,
        retry_policy: RetryPolicy = DEFAULT_RETRY_POLICY,
        sleep: Callable[[float], object] = time.sleep,
        now: Callable[[], float] = time.time,
        transport: httpx.BaseTransport | None = None,
        options: Mapping[str, Any] = DEFAULT_OPTIONS,
        explain: Callable[[str], str] = lambda _: "",
        limits: Limits = LIMITS,
    ) -> None:
        self.url = _checked(url, service)
        self._service = service
        self._translate = translate
        self._auth = auth
        self._safe = tuple(re.compile(re.escape(path).replace(r"\*", "[^/]+")) for path in safe)
        self._read_only = read_only
        self._observer = observer
        self._scrub = scrub
        say = observer.waiting if observer else lambda _: None
        self._waiter = Waiter(service, retry_policy, say=say, sleep=sleep, now=now)
        self._explain = explain
        self._limits = limits
        self._line = Line({**options, "transport": transport}, limits)
        self._lock = threading.Lock()
        self._count = 0

    @property
    def count(self) -> int:
        """How many requests were sent, repetitions and logins included."""
        return self._count

    def close(self) -> None:
        self._line.close()

    def request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Value = None,
        form: Mapping[str, str] | None = None,
        repeatable: bool | None = None,
        anonymous: bool = False,
    ) -> Response:
        """Send one request; `path` is percent-encoded already. `form` is sent in place of `body`, form-encoded.

        `repeatable`: whether sending it twice does what sending it once does; said by the method where not given.
        Raises what `translate` makes of a refusal, Unreachable, and AnswerLost for a write that may have happened.
        """
        reads = method == "GET" or (method == "POST" and any(known.fullmatch(path) for known in self._safe))
        if self._read_only and not reads:
            raise PortctlError("Write refused", f"{method} {path}: this command only reads")
        request = _Request(
            method=method,
            path=path,
            query=query or {},
            body=body,
            form=form,
            writes=not reads,
            repeatable=reads or (method in _REPEATABLE if repeatable is None else repeatable),
            anonymous=anonymous,
        )
        response = self._response(request)
        moved = self._moved(request, response)
        if moved is not None:
            response = self._response(replace(request, path=moved, query={}, followed=True))
        if response.status >= 300:
            raise self._refusal(request, response)
        return response

    def beginning(self, path: str, most_bytes: int) -> bytes:
        """The first bytes of a file, whatever it is; not much more of it is read. Errors: as `request`."""
        request = _Request(
            method="GET",
            path=path,
            query={},
            body=None,
            form=None,
            writes=False,
            repeatable=True,
            anonymous=False,
            most_bytes=most_bytes,
        )
        response = self._response(request)
        if response.status >= 300:
            raise self._refusal(request, response)
        return response.body if isinstance(response.body, bytes) else b""

    def _moved(self, request: _Request, response: Response) -> str | None:
        """Where at this same service a read is sent to: an object that was renamed. Credentials go nowhere else."""
        if response.status not in _REDIRECTS or request.method != "GET" or request.followed:
            return None
        return _within(self.url, self.url + request.path, response.headers.get("location", ""))

    def _response(self, request: _Request) -> Response:
        """The first answer that is worth no further try. What ends the tries leaves open what an earlier one did."""
        tries = Tries(self._waiter)
        try:
            return self._tried(request, tries)
        except PortctlError as error:
            if request.writes and tries.lost and not isinstance(error, AnswerLost):
                raise self._lost(request, error.detail or error.summary) from error
            raise

    def _tried(self, request: _Request, tries: Tries) -> Response:
        while True:
            headers = self._auth.headers(self) if self._auth and not request.anonymous else {}
            try:
                response = self._exchange(request, headers)
            except NotSent as problem:
                if tries.used_up(slow=problem.slow):
                    raise self._unreachable(f"cannot be reached: {problem}", NoConnection) from problem.__cause__
                tries.pause("cannot be reached")
            except NoAnswer as problem:
                if tries.used_up(slow=problem.slow) or not request.repeatable:
                    raise self._lost(request, str(problem)) from problem.__cause__
                tries.lost = True
                tries.pause("no answer")
            except UnusableAnswer as problem:
                raise self._lost(request, self._scrub(str(problem))) from problem.__cause__
            else:
                if not self._is_worth_another(request, tries, response, headers):
                    return response

    def _is_worth_another(self, request: _Request, tries: Tries, response: Response, signed: Mapping[str, str]) -> bool:
        """Whether to send it again, which is waited for here."""
        if response.status == _UNAUTHORISED and signed and not tries.renewed and self._auth:
            tries.renewed = self._auth.renew(signed)
            return tries.renewed
        limited = response.status == TOO_MANY and self._waiter.retry_policy.attempts > 1
        passing = request.repeatable and response.status in PASSING and not tries.used_up()
        tries.lost = tries.lost or passing
        if (limited or passing) and tries.wait_as_asked(response.status, response.headers):
            tries.attempt += passing
        elif passing:
            tries.pause(f"answered {response.status}")
        return limited or passing

    def _exchange(self, request: _Request, headers: Mapping[str, str]) -> Response:
        """Send once. The observer hears of a write before it leaves and when it ended."""
        told = request.writes or log.isEnabledFor(logging.DEBUG)
        path = self._scrub(request.path) if told else request.path
        token = self._observer.intent(request.method, path) if self._observer and request.writes else None
        status: int | None = None
        started = time.monotonic()
        try:
            came = self._send(request, headers)
            status = came.status
        finally:
            if self._observer and request.writes:
                self._observer.result(token, status)
            milliseconds = (time.monotonic() - started) * 1000
            log.debug("%s %s %s %.0f ms", request.method, path, status or "no answer", milliseconds)
        return self._parsed(request, came)

    def _send(self, request: _Request, headers: Mapping[str, str]) -> Came:
        more: dict[str, Any] = {} if request.body is None else {"json": thaw(request.body)}
        if request.form is not None:
            more = {"data": dict(request.form)}
        with self._lock:
            self._count += 1
        return self._line.send(
            request.method,
            self.url + request.path,
            headers=headers,
            most_bytes=request.most_bytes,
            params=request.query or None,
            **more,
        )

    def _parsed(self, request: _Request, came: Came) -> Response:
        status, headers = came.status, came.headers
        if status < 400:
            self._check_status(request, Response(status, None, headers))
        if not came.content or 300 <= status < 400:
            return Response(status, None, headers)
        if request.most_bytes is not None and status < 300:
            return Response(status, came.content, headers)
        try:
            return Response(status, parse_body(came.content, self._limits), headers, len(came.content))
        except (NotJson, Unusable) as error:
            return self._without_json(request, came, error)

    def _check_status(self, request: _Request, response: Response) -> None:
        """Whether `response` is one that the service gives when all is well, or a redirect that is followed."""
        status = response.status
        if self._moved(request, response) is not None or status in (_ANSWERS if request.writes else _ANSWERS - {202}):
            return
        if status in _REDIRECTS and "location" in response.headers:
            what, problem = "the answer is a redirect to another address", "redirects {} to another address"
        elif status == _PART:
            what = "the answer is a part of one that was not asked for in parts"
            problem = "answers {} with 206, a part of an answer that was not asked for in parts"
        else:
            what, problem = f"the answer was {status}", f"answers {{}} with {status}, which is no answer of its API"
        if request.writes:
            raise UnusableAnswer(what)
        raise self._unreachable(problem.format(f"{request.method} {self._scrub(request.path)}"))

    def _without_json(self, request: _Request, came: Came, error: Exception) -> Response:
        """What a body that is no usable JSON means: mostly that it is not the API that has answered."""
        status, headers = came.status, came.headers
        meaning = self._explain(came.content.decode(errors="replace"))
        if meaning:
            raise self._unreachable(meaning) from error
        if status == TOO_MANY or status in PASSING:
            return Response(status, None, headers)
        if request.writes and status < 300:
            raise UnusableAnswer(f"the answer {error}") from error
        if request.writes and (status >= _SERVER_ERROR or status in _NOTHING_SAID):
            return Response(status, None, headers)
        if isinstance(error, Unusable):
            raise self._unreachable(self._scrub(f"cannot be understood: the answer {error}")) from error
        kind = self._scrub(headers.get("content-type", "an unknown type").partition(";")[0])
        raise self._unreachable(f"answered {status} with {kind}, not JSON: that is not its API") from error

    def _refusal(self, request: _Request, response: Response) -> PortctlError:
        body, path = Said(self._scrub).told(response.body), self._scrub(request.path)
        if request.writes and self._says_nothing(request, response):
            # Whoever sent it reads back what is there, and then may send it again.
            who, said = "a gateway answered" if response.status in _GATEWAY_GAVE_UP else "the answer was", words(body)
            return self._lost(request, f"{who} {response.status}{said and f': {said}'}")
        if response.body is None and response.status in PASSING:
            return self._unreachable(f"answers {response.status}, {self._waiter.retry_policy.attempts} times in a row")
        return self._translate(Refused(method=request.method, path=path, status=response.status, body=body))

    def _says_nothing(self, request: _Request, response: Response) -> bool:
        """Whether a refused write may have been performed all the same, as far as the answer tells."""
        late = response.status == _NOT_THERE_NOW and not request.repeatable
        page = response.body is None and response.status >= _SERVER_ERROR
        return late or page or response.status in _NOTHING_SAID | _GATEWAY_GAVE_UP

    def _lost(self, request: _Request, problem: str) -> PortctlError:
        if not request.writes:
            return self._unreachable(f"did not answer: {problem}")
        return AnswerLost(
            "Answer lost",
            f"{self._service} may or may not have done {request.method} {self._scrub(request.path)}: {problem}",
            hint="Run `portctl plan`: it reads what is there now.",
        )

    def _unreachable(self, problem: str, error: type[Unreachable] = Unreachable) -> Unreachable:
        return error(
            f"{self._service} cannot be used",
            f"{self.url} {problem}",
            hint="Check `url` in the environment file, and the network, proxy and certificates between here and there.",
        )


def _within(base: str, asked: str, where: str) -> str | None:
    """What follows on `base` in `where`, which was answered to `asked`; None where that is not the same service."""
    try:
        here, there = urlsplit(base), urlsplit(urljoin(asked, where))
        same = bool(where) and _origin(here) == _origin(there) and there.username is None
    except ValueError:
        return None
    if not same or not there.path.startswith(f"{here.path}/"):
        return None
    return there.path.removeprefix(here.path) + (f"?{there.query}" if there.query else "")


def _origin(parts: SplitResult) -> tuple[str, str | None, int | None]:
    return parts.scheme, parts.hostname, parts.port or {"http": 80, "https": 443}.get(parts.scheme)


def _checked(url: str, service: str) -> str:
    """`url` without a trailing slash, if it can be one at all."""
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and not parts.query and not parts.fragment
        usable = usable and parts.username is None and (parts.port is None or parts.port > 0)
    except ValueError:
        usable = False
    if not usable:
        raise InvalidInput(
            "Not a usable address",
            f"the url of {service} is https:// and a host, without user, query or fragment",
            hint="Correct `url` in the environment file.",
        )
    return url.rstrip("/")
