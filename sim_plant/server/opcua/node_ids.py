"""Node ids, in the integer and string types of asyncua's annotations."""

from asyncua import ua


def standard_node(identifier: int) -> ua.NodeId:
    """Returns a node of the OPC UA namespace, by its number in `ObjectIds`."""
    return ua.NodeId(ua.Int32(identifier))


def plant_node(name: str, namespace: int) -> ua.NodeId:
    """Returns a node of the plant's namespace, by its name."""
    return ua.NodeId(ua.String(name), ua.Int16(namespace))
