"""Site of a program, which reads, proposes and follows, and decides nothing."""

from collections.abc import Generator, Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Self

from handwheel.connectors.model import site as site_files
from handwheel.connectors.model.equipment import Equipment
from handwheel.connectors.model.tags import Tag
from handwheel.tools.errors import InvalidArguments
from handwheel.tools.maintenance.work_order_database import WorkOrder

from .alarm import Alarm
from .arguments import known_tag, known_tags, reason_text, seconds, texts, write_texts
from .case import OpenCase
from .errors import NoAgents
from .keyed_calls import next_key, note_filed
from .own_reads import read_plant, recorded_window
from .program_name import program_name
from .reading import Reading
from .request import Request
from .run_link import RunLink
from .window import Window

_NUMERIC = ("float", "int")
_TOGETHER = 100  # tags in one question, so that its address stays short


class Site:
    """A site that a program works with while the context is open.

    It speaks to the agents of the site (`handwheel run`), which file its requests. Without them it
    still reads, by read-only sessions of its own. It has no key and no session that writes.

    Args:
        path: Folder of the site, as for the command's `--site`; by default `HANDWHEEL_SITE`, else
            the nearest above.
        name: Name of the program on cards and in the journal, marked as not verified; by default
            the script's.
        model: Language model behind it, marked as not verified; `None` for none.
    """

    def __init__(
        self, path: str | Path | None = None, name: str | None = None, model: str | None = None
    ) -> None:
        self._path = Path(path) if path is not None else None
        self.name = name or program_name()
        self.model = model
        self._files: site_files.Site | None = None
        self._link: RunLink | None = None

    @classmethod
    def open(
        cls, path: str | Path | None = None, name: str | None = None, model: str | None = None
    ) -> Self:
        """Returns a site for `async with`, or for `await` in a notebook. See the class."""
        return cls(path, name, model)

    def __await__(self) -> Generator[Any, None, Self]:
        """Opens it without a context, as in a notebook, to be closed by `close`."""
        return self.__aenter__().__await__()

    async def __aenter__(self) -> Self:
        """Reads the site's files and connects to its agents, if they run.

        Raises:
            ConfigError: There is no such site, or it has problems; all of them.
            HandwheelError: The agents refuse this program, as one of too many.
        """
        self._files = site_files.load_site(site_files.find_site(self._path))
        try:
            self._link = await RunLink.open(
                self._files.state, self.name, self.model, self._files.processes.agents
            )
        except NoAgents:
            self._link = None
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Ends the connection to the agents. What was requested stays."""
        link, self._link, self._files = self._link, None, None
        if link is not None:
            await link.close()

    @property
    def id(self) -> str:
        """Its id, from the site file."""
        return self.files.id

    @property
    def has_agents(self) -> bool:
        """Whether agents of the site ran when it was opened."""
        return self._link is not None

    @property
    def equipment(self) -> Mapping[str, Equipment]:
        """Equipment of the site, by name."""
        return self.files.equipment

    def tags(self, pattern: str = "*") -> Sequence[Tag]:
        """Returns the tags with a name like a pattern, such as `P-101?.*`, in the file's order."""
        return [each for each in self.files.tags.values() if fnmatchcase(each.name, pattern)]

    async def read(self, tag: str, *, fresh: bool = False) -> Reading:
        """Reads one tag. See `read_all`."""
        known_tag(self.files, tag)
        return (await self.read_all([tag], fresh=fresh))[tag]

    async def read_all(self, tags: Iterable[str], *, fresh: bool = False) -> dict[str, Reading]:
        """Reads tags.

        Args:
            fresh: Read the plant now; else the value of the agents' latest scan counts.

        Returns:
            One reading per tag, in order. Bad quality is a value, not an error.

        Raises:
            InvalidArguments: A tag is not known; names all of them, and tags like them.
            NotConnected: Lists every endpoint that is down, where there are no agents.
            NoAgents: The agents have ended. A site that is opened again reads without them.
            ToolFailed: The agents do not answer, or end meanwhile.

        Effect: OBSERVE. Retry: twice, on the connection only. Timeout: 30 s by the agents, else the
        connections' own.
        """
        wanted = known_tags(self.files, tags)
        if self._link is None:
            return await read_plant(self.files, wanted)
        found: dict[str, Reading] = {}
        for start in range(0, len(wanted), _TOGETHER):
            part = wanted[start : start + _TOGETHER]
            names = [each.name for each in part]
            answer = await self._link.get("/v1/readings", tag=names, fresh=int(fresh) or None)
            readings = answer["readings"]
            found |= {each.name: Reading.of_fields(each, readings[each.name]) for each in part}
        return found

    async def window(self, tag: str, last: str = "30 min", slots: int = 60) -> Window:
        """Returns the course of a numeric tag over the last while, process time.

        Args:
            last: Such as `30 min`.
            slots: Number of equal parts in which its values are summed up.

        Returns:
            The recorded course. Where nothing was recorded it gives no number.

        Raises:
            InvalidArguments: The tag is not known or no number, or `last` is no duration.
            NoAgents: The agents have ended.
            ToolFailed: The agents do not answer, or end meanwhile.

        Effect: OBSERVE. Retry: none. Timeout: 30 s.
        """
        known = known_tag(self.files, tag)
        last_s = seconds("last", last)
        if known.kind not in _NUMERIC:
            raise InvalidArguments(f"{tag} is no number, and has no window")
        if self._link is None:
            return await recorded_window(self.files, known, last_s, slots)
        answer = await self._link.get("/v1/window", tag=tag, last_s=last_s, slots=slots)
        return Window.of_fields(tag, known.unit, answer)

    async def alarms(self) -> list[Alarm]:
        """Returns the alarms that are active now, those that cannot be read included as such.

        Raises as `read_all`. Effect: OBSERVE. Retry: as `read_all`. Timeout: as `read_all`.
        """
        from handwheel.agents.deviations.standing import alarm_tags  # half a second

        known = {each.name: each for each in alarm_tags(self.files)}
        readings = await self.read_all(known)
        return [
            Alarm(name, known[name].label, known[name].equipment, reading)
            for name, reading in readings.items()
            if not reading.is_good or reading.value
        ]

    async def cases(self) -> list[OpenCase]:
        """Returns the deviations that stand, with the hypotheses and evidence of the agents.

        Raises:
            NoAgents: No agents run.
            ToolFailed: The agents do not answer, or end meanwhile.

        Effect: OBSERVE. Retry: none. Timeout: 30 s.
        """
        answer = await self._agents("nothing is diagnosed").get("/v1/cases")
        return [OpenCase.of_fields(each) for each in answer["cases"]]

    async def propose(
        self,
        writes: Mapping[str, str | bool | float],
        *,
        reason: str,
        expect: Sequence[str] = (),
        lease: str | None = None,
        key: str | None = None,
    ) -> Request:
        """Files a request for writes. Nothing moves until people approve it in the terminal.

        Args:
            writes: Value of each tag, as text with or without the tag's unit, such as `360 kPa`.
            reason: Why, for the approver, quoted and marked as not verified.
            expect: Effects in the process, such as `PT-102.pv > 352 kPa within 2 min`.
            lease: Time after which the gate undoes the writes, such as `2 h`; `None` for never.
            key: Name of this proposal, 16 to 64 characters. The same key files it once, and
                returns the request that was filed. By default each call is another proposal.

        Raises:
            InvalidArguments: A tag, value, effect, reason or lease is wrong.
            PolicyViolation: It is not allowed; `TooManyRequests` if one waits for the role, or the
                same was rejected a short time ago.
            InterlockActive: Agents have no authority there, it is locked out, or it is so already.
            PermitRefused: A run of the site's agents owns the equipment.
            NoAgents: No agents run.
            LedgerError: No gate runs.
            ToolFailed: The agents do not answer, or end meanwhile. It may be filed.

        Effect: ADVISE. Retry: safe with a `key`. Timeout: 30 s.
        """
        link = self._agents("nothing was proposed")
        content: dict[str, object] = {
            "writes": write_texts(writes), "reason": reason_text(reason),
            "expect": texts("expect", expect), "lease": lease,
        }  # fmt: skip
        answer = await link.post("/v1/requests", {"key": key or next_key(), **content})
        filed = Request(link, answer["request"])
        note_filed(filed.id)
        return filed

    async def request(self, request_id: str) -> Request:
        """Returns a request that a program filed.

        Raises:
            InvalidArguments: There is none.
            NoAgents: No agents run.
            ToolFailed: The agents do not answer, or end meanwhile.

        Effect: OBSERVE. Retry: none. Timeout: 30 s.
        """
        link = self._agents("its outcome is not known")
        answer = await link.get(f"/v1/requests/{request_id}")
        return Request(link, answer["request"], answer["token"])

    async def request_work(
        self, equipment: str, text: str, *, priority: int = 3, key: str | None = None
    ) -> str:
        """Files a work request for people, and returns its id.

        Args:
            priority: 1 is the most urgent, 4 the least.
            key: As for `propose`.

        Raises:
            InvalidArguments: There is no such equipment or priority.
            NoAgents: No agents run.
            ToolFailed: The agents do not answer, or end meanwhile. It may be filed.

        Effect: ADVISE. Retry: safe with a `key`. Timeout: 30 s.
        """
        link = self._agents("no work was requested")
        content: dict[str, object] = {"equipment": equipment, "text": text, "priority": priority}
        answer = await link.post("/v1/work-requests", {"key": key or next_key(), **content})
        return str(answer["work_order_id"])

    async def work_orders(self) -> list[WorkOrder]:
        """Returns the open work orders.

        Raises:
            NoAgents: No agents run.
            ToolFailed: The agents do not answer, or end meanwhile.

        Effect: OBSERVE. Retry: none. Timeout: 30 s.
        """
        answer = await self._agents("no work orders are known").get("/v1/work-orders")
        return [WorkOrder.model_validate(each) for each in answer["work_orders"]]

    @property
    def files(self) -> site_files.Site:
        """Its files, as they were read."""
        if self._files is None:
            raise InvalidArguments("the site is not open: async with Site.open(…) as site")
        return self._files

    def _agents(self, so: str) -> RunLink:
        link = self._link if self.files else None
        if link is None:
            raise NoAgents(so)
        return link

    def __repr__(self) -> str:
        if self._files is None:
            return "Site(not open)"
        return f"Site({self.id!r}, {'with' if self._link else 'without'} agents)"
