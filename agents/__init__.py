"""LangGraph agents that watch triggers, diagnose, plan, request and follow."""

import os

# LangGraph brings LangSmith, which would send every run to its maker if a variable says so.
for _name in [each for each in os.environ if each.startswith(("LANGSMITH_", "LANGCHAIN_"))]:
    del os.environ[_name]
