"""Lines go to the file that a stream had, whatever becomes of the stream."""

import os
from pathlib import Path
from time import sleep

from handwheel.hmi.shell.cli.line_writer import LineWriter


def test_a_line_goes_into_no_file_that_takes_the_number_of_a_closed_stream(tmp_path: Path) -> None:
    said, ledger = tmp_path / "said", tmp_path / "ledger"
    with said.open("w") as stream:
        writer = LineWriter(stream)
        number = stream.fileno()
    ledger.touch()
    with ledger.open("r+b") as other:
        os.dup2(other.fileno(), number)
        try:
            writer.write("the plant is lost")
            while not said.stat().st_size and not ledger.stat().st_size:
                sleep(0.001)
        finally:
            if number != other.fileno():
                os.close(number)
    assert (said.read_text(), ledger.read_text()) == ("the plant is lost\n", "")
