"""What processes of `forked_process` share: the imports and the standard nodes of a server."""

import gc
from importlib import import_module

for _name in (
    "pytest",  # the main module, which each process imports
    "handwheel.hmi.__main__",
    "handwheel.hmi.shell.cli.command_line",
    "handwheel.hmi.processes.agents",
    "handwheel.hmi.processes.gate",
    "handwheel.hmi.site.tags.watch",
    "handwheel.agents.checkpoints",
    "handwheel.connectors.actuation.modbus",
    "handwheel.connectors.actuation.opcua",
    "handwheel.connectors.modbus.connector",
    "handwheel.connectors.opcua.connector",
    "handwheel.sim_plant.cw100.plant",
    "handwheel.sim_plant.server.plant_server",
):
    import_module(_name)

import_module("tests.plants.standard_nodes").build_once()
gc.collect()
gc.freeze()
