"""The simulated plant that a site is for. A plant without a site starts without this module."""

from handwheel.connectors.model.endpoints import OpcuaConnection
from handwheel.connectors.model.site import Site
from handwheel.sim_plant.model import namespace_uri

from .installed_plants import plant_names


def model_of(site: Site) -> str:
    """Returns the model of the simulated plant that a site is for, empty if it is for none."""
    models = {namespace_uri(name): name for name in plant_names()}
    servers = (each for each in site.connections.values() if isinstance(each, OpcuaConnection))
    return next(
        (models[each.application_uri] for each in servers if each.application_uri in models), ""
    )
