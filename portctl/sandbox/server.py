"""The sandbox as one object: every service on its own loopback port, one more for control."""

from __future__ import annotations

import asyncio
import shutil
import socket
import sys
import tempfile
import threading
import weakref
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any

import uvicorn

from portctl.sandbox.control_api import ControlApp
from portctl.sandbox.core.app import CuttableProtocol, ServiceApp
from portctl.sandbox.core.clock import Clock
from portctl.sandbox.core.exchange import Service
from portctl.sandbox.core.faults import Faults
from portctl.sandbox.core.hosts import Hosts
from portctl.sandbox.core.ids import Ids
from portctl.sandbox.core.jobs import STORM, Unsettled
from portctl.sandbox.core.journal import Journal
from portctl.sandbox.core.storage import Saver, read_json
from portctl.sandbox.core.switches import Switches
from portctl.sandbox.core.world import World
from portctl.sandbox.gitlab.ci.switches import SWITCHES as PIPELINE_SWITCHES
from portctl.sandbox.gitlab.service import GitLabService
from portctl.sandbox.gitlab.switches import SWITCHES as GITLAB_SWITCHES
from portctl.sandbox.port.service import PortService
from portctl.sandbox.port.switches import SWITCHES as PORT_SWITCHES
from portctl.sandbox.servicenow.service import ServiceNowService
from portctl.sandbox.servicenow.switches import SWITCHES as SERVICENOW_SWITCHES

_LAST_ANSWERS_SECONDS = 2
"""How long requests under way may still take when it ends."""

HOST = "127.0.0.1"
STATE_FILE = "state.json"
_STANDS_FOR = {
    "port": ("api.port.io", "api.getport.io", "api.us.port.io", "api.us.getport.io"),
    "gitlab": ("gitlab.com",),
    "servicenow": ("*.service-now.com",),
}
"""Hosts of the internet that mean a service of the sandbox, when one of its services calls them."""
_INGEST = ("ingest.port.io", "ingest.getport.io", "ingest.us.port.io", "ingest.us.getport.io")
SWITCHES = (*PORT_SWITCHES, *GITLAB_SWITCHES, *PIPELINE_SWITCHES, *SERVICENOW_SWITCHES)


def address_file(state_dir: Path) -> Path:
    """Where a running sandbox says where it is: `.portctl/sandbox.json` beside `.portctl/sandbox/`."""
    return state_dir.with_name(f"{state_dir.name}.json")


