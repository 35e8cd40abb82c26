"""The dashboard from a checkout: `streamlit run dashboard/app.py`; the app is the package ecgbench.dashboard."""

from ecgbench.dashboard.app import main

if __name__ == "__main__":  # as Streamlit runs it
    main()
