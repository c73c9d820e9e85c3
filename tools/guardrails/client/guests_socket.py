"""Socket by which programs without a key reach a site's agents, as both of its ends name it."""

GUESTS_SOCKET_FILE = "agents.sock"
"""Name of the guests' socket in the state folder."""
NAME_HEADER = "Handwheel-Name"
"""Header with the name that a guest gives itself."""
MOST_CONNECTIONS = 8
"""Connections that one process may have at once."""
MODEL_HEADER = "Handwheel-Model"
"""Header with the language model that a guest says it uses."""
