"""What the security list asks for and no other feature holds: second factor, encryption, masks."""
