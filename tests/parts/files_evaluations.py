"""Tables of the tests for this part; see tests.parts."""
