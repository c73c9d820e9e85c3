"""Drawing of cards, and the screen on which they are decided."""
