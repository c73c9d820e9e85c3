"""What stands between a wish and the plant: policy, people, ledger, gate."""
