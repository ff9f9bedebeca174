"""The pages: chat and library, drawn with Streamlit."""
