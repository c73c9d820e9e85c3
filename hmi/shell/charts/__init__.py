"""Charts of trends, in the terminal by plotext and as files by matplotlib."""
