"""The domain of ecgbench: its values and its rules, free of any service."""
