"""Engineering units as OPC UA carries them.

Source: UNECE Recommendation 20; OPC UA Part 8, 5.6.4.3: the unit id packs the code's characters.
"""

from asyncua import ua

_UNECE = {
    "%": ("P1", "percent"),
    "kPa": ("KPA", "kilopascal"),
    "m3/h": ("MQH", "cubic metre per hour"),
    "degC": ("CEL", "degree Celsius"),
    "s": ("SEC", "second"),
}


def information(unit: str) -> ua.EUInformation:
    """Returns the EUInformation of a unit of the tag list."""
    code, description = _UNECE[unit]
    packed = 0
    for character in code:
        packed = packed << 8 | ord(character)
    return ua.EUInformation(
        NamespaceUri="http://www.opcfoundation.org/UA/units/un/cefact",
        UnitId=packed,
        DisplayName=ua.LocalizedText(unit),
        Description=ua.LocalizedText(description),
    )
