"""The suite. Folders by station under test: rig (the bench itself), pev (a car), evse (a charger), pair (both ours)."""
