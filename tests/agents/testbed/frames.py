"""The frames of the change-over, as the devices log them."""

START_B, START_B_BACK = "P-101B.run_cmd=1", "P-101B.run_cmd=0"
STOP_A, OUT_A = "P-101A.run_cmd=0", "P-101A.mode=2"
