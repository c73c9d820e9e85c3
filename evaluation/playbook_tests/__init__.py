"""Tests of playbooks, `playbook-test/1`, which run in the stepped room."""
