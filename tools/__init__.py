"""Tools that act on a plant, and the guardrails that check each action."""
