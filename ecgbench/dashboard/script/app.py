"""What Streamlit runs; in a folder of its own, since Streamlit puts the script's folder first on sys.path and takes a `pages` in it for its own."""

from ecgbench.dashboard.app import main

if __name__ == "__main__":  # as Streamlit runs it
    main()
