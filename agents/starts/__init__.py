"""Decision whether the playbook of a candidate may start now."""
