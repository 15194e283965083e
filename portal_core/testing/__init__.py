"""What tests of the core and of plugins share: real databases, a real browser, a portal to talk to."""
