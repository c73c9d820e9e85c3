"""Rooms in which playbooks and agents are tried before they run at a plant."""
