"""Checks of the independent auditor: a device's frames against a journal, without our own code.

It implements the canonical form, digests, chains and signatures a second time, from the
specification alone, so that an error in the product's code is not judged by the same error.
"""

from .verdict import Match, Report, judge

__all__ = ["Match", "Report", "judge"]
