"""Plant, gate and agents as child processes of one terminal."""
