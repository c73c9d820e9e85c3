"""Settings of the property tests in this folder."""

from hypothesis import settings

# A deadline for each example would measure how busy the machine is.
settings.register_profile("handwheel", deadline=None)
settings.register_profile("long", deadline=None, max_examples=5000)
settings.load_profile("handwheel")
