"""Controllers, trips and alarms of the Tennessee Eastman process."""
