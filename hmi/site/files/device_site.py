"""Files of a site for devices of one's own, which nothing is written to yet."""

from collections.abc import Iterator, Mapping

from handwheel.connectors.hints import shell_command
from handwheel.connectors.model.endpoints import ModbusConnection, OpcuaConnection

from .yaml_flow import flow

_SCAN = "1 s"

POLICY = """\
# What may be written. No matching rule denies, and there is none yet.
schema: policy/1
roles: {operator: {}, shift-supervisor: {acts_as: [operator]}}
ttl_max: 30 min
unattended: never
forbid: []
allow: []
across: []
"""


def device_site_yaml(
    site_id: str, connections: Mapping[str, OpcuaConnection | ModbusConnection]
) -> str:
    """Returns `site.yaml` for devices that are only read."""
    lines = [
        "# A device is read only, unless its connection has write:, policy.yaml allows the write,",
        "# and a person approves it.",
        "schema: site/1",
        f"id: {flow(site_id)}",
        "connections:",
    ]
    for name, config in connections.items():
        if isinstance(config, ModbusConnection):
            keys = _modbus(name, config)
        else:
            keys = _opcua(name, config)
        lines += [f"  {name}:", *(f"    {each}" for each in keys)]
    return "\n".join([*lines, "tags: tags.yaml"]) + "\n"


def _opcua(name: str, config: OpcuaConnection) -> Iterator[str]:
    yield "kind: opcua"
    yield f"endpoint: {flow(config.endpoint)}"
    if config.application_uri:
        yield f"application_uri: {flow(config.application_uri)}"
    if config.is_secured:
        yield f"security: {flow(config.security)}"
        yield f"# certificate: see '{shell_command('connections', 'trust', name)}'"
    yield f"scan: {_SCAN}"


def _modbus(name: str, config: ModbusConnection) -> Iterator[str]:
    peek = shell_command("tags", "peek", name, "holding", "0..40")
    yield "kind: modbus"
    yield f"host: {flow(config.host)}"
    yield f"unit: {config.unit}"
    yield f"order: {config.order}  # of two registers; '{peek}' shows all four"
    if config.max_registers < type(config).model_fields["max_registers"].default:
        yield f"max_registers: {config.max_registers}"
    yield f"scan: {_SCAN}"
    yield f"read: {{port: {config.read.port}}}"


def first_tags_yaml(connections: Mapping[str, OpcuaConnection | ModbusConnection]) -> str:
    """Returns `tags.yaml` without tags, with examples for Modbus, which cannot be browsed."""
    lines = ["schema: tags/1", "tags:"]
    for name, config in connections.items():
        if isinstance(config, ModbusConnection):
            peek = shell_command("tags", "peek", name, "holding", "0..40")
            start = f"{{connection: {name}, table:"
            lines += [
                f"  # Modbus does not tell what {name} has. '{peek}'",
                "  # shows its registers, 'tags import' adds those of a CSV file, such as:",
                f"  # E-1.power:  {start} input, address: 12, type: float, unit: kW, order: CDAB}}",
                f"  # E-1.starts: {start} holding, address: 30, type: int, encoding: uint32}}",
                f"  # E-1.on:     {start} coil, address: 0, type: bool}}",
            ]
    return "\n".join(lines) + "\n"
