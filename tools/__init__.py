"""Acts: what an agent may call, and the guardrails behind it."""
