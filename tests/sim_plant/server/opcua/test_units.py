"""Engineering units on OPC UA, by the numbers that the OPC Foundation lists for UNECE codes."""

from handwheel.sim_plant.server.opcua.units import OWN, information

UNECE = "http://www.opcfoundation.org/UA/units/un/cefact"
# OPC UA Part 8, 5.6.4.3, and the list UNECE_to_OPCUA of the OPC Foundation.
NUMBERS = {
    "%": 20529, "A": 4279632, "K": 4932940, "V": 5655636, "cm": 4410708, "cm3/s": 12874,
    "degC": 4408652, "kPa": 4935745, "kW": 4937556, "kg/h": 4536627, "l/min": 19506,
    "m3/h": 5067080, "mm/s": 4403510, "mol/l": 4404024, "s": 5457219,
}  # fmt: skip


def test_a_unit_has_the_number_of_its_code() -> None:
    for unit, number in NUMBERS.items():
        told = information(unit)
        assert (told.NamespaceUri, told.UnitId, told.DisplayName.Text) == (UNECE, number, unit)


def test_what_unece_does_not_have_is_ours_and_has_no_number() -> None:
    for unit in ["kPag", "kscmh", "mol%", "furlong"]:
        told = information(unit)
        assert (told.NamespaceUri, told.UnitId, told.DisplayName.Text) == (OWN, -1, unit)
        assert told.Description.Text, unit
