"""Course of a run as a Parquet file, one column for each tag."""

from pathlib import Path

from handwheel.connectors.errors import os_reason
from handwheel.sim_plant.base import Plant

from ...dataset.tables import load_pyarrow
from ...shell.cli.exits import fail
from .recording import TIME, Recording


def save_parquet(path: Path, plant: Plant, recording: Recording) -> None:
    """Writes every tag of a run, not a number where its quality was bad.

    Truth values are 0 and 1, and words are their numbers. The metadata of a column has the tag's
    unit and meaning, that of the file the plant, its seed and the version of the layout.

    Raises:
        NoParquet: The extra is not installed.
    """
    pyarrow = load_pyarrow()
    fields = [pyarrow.field(TIME, pyarrow.float64(), metadata={"unit": "s"})]
    arrays = [pyarrow.array(recording.times_s)]
    for tag in plant.tags:
        about = {"unit": tag.unit, "meaning": tag.description}
        fields.append(pyarrow.field(tag.name, pyarrow.float64(), metadata=about))
        arrays.append(pyarrow.array(recording.series[tag.name]))
    about = {"handwheel.plant": plant.model, "handwheel.seed": str(plant.seed)}
    schema = pyarrow.schema(fields, metadata=about)
    try:
        pyarrow.parquet.write_table(pyarrow.Table.from_arrays(arrays, schema=schema), str(path))
    except OSError as error:
        fail(f"{path}: {os_reason(error)}")
