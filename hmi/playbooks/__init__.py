"""Commands that check, show, plan, compare and release playbooks."""
