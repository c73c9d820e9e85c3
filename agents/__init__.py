"""LangGraph agents that watch triggers, diagnose, plan, request and follow."""
