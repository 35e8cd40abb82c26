"""The fault suite: everything that can break is broken on purpose, and what was lost is counted (`make faults`, docs/reliability.md)."""
