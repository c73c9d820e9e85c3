from ..hmi.golden import check_golden
from .pages.doc_tables import DOCS
from .pages.python_page import page


def test_the_page_of_python_names_is_as_the_code() -> None:
    check_golden(DOCS / "reference/python.md", page())
