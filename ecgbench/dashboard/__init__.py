"""The dashboard: a Streamlit app over the same store and registry as every other door (docs/dashboard.md)."""
