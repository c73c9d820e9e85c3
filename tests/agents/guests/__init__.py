"""Programs that ask the agents over a real socket."""
