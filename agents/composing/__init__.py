"""Plans composed from the steps of released playbooks, where the own playbook cannot act."""
