"""Agents: LangGraph graphs that watch, diagnose, plan, request and follow."""
