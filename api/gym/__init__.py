"""Installed simulated plants as environments of gymnasium, for research.

The import registers each plant, such as `Handwheel/CW100-v0`. Devices cannot be reached from here.
"""

try:
    from .approval import Approval, Proposal
    from .plant_env import PlantEnv
    from .registration import environment_ids, register_plants
except ModuleNotFoundError as error:
    if error.name != "gymnasium":
        raise
    text = "gymnasium is not installed: pip install 'handwheel[gym]'"
    raise ModuleNotFoundError(text, name=error.name) from None

__all__ = ["Approval", "PlantEnv", "Proposal", "environment_ids"]

register_plants()
