"""The quadruple tank `quadtank`, a plant of one screen."""
