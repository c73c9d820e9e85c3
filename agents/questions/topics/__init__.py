"""Questions by topic. Each is one function, with its title, its parameters and its text."""
