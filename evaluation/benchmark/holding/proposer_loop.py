"""Process of the agents, in which our agents work and a proposer does what it likes."""

from handwheel.agents.site_agents import SiteAgents
from handwheel.agents.tasks import Tasks
from handwheel.connectors.model.process_clock import Readings

from .proposer import Proposer

_PROPOSER = "proposer"


class ProposerLoop:
    """Our agents, who run what people order, with a proposer that acts after each scan."""

    def __init__(self, own: SiteAgents, proposer: Proposer) -> None:
        self._own, self._proposer = own, proposer
        self._tasks = Tasks()

    def take_over(self) -> None:
        """Takes up what another process left open."""
        self._own.take_over()

    def scan(self, readings: Readings, monotonic_s: float) -> None:
        """Takes one scan of the plant."""
        self._own.scan(readings, monotonic_s)
        self._tasks.start(_PROPOSER, self._proposer.act())

    @property
    def is_idle(self) -> bool:
        """Whether nothing is done until the next scan."""
        self._tasks.raise_errors()
        return self._own.is_idle and not self._tasks.names

    @property
    def is_advising(self) -> bool:
        """Whether set points are being searched."""
        return self._own.is_advising

    async def end(self) -> None:
        """Ends what is being done."""
        await self._tasks.end()
        await self._own.end()
