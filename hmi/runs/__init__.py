"""Commands that show and control the runs of playbooks."""
