"""The quadruple tank `quadtank`."""
