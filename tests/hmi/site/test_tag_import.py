"""Import of tags from a CSV file, a NodeSet and what a server has, into tags.yaml."""

import json
from pathlib import Path

import pytest

from handwheel.connectors.errors import ConfigError
from handwheel.connectors.model.site import load_site
from handwheel.hmi.site.files.tag_file_edit import with_tags

from ...command_line import handwheel
from ...sites.site_text import SITE, TAGS, load

TAG = "A.b: {connection: meter, table: coil, address: 0, type: bool}"
BLOCK = " A.b:\n  connection: m\n  node: |-\n    s=x\n  type: bool\n"
NEW = "B.c: {connection: meter, table: coil, address: 1, type: bool}"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", f"schema: tags/1\ntags:\n  {NEW}\n"),
        ("# mine", f"# mine\nschema: tags/1\ntags:\n  {NEW}\n"),
        ("schema: tags/1", f"schema: tags/1\ntags:\n  {NEW}\n"),
        ("schema: tags/1\ntags:\n  # a\n", f"schema: tags/1\ntags:\n  {NEW}\n  # a\n"),
        ("schema: tags/1\ntags: {}\n# end", f"schema: tags/1\ntags:\n  {NEW}\n# end"),
        ("tags: ~  # none\nschema: tags/1\n", f"tags:  # none\n  {NEW}\nschema: tags/1\n"),
        (
            f"tags:\r\n    {TAG} # x\r\n# c\r\nschema: tags/1\r\n",
            f"tags:\r\n    {TAG} # x\r\n    {NEW}\r\n# c\r\nschema: tags/1\r\n",
        ),
        (
            f"schema: tags/1\ntags:\n{BLOCK} # c",
            f"schema: tags/1\ntags:\n{BLOCK} {NEW}\n # c",
        ),
        (
            "schema: tags/1\ntags:\n A.b: {connection: m,\n   type: bool}",
            f"schema: tags/1\ntags:\n A.b: {{connection: m,\n   type: bool}}\n {NEW}\n",
        ),
    ],
)
def test_tags_are_added_and_every_byte_stays(before: str, after: str) -> None:
    assert with_tags(before.encode(), [NEW], "tags.yaml") == after


@pytest.mark.parametrize("text", ["{schema: tags/1}", "schema: tags/1\ntags: {A.b: {type: bool}}"])
def test_tags_in_braces_are_not_edited(text: str) -> None:
    with pytest.raises(ConfigError, match="each stands on a line of its own"):
        with_tags(text.encode(), [NEW], "tags.yaml")


def test_a_csv_file_gives_read_only_tags_unless_confirmed(tmp_path: Path) -> None:
    load(tmp_path)
    (tmp_path / "tags.yaml").write_text(TAGS + "  # the end\n")
    table = tmp_path / "map.csv"
    rows = "name,connection,node,type,unit,writable\n"
    table.write_text(
        f"\ufeff{rows}PT-102.pv,dcs,nsu=urn:works;s=PT-102.pv,float,bar,\n"
        '\n# more\nP-9.on,dcs,"nsu=urn:works;s=""P,9""",bool,,true\n',
        encoding="utf-8",
    )
    tried = handwheel("tags", "import", str(table), "--dry-run", cwd=tmp_path)
    assert (tried.returncode, tried.stderr) == (0, "")
    assert (tmp_path / "tags.yaml").read_text() == TAGS + "  # the end\n"
    done = handwheel("tags", "import", str(table), cwd=tmp_path)
    assert done.stdout.splitlines() == [
        f"1 tag added to {tmp_path}/tags.yaml",
        "  P-9.on  bool",
        f"1 tag is writable in {table} and read only here; to write one, add writable: true",
        "different, not changed; to correct a tag, edit tags.yaml:",
        f"  PT-102.pv: unit: nothing in tags.yaml:3, bar in {table}",
        "next: handwheel tags read",
    ]
    tags = (tmp_path / "tags.yaml").read_text()
    entry = '  P-9.on: {connection: dcs, node: "nsu=urn:works;s=\\"P,9\\"", type: bool}\n'
    assert tags == f"{TAGS}{entry}  # the end\n"
    table.write_text(
        "name\ttable\taddress\ttype\twritable\talarm\nP-8.on\tcoil\t8\tbool\ttrue\n"
        "TT-8.pv\tinput\t80\tfloat\t\t..60\n"
    )
    done = handwheel("tags", "import", str(table), "--writable", "--json", cwd=tmp_path)
    assert json.loads(done.stdout)["added"]["P-8.on"]["connection"] == "pkg"
    added = load_site(tmp_path).tags
    assert added["P-8.on"].writable
    assert added["TT-8.pv"].alarm == (None, 60.0)


