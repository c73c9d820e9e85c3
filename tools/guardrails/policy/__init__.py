"""The site's policy, with its rules, limits, groups and rates."""
