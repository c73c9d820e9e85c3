"""Cases of a site, with the plans and the starts that follow from them."""