WRONG = """\
name;table;address;type;unit;range;members
E-1.a;input;x;float
E-1.b;input;40;real
E-1.c;input;42;float;;0-3
E-1.d;input;4;float
E-1.d;input;50;float
E-1.e;input;52;enum;;;on
E-1.f;input;54;int;;;;;
;input;60;int
E-1.g;"input;60
PT-7;input;62;int
"""


def test_every_problem_of_a_csv_file_is_told_with_its_place(tmp_path: Path) -> None:
    load(tmp_path)
    table = tmp_path / "m.csv"
    table.write_text(WRONG)
    done = handwheel("tags", "import", str(table), cwd=tmp_path)
    assert done.returncode == 2
    assert (tmp_path / "tags.yaml").read_text() == TAGS
    assert [line.removeprefix(f"handwheel: {table}:") for line in done.stderr.splitlines()] == [
        "2:13: address: 'x' is no whole number",
        "3:16: tags.E-1.b.type: input should be 'float', 'int', 'bool', 'enum' or 'string', found "
        "'real'",
        "4:23: range: '0-3' is no range; write it as 0..600",
        "5:1: tags.E-1.d: has the same address as VT-101A.pv "
        f"({tmp_path}/tags.yaml:7); edit or remove one of them",
        "6:1: E-1.d stands here twice, first in line 5",
        "7:23: members: 'on' is no list of words; write them as off=0; on=1",
        "8:23: more cells than the 7 columns",
        "9:1: the name is missing",
        "10:7: a quote that does not end in this line",
        "11:1: tags.PT-7: a tag is a name and an attribute, such as PT-102.pv",
    ]
    table.write_bytes(b"name,unit\nT.a,\xb0C\n")
    done = handwheel("tags", "import", str(table), cwd=tmp_path)
    assert done.stderr == f"handwheel: {table}: not UTF-8 at byte 14; save it as CSV UTF-8\n"
    table.write_text("tag,type\n")
    done = handwheel("tags", "import", str(table), cwd=tmp_path)
    assert f"{table}:1:1: unknown column 'tag'" in done.stderr
    assert f"{table}:1:1: the column 'name' is missing" in done.stderr


