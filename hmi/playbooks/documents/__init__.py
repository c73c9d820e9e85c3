"""Documents of a playbook for people, such as its procedure and its graph."""
