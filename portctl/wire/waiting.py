"""The tries of requests and the waits between them: said aloud, and ended when the patience is."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from portctl.errors import TryLater
from portctl.wire.retry import TOO_MANY, RetryPolicy, asked_seconds, when_text

_SAME_MOMENT_SECONDS = 5.0


class Waiter:
    """Waits for one service. Safe to use from several threads: a limit that holds for all of them is said once."""

    def __init__(
        self,
        service: str,
        retry_policy: RetryPolicy,
        *,
        say: Callable[[str], None],
        sleep: Callable[[float], object],
        now: Callable[[], float],
    ) -> None:
        self._service = service
        self.retry_policy = retry_policy
        self.say = say
        self.sleep = sleep
        self.now = now
        self._lock = threading.Lock()
        self._told_at = self._told_until = -math.inf

    def tell(self, text: str) -> None:
        self.say(f"waiting for {self._service} {text}")

    def is_news(self, now: float, until: float) -> bool:
        """Whether nobody was told of a wait until then. A clock that was set back makes everything news."""
        with self._lock:
            known = until <= self._told_until + _SAME_MOMENT_SECONDS and now >= self._told_at
            if not known:
                self._told_at, self._told_until = now, until
            return not known

    def too_long(self, when: str, why: str, waited_seconds: float) -> TryLater:
        most = f"{self.retry_policy.max_wait_seconds:,.0f} s is the most that is waited"
        waited = f", and {waited_seconds:,.0f} s were waited already" if waited_seconds else ""
        detail = f"{self._service} takes no requests {when}: {why}; {most}{waited}"
        return TryLater("Service asks to wait", detail, hint=self.retry_policy.advice)


@dataclass(slots=True)
class Tries:
    """What has been tried for one request. `lost`: it may have been performed by a try whose answer did not come."""

    waiter: Waiter
    attempt: int = 0
    most: int = 0
    renewed: bool = False
    lost: bool = False
    limited: int = 0
    waited_seconds: float = 0.0

    def used_up(self, *, slow: bool = False) -> bool:
        """Whether the try that has just ended was the last; slow ones are fewer."""
        self.most = self.waiter.retry_policy.tries(slow=slow)
        return self.attempt + 1 >= self.most

    def pause(self, why: str) -> None:
        """Wait before the next try, and say so. Attempts are counted from 0 here and from 1 in what is said."""
        self.waiter.tell(f"(attempt {self.attempt + 2} of {self.most}): {why}")
        self.waiter.sleep(self.waiter.retry_policy.wait_seconds(self.attempt))
        self.attempt += 1

    def wait_as_asked(self, status: int, headers: Mapping[str, str]) -> bool:
        """Wait until the service takes requests again. Raises TryLater where that is too long.

        False, without a wait, where the answer is no limit and does not say when, or says it in no form that is known.
        """
        waiter, now = self.waiter, self.waiter.now()
        asked = asked_seconds(status, headers, now)
        if asked is None and status != TOO_MANY:
            return False
        seconds = max(asked or 0.0, waiter.retry_policy.wait_seconds(self.limited))
        why = "it limits requests" if status == TOO_MANY else f"it answered {status}"
        when = when_text(seconds, now)
        if self.waited_seconds + seconds > waiter.retry_policy.max_wait_seconds:
            raise waiter.too_long(when, why, self.waited_seconds)
        if waiter.is_news(now, now + seconds):
            waiter.tell(f"{when}: {why}")
        waiter.sleep(seconds)
        self.limited += 1
        self.waited_seconds += seconds
        return True
