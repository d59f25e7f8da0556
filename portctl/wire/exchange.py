"""One request and its answer over httpx, within limits. Knows nothing of tries, credentials or what an answer means.

httpx is imported when the first request is sent: most commands send none.
"""

from __future__ import annotations

import logging
import threading
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from portctl.wire.body import UNPACKED, Limits, Unusable, read_body
from portctl.wire.environment import check_authorities, default_authorities, unusable_authority, unusable_proxy
from portctl.wire.failure import words

if TYPE_CHECKING:
    from http.cookiejar import CookieJar

    import httpx

_MOST_BYTES_OF_A_REFUSAL = 65_536


class Failed(Exception):
    """An exchange without an answer. `slow`: nothing came for as long as the time-out is."""

    def __init__(self, words: str, *, slow: bool = False) -> None:
        super().__init__(words)
        self.slow = slow


class NotSent(Failed):
    """The connection failed before the request left."""


class NoAnswer(Failed):
    """The request left, or may have, and nothing usable came back."""


class UnusableAnswer(Failed):
    """The request left, and what came back is beyond a limit or no API's answer: it would be so again."""


@dataclass(frozen=True, slots=True)
class Came:
    """An answer as it came, read to its end. Header names are lower-case."""

    status: int
    headers: Mapping[str, str]
    content: bytes


class Line:
    """Connections to one service. Safe to use from several threads."""

    def __init__(self, options: Mapping[str, Any], limits: Limits) -> None:
        self._options = options
        self._limits = limits
        self._lock = threading.Lock()
        self._http: httpx.Client | None = None

    def close(self) -> None:
        with self._lock:
            if self._http is not None:
                self._http.close()
                self._http = None

    def send(
        self, method: str, url: str, *, headers: Mapping[str, str], most_bytes: int | None = None, **more: Any
    ) -> Came:
        """Send once; `more` is what httpx calls `params`, `json` and `data`.

        `most_bytes`: where the first bytes of a file are all that is wanted. It is asked to come as it is, and what
        follows is not read. Errors: NotSent, NoAnswer, UnusableAnswer.
        """
        import httpx

        from portctl.wire.deadline import answered, within

        signed = httpx.Headers(dict(headers), encoding="latin-1")
        signed["Accept-Encoding"] = UNPACKED if most_bytes is None else "identity"
        try:
            with (
                within(self._limits.seconds),
                self._connected(url).stream(method, url, headers=signed, **more) as response,
            ):
                answered()
                return self._read(response, most_bytes)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError) as error:
            slow = isinstance(error, httpx.ConnectTimeout)
            raise NotSent("no connection in time" if slow else words(error), slow=slow) from error
        except UnicodeError as error:
            if isinstance(error, UnicodeEncodeError | UnicodeDecodeError):
                raise
            # Of the codec for host names, which a variable of the environment may have given.
            raise NotSent("its name, or that of a proxy, is none that can be looked up") from error
        except httpx.TimeoutException as error:
            raise NoAnswer("no answer in time", slow=True) from error
        except httpx.TransportError as error:
            raise NoAnswer(words(error)) from error
        except (zlib.error, EOFError) as error:
            raise NoAnswer("the answer cannot be unpacked: it is no gzip, or only a part of it") from error
        except Unusable as error:
            raise UnusableAnswer(f"the answer {error}") from error

    def _connected(self, url: str) -> httpx.Client:

        from portctl.wire.deadline import keep_time

        with self._lock:
            if self._http is None:
                # At INFO httpx logs whole addresses, tokens in their queries included.
                for name in ("httpx", "httpcore"):
                    logging.getLogger(name).setLevel(logging.WARNING)
                self._http = self._made(url)
                keep_time(self._http)
            return self._http

    def _made(self, url: str) -> httpx.Client:
        """What an instance's settings say was looked at before: what fails here came of the environment."""
        import httpx

        if "verify" not in self._options and url.startswith("https:"):
            check_authorities()
        try:
            options = {"verify": default_authorities(), **self._options}
            return httpx.Client(follow_redirects=False, cookies=_no_cookies(), **options)
        except OSError as error:
            refused = unusable_authority(error)
            raise refused or error from error
        except (ValueError, ImportError, httpx.InvalidURL) as error:
            raise unusable_proxy(error) from error

    def _read(self, response: httpx.Response, most_bytes: int | None) -> Came:
        headers = {name.lower(): value for name, value in response.headers.items()}
        most = self._limits.bytes
        if most_bytes is not None:
            most = most_bytes if response.is_success else _MOST_BYTES_OF_A_REFUSAL
        pieces: Any = response.stream  # as it comes: httpx would unpack whatever stands in it
        return Came(response.status_code, headers, read_body(pieces, headers, most, cut=most_bytes is not None))


def _no_cookies() -> CookieJar:
    """A jar that takes none: a session of one answer would speak for whoever sends the next request."""
    from http.cookiejar import CookieJar, DefaultCookiePolicy

    return CookieJar(DefaultCookiePolicy(allowed_domains=()))
