"""Twin of the Tennessee Eastman plant."""
