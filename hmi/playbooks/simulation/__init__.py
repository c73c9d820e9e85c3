"""Simulation of a playbook in a stepped room, its recording and its report."""