NODESET = """\
<?xml version="1.0" encoding="utf-8"?>
<UANodeSet xmlns="http://opcfoundation.org/UA/2011/03/UANodeSet.xsd"
    xmlns:u="http://opcfoundation.org/UA/2008/02/Types.xsd">
  <NamespaceUris><Uri>urn:works</Uri></NamespaceUris>
  <Aliases>
    <Alias Alias="Double">i=11</Alias><Alias Alias="HasProperty">i=46</Alias>
    <Alias Alias="HasComponent">i=47</Alias><Alias Alias="HasSubtype">i=45</Alias>
  </Aliases>
  <UADataType NodeId="ns=1;i=1" BrowseName="1:Mode">
    <References><Reference ReferenceType="HasSubtype" IsForward="false">i=29</Reference>
    </References>
    <Definition><Field Name="idle" Value="0"/><Field Name="fill" Value="1"/></Definition>
  </UADataType>
  <UAObject NodeId="ns=1;i=2" BrowseName="1:Kessel">
    <References><Reference ReferenceType="i=35" IsForward="false">i=85</Reference></References>
  </UAObject>
  <UAVariable NodeId="ns=1;s=Füllstand" BrowseName="1:Level" DataType="Double" AccessLevel="3"
      ParentNodeId="ns=1;i=2">
    <DisplayName>Level</DisplayName>
    <References><Reference ReferenceType="HasProperty">ns=1;i=4</Reference></References>
  </UAVariable>
  <UAVariable NodeId="ns=1;i=4" BrowseName="EURange" DataType="i=884">
    <Value><u:ExtensionObject><u:Body><u:Range><u:Low>0</u:Low><u:High>60</u:High></u:Range></u:Body>
    </u:ExtensionObject></Value>
  </UAVariable>
  <UAVariable NodeId="ns=1;i=5" BrowseName="EngineeringUnits" DataType="i=887">
    <DisplayName>EngineeringUnits</DisplayName>
    <References>
      <Reference ReferenceType="HasProperty" IsForward="false">ns=1;s=Füllstand</Reference>
    </References>
    <Value><u:EUInformation><u:DisplayName><u:Text>m³</u:Text></u:DisplayName></u:EUInformation>
    </Value>
  </UAVariable>
  <UAVariable NodeId="ns=1;i=6" BrowseName="1:Mode" DataType="ns=1;i=1" ParentNodeId="ns=1;i=2"/>
  <UAVariable NodeId="ns=1;i=17" BrowseName="1:Phase" DataType="i=26" ParentNodeId="ns=1;i=2"/>
  <UAVariable NodeId="ns=1;i=8" BrowseName="EnumStrings" ParentNodeId="ns=1;i=17">
    <References><Reference ReferenceType="i=40">i=68</Reference></References>
    <Value><u:ListOfLocalizedText>
      <u:LocalizedText><u:Text>off</u:Text></u:LocalizedText>
      <u:LocalizedText><u:Text>on</u:Text></u:LocalizedText>
    </u:ListOfLocalizedText></Value>
  </UAVariable>
  <UAVariable NodeId="ns=1;i=9" BrowseName="1:Since" DataType="i=13" ParentNodeId="ns=1;i=2"/>
  <UAVariable NodeId="ns=1;i=12" BrowseName="1:Profile" DataType="Double" ValueRank="1"
      ParentNodeId="ns=1;i=2"/>
  <UAVariable NodeId="ns=1;i=13" BrowseName="1:TypeDictionary" DataType="i=15">
    <References><Reference ReferenceType="i=40">i=72</Reference></References>
  </UAVariable>
  <UAObjectType NodeId="ns=1;i=10" BrowseName="1:KesselType"/>
  <UAVariable NodeId="ns=1;i=11" BrowseName="1:Level" DataType="Double" ParentNodeId="ns=1;i=10"/>
</UANodeSet>
"""


def test_a_nodeset_gives_the_variables_of_its_instances(tmp_path: Path) -> None:
    load(tmp_path)
    (tmp_path / "k.xml").write_text(NODESET, encoding="utf-8")
    done = handwheel("tags", "import", "k.xml", "--writable", cwd=tmp_path)
    assert done.stdout.splitlines() == [
        f"4 tags added to {tmp_path}/tags.yaml",
        "  Kessel.level    float  m³  [0, 60]",
        "  Kessel.mode     enum",
        "  Kessel.phase    enum",
        "  Kessel.profile  float",
        "1 variable left out, of a type that no tag has: DateTime",
        "next: handwheel tags read",
    ]
    tags = load_site(tmp_path).tags
    assert str(tags["Kessel.level"].address) == "nsu=urn:works;s=Füllstand"
    assert [tag.name for tag in tags.values() if tag.writable] == ["P-101A.run_cmd", "Kessel.level"]
    assert tags["Kessel.mode"].members == {"idle": 0, "fill": 1}
    assert tags["Kessel.phase"].members == {"off": 0, "on": 1}
    assert tags["Kessel.profile"].is_array
    again = handwheel("tags", "import", "k.xml", cwd=tmp_path)
    assert again.stdout.splitlines()[:2] == [
        f"0 tags added to {tmp_path}/tags.yaml", "4 tags already there",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("<a><b></a>", "k.xml:1:9: no XML: mismatched tag"),
        ("\n<html/>", "k.xml:2:1: no NodeSet2 file: it begins with html, not UANodeSet"),
        ("<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", "k.xml:1:1: no XML: a document type is not"),
        (NODESET.replace("ns=1;i=12", "ns=9;i=12"), "k.xml:44:3: UAVariable: ns=9;i=12: Namesp"),
    ],
)
def test_a_file_that_is_no_nodeset_is_refused(tmp_path: Path, text: str, problem: str) -> None:
    load(tmp_path, SITE, TAGS)
    (tmp_path / "k.xml").write_text(text, encoding="utf-8")
    done = handwheel("tags", "import", "k.xml", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.startswith(f"handwheel: {problem}")