class Sandbox:
    """All emulated services. A context manager; between `start` and `stop` the services answer.

    `state_dir`: where state survives a restart (None: nowhere). `switches`: name to "strict" or "lenient".
    `ports`: wanted port by service name or "control"; a port that is taken, or not named, is chosen freely.
    `hosts`: further hosts (`name` or `*.domain`) that mean an address of this machine, when a service calls them.
    """

    def __init__(
        self,
        state_dir: Path | None = None,
        seed: int = 0,
        switches: Mapping[str, str] | None = None,
        *,
        ports: Mapping[str, int] | None = None,
        hosts: Mapping[str, str] | None = None,
        time_scale: float = 1.0,
        start_time: datetime | None = None,
    ) -> None:
        self.world = World(
            clock=Clock(scale=time_scale, start=start_time),
            ids=Ids(seed),
            switches=Switches(SWITCHES, switches),
            hosts=Hosts(hosts),
        )
        self._state_dir = state_dir
        self._scratch: Path | None = None
        self.port = PortService(self.world)
        self.gitlab = GitLabService(self.world, lambda: self._folder() / "gitlab", self._own_files)
        self.servicenow = ServiceNowService(self.world)
        self.services: dict[str, Service] = {
            service.name: service for service in (self.port, self.gitlab, self.servicenow)
        }
        self.urls: dict[str, str] = {}
        self.control = ""
        self._wanted_ports = dict(ports or {})
        self._servers: list[uvicorn.Server] = []
        self._thread: threading.Thread | None = None
        self._state_file = state_dir / STATE_FILE if state_dir else None
        self._saver: Saver | None = None

    @property
    def journal(self) -> Journal:
        return self.world.journal

    @property
    def faults(self) -> Faults:
        return self.world.faults

    @property
    def switches(self) -> Switches:
        return self.world.switches

    @property
    def counters(self) -> dict[str, int]:
        """Requests by `service METHOD route`."""
        return self.world.journal.counters()

    @property
    def credentials(self) -> dict[str, dict[str, dict[str, str]]]:
        """By service and name, for example `credentials["port"]["default"]["clientId"]`."""
        return {name: service.credentials() for name, service in self.services.items()}

    def start(self) -> Sandbox:
        self._load()
        apps = {name: ServiceApp(service, self.world) for name, service in self.services.items()}
        sockets = {name: _bind(self._wanted_ports.get(name, 0)) for name in [*apps, "control"]}
        addresses = {name: f"http://{HOST}:{bound.getsockname()[1]}" for name, bound in sockets.items()}
        self.control = addresses.pop("control")
        self.urls = addresses
        self.world.hosts.serve(self._hosts())
        for name, service in self.services.items():
            service.listen_at(self.urls[name])
        self._servers = [_server(app) for app in apps.values()]
        control = _server(ControlApp(self))
        self._servers.append(control)
        self._thread = threading.Thread(
            target=lambda: asyncio.run(_serve(self._servers, list(sockets.values()))), name="sandbox", daemon=True
        )
        self._thread.start()
        while not all(server.started for server in self._servers):
            self._thread.join(0.005)
            if not self._thread.is_alive():
                raise RuntimeError("the sandbox's servers did not start")
        return self

    def stop(self) -> None:
        self.port.close()
        self.gitlab.close()
        for server in self._servers:
            server.should_exit = True
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        if self._saver is not None:
            self._saver.stop()
            self._saver = None
        self._servers = []
        self.servicenow.close()

    def __enter__(self) -> Sandbox:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def reset(self) -> None:
        """Back to the seeded organisations: state, clock, identifiers, switches, faults, lag, journal."""
        self.gitlab.halt()
        with self.world.lock:
            self.world.reset()
            for service in self.services.values():
                service.reset()
        self.world.changed()

    def settle(self) -> int:
        """Finish all pending background work, and what it sets off in other services; how many jobs ended.

        Errors: Unsettled where that goes on for ever, within a service or round and round through several.
        """
        total = before = sum(service.settle() for service in self.services.values())
        while ended := sum(service.settle() for service in self.services.values()):
            total += ended
            if total - before > STORM:
                raise Unsettled(f"{total} jobs were run and there are still more: {self.counters}")
        return total

    def set_lag(self, seconds: float) -> None:
        """Reads answer with the state of so many seconds (of the sandbox's clock) ago."""
        self.world.lag_seconds = seconds

    def _hosts(self) -> dict[str, str]:
        services = {host: self.urls[name] for name, hosts in _STANDS_FOR.items() for host in hosts}
        return {**services, **dict.fromkeys(_INGEST, f"{self.urls['port']}/ingest")}

    def _folder(self) -> Path:
        """Where services keep files: beside the state, or in a folder that goes with this object."""
        if self._state_dir is not None:
            return self._state_dir
        if self._scratch is None:
            self._scratch = Path(tempfile.mkdtemp(prefix="sandbox-"))
            weakref.finalize(self, shutil.rmtree, self._scratch, ignore_errors=True)
        return self._scratch

    def _own_files(self) -> tuple[Path, ...]:
        folder = self._folder().resolve()
        return (folder, address_file(folder))

    def _load(self) -> None:
        if self._state_file is None:
            return
        saved = read_json(self._state_file)
        if isinstance(saved, dict) and saved.get("seed") == self.world.ids.seed:
            self.world.ids.drawn = saved["drawn"]
            self._wanted_ports = {**saved["ports"], **self._wanted_ports}
            for name, service in self.services.items():
                if name in saved["services"]:
                    service.load(saved["services"][name])
        self._saver = Saver(self._state_file, self._dump, _say)
        self.world.changed = self._saver.changed
        self._saver.start()

    def _dump(self) -> dict[str, Any]:
        with self.world.lock:
            addresses = {**self.urls, "control": self.control}
            return {
                "seed": self.world.ids.seed,
                "drawn": self.world.ids.drawn,
                "ports": {name: int(url.rpartition(":")[2]) for name, url in addresses.items() if url},
                "services": {name: service.dump() for name, service in self.services.items()},
            }


def _bind(port: int) -> socket.socket:
    """A listening socket on the loopback interface: at `port` where that is free, else anywhere.

    The protocol is named because asyncio switches off Nagle's algorithm only where it is: 40 ms a request.
    """
    for wanted in dict.fromkeys((port, 0)):
        bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            bound.bind((HOST, wanted))
        except OSError:
            bound.close()
            continue
        return bound
    raise OSError("no free port on the loopback interface")


def _server(app: Any) -> uvicorn.Server:
    return uvicorn.Server(
        uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            date_header=False,  # it would be the machine's
            lifespan="off",
            ws="none",
            http=CuttableProtocol,
            timeout_graceful_shutdown=_LAST_ANSWERS_SECONDS,
        )
    )


async def _serve(servers: list[uvicorn.Server], sockets: list[socket.socket]) -> None:
    await asyncio.gather(*(server.serve(sockets=[bound]) for server, bound in zip(servers, sockets, strict=True)))


def _say(text: str) -> None:
    """A line in the log of the process."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()
