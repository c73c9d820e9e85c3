"""Episodes of a site, for what people read and take away."""

from ..memory.episode import Episode, diagnosis_of
from ..memory.episode_reader import read_episodes

__all__ = ["Episode", "diagnosis_of", "read_episodes"]
