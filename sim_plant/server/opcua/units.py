"""Engineering units as OPC UA carries them.

Source: UNECE Recommendation 20; OPC UA Part 8, 5.6.4.3: the unit id packs the code's characters,
and is -1 for a unit that the naming organisation gives no number.
"""

from asyncua import ua

OWN = "urn:handwheel:units"
"""Namespace of the units that UNECE does not have, such as a gauge pressure."""

_UNECE_URI = "http://www.opcfoundation.org/UA/units/un/cefact"
_UNECE = {
    "%": ("P1", "percent"),
    "A": ("AMP", "ampere"),
    "K": ("KEL", "kelvin"),
    "V": ("VLT", "volt"),
    "cm": ("CMT", "centimetre"),
    "cm3/s": ("2J", "cubic centimetre per second"),
    "degC": ("CEL", "degree Celsius"),
    "kPa": ("KPA", "kilopascal"),
    "kW": ("KWT", "kilowatt"),
    "kg/h": ("E93", "kilogram per hour"),
    "l/min": ("L2", "litre per minute"),
    "m3/h": ("MQH", "cubic metre per hour"),
    "mm/s": ("C16", "millimetre per second"),
    "mol/l": ("C38", "mole per litre"),
    "s": ("SEC", "second"),
}
_OURS = {
    "kPag": "kilopascal above the atmosphere",
    "kscmh": "thousand standard cubic metres per hour",
    "mol%": "mole percent",
}


def information(unit: str) -> ua.EUInformation:
    """Returns the EUInformation of any unit of a tag list."""
    if unit not in _UNECE:
        return _information(OWN, -1, unit, _OURS.get(unit, unit))
    code, description = _UNECE[unit]
    return _information(_UNECE_URI, int.from_bytes(code.encode()), unit, description)


def _information(uri: str, number: int, unit: str, description: str) -> ua.EUInformation:
    return ua.EUInformation(
        NamespaceUri=uri,
        UnitId=ua.Int32(number),
        DisplayName=ua.LocalizedText(unit),
        Description=ua.LocalizedText(description),
    )
